// SPDX-License-Identifier: BSL-1.0
// Durations as counts of 64 bits that end at their limits instead of overflowing.

#ifndef CLARIFY_API_DETAIL_SATURATE_HPP
#define CLARIFY_API_DETAIL_SATURATE_HPP

#include <chrono>
#include <concepts>
#include <cstdint>
#include <ratio>
#include <utility>

namespace clarify::detail {

/// A duration in whole ticks of `Tick` (`std::micro`, `std::nano`), rounded towards minus infinity;
/// the nearest that 64 bits hold.
template <class Tick, std::integral Rep, class Period>
constexpr std::int64_t saturated_count(std::chrono::duration<Rep, Period> given) noexcept {
    // How many ticks one of the given units has, as a fraction in lowest terms.
    using Factor = std::ratio_divide<Period, Tick>;
    std::int64_t scaled = 0;
    if (!std::in_range<std::int64_t>(given.count()) ||
        __builtin_mul_overflow(
            static_cast<std::int64_t>(given.count()), std::int64_t{Factor::num}, &scaled)) {
        return given.count() < 0 ? INT64_MIN : INT64_MAX;
    }
    const std::int64_t quotient = scaled / Factor::den;
    return scaled % Factor::den < 0 ? quotient - 1 : quotient;
}

/// The sum, or the nearest that 64 bits hold.
constexpr std::int64_t saturated_sum(std::int64_t a, std::int64_t b) noexcept {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b < 0 ? INT64_MIN : INT64_MAX;
}

/// The difference, or the nearest that 64 bits hold.
constexpr std::int64_t saturated_difference(std::int64_t a, std::int64_t b) noexcept {
    std::int64_t difference = 0;
    if (!__builtin_sub_overflow(a, b, &difference)) return difference;
    return b > 0 ? INT64_MIN : INT64_MAX;
}

/// Seconds in so many months, of which each twelve count as 365 days and the others as 28; at most those
/// of a million years.
constexpr std::int64_t shortest_months(std::int64_t months) noexcept {
    constexpr std::int64_t day = 86'400;
    constexpr std::int64_t most_years = 1'000'000;
    const std::int64_t years = months / 12;
    if (years > most_years) return most_years * 365 * day;
    if (years < -most_years) return -most_years * 365 * day;
    return (years * 365 + months % 12 * 28) * day;
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_SATURATE_HPP
