// SPDX-License-Identifier: BSL-1.0
// Reads base64 and form data as a server that lets nothing pass.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_STRICT_DECODING_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_STRICT_DECODING_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

// The library's own decoder is lenient, and what it encodes is what is to be judged here: so nothing
// of this is shared with it, not even the alphabet.

/// Decodes padded base64 (RFC 4648 section 4); nullopt for anything else than its canonical form.
inline std::optional<std::string> base64_decode(std::string_view text) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (text.size() % 4 != 0) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    const std::string_view digits = text.substr(0, text.find('='));
    if (text.size() - digits.size() > 2 ||
        text.find_first_not_of('=', digits.size()) != std::string_view::npos) {
        return std::nullopt;
    }
    unsigned group = 0;
    unsigned bits = 0;
    for (const char c : digits) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        group = (group << 6U | static_cast<unsigned>(value)) & 0xFFFFU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(group >> bits & 0xFFU);
        }
    }
    if ((group & ((1U << bits) - 1U)) != 0) return std::nullopt;
    return bytes;
}

/// Undoes form encoding: `+` is a space, `%XX` a byte; nullopt for a broken escape.
inline std::optional<std::string> form_decode(std::string_view text) {
    const auto digit = [](char c) -> int {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    std::string bytes;
    bytes.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            bytes += ' ';
        } else if (text[i] != '%') {
            bytes += text[i];
        } else {
            const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) return std::nullopt;
            bytes += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return bytes;
}

using FormFields = std::vector<std::pair<std::string, std::string>>;

/// Splits and decodes an application/x-www-form-urlencoded body; nullopt for a broken escape.
inline std::optional<FormFields> parse_form(std::string_view body) {
    FormFields fields;
    while (!body.empty()) {
        const std::string_view pair = body.substr(0, body.find('&'));
        body.remove_prefix(pair.size() == body.size() ? pair.size() : pair.size() + 1);
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        auto name = form_decode(pair.substr(0, equals));
        auto value = form_decode(
            equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
        if (!name || !value) return std::nullopt;
        fields.emplace_back(std::move(*name), std::move(*value));
    }
    return fields;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_STRICT_DECODING_HPP
