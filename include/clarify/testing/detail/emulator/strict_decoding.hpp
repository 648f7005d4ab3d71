// SPDX-License-Identifier: BSL-1.0
// Byte encodings and secrets the emulator needs: base64, hex, form data, SHA-1, random text.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_STRICT_DECODING_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_STRICT_DECODING_HPP

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// Fills `out` from the system's secure random source; throws std::runtime_error when it has none.
inline void fill_random(std::span<unsigned char> out) {
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1)
        throw std::runtime_error("no secure random bytes available");
}

inline std::string to_hex(std::span<const unsigned char> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const unsigned char byte : bytes) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 0x0f]);
    }
    return text;
}

/// Lower-case hexadecimal text of `bytes` random bytes.
inline std::string random_hex(std::size_t bytes) {
    std::vector<unsigned char> buffer(bytes);
    fill_random(buffer);
    return to_hex(buffer);
}

/// Compares in a time that depends on the lengths only.
inline bool secure_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

inline std::string sha1_hex(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
        throw std::runtime_error("SHA-1 is not available");
    return to_hex(std::span(digest).first(size));
}

inline constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::string base64_encode(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        const auto at = [&](std::size_t k) {
            return k < left ? static_cast<unsigned>(static_cast<unsigned char>(bytes[i + k])) : 0U;
        };
        const unsigned group = at(0) << 16 | at(1) << 8 | at(2);
        text.push_back(base64_alphabet[group >> 18]);
        text.push_back(base64_alphabet[group >> 12 & 63]);
        text.push_back(left > 1 ? base64_alphabet[group >> 6 & 63] : '=');
        text.push_back(left > 2 ? base64_alphabet[group & 63] : '=');
    }
    return text;
}

/// Decodes padded base64; nullopt for anything else than its canonical form.
inline std::optional<std::string> base64_decode(std::string_view text) {
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
        const std::size_t value = base64_alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        group = (group << 6 | static_cast<unsigned>(value)) & 0xffffU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<char>(group >> bits & 0xffU));
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
            bytes.push_back(' ');
        } else if (text[i] != '%') {
            bytes.push_back(text[i]);
        } else {
            const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) return std::nullopt;
            bytes.push_back(static_cast<char>(high * 16 + low));
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
