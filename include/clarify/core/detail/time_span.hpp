// SPDX-License-Identifier: BSL-1.0
// Spans of time of any length, added to a time without running over the end of the clock.

#ifndef CLARIFY_CORE_DETAIL_TIME_SPAN_HPP
#define CLARIFY_CORE_DETAIL_TIME_SPAN_HPP

#include <clarify/core/clock.hpp>

#include <chrono>

namespace clarify::detail {

/// `span` as the clock counts it: the longest one, which means for ever, where it is longer than the
/// clock can tell. A caller may well mean that with the longest span there is.
template <class Rep, class Period>
constexpr Clock::duration clock_span(std::chrono::duration<Rep, Period> span) noexcept {
    using Given = std::chrono::duration<Rep, Period>;
    using Longest = Clock::duration;
    if (span >= std::chrono::duration_cast<Given>((Longest::max)())) return (Longest::max)();
    if (span <= std::chrono::duration_cast<Given>((Longest::min)())) return (Longest::min)();
    return std::chrono::duration_cast<Longest>(span);
}

/// `span` from `now`, or the end of time that lies before that.
template <class Rep, class Period>
constexpr TimePoint time_after(TimePoint now, std::chrono::duration<Rep, Period> given) noexcept {
    const Clock::duration span = clock_span(given);
    if (span > Clock::duration::zero() && now > (TimePoint::max)() - span)
        return (TimePoint::max)();
    if (span < Clock::duration::zero() && now < (TimePoint::min)() - span)
        return (TimePoint::min)();
    return now + span;
}

/// The date on the clock of a client; null for the system's.
inline std::chrono::system_clock::time_point wall_time(const TimeSource* source) noexcept {
    return source != nullptr ? source->wall_now() : std::chrono::system_clock::now();
}

/// Twice as long, or for ever.
constexpr Clock::duration doubled(Clock::duration span) noexcept {
    return span > (Clock::duration::max)() / 2 ? (Clock::duration::max)() : 2 * span;
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_TIME_SPAN_HPP
