// SPDX-License-Identifier: BSL-1.0
// A timer that goes by the clock of the client it serves.

#ifndef CLARIFY_CORE_TIMER_HPP
#define CLARIFY_CORE_TIMER_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/serial_executor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <utility>

namespace clarify {

/** Waits on the clock of its executor.

    For what a policy waits for, and an application beside its client: it follows `ClientOptions::clock`,
    so that tests need not wait, on the client's serial executor, and on every other executor of the
    context below it, such as the one that the client was given and strands over that. Elsewhere it is a
    `steady_timer`. It is used like one, too: waiting, setting another time and cancelling mean the same.

    ```cpp
    // In a coroutine of a policy, which has an `AuthContext& context`:
    clarify::Timer pause{context.get_executor(), context.now() + std::chrono::seconds{1}};
    co_await pause.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    const bool cancelled = !pause.expired();
    ```

    @par Object lifetimes
    The timer must not outlive its execution context. Its destructor ends all waits, and their
    handlers run later.
    @par Errors
    Making one, setting it and waiting throw `std::bad_alloc` where there is no memory.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; use one on its serial executor only.
*/
class Timer {
public:
    /// Set to `TimePoint::max()`, a time that never comes.
    explicit Timer(const boost::asio::any_io_executor& executor)
        : source_(detail::time_source(executor)), timer_(executor, (TimePoint::max)()) {}
    /// Set to `when`, which may be past.
    Timer(const boost::asio::any_io_executor& executor, TimePoint when) : Timer(executor) {
        expires_at(when);
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    /// Ends all waits.
    ~Timer() { forget(); }

    /// The executor it was made with: where a handler runs that has none of its own.
    boost::asio::any_io_executor get_executor() { return timer_.get_executor(); }
    /// The time on the clock that it goes by.
    TimePoint now() const noexcept { return source_ ? source_->now() : Clock::now(); }

    /// Sets the time, and ends the waits for the one before. A wait for a time that is past ends at
    /// once; one for `TimePoint::max()` never ends by itself.
    void expires_at(TimePoint when);
    /// The time it is set to.
    TimePoint expiry() const noexcept { return expiry_; }
    /// Has the time come?
    bool expired() const noexcept { return now() >= expiry_; }
    /// Ends all waits; the time stays as it is set, and waiting for it again is possible.
    void cancel() { timer_.cancel(); }

    /** Waits until the time has come, or for `cancel`, `expires_at` or per-operation cancellation.

        Several may wait at once.

        @par Object lifetimes
        The wait ends when the timer is destroyed. Its handler must not look at the timer then.
        @par Handler signature
        `void(boost::system::error_code)`. The code does not tell why the wait is over, `expired()` does: a stand-in
        clock ends the wait by cancelling it.
        @par Executor
        The handler runs on its associated executor, else on `get_executor()`, never inside this call.
        @par Per-operation cancellation
        Terminal, partial and total.
    */
    template <class Token>
    auto async_wait(Token&& token) {
        // Its alarm may have rung before anybody waited.
        if (source_ && expired()) timer_.expires_at((TimePoint::min)());
        return timer_.async_wait(std::forward<Token>(token));
    }

private:
    /// What an alarm and the timer share. The alarm rings in any thread, perhaps when the timer is
    /// gone already; only what it posts to the timer's executor looks at this.
    struct Watch {
        /// Null once the timer does not wait for this alarm any more.
        Timer* timer = nullptr;
        TimeSource::Alarm alarm = 0;
    };
    void forget() noexcept;

    /// Null for the steady clock.
    std::shared_ptr<TimeSource> source_;
    /// With a stand-in clock it is set to no time, and only cancelled.
    boost::asio::steady_timer timer_;
    TimePoint expiry_ = (TimePoint::max)();
    std::shared_ptr<Watch> watch_;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/timer.hpp>
#endif

#endif  // CLARIFY_CORE_TIMER_HPP
