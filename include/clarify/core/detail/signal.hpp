// SPDX-License-Identifier: BSL-1.0
// Lets coroutines on one serial executor wait until something has changed.

#ifndef CLARIFY_CORE_DETAIL_SIGNAL_HPP
#define CLARIFY_CORE_DETAIL_SIGNAL_HPP

#include <clarify/core/timer.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/intrusive/list.hpp>

#include <utility>

namespace clarify::detail {

/** A condition that coroutines wait for, first come first served.

    All of it happens on one serial executor, so a waiter that has checked its condition cannot miss
    the notification. Not copyable; waiters must not outlive it.
*/
class Signal {
    /// Takes itself out of the list when it is destroyed.
    using Link = boost::intrusive::list_base_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

public:
    Signal() = default;
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    /** Somebody who waits, in a coroutine that has no room for another frame: what `wait` does.

        It is linked to the others until it is notified or destroyed, so that waiting allocates no
        list.
    */
    class Waiter : public Link {
    public:
        Waiter(Signal& owner, const boost::asio::any_io_executor& executor, TimePoint until)
            : timer_(executor, until) {
            owner.waiters_.push_back(*this);
        }
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;

        /// The handler's signature is `void(error_code)`, and the code says nothing.
        template <class Token>
        auto async_wait(Token&& token) {
            return timer_.async_wait(std::forward<Token>(token));
        }
        /// Was it cancelled? A notification that came first wins.
        bool is_cancelled() const noexcept { return is_linked() && !timer_.expired(); }

    private:
        friend class Signal;
        Timer timer_;
    };

    /** Waits for a notification, at most until `until`.

        @return whether the wait was cancelled. A notification that came first wins.
    */
    template <class = void>
    boost::asio::awaitable<bool> wait(boost::asio::any_io_executor executor, TimePoint until) {
        Waiter waiter{*this, executor, until};
        co_await waiter.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        co_return waiter.is_cancelled();
    }

    /// Returns whether anybody waited.
    bool notify_one() {
        if (waiters_.empty()) return false;
        Waiter& first = waiters_.front();
        waiters_.pop_front();
        first.timer_.cancel();
        return true;
    }
    void notify_all() {
        while (notify_one()) {
        }
    }

private:
    using Waiters = boost::intrusive::list<
        Waiter,
        boost::intrusive::base_hook<Link>,
        boost::intrusive::constant_time_size<false>>;
    Waiters waiters_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_SIGNAL_HPP
