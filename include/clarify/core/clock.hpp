// SPDX-License-Identifier: BSL-1.0
// The clock of every deadline and expiry.

#ifndef CLARIFY_CORE_CLOCK_HPP
#define CLARIFY_CORE_CLOCK_HPP

#include <chrono>
#include <cstdint>
#include <functional>

namespace clarify {

/// Monotonic: a change of the wall clock moves no deadline and no expiry.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/** A clock that stands in for the steady clock, so that tests need not wait.

    A client that is given one (`ClientOptions::clock`) takes every time from it and waits by it: for
    deadlines, pauses, the life of tokens and of idle connections. `testing::ManualClock` is one.

    @par Thread safety
    All functions may be called from any thread.
*/
class TimeSource {
public:
    using Alarm = std::uint64_t;

    virtual ~TimeSource() = default;
    /// Never goes back.
    virtual TimePoint now() const noexcept = 0;
    /// Arranges that `ring` is called once, in any thread, as soon as `now()` has reached `when`;
    /// inside this call if it has already. What it returns names the alarm, and is never 0.
    virtual Alarm set_alarm(TimePoint when, std::function<void()> ring) = 0;
    /// Forgets an alarm. One that has rung, or rings at this moment, is no error.
    virtual void clear_alarm(Alarm alarm) noexcept = 0;
};

}  // namespace clarify

#endif  // CLARIFY_CORE_CLOCK_HPP
