// SPDX-License-Identifier: BSL-1.0
// A timer that goes by the clock of the client it serves.

#ifndef CLARIFY_CORE_TIMER_HPP
#define CLARIFY_CORE_TIMER_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/serial_executor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <utility>

namespace clarify {

/** Waits on the clock of its executor.

    For what a policy waits for: on a client's serial executor it follows `ClientOptions::clock`,
    elsewhere it is a `steady_timer`.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; use one on its serial executor only.
*/
class Timer {
public:
    /// Set to a time that never comes.
    explicit Timer(const boost::asio::any_io_executor& executor)
        : source_(detail::time_source(executor)), timer_(executor, TimePoint::max()) {}
    Timer(const boost::asio::any_io_executor& executor, TimePoint when) : Timer(executor) {
        expires_at(when);
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { forget(); }

    boost::asio::any_io_executor get_executor() { return timer_.get_executor(); }
    TimePoint now() const noexcept { return source_ ? source_->now() : Clock::now(); }

    /// Sets the time, and ends the waits for the one before.
    void expires_at(TimePoint when);
    TimePoint expiry() const noexcept { return expiry_; }
    /// Has the time come?
    bool expired() const noexcept { return now() >= expiry_; }
    /// Ends all waits.
    void cancel() { timer_.cancel(); }

    /** Waits until the time has come, or for `cancel`, `expires_at` or per-operation cancellation.

        The handler's signature is `void(error_code)`. The code does not tell which of them it was,
        `expired` does: a stand-in clock ends the wait by cancelling it.
    */
    template <class Token>
    auto async_wait(Token&& token) {
        // Its alarm may have rung before anybody waited.
        if (source_ && expired()) timer_.expires_at(TimePoint::min());
        return timer_.async_wait(std::forward<Token>(token));
    }

private:
    /// What an alarm and the timer share: the timer, as long as it waits for this alarm.
    struct Watch {
        Timer* timer = nullptr;
        TimeSource::Alarm alarm = 0;
    };
    void forget() noexcept;

    std::shared_ptr<TimeSource> source_;
    boost::asio::steady_timer timer_;
    TimePoint expiry_ = TimePoint::max();
    std::shared_ptr<Watch> watch_;
};

}  // namespace clarify

#include <clarify/core/impl/timer.hpp>

#endif  // CLARIFY_CORE_TIMER_HPP
