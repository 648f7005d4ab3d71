// SPDX-License-Identifier: BSL-1.0
// Base64, form and percent encoding.

#ifndef CLARIFY_CORE_DETAIL_ENCODING_HPP
#define CLARIFY_CORE_DETAIL_ENCODING_HPP

#include <clarify/core/detail/text.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::detail {

/// RFC 4648 section 4.
inline constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::size_t base64_size(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }

/// Appends the base64 text (RFC 4648 section 4) of `bytes`.
inline void append_base64(std::string& out, std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        const auto byte = [&](std::size_t k) -> std::uint32_t {
            return k < left ? static_cast<unsigned char>(bytes[i + k]) : 0U;
        };
        const std::uint32_t group = byte(0) << 16U | byte(1) << 8U | byte(2);
        out += base64_alphabet[group >> 18U & 0x3FU];
        out += base64_alphabet[group >> 12U & 0x3FU];
        out += left > 1 ? base64_alphabet[group >> 6U & 0x3FU] : '=';
        out += left > 2 ? base64_alphabet[group & 0x3FU] : '=';
    }
}

/// The bytes of a base64 text, up to the first letter that has no place in one.
inline std::string base64_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        std::uint32_t value = 0;
        if (c >= 'A' && c <= 'Z') {
            value = static_cast<std::uint32_t>(c - 'A');
        } else if (c >= 'a' && c <= 'z') {
            value = static_cast<std::uint32_t>(c - 'a' + 26);
        } else if (is_digit(c)) {
            value = static_cast<std::uint32_t>(c - '0' + 52);
        } else if (c == '+' || c == '/') {
            value = c == '+' ? 62U : 63U;
        } else {
            break;
        }
        bits = bits << 6U | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count & 0xFFU);
        }
    }
    return out;
}

/// Appends `text` as an `application/x-www-form-urlencoded` value (RFC 6749 appendix B).
inline void append_form_value(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '*') {
            out += c;
        } else if (c == ' ') {
            out += '+';
        } else {
            out += '%';
            out += hex[byte >> 4U];
            out += hex[byte & 0xFU];
        }
    }
}

/// Decodes percent-encoding (RFC 3986 section 2.1); nothing where it is broken.
inline std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        if (text[0] != '%') {
            out += text[0];
            text.remove_prefix(1);
            continue;
        }
        unsigned value = 0;
        if (text.size() < 3 ||
            std::from_chars(text.data() + 1, text.data() + 3, value, 16).ptr != text.data() + 3) {
            return std::nullopt;
        }
        out += static_cast<char>(value);
        text.remove_prefix(3);
    }
    return out;
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_ENCODING_HPP
