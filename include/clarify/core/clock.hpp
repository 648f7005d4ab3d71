// SPDX-License-Identifier: BSL-1.0
// The clock of every deadline and expiry, and what may stand in for it.

#ifndef CLARIFY_CORE_CLOCK_HPP
#define CLARIFY_CORE_CLOCK_HPP

#include <chrono>
#include <cstdint>
#include <functional>

namespace clarify {

/// Monotonic: a change of the wall clock moves no deadline and no expiry.
using Clock = std::chrono::steady_clock;
/// A time on it. Only differences mean anything: its zero is no date.
using TimePoint = Clock::time_point;

/** A clock that stands in for the steady clock, so that tests need not wait.

    A client that is given one (`ClientOptions::clock`) takes every time from it and waits by it: for
    deadlines, pauses, the life of tokens and of idle connections. `testing::ManualClock` is one.
    A `Retry-After` that is a date, of a server that does not say what time it has, is measured
    against its `wall_now`. What else is dated, such as a certificate, does not follow it.

    @par Thread safety
    All functions may be called from any thread.
*/
class TimeSource {
public:
    /// Names an alarm that was set; never 0.
    using Alarm = std::uint64_t;

    /// Not before all clients and timers that go by it, which share it, are gone.
    virtual ~TimeSource() = default;
    /// The time; it never goes back.
    virtual TimePoint now() const noexcept = 0;
    /// The date, which may be set forwards and back. The system's unless a stand-in says otherwise.
    virtual std::chrono::system_clock::time_point wall_now() const noexcept {
        return std::chrono::system_clock::now();
    }
    /// Arranges that `ring` is called once, in any thread, as soon as `now()` has reached `when`;
    /// inside this call if it has already. What it returns names the alarm, and is never 0.
    virtual Alarm set_alarm(TimePoint when, std::function<void()> ring) = 0;
    /// Forgets an alarm, so that it does not ring if it has not begun to. One that has rung, or rings
    /// at this moment in another thread, is no error.
    virtual void clear_alarm(Alarm alarm) noexcept = 0;
};

}  // namespace clarify

#endif  // CLARIFY_CORE_CLOCK_HPP
