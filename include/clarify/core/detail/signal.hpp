// SPDX-License-Identifier: BSL-1.0
// Lets coroutines on one serial executor wait until something has changed.

#ifndef CLARIFY_CORE_DETAIL_SIGNAL_HPP
#define CLARIFY_CORE_DETAIL_SIGNAL_HPP

#include <clarify/core/timer.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>

#include <algorithm>
#include <deque>

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

    void notify_one() {
        if (!waiters_.empty()) wake(*waiters_.front());
    }
    void notify_all() {
        while (!waiters_.empty())
            wake(*waiters_.front());
    }

private:
    struct Waiter {
        Waiter(Signal& owner, const boost::asio::any_io_executor& executor, TimePoint until)
            : signal(owner), timer(executor, until) {
            signal.waiters_.push_back(this);
        }
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        ~Waiter() {
            if (!notified) std::erase(signal.waiters_, this);
        }

        Signal& signal;
        Timer timer;
        bool notified = false;
    };

    void wake(Waiter& waiter) {
        waiter.notified = true;
        waiters_.pop_front();
        waiter.timer.cancel();
    }

    std::deque<Waiter*> waiters_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_SIGNAL_HPP
