// SPDX-License-Identifier: BSL-1.0
// Random bytes and their text, and the comparison of secrets: for throw-away servers.

#ifndef CLARIFY_TESTING_DETAIL_SECRETS_HPP
#define CLARIFY_TESTING_DETAIL_SECRETS_HPP

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::testing::detail {

/// Fills `out` from the system's secure random source; throws std::runtime_error when it has none.
inline void fill_random(std::span<unsigned char> out) {
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1)
        throw std::runtime_error{"no secure random bytes available"};
}

/// Lower-case hexadecimal text.
inline std::string to_hex(std::span<const unsigned char> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const unsigned char byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 0xFU];
    }
    return text;
}

/// The hexadecimal text of so many random bytes.
inline std::string random_hex(std::size_t bytes) {
    std::vector<unsigned char> buffer(bytes);
    fill_random(buffer);
    return to_hex(buffer);
}

/// Compares in a time that depends on the lengths only.
inline bool secure_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_SECRETS_HPP
