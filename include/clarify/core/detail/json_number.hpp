// SPDX-License-Identifier: BSL-1.0
// JSON numbers: tokens to exact integers and nearest doubles, and back to the shortest text.

#ifndef CLARIFY_CORE_DETAIL_JSON_NUMBER_HPP
#define CLARIFY_CORE_DETAIL_JSON_NUMBER_HPP

#include <clarify/core/errc.hpp>

#include <charconv>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace clarify::detail {
namespace json_scan {

/// A number token taken apart; `valid` only if the whole token is one.
struct Decimal {
    bool valid = false;
    bool negative = false;
    std::string_view integer;
    std::string_view fraction;
    std::int64_t exponent = 0;

    std::size_t size() const noexcept { return integer.size() + fraction.size(); }
    /// The digits without their point.
    unsigned digit(std::size_t i) const noexcept {
        const char c = i < integer.size() ? integer[i] : fraction[i - integer.size()];
        return static_cast<unsigned>(c - '0');
    }
    std::size_t leading_zeros() const noexcept {
        std::size_t count = 0;
        while (count < size() && digit(count) == 0)
            ++count;
        return count;
    }
};

inline std::string_view take_digits(std::string_view& text) noexcept {
    std::size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9')
        ++count;
    const std::string_view digits = text.substr(0, count);
    text.remove_prefix(count);
    return digits;
}

inline Decimal take_apart(std::string_view text) noexcept {
    Decimal number;
    number.negative = text.starts_with('-');
    if (number.negative) text.remove_prefix(1);
    number.integer = take_digits(text);
    if (number.integer.empty()) return number;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        number.fraction = take_digits(text);
        if (number.fraction.empty()) return number;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        const bool below = text.starts_with('-');
        if (below || text.starts_with('+')) text.remove_prefix(1);
        const std::string_view digits = take_digits(text);
        if (digits.empty()) return number;
        // No text is long enough to make up for an exponent at this bound.
        constexpr std::int64_t bound = std::int64_t{1} << 60;
        for (const char c : digits) {
            if (number.exponent < bound / 16) number.exponent = number.exponent * 10 + (c - '0');
        }
        if (below) number.exponent = -number.exponent;
    }
    number.valid = text.empty();
    return number;
}

/// For standard libraries whose `from_chars` knows integers only (libc++ before 20).
template <class Real>
std::errc real_by_strtod(std::string_view token, Real& out) {
    std::string text{token};
    const std::size_t point = text.find('.');
    if (point != std::string::npos) text.replace(point, 1, std::localeconv()->decimal_point);
    char* stop = nullptr;
    if constexpr (sizeof(Real) == sizeof(float)) {
        out = std::strtof(text.c_str(), &stop);
    } else {
        out = std::strtod(text.c_str(), &stop);
    }
    return stop == text.c_str() + text.size() ? std::errc{} : std::errc::invalid_argument;
}

template <class Real>
std::errc real_by_charconv(std::string_view token, Real& out) {
    const char* const last = token.data() + token.size();
    if constexpr (requires { std::from_chars(last, last, out); }) {
        const auto [stop, error] = std::from_chars(token.data(), last, out);
        return error == std::errc{} && stop != last ? std::errc::invalid_argument : error;
    } else {
        return real_by_strtod(token, out);
    }
}

}  // namespace json_scan

/// The integer that a number token spells, as sign and magnitude.
struct JsonInteger {
    /// `mismatch` where the number has a fraction, `out_of_range` where 64 bits do not hold it.
    Reason reason = Reason::none;
    bool negative = false;
    std::uint64_t magnitude = 0;
};

/// Reads a number token as an integer, also when written as `7.0` or `7e0`. Exact: nothing is
/// rounded.
inline JsonInteger json_whole_number(std::string_view raw_number) noexcept {
    using namespace json_scan;
    constexpr std::uint64_t largest = UINT64_MAX;
    JsonInteger result;
    const Decimal number = take_apart(raw_number);
    result.negative = number.negative;
    if (!number.valid) {
        result.reason = Reason::mismatch;
        return result;
    }
    std::size_t last = number.size();
    while (last > 0 && number.digit(last - 1) == 0)
        --last;
    if (last == 0) return result;
    // The value is the digits up to `last`, times ten to the power of `scale`.
    const std::int64_t scale = number.exponent + static_cast<std::int64_t>(number.integer.size()) -
        static_cast<std::int64_t>(last);
    if (scale < 0) result.reason = Reason::mismatch;
    if (scale > 19) result.reason = Reason::out_of_range;
    const std::size_t length = last + static_cast<std::size_t>(scale);
    for (std::size_t i = 0; i < length && result.reason == Reason::none; ++i) {
        const unsigned digit = i < last ? number.digit(i) : 0;
        if (result.magnitude > (largest - digit) / 10) result.reason = Reason::out_of_range;
        result.magnitude = result.magnitude * 10 + digit;
    }
    return result;
}

/// The value of a number token if it is an integer that fits, also when written as `7.0` or `7e0`.
inline std::optional<std::int64_t> json_integer(std::string_view raw_number) noexcept {
    const JsonInteger whole = json_whole_number(raw_number);
    constexpr std::uint64_t largest = INT64_MAX;
    if (whole.reason != Reason::none || whole.magnitude > largest + (whole.negative ? 1 : 0)) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(whole.negative ? 0 - whole.magnitude : whole.magnitude);
}

/// The `Real` (`float` or `double`) nearest to a number token; nothing where it is beyond the
/// largest. What is too small for any becomes zero, with its sign.
template <class Real>
std::optional<Real> json_real(std::string_view raw_number) {
    using namespace json_scan;
    Real value = 0;
    const std::errc error = real_by_charconv(raw_number, value);
    if (error == std::errc{} && std::isfinite(value)) return value;
    if (error == std::errc::invalid_argument) return std::nullopt;
    // Too large, or too small for anything but zero: the place of the first digit tells.
    const Decimal number = take_apart(raw_number);
    const std::int64_t place = static_cast<std::int64_t>(number.integer.size()) -
        static_cast<std::int64_t>(number.leading_zeros()) + number.exponent;
    if (place > 0) return std::nullopt;
    return number.negative ? -Real{0} : Real{0};
}

/** The longest text of a number: that of a double with 17 digits, a sign, a point and an exponent of
    three digits, such as `-2.2250738585072014e-308`. An integer of 64 bits has 20 characters.
*/
inline constexpr std::size_t json_number_size = 24;

/// Writes a finite number to `out`, which has room for `json_number_size` characters: an integer with
/// all its digits, or the shortest text that reads back as the same number. Returns the end.
template <class Number>
char* put_json_number(char* out, Number value) noexcept {
    return std::to_chars(out, out + json_number_size, value).ptr;
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_JSON_NUMBER_HPP
