// SPDX-License-Identifier: BSL-1.0
// Spans of time and numbers at the ends of their ranges.

#ifndef CLARIFY_TESTS_SUPPORT_EXTREMES_HPP
#define CLARIFY_TESTS_SUPPORT_EXTREMES_HPP

#include <clarify/core/clock.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <vector>

namespace support {

/// Spans that all mean for ever: from a few centuries to the longest there is, those around the end
/// of the clock among them.
template <class Span>
std::vector<Span> for_ever() {
    const Span end = std::chrono::duration_cast<Span>((clarify::Clock::duration::max)());
    const Span most = (Span::max)();
    return {
        most,
        most - Span{1},
        most / 2,
        most / 1'000,
        end + Span{1},
        end,
        end - Span{1},
        end / 2,
        std::chrono::duration_cast<Span>(std::chrono::hours{24 * 365 * 200})};
}

/// Spans below nothing.
template <class Span>
std::vector<Span> below_zero() {
    return {Span{-1}, (Span::min)() / 2, (Span::min)() + Span{1}, (Span::min)()};
}

inline constexpr std::size_t largest = (std::numeric_limits<std::size_t>::max)();

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_EXTREMES_HPP
