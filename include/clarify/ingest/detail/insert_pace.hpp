// SPDX-License-Identifier: BSL-1.0
// When the next insert may, and should, begin: decisions only.

#ifndef CLARIFY_INGEST_DETAIL_INSERT_PACE_HPP
#define CLARIFY_INGEST_DETAIL_INSERT_PACE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/retry_rule.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/error.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace clarify::detail {

/** The times of inserts.

    Samples are gathered until the first of them is as old as is allowed, or there is enough for a whole
    request; but no insert begins sooner after the one before than the rate allows, and none during
    the pause after a failure. What comes meanwhile makes the next one larger.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class InsertPace {
public:
    /// The pauses after failures: up to `first`, twice as long each time, up to `longest`. A wait that
    /// the service asks for is heeded up to `longest_asked`.
    static constexpr Clock::duration first = std::chrono::seconds{1};
    static constexpr Clock::duration longest = std::chrono::minutes{1};
    static constexpr Clock::duration longest_asked = std::chrono::minutes{10};

    InsertPace(Clock::duration max_delay, Clock::duration interval) noexcept
        : max_delay_(max_delay), interval_(interval) {}

    /// Something waits, where nothing did.
    void arrived(TimePoint now) noexcept {
        if (!oldest_) oldest_ = now;
    }
    /// Nothing waits any more.
    void emptied() noexcept { oldest_.reset(); }

    /** When the next insert begins; never where nothing waits.

        @param at_once Is there enough for a whole request, or somebody who waits for all to be stored?
    */
    TimePoint due(bool at_once) const noexcept {
        if (!oldest_) return (TimePoint::max)();
        return (std::max)(at_once ? *oldest_ : time_after(*oldest_, max_delay_), earliest_);
    }

    /// An insert begins. What it leaves has waited since now, at the most.
    void begun(TimePoint now) noexcept {
        earliest_ = time_after(now, interval_);
        if (oldest_) oldest_ = now;
    }
    void succeeded() noexcept {
        failures_ = 0;
        failing_since_.reset();
    }
    /// It failed and is to be repeated. `random` is evenly distributed in [0, 1).
    void failed(TimePoint now, const Error& error, double random) noexcept {
        if (!failing_since_) failing_since_ = now;
        ++failures_;
        Clock::duration pause = full_jitter(first, longest, failures_, random);
        if (const auto asked = asked_wait(error))
            pause = (std::max)(pause, (std::min)(*asked, longest_asked));
        hold_until(time_after(now, pause));
    }
    /// Not before then.
    void hold_until(TimePoint when) noexcept { earliest_ = (std::max)(earliest_, when); }

    /// Since when nothing was stored though something was to be.
    std::optional<TimePoint> failing_since() const noexcept { return failing_since_; }

private:
    Clock::duration max_delay_;
    Clock::duration interval_;
    std::optional<TimePoint> oldest_;
    TimePoint earliest_ = (TimePoint::min)();
    unsigned failures_ = 0;
    std::optional<TimePoint> failing_since_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_INSERT_PACE_HPP
