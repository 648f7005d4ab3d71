// SPDX-License-Identifier: BSL-1.0
// Numbers of a fixed width within the text of a time.

#ifndef CLARIFY_API_DETAIL_DIGITS_HPP
#define CLARIFY_API_DETAIL_DIGITS_HPP

#include <clarify/core/detail/text.hpp>

#include <cstdint>

namespace clarify::detail {

/// The number that `count` digits at `at` spell, or something negative.
inline int take_digits(const char* at, int count) noexcept {
    int value = 0;
    bool good = true;
    for (int i = 0; i != count; ++i) {
        good = good && is_digit(at[i]);
        value = value * 10 + (at[i] - '0');
    }
    return good ? value : -1;
}

/// Writes a number with leading zeros. Returns the end.
inline char* put_digits(char* out, unsigned value, int width) noexcept {
    for (int i = width; i-- != 0; value /= 10)
        out[i] = static_cast<char>('0' + value % 10);
    return out + width;
}

/// Writes a point and the decimals of a second without trailing zeros; nothing for 0. Returns the end.
inline char* put_microseconds(char* out, unsigned microseconds) noexcept {
    if (microseconds == 0) return out;
    *out++ = '.';
    out = put_digits(out, microseconds, 6);
    while (out[-1] == '0')
        --out;
    return out;
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_DIGITS_HPP
