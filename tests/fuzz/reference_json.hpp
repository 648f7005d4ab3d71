// SPDX-License-Identifier: BSL-1.0
// JSON as Boost.JSON reads it, to compare the library's own reading with.

#ifndef CLARIFY_TESTS_FUZZ_REFERENCE_JSON_HPP
#define CLARIFY_TESTS_FUZZ_REFERENCE_JSON_HPP

#include <clarify/core/detail/json_scan.hpp>

#include <boost/json/error.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fuzz {

struct Reference {
    /// Empty where the text is refused.
    std::optional<boost::json::value> value;
    /// Refused only because a number has an exponent that no double has.
    bool only_too_large = false;
};

/// Parses one document; a byte order mark in front is skipped, as the library does.
inline Reference reference_json(std::string_view text, std::size_t max_depth) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    boost::json::parse_options options;
    options.max_depth = max_depth;
    boost::json::error_code ec;
    Reference reference;
    boost::json::value value = boost::json::parse({text.data(), text.size()}, ec, {}, options);
    if (!ec) {
        reference.value = std::move(value);
    } else {
        reference.only_too_large = ec == boost::json::error::exponent_overflow;
    }
    return reference;
}

/// The value of a member that is there exactly once in what Boost.JSON keeps, or null.
inline const boost::json::value* member(const boost::json::value& value, std::string_view name) {
    const boost::json::object* const object = value.if_object();
    return object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
}

inline std::optional<std::string> text_of(const boost::json::value* value) {
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string{value->get_string().data(), value->get_string().size()};
}

/// Does a key occur twice in an object, given as text that is valid?
inline bool has_repeated_keys(std::string_view object, const boost::json::value& parsed) {
    std::size_t keys = 0;
    clarify::detail::JsonScanner scanner{object, clarify::detail::json_depth_ceiling};
    scanner.object([&](std::string_view, clarify::detail::JsonScanner& at) {
        ++keys;
        at.value();
    });
    return !parsed.is_object() || parsed.get_object().size() != keys;
}

/// Is the number this id? Nothing where a double is too coarse to tell.
inline std::optional<bool> is_id(const boost::json::value& value, std::int64_t id) {
    if (value.is_int64()) return value.get_int64() == id;
    if (value.is_uint64()) return false;
    if (!value.is_double()) return false;
    constexpr double exact = 4503599627370496.0;
    const double number = value.get_double();
    if (number > exact || number < -exact) return std::nullopt;
    // A fraction below what a double resolves is rounded away, too.
    if (number != static_cast<double>(id)) return false;
    return std::nullopt;
}

}  // namespace fuzz

#endif  // CLARIFY_TESTS_FUZZ_REFERENCE_JSON_HPP
