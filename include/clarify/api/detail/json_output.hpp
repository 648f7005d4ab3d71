// SPDX-License-Identifier: BSL-1.0
// Writes the library's own types as JSON text.

#ifndef CLARIFY_API_DETAIL_JSON_OUTPUT_HPP
#define CLARIFY_API_DETAIL_JSON_OUTPUT_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clarify::detail {

enum class JsonSpelling : std::uint8_t {
    /// As short as RFC 8259 allows; text that is not UTF-8 is refused.
    plain,
    /// As Go's `encoding/json` does, which Clarify's hashes are made of: `<`, `>`, `&`, U+2028 and
    /// U+2029 are escaped, and a byte that is not UTF-8 becomes `\ufffd`.
    go,
};

/** Appends JSON text piece by piece, and keeps commas and faults in mind.

    A type joins in by a function `void write_json(JsonOutput&, const T&)`.
*/
class JsonOutput {
public:
    explicit JsonOutput(std::string& out, JsonSpelling spelling = JsonSpelling::plain) noexcept
        : out_(out), spelling_(spelling) {}

    void open(char bracket);
    void close(char bracket);
    /// Begins a member of an object; a value follows.
    void key(std::string_view name);
    /// Begins an element of an array; a value follows.
    void element() { separate(); }
    void string(std::string_view text);
    /// A value that is JSON text already.
    void raw(std::string_view text) { out_ += text; }
    void boolean(bool value) { raw(value ? "true" : "false"); }

    /// `Errc::bad_argument` with `Reason::encoding` and the nearest key, or nothing.
    Result<void> done() const;

private:
    void separate();

    std::string& out_;
    JsonSpelling spelling_;
    bool first_ = true;
    bool faulty_ = false;
    std::string last_key_;
    std::string faulty_key_;
};

/// The body of an `append_json_text`. Where it fails, `out` is as before.
template <class T>
Result<void> append_json_document(std::string& out, const T& value) {
    const std::size_t before = out.size();
    JsonOutput json{out};
    write_json(json, value);
    const Result<void> done = json.done();
    if (!done) out.resize(before);
    return done;
}

}  // namespace clarify::detail

#include <clarify/api/detail/impl/json_output.hpp>

#endif  // CLARIFY_API_DETAIL_JSON_OUTPUT_HPP
