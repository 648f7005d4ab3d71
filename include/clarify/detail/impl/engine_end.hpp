// SPDX-License-Identifier: BSL-1.0
// How an engine comes to its end: at once, gracefully, or with its execution context.

#ifndef CLARIFY_DETAIL_IMPL_ENGINE_END_HPP
#define CLARIFY_DETAIL_IMPL_ENGINE_END_HPP

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace clarify::detail {

// What may throw here is posting, for want of memory.
CLARIFY_DECL void EngineBase::shut_down() noexcept {
    context_->while_there([&] {
        try {
            boost::asio::post(serial_, [self = shared_from_this()] { self->close_all(); });
        } catch (...) {
            close_postponed_ = true;
        }
    });
}

CLARIFY_DECL void EngineBase::drain(
    std::chrono::milliseconds limit, std::shared_ptr<DrainWait> wait) {
    const TimePoint until = time_after(time(), std::max(limit, std::chrono::milliseconds{0}));
    context_->while_there([&] {
        boost::asio::post(serial_, [self = shared_from_this(), until, wait]() mutable {
            self->begin_drain(until, std::move(wait));
        });
    });
}

CLARIFY_DECL void EngineBase::begin_drain(
    TimePoint until, std::shared_ptr<DrainWait> wait) noexcept {
    if (wait) {
        try {
            drain_waits_.push_back(wait);
        } catch (...) {
            wait->error = Error{Errc::internal, Reason::resource};
            postpone(std::move(wait));
        }
    }
    if (stage_ == Stage::open) {
        stage_ = Stage::draining;
        drain_backend();
    }
    drain_until_ = std::min(drain_until_, until);
    rearm();
    end_drain();
}

CLARIFY_DECL void EngineBase::forget(std::shared_ptr<DrainWait> wait) {
    context_->while_there([&] {
        boost::asio::post(serial_, [self = shared_from_this(), wait = std::move(wait)]() mutable {
            if (std::erase(self->drain_waits_, wait) == 0) return;
            Error error{Errc::cancelled};
            wait->error = error;
            self->postpone(std::move(wait));
            self->deliver_postponed();
        });
    });
}

// Whenever something has ended that a drain may have waited for.
CLARIFY_DECL void EngineBase::end_drain() noexcept {
    if (calls_ != 0 || stage_ == Stage::open) return;
    if (stage_ == Stage::draining) close_all();
    if (drain_waits_.empty()) return;
    const std::vector<std::shared_ptr<DrainWait>> waits = std::exchange(drain_waits_, {});
    for (const std::shared_ptr<DrainWait>& wait : waits) {
        if (cut_short_ != Errc{}) wait->error = Error{cut_short_};
        postpone(wait);
    }
    deliver_postponed();
}

CLARIFY_DECL void EngineBase::close_all() noexcept {
    const Stage before = std::exchange(stage_, Stage::closed);
    if (before == Stage::closed) return;
    if (before == Stage::draining && calls_ != 0) {
        cut_short_ = time() >= drain_until_ ? Errc::timeout : Errc::closed;
    }
    // Stopping one may end others, so what is left is looked at anew each time. Who cannot be told
    // now is left to the watchdog.
    std::size_t left = 0;
    while (active_.size() > left) {
        const auto activity = static_cast<Activity&>(*active_.entries().back()).shared_from_this();
        active_.remove(*activity);
        if (activity->stop(Stop::closed)) continue;
        activity->deadline = TimePoint::min();
        active_.insert(*activity);  // where there was room a moment ago
        ++left;
    }
    close_backend();
    if (left == 0 && watchdog_) watchdog_->cancel();
    rearm();
    end_drain();
}

// Calls in flight are destroyed with the context's handlers, before or after this.
CLARIFY_DECL void EngineBase::context_gone() noexcept {
    // What is let go of here may be the last to own this.
    const std::shared_ptr<EngineBase> self = weak_from_this().lock();
    if (std::exchange(stage_, Stage::closed) != Stage::closed) close_backend();
    watchdog_.reset();
    const auto waits = std::exchange(drain_waits_, {});
    std::shared_ptr<Deliverable> left;
    {
        const std::lock_guard lock{postponed_mutex_};
        left = std::move(postponed_);
    }
    while (left)
        left = std::exchange(left->next, nullptr);
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_ENGINE_END_HPP
