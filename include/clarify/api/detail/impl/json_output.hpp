// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_API_DETAIL_IMPL_JSON_OUTPUT_HPP
#define CLARIFY_API_DETAIL_IMPL_JSON_OUTPUT_HPP

#include <clarify/core/detail/text.hpp>

namespace clarify::detail {
namespace go_json {

inline void append_ascii(std::string& out, char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    constexpr std::string_view letters = "\"\"\\\\\bb\ff\nn\rr\tt";
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&') {
        out += c;
        return;
    }
    out += '\\';
    for (std::size_t i = 0; i != letters.size(); i += 2) {
        if (letters[i] == c) {
            out += letters[i + 1];
            return;
        }
    }
    out += "u00";
    out += hex[byte >> 4U];
    out += hex[byte & 0xFU];
}

// As Go 1.22 and newer write it, with the escapes for HTML that are Go's default. (Older ones spell
// backspace and form feed as \u0008 and \u000c.)
inline void append_string(std::string& out, std::string_view text) {
    out += '"';
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const std::size_t length = utf8_sequence(at, end);
        const std::string_view character{at, length == 0 ? 1 : length};
        at += character.size();
        if (length == 0) {
            out += "\\ufffd";
        } else if (length == 1) {
            append_ascii(out, character.front());
        } else if (character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9") {
            out += character.back() == '\xA8' ? "\\u2028" : "\\u2029";
        } else {
            out += character;
        }
    }
    out += '"';
}

}  // namespace go_json

inline void JsonOutput::separate() {
    if (!first_) out_ += ',';
    first_ = false;
}

inline void JsonOutput::open(char bracket) {
    out_ += bracket;
    first_ = true;
}

inline void JsonOutput::close(char bracket) {
    out_ += bracket;
    first_ = false;
}

inline void JsonOutput::key(std::string_view name) {
    separate();
    last_key_ = name;
    string(name);
    out_ += ':';
}

inline void JsonOutput::string(std::string_view text) {
    if (spelling_ == JsonSpelling::go) {
        go_json::append_string(out_, text);
    } else if (!append_json_string(out_, text) && !faulty_) {
        faulty_ = true;
        faulty_key_ = last_key_;
    }
}

inline Result<void> JsonOutput::done() const {
    if (!faulty_) return {};
    const std::string where = printable(faulty_key_, 48);
    return Error{Errc::bad_argument, Reason::encoding, '/' + where + ": text that is not UTF-8"};
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_IMPL_JSON_OUTPUT_HPP
