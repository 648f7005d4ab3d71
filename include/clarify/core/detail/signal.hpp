// SPDX-License-Identifier: BSL-1.0
// Lets coroutines on one serial executor wait until something has changed.

#ifndef CLARIFY_CORE_DETAIL_SIGNAL_HPP
#define CLARIFY_CORE_DETAIL_SIGNAL_HPP

#include <clarify/core/timer.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>

namespace clarify::detail {

/** A condition that coroutines wait for, first come first served.

    All of it happens on one serial executor, so a waiter that has checked its condition cannot miss
    the notification. Not copyable; waiters must not outlive it.
*/
class Signal {
public:
    Signal() = default;
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    /** Waits for a notification, at most until `until`.

        @return whether the wait was cancelled. A notification that came first wins.
    */
    boost::asio::awaitable<bool> wait(boost::asio::any_io_executor executor, TimePoint until) {
        Waiter waiter{*this, executor, until};
        co_await waiter.timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        co_return !waiter.notified && !waiter.timer.expired();
    }

    /// Returns whether anybody waited.
    bool notify_one() {
        if (first_ == nullptr) return false;
        wake(*first_);
        return true;
    }
    void notify_all() {
        while (first_ != nullptr)
            wake(*first_);
    }

private:
    /// Somebody who waits; linked to the others, so that waiting allocates no list.
    struct Waiter {
        Waiter(Signal& owner, const boost::asio::any_io_executor& executor, TimePoint until)
            : signal(owner), timer(executor, until), previous(owner.last_) {
            (previous == nullptr ? signal.first_ : previous->next) = this;
            signal.last_ = this;
        }
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        ~Waiter() {
            if (!notified) signal.unlink(*this);
        }

        Signal& signal;
        Timer timer;
        Waiter* previous;
        Waiter* next = nullptr;
        bool notified = false;
    };

    void unlink(Waiter& waiter) noexcept {
        (waiter.previous == nullptr ? first_ : waiter.previous->next) = waiter.next;
        (waiter.next == nullptr ? last_ : waiter.next->previous) = waiter.previous;
    }
    void wake(Waiter& waiter) {
        waiter.notified = true;
        unlink(waiter);
        waiter.timer.cancel();
    }

    Waiter* first_ = nullptr;
    Waiter* last_ = nullptr;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_SIGNAL_HPP
