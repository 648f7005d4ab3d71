// SPDX-License-Identifier: BSL-1.0
// JSON as it stands in the text, which is all that the tool needs of it.

#ifndef CLARIFY_CLI_JSON_TEXT_HPP
#define CLARIFY_CLI_JSON_TEXT_HPP

#include <clarify/core/result.hpp>

#include <string>
#include <string_view>

namespace clarify_cli {

/** One valid JSON value as text.

    Parameters and results pass through unread, so that no number is rounded and no member is lost.
*/
struct JsonText {
    std::string text;
};

// How the library's codecs write and read it.
clarify::Result<void> append_json_text(std::string& out, const JsonText& value);
clarify::Result<void> read_json_text(std::string_view text, JsonText& value);

/// Checks that `text` is one valid JSON value. Fails with `Errc::bad_argument`.
clarify::Result<JsonText> parse_json(std::string_view text);

/// The same error, from a text that is not what the user was to write: of the kind `bad_argument`.
clarify::Error as_bad_argument(const clarify::Error& error, std::string_view what);

/// The value on one line, without blanks. What could drive a terminal stands there as `\uXXXX`, which
/// means the same.
std::string compact(const JsonText& value);

/// The same, indented for people.
std::string pretty(const JsonText& value);

/// Appends `text` as a JSON string, in the same way. What is not ASCII becomes `?` where `text` is not
/// UTF-8.
void append_json_string(std::string& out, std::string_view text);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_JSON_TEXT_HPP
