// SPDX-License-Identifier: BSL-1.0
// Lets coroutines on one serial executor wait until something has changed.

#ifndef CLARIFY_CORE_DETAIL_SIGNAL_HPP
#define CLARIFY_CORE_DETAIL_SIGNAL_HPP

#include <clarify/core/timer.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>

#include <utility>

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

    /** Somebody who waits, in a coroutine that has no room for another frame: what `wait` does.

        It is linked to the others, so that waiting allocates no list.
    */
    class Waiter {
    public:
        Waiter(Signal& owner, const boost::asio::any_io_executor& executor, TimePoint until)
            : signal_(owner), timer_(executor, until), previous_(owner.last_) {
            (previous_ == nullptr ? signal_.first_ : previous_->next_) = this;
            signal_.last_ = this;
        }
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        ~Waiter() {
            if (!notified_) signal_.unlink(*this);
        }

        /// The handler's signature is `void(error_code)`, and the code says nothing.
        template <class Token>
        auto async_wait(Token&& token) {
            return timer_.async_wait(std::forward<Token>(token));
        }
        /// Was it cancelled? A notification that came first wins.
        bool is_cancelled() const noexcept { return !notified_ && !timer_.expired(); }

    private:
        friend class Signal;
        Signal& signal_;
        Timer timer_;
        Waiter* previous_;
        Waiter* next_ = nullptr;
        bool notified_ = false;
    };

    /** Waits for a notification, at most until `until`.

        @return whether the wait was cancelled. A notification that came first wins.
    */
    boost::asio::awaitable<bool> wait(boost::asio::any_io_executor executor, TimePoint until) {
        Waiter waiter{*this, executor, until};
        co_await waiter.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        co_return waiter.is_cancelled();
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
    void unlink(Waiter& waiter) noexcept {
        (waiter.previous_ == nullptr ? first_ : waiter.previous_->next_) = waiter.next_;
        (waiter.next_ == nullptr ? last_ : waiter.next_->previous_) = waiter.previous_;
    }
    void wake(Waiter& waiter) {
        waiter.notified_ = true;
        unlink(waiter);
        waiter.timer_.cancel();
    }

    Waiter* first_ = nullptr;
    Waiter* last_ = nullptr;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_SIGNAL_HPP
