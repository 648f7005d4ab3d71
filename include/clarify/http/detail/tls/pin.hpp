// SPDX-License-Identifier: BSL-1.0
// The digest of a public key, as options write it.

#ifndef CLARIFY_HTTP_DETAIL_TLS_PIN_HPP
#define CLARIFY_HTTP_DETAIL_TLS_PIN_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clarify::detail {

/// The SHA-256 of a SubjectPublicKeyInfo.
using Pin = std::array<std::uint8_t, 32>;

/// Reads `sha256/` and 44 characters of base64 (RFC 4648 section 4); nothing else.
inline std::optional<Pin> parse_pin(std::string_view text) noexcept {
    constexpr std::string_view prefix = "sha256/";
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!text.starts_with(prefix)) return std::nullopt;
    text.remove_prefix(prefix.size());
    if (text.size() != 44 || text.back() != '=') return std::nullopt;
    text.remove_suffix(1);
    Pin pin{};
    std::uint32_t bits = 0;
    unsigned count = 0;
    std::size_t at = 0;
    for (const char c : text) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        pin[at++] = static_cast<std::uint8_t>(bits >> count & 0xFFU);
    }
    // 43 characters hold two bits more than 32 bytes; others than zero mean another text.
    if ((bits & 0x3U) != 0) return std::nullopt;
    return pin;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_TLS_PIN_HPP
