// SPDX-License-Identifier: BSL-1.0
// Reads the library's own types from JSON text, and says where a fault is.

#ifndef CLARIFY_API_DETAIL_JSON_INPUT_HPP
#define CLARIFY_API_DETAIL_JSON_INPUT_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

/// The name of a member as it stands in the text.
class JsonKey {
public:
    explicit JsonKey(std::string_view raw) noexcept : raw_(raw) {}

    /// Without quotes and escapes.
    std::string text() const { return json_unescape(raw_); }
    friend bool operator==(const JsonKey& key, std::string_view name) {
        return key_is(key.raw_, name);
    }

private:
    std::string_view raw_;
};

/** Reads values from left to right, in one pass.

    Every function returns `false` for a failure, which the caller passes on at once: on the way out
    the path to the fault is put together, so that success pays nothing for it.

    A type joins in by a function `bool read_json(JsonInput&, T&)`, found by its namespace.
*/
class JsonInput {
public:
    explicit JsonInput(std::string_view text) noexcept : scanner_(text, json_depth_ceiling) {}

    JsonKind next() noexcept { return scanner_.next(); }
    /// Reads a value of any kind and drops it.
    bool skip() { return scanner_.value(), scanner_.ok(); }
    /// The value that comes next, which is not taken; empty where it is broken.
    std::string_view ahead() const {
        JsonScanner scout = scanner_;
        return scout.value().text;
    }
    /// Reads a null and returns `true`, or leaves what is something else.
    bool take_null() { return next() == JsonKind::null && skip(); }
    bool string(std::string& out);
    /// A string as it stands in the text, with its quotes and escapes.
    bool raw_string(std::string_view& out);
    bool boolean(bool& out);
    bool integer(std::int64_t& out);
    /// A number that a double can come near to.
    bool number(double& out);
    /// The same; null leaves `out` alone.
    bool number_or_null(double& out) { return next() == JsonKind::null ? skip() : number(out); }
    /// Calls `on_member(key)`, which reads exactly one value, for each member.
    template <class OnMember>
    bool object(OnMember&& on_member);
    /// Calls `on_element()`, which reads exactly one value, for each element.
    template <class OnElement>
    bool array(OnElement&& on_element);

    /// Reports a fault of the value that was read last.
    bool fail(Reason reason, std::string what);
    /// Reports that the value to be read next is not `wanted`.
    bool mismatch(const char* wanted);
    /// Reads the whole text as one value.
    template <class Read>
    Result<void> document(Read&& read);

private:
    bool expect(JsonKind kind, const char* wanted) { return next() == kind || mismatch(wanted); }
    bool inside(std::string_view segment);
    Error error() const;

    JsonScanner scanner_;
    Reason reason_ = Reason::none;
    std::string what_;
    std::string path_;
};

/// The body of a `read_json_text`: on success `out` is replaced, else it is left alone.
template <class T>
Result<void> read_json_document(std::string_view text, T& out) {
    JsonInput in{text};
    T value;
    const Result<void> done = in.document([&] { return read_json(in, value); });
    if (done) out = std::move(value);
    return done;
}

}  // namespace clarify::detail

#include <clarify/api/detail/impl/json_input.hpp>

#endif  // CLARIFY_API_DETAIL_JSON_INPUT_HPP
