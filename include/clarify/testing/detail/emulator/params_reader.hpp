// SPDX-License-Identifier: BSL-1.0
// Reads the members of a parameter object and notes what is wrong with them.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_PARAMS_READER_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_PARAMS_READER_HPP

#include <clarify/testing/detail/emulator/rpc_failure.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::testing::detail {

namespace json = boost::json;

/// The integer that `value` holds in any JSON spelling, if it is one that fits.
inline std::optional<std::int64_t> as_integer(const json::value& value) {
    if (value.is_int64()) return value.get_int64();
    if (value.is_double() && std::abs(value.get_double()) <= 9007199254740992.0 &&
        std::floor(value.get_double()) == value.get_double()) {
        return static_cast<std::int64_t>(value.get_double());
    }
    return std::nullopt;
}

/** A view of one parameter object and its path.

    A member of the wrong type is noted in the errors and reads as absent. Null reads as absent too;
    a strict reader notes it, unless it is asked for with `find_nullable`.

    @par Object lifetimes
    The object and the errors must outlive the reader.
*/
class ParamsReader {
public:
    ParamsReader(const json::object& object, std::string path, ParameterErrors& errors, bool strict)
        : object_(object), path_(std::move(path)), errors_(errors), strict_(strict) {}

    const json::object& object() const { return object_; }
    ParameterErrors& errors() const { return errors_; }
    bool strict() const { return strict_; }

    std::string path_of(std::string_view key) const {
        return path_.empty() ? std::string{key} : path_ + "." + std::string{key};
    }

    void fail(std::string_view key, std::string message) const {
        errors_.add(path_of(key), std::move(message));
    }

    /// Notes every member that is not in `known`.
    void allow_only(std::initializer_list<std::string_view> known) const {
        for (const auto& member : object_) {
            const std::string_view key = member.key();
            if (std::find(known.begin(), known.end(), key) == known.end())
                fail(key, "unknown parameter");
        }
    }

    const json::value* find_nullable(std::string_view key) const {
        const json::value* const value = object_.if_contains(key);
        return value == nullptr || value->is_null() ? nullptr : value;
    }

    const json::value* find(std::string_view key) const {
        if (strict_ && object_.contains(key) && object_.at(key).is_null())
            fail(key, "must not be null");
        return find_nullable(key);
    }

    /// As `find`, and notes a missing member.
    const json::value* require(std::string_view key) const {
        const json::value* const value = find_nullable(key);
        if (value == nullptr) fail(key, "required");
        return value;
    }

    std::optional<std::string> string(std::string_view key) const {
        const json::value* const value = find(key);
        if (value == nullptr || !expect(value->is_string(), key, "must be a string"))
            return std::nullopt;
        return std::string(std::string_view(value->get_string()));
    }

    bool boolean(std::string_view key, bool fallback) const {
        const json::value* const value = find(key);
        const bool usable =
            value != nullptr && expect(value->is_bool(), key, "must be true or false");
        return usable ? value->get_bool() : fallback;
    }

    std::optional<std::int64_t> integer(std::string_view key) const {
        const json::value* const value = find(key);
        if (value == nullptr) return std::nullopt;
        const auto number = as_integer(*value);
        expect(number.has_value(), key, "must be an integer");
        return number;
    }

    const json::object* object(std::string_view key) const {
        const json::value* const value = find(key);
        const bool usable =
            value != nullptr && expect(value->is_object(), key, "must be an object");
        return usable ? &value->get_object() : nullptr;
    }

    const json::array* array(std::string_view key) const {
        const json::value* const value = find(key);
        const bool usable = value != nullptr && expect(value->is_array(), key, "must be an array");
        return usable ? &value->get_array() : nullptr;
    }

private:
    bool expect(bool condition, std::string_view key, const char* message) const {
        if (!condition) fail(key, message);
        return condition;
    }

    const json::object& object_;
    std::string path_;
    ParameterErrors& errors_;
    bool strict_;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_PARAMS_READER_HPP
