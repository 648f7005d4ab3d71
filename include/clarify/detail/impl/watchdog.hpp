// SPDX-License-Identifier: BSL-1.0
// How a watchdog sets its timer, and what it does when that has run out.

#ifndef CLARIFY_DETAIL_IMPL_WATCHDOG_HPP
#define CLARIFY_DETAIL_IMPL_WATCHDOG_HPP

#include <clarify/detail/watchdog.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace clarify::detail {

CLARIFY_DECL Watchdog::Watchdog(Owner& owner, const boost::asio::any_io_executor& serial)
    : owner_(owner), timer_(std::in_place, serial) {}

CLARIFY_DECL void Watchdog::arm() {
    if (!timer_) return;
    TimePoint wanted = owner_.next_turn(timer_->now(), queue_.empty());
    if (!queue_.empty()) wanted = (std::min)(wanted, queue_.first().deadline);
    if (wanted == (TimePoint::max)()) return timer_->rest();
    if (timer_->is_set() && timer_->expiry() <= wanted) return timer_->hold();
    timer_->set(wanted, [weak = owner_.weak_watchdog()] {
        const auto self = weak.lock();
        if (self && self->timer_) self->expire();
    });
}

CLARIFY_DECL void Watchdog::rearm() noexcept {
    try {
        arm();
    } catch (...) {  // NOLINT(bugprone-empty-catch): the next call sets the timer
    }
}

CLARIFY_DECL void Watchdog::expire() noexcept {
    owner_.turn();
    if (!timer_) return;
    const TimePoint now = timer_->now();
    while (!queue_.empty() && queue_.first().deadline <= now) {
        const auto activity = static_cast<Activity&>(queue_.first()).shared_from_this();
        queue_.remove(*activity);
        const std::optional<TimePoint> again = activity->due(now);
        if (!again) continue;
        activity->deadline = *again;
        queue_.insert(*activity);  // where there was room a moment ago
    }
    rearm();
}

CLARIFY_DECL bool Watchdog::stop_all(Stop why) noexcept {
    // Stopping one may end others, so what is left is looked at anew each time.
    std::size_t left = 0;
    while (queue_.size() > left) {
        const auto activity = static_cast<Activity&>(*queue_.entries().back()).shared_from_this();
        queue_.remove(*activity);
        if (activity->stop(why)) continue;
        activity->deadline = (TimePoint::min)();
        queue_.insert(*activity);  // where there was room a moment ago
        ++left;
    }
    return left == 0;
}

// One that cannot be told for want of memory is told once more at its deadline.
CLARIFY_DECL void Watchdog::stop_elsewhere() noexcept {
    for (;;) {
        const std::vector<Expiring*>& entries = queue_.entries();
        const auto found = std::find_if(entries.begin(), entries.end(), [](Expiring* entry) {
            const auto& activity = static_cast<const Activity&>(*entry);
            return activity.stopped == Stop::none && activity.process.is_elsewhere();
        });
        if (found == entries.end()) return;
        static_cast<Activity&>(**found).shared_from_this()->stop(Stop::forked);
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_WATCHDOG_HPP
