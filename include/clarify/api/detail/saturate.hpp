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
    constexpr std::int64_t most = INT64_MAX / Factor::num;
    if (std::cmp_greater(given.count(), most)) return INT64_MAX;
    if (std::cmp_less(given.count(), INT64_MIN / Factor::num)) return INT64_MIN;
    const std::int64_t scaled = static_cast<std::int64_t>(given.count()) * Factor::num;
    const std::int64_t quotient = scaled / Factor::den;
    return scaled % Factor::den < 0 ? quotient - 1 : quotient;
}

/// The sum, or the nearest that 64 bits hold.
constexpr std::int64_t saturated_sum(std::int64_t a, std::int64_t b) noexcept {
    if (b > 0 && a > INT64_MAX - b) return INT64_MAX;
    if (b < 0 && a < INT64_MIN - b) return INT64_MIN;
    return a + b;
}

/// The difference, or the nearest that 64 bits hold.
constexpr std::int64_t saturated_difference(std::int64_t a, std::int64_t b) noexcept {
    if (b < 0 && a > INT64_MAX + b) return INT64_MAX;
    if (b > 0 && a < INT64_MIN + b) return INT64_MIN;
    return a - b;
}

/// Adds `a` times `b`. False, and nothing is added, where 64 bits do not hold that.
constexpr bool add_product(std::uint64_t& sum, std::uint64_t a, std::uint64_t b) noexcept {
    if (b != 0 && a > (UINT64_MAX - sum) / b) return false;
    sum += a * b;
    return true;
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
