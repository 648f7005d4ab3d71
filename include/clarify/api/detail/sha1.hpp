// SPDX-License-Identifier: BSL-1.0
// SHA-1 (RFC 3174), for naming content.

#ifndef CLARIFY_API_DETAIL_SHA1_HPP
#define CLARIFY_API_DETAIL_SHA1_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clarify::detail {
namespace sha1 {

using State = std::array<std::uint32_t, 5>;

/// Mixes one block of 64 bytes into the state (RFC 3174 section 6.1).
inline void mix(State& state, const char* block) noexcept {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i != 64; ++i)
        w[i / 4] = w[i / 4] << 8U | static_cast<unsigned char>(block[i]);
    for (std::size_t i = 16; i != 80; ++i)
        w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = state;
    for (std::size_t i = 0; i != 80; ++i) {
        std::uint32_t f = b ^ c ^ d;
        std::uint32_t k = i < 40 ? 0x6ED9EBA1U : 0xCA62C1D6U;
        if (i < 20) {
            f = (b & c) | (~b & d);
            k = 0x5A827999U;
        } else if (i >= 40 && i < 60) {
            f = (b & c) | (b & d) | (c & d);
            k = 0x8F1BBCDCU;
        }
        const std::uint32_t next = std::rotl(a, 5) + f + e + w[i] + k;
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    const State added{a, b, c, d, e};
    for (std::size_t i = 0; i != 5; ++i)
        state[i] += added[i];
}

}  // namespace sha1

/** The SHA-1 digest of `text` as 40 lower-case hexadecimal digits.

    Only for telling whether content has changed, which is what Clarify does with it: two texts with
    the same digest can be made on purpose, so nothing may be protected by it. The library has its
    own, because the layers that need it do without OpenSSL, where SHA-1 may moreover be switched off.
*/
inline std::string sha1_hex(std::string_view text) {
    sha1::State state{0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
    const std::uint64_t bits = std::uint64_t{text.size()} * 8;
    for (; text.size() >= 64; text.remove_prefix(64))
        sha1::mix(state, text.data());
    // The rest, a bit that is one, zeros, and the length in bits in the last eight bytes.
    std::string tail{text};
    tail += '\x80';
    tail.resize(tail.size() <= 56 ? 56 : 120);
    for (unsigned shift = 64; shift != 0; shift -= 8)
        tail += static_cast<char>(bits >> (shift - 8) & 0xFFU);
    for (std::size_t at = 0; at != tail.size(); at += 64)
        sha1::mix(state, tail.data() + at);
    std::string out;
    for (const std::uint32_t word : state) {
        for (unsigned shift = 32; shift != 0; shift -= 4)
            out += "0123456789abcdef"[word >> (shift - 4) & 0xFU];
    }
    return out;
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_SHA1_HPP
