// SPDX-License-Identifier: BSL-1.0
// How a watchdog sets its timer, and what it does when that has run out.

#ifndef CLARIFY_DETAIL_IMPL_WATCHDOG_HPP
#define CLARIFY_DETAIL_IMPL_WATCHDOG_HPP

#include <clarify/detail/watchdog.hpp>

#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <utility>

namespace clarify::detail {

CLARIFY_DECL Watchdog::Watchdog(
    Owner& owner, boost::asio::any_io_executor serial, std::shared_ptr<ContextLink> context)
    : owner_(owner),
      serial_(std::move(serial)),
      context_(std::move(context)),
      timer_(std::in_place, serial_) {}

/// What the timer calls. One that is destroyed instead, for want of memory, sees to it that there is
/// another.
class Watchdog::Wake {
public:
    Wake(std::weak_ptr<Watchdog> watchdog, std::uint64_t turn) noexcept
        : watchdog_(std::move(watchdog)), turn_(turn) {}
    Wake(Wake&&) noexcept = default;
    Wake(const Wake&) = delete;
    Wake& operator=(const Wake&) = delete;
    ~Wake() {
        const auto self = watchdog_.lock();
        if (!self) return;
        self->context_->while_there([&] {
            try {
                boost::asio::post(self->serial_, [self] {
                    self->armed_ = false;
                    self->expire();
                });
            } catch (...) {  // NOLINT(bugprone-empty-catch): the next call sets the timer
            }
        });
    }

    void operator()(boost::system::error_code) {
        const auto self = std::exchange(watchdog_, {}).lock();
        // Unless it was set anew meanwhile.
        if (!self || !self->timer_ || self->turn_ != turn_) return;
        self->armed_ = false;
        self->expire();
    }

private:
    std::weak_ptr<Watchdog> watchdog_;
    std::uint64_t turn_;
};

CLARIFY_DECL void Watchdog::arm() {
    if (!timer_) return;
    TimePoint wanted = owner_.next_turn(timer_->now(), queue_.empty());
    if (!queue_.empty()) wanted = std::min(wanted, queue_.first().deadline);
    if (wanted == TimePoint::max()) return;
    if (armed_ && timer_->expiry() <= wanted) return;
    armed_ = false;
    timer_->expires_at(wanted);
    timer_->async_wait(Wake{owner_.weak_watchdog(), ++turn_});
    armed_ = true;
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
        if (activity->stop(Stop::timeout)) continue;
        activity->deadline = now + memory_pause;
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
        activity->deadline = TimePoint::min();
        queue_.insert(*activity);  // where there was room a moment ago
        ++left;
    }
    return left == 0;
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_WATCHDOG_HPP
