// SPDX-License-Identifier: BSL-1.0
// How outcomes are kept from being lost, and how a client closes.

#ifndef CLARIFY_DETAIL_IMPL_ENGINE_BASE_ENDING_HPP
#define CLARIFY_DETAIL_IMPL_ENGINE_BASE_ENDING_HPP

#include <clarify/core/detail/time_span.hpp>
#include <clarify/detail/engine_base.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace clarify::detail {

// --- What must not be lost ----------------------------------------------------------------------

CLARIFY_DECL void EngineBase::deliver(std::shared_ptr<Deliverable> what) noexcept {
    if (!outbox_.deliver(std::move(what))) watchdog_.rearm();
}

CLARIFY_DECL void EngineBase::deliver_postponed() noexcept {
    std::shared_ptr<Deliverable> first = outbox_.take();
    while (first) {
        const std::shared_ptr<Deliverable> what = std::exchange(first, nullptr);
        first = std::exchange(what->next, nullptr);
        CallRecord* const call = what->as_call();
        if (call != nullptr && !call->concluded) {
            call->error = memory_error(*call);
            conclude(*call);
        } else {
            deliver(what);
        }
    }
}

CLARIFY_DECL void EngineBase::soon(std::function<void(EngineBase&)> task) {
    // One type for all that is posted: each has every file compile some forty templates.
    boost::asio::post(
        serial_, [self = shared_from_this(), task = std::move(task)] { task(*self); });
}

CLARIFY_DECL void EngineBase::abandon(std::shared_ptr<Deliverable> what) noexcept {
    // Nothing ends under the link, should what is posted there be lost.
    const std::shared_ptr<EngineBase> kept = shared_from_this();
    context_->while_there([&] {
        outbox_.postpone(what);
        try {
            soon([](EngineBase& self) { self.deliver_postponed(); });
        } catch (...) {
            // The watchdog's next turn does it.
            watchdog_.hold();
        }
    });
}

CLARIFY_DECL void EngineBase::undelivered(std::shared_ptr<Deliverable> what) noexcept {
    outbox_.mark_lost(*what);
    abandon(std::move(what));
}

CLARIFY_DECL void EngineBase::turn() noexcept {
    if (ending_.take_close_later()) close_all();
    deliver_postponed();
    end_drain();
    if (ending_.is_draining() && time() >= ending_.drain_ends()) close_all();
}

CLARIFY_DECL TimePoint EngineBase::next_turn(TimePoint now, bool idle) const noexcept {
    const bool waiting = idle && !ending_.has_calls();
    // An operation may be between two calls when the time for it is over.
    if (waiting && outbox_.empty()) return ending_.drain_ends();
    const TimePoint next = now + (waiting ? Watchdog::memory_pause : Watchdog::tick);
    return (std::min)(next, ending_.drain_ends());
}

CLARIFY_DECL std::weak_ptr<Watchdog> EngineBase::weak_watchdog() noexcept {
    return std::shared_ptr<Watchdog>{weak_from_this().lock(), &watchdog_};
}

// --- The end of the client ----------------------------------------------------------------------

// What may throw here is posting, for want of memory.
CLARIFY_DECL void EngineBase::shut_down() noexcept {
    context_->while_there([&] {
        try {
            soon([](EngineBase& self) { self.close_all(); });
        } catch (...) {
            ending_.close_later();
        }
    });
}

CLARIFY_DECL void EngineBase::drain(
    std::chrono::milliseconds limit, std::shared_ptr<DrainWait> wait) {
    const TimePoint until = time_after(time(), (std::max)(limit, std::chrono::milliseconds{0}));
    context_->while_there([&] {
        soon([until, wait](EngineBase& self) { self.begin_drain(until, wait); });
    });
}

CLARIFY_DECL void EngineBase::begin_drain(
    TimePoint until, std::shared_ptr<DrainWait> wait) noexcept {
    if (wait) {
        try {
            ending_.add(wait);
        } catch (...) {
            wait->error = Error{Errc::internal, Reason::resource};
            outbox_.postpone(std::move(wait));
        }
    }
    if (ending_.drain(until)) {
        operations_.close();
        drain_backend();
    }
    watchdog_.rearm();
    end_drain();
}

CLARIFY_DECL void EngineBase::forget(std::shared_ptr<DrainWait> wait) {
    context_->while_there([&] {
        soon([wait](EngineBase& self) {
            if (!self.ending_.remove(wait)) return;
            wait->error = Error{Errc::cancelled};
            self.outbox_.postpone(wait);
            self.deliver_postponed();
        });
    });
}

// What may be lost here, for want of memory, the watchdog's next turn does.
CLARIFY_DECL void EngineBase::operations_over() noexcept {
    const std::shared_ptr<EngineBase> kept = weak_from_this().lock();
    if (!kept) return;
    context_->while_there([&] {
        try {
            soon([](EngineBase& self) { self.end_drain(); });
        } catch (...) {
            watchdog_.hold();
        }
    });
}

// Whenever something has ended that a drain may have waited for.
CLARIFY_DECL void EngineBase::end_drain() noexcept {
    if (ending_.is_open() || ending_.has_calls() || operations_.under_way() != 0) return;
    if (ending_.is_draining()) close_all();
    const std::vector<std::shared_ptr<DrainWait>> waits = ending_.take_waits();
    if (waits.empty()) return;
    for (const std::shared_ptr<DrainWait>& wait : waits)
        outbox_.postpone(wait);
    deliver_postponed();
}

CLARIFY_DECL void EngineBase::close_all() noexcept {
    operations_.close();
    if (!ending_.close(time(), operations_.under_way())) return;
    const bool all_told = watchdog_.stop_all(Stop::closed);
    close_backend();
    if (all_told) watchdog_.rest();
    watchdog_.rearm();
    end_drain();
}

// Calls in flight are destroyed with the context's handlers, before or after this. Told only while
// something keeps this alive.
CLARIFY_DECL void EngineBase::context_gone() noexcept {
    operations_.close();
    release();
    const auto waits = ending_.take_waits();
    outbox_.clear();
}

CLARIFY_DECL void EngineBase::release() noexcept {
    if (ending_.close(TimePoint{})) close_backend();
    watchdog_.release();
}

// Out of memory, each call finds out by itself, at its next step.
CLARIFY_DECL void EngineBase::context_forked() noexcept {
    try {
        boost::asio::post(serial_, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->watchdog_.stop_elsewhere();
        });
    } catch (...) {  // NOLINT(bugprone-empty-catch): see above
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_ENGINE_BASE_ENDING_HPP
