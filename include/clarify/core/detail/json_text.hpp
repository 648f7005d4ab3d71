// SPDX-License-Identifier: BSL-1.0
// JSON strings and UTF-8: what a string token says, and how a text is spelled.

#ifndef CLARIFY_CORE_DETAIL_JSON_TEXT_HPP
#define CLARIFY_CORE_DETAIL_JSON_TEXT_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

namespace clarify::detail {
namespace json_scan {

/// The value of the four hexadecimal digits at `at`, or -1.
inline int hex4(const char* at, const char* end) noexcept {
    if (end - at < 4) return -1;
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(at, at + 4, value, 16);
    return error == std::errc{} && stop == at + 4 ? static_cast<int>(value) : -1;
}
inline bool high_surrogate(int unit) noexcept { return unit >= 0xD800 && unit < 0xDC00; }
inline bool low_surrogate(int unit) noexcept { return unit >= 0xDC00 && unit < 0xE000; }

inline void append_utf8(std::string& out, unsigned code) {
    const auto byte = [&out](unsigned value) { out.push_back(static_cast<char>(value)); };
    if (code < 0x80U) {
        byte(code);
        return;
    }
    if (code < 0x800U) {
        byte(0xC0U | (code >> 6U));
    } else {
        if (code < 0x10000U) {
            byte(0xE0U | (code >> 12U));
        } else {
            byte(0xF0U | (code >> 18U));
            byte(0x80U | ((code >> 12U) & 0x3FU));
        }
        byte(0x80U | ((code >> 6U) & 0x3FU));
    }
    byte(0x80U | (code & 0x3FU));
}

}  // namespace json_scan

/// The length of the well-formed UTF-8 sequence (RFC 3629) at `at`, or 0.
inline std::size_t utf8_sequence(const char* at, const char* end) noexcept {
    const auto byte = [at](std::ptrdiff_t i) { return static_cast<unsigned char>(at[i]); };
    const auto tail = [&](std::ptrdiff_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const std::ptrdiff_t left = end - at;
    if (left < 1) return 0;
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead < 0xC2) return 0;
    if (lead < 0xE0) return left >= 2 && tail(1) ? 2 : 0;
    if (lead < 0xF0) {
        if (left < 3 || !tail(1) || !tail(2)) return 0;
        if (lead == 0xE0 && byte(1) < 0xA0) return 0;
        if (lead == 0xED && byte(1) > 0x9F) return 0;
        return 3;
    }
    if (lead > 0xF4 || left < 4 || !tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
}

/// Is `text` well-formed UTF-8?
inline bool is_utf8(std::string_view text) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const std::size_t length = utf8_sequence(at, end);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

/// The text of a string token that a `JsonScanner` accepted.
inline std::string json_unescape(std::string_view raw_string) {
    using namespace json_scan;
    std::string out;
    if (raw_string.size() < 2) return out;
    const char* at = raw_string.data() + 1;
    const char* const end = raw_string.data() + raw_string.size() - 1;
    out.reserve(static_cast<std::size_t>(end - at));
    for (;;) {
        const void* const found = std::memchr(at, '\\', static_cast<std::size_t>(end - at));
        const char* const slash = found != nullptr ? static_cast<const char*>(found) : end;
        out.append(at, slash);
        if (end - slash < 2) return out;
        at = slash + 2;
        switch (slash[1]) {
            case 'b':
                out.push_back('\b');
                break;
            case 'f':
                out.push_back('\f');
                break;
            case 'n':
                out.push_back('\n');
                break;
            case 'r':
                out.push_back('\r');
                break;
            case 't':
                out.push_back('\t');
                break;
            case 'u': {
                const int unit = hex4(at, end);
                if (unit < 0) return out;
                at += 4;
                if (!high_surrogate(unit)) {
                    append_utf8(out, static_cast<unsigned>(unit));
                    break;
                }
                const int low = end - at < 6 ? -1 : hex4(at + 2, end);
                if (!low_surrogate(low)) return out;
                at += 6;
                append_utf8(
                    out,
                    0x10000U + ((static_cast<unsigned>(unit) - 0xD800U) << 10U) +
                        (static_cast<unsigned>(low) - 0xDC00U));
                break;
            }
            default:
                out.push_back(slash[1]);
        }
    }
}

/// Does the key token (quotes and escapes included) spell `name`?
inline bool key_is(std::string_view raw_key, std::string_view name) {
    if (raw_key.size() < 2) return false;
    const std::string_view inner = raw_key.substr(1, raw_key.size() - 2);
    if (inner == name) return true;
    // An escape stands for at least one byte: what is longer need not be spelled out.
    constexpr std::size_t longest_escape = 6;
    if (inner.size() > longest_escape * name.size()) return false;
    return inner.find('\\') != std::string_view::npos && json_unescape(raw_key) == name;
}

/// The name of a member as it stands in the text.
class JsonKey {
public:
    explicit JsonKey(std::string_view raw) noexcept : raw_(raw) {}

    /// With its quotes and escapes.
    std::string_view raw() const noexcept { return raw_; }
    /// Without them.
    std::string text() const { return json_unescape(raw_); }
    friend bool operator==(const JsonKey& key, std::string_view name) {
        return key_is(key.raw_, name);
    }

private:
    std::string_view raw_;
};

enum class JsonSpelling : std::uint8_t {
    /// As short as RFC 8259 allows; text that is not UTF-8 is refused.
    plain,
    /// As Go's `encoding/json` does, which Clarify's hashes are made of: `<`, `>`, `&`, U+2028 and
    /// U+2029 are escaped, and a byte that is not UTF-8 becomes `\ufffd`. Go 1.22 and newer: older
    /// ones spell backspace and form feed as `\u0008` and `\u000c`.
    go,
};

namespace json_scan {

/// The escape of an ASCII character that cannot or shall not stand for itself.
inline void append_escape(std::string& out, char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    constexpr std::string_view letters = "\"\"\\\\\bb\ff\nn\rr\tt";
    out += '\\';
    for (std::size_t i = 0; i != letters.size(); i += 2) {
        if (letters[i] == c) {
            out += letters[i + 1];
            return;
        }
    }
    const auto byte = static_cast<unsigned char>(c);
    out += "u00";
    out += hex[byte >> 4U];
    out += hex[byte & 0xFU];
}

inline bool is_plain(char c, bool go) noexcept {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\' &&
        !(go && (c == '<' || c == '>' || c == '&'));
}

}  // namespace json_scan

/// Appends `text` as a JSON string. `false`, with `out` unchanged, where that is refused.
inline bool append_json_string(
    std::string& out, std::string_view text, JsonSpelling spelling = JsonSpelling::plain) {
    const bool go = spelling == JsonSpelling::go;
    const std::size_t before = out.size();
    out += '"';
    const char* at = text.data();
    const char* const end = at + text.size();
    // What stands for itself is appended in one piece, from `plain` on.
    const char* plain = at;
    while (at != end) {
        if (static_cast<unsigned char>(*at) < 0x80) {
            if (!json_scan::is_plain(*at, go)) {
                out.append(plain, at);
                json_scan::append_escape(out, *at);
                plain = at + 1;
            }
            ++at;
            continue;
        }
        const std::size_t length = utf8_sequence(at, end);
        if (length == 0 && !go) {
            out.resize(before);
            return false;
        }
        const std::string_view character{at, length == 0 ? 1 : length};
        at += character.size();
        if (!go) continue;
        const char* const escape = length == 0 ? "\\ufffd"
            : character == "\xE2\x80\xA8"      ? "\\u2028"
            : character == "\xE2\x80\xA9"      ? "\\u2029"
                                               : nullptr;
        if (escape == nullptr) continue;
        out.append(plain, character.data());
        out += escape;
        plain = at;
    }
    out.append(plain, at);
    out += '"';
    return true;
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_JSON_TEXT_HPP
