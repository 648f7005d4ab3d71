// SPDX-License-Identifier: BSL-1.0

#include <clarify/json/boost_json_codec.hpp>

#include "json_text.hpp"
#include "terminal_text.hpp"

#include <cstddef>
#include <utility>

namespace clarify_cli {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The string token, quotes included, that starts at `at` in valid JSON.
std::string_view string_token(std::string_view text, std::size_t at) {
    std::size_t end = at + 1;
    while (text[end] != '"')
        end += text[end] == '\\' ? 2 : 1;
    return text.substr(at, end + 1 - at);
}

/// The code point of one UTF-8 sequence of at most three bytes.
unsigned code_point(std::string_view sequence) {
    constexpr unsigned masks[] = {0x7F, 0x1F, 0x0F};
    unsigned value = static_cast<unsigned char>(sequence[0]) & masks[sequence.size() - 1];
    for (const char c : sequence.substr(1))
        value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
    return value;
}

/// A JSON string may hold DEL and the controls of Unicode as they are.
void append_harmless(std::string& out, std::string_view token) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (std::size_t i = 0; i != token.size(); ++i) {
        const std::string_view control = harmful_front(token.substr(i));
        if (control.empty()) {
            out += token[i];
            continue;
        }
        const unsigned value = code_point(control);
        out += "\\u";
        for (const unsigned shift : {12U, 8U, 4U, 0U})
            out += hex[(value >> shift) & 0xFU];
        i += control.size() - 1;
    }
}

void start_line(std::string& out, std::size_t depth) {
    out += '\n';
    out.append(2 * depth, ' ');
}

}  // namespace

clarify::Result<void> append_json_text(std::string& out, const JsonText& value) {
    out += value.text;
    return {};
}

clarify::Result<void> read_json_text(std::string_view text, JsonText& value) {
    value.text = text;
    return {};
}

clarify::Error as_bad_argument(const clarify::Error& error, std::string_view what) {
    // A valid text that does not fit has an odd member; the other reasons speak for themselves.
    const bool is_json = error.code() == clarify::Errc::decode;
    const clarify::Reason reason = is_json ? clarify::Reason::fields : error.reason();
    std::string message{what};
    message += error.message().empty() ? " cannot be read" : ": ";
    message += error.message();
    return clarify::Error{clarify::Errc::bad_argument, reason, std::move(message)};
}

clarify::Result<JsonText> parse_json(std::string_view text) {
    const clarify::BoostJsonCodec codec;
    clarify::Result<JsonText> value = codec.decode<JsonText>(text);
    if (!value) return as_bad_argument(value.error(), "PARAMS");
    return value;
}

std::string compact(const JsonText& value) {
    const std::string_view text = value.text;
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') {
            const std::string_view token = string_token(text, i);
            append_harmless(out, token);
            i += token.size() - 1;
        } else if (!is_blank(text[i])) {
            out += text[i];
        }
    }
    return out;
}

std::string pretty(const JsonText& value) {
    // Without blanks an empty array or object is two neighbouring brackets.
    const std::string dense = compact(value);
    const std::string_view text = dense;
    std::string out;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            const std::string_view token = string_token(text, i);
            out += token;
            i += token.size() - 1;
        } else if (c == '{' || c == '[') {
            out += c;
            if (text[i + 1] == c + 2) {  // the closing bracket, in ASCII
                out += text[++i];
            } else {
                start_line(out, ++depth);
            }
        } else if (c == '}' || c == ']') {
            start_line(out, --depth);
            out += c;
        } else if (c == ',') {
            out += c;
            start_line(out, depth);
        } else {
            out += c;
            if (c == ':') out += ' ';
        }
    }
    return out;
}

void append_json_string(std::string& out, std::string_view text) {
    const clarify::BoostJsonCodec codec;
    std::string token;
    if (!codec.encode(text, token)) {
        token.clear();
        std::string ascii{text};
        for (char& c : ascii) {
            if (static_cast<unsigned char>(c) >= 0x80) c = '?';
        }
        static_cast<void>(codec.encode(ascii, token));
    }
    append_harmless(out, token);
}

}  // namespace clarify_cli
