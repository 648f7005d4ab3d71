// SPDX-License-Identifier: BSL-1.0
// A timer that nobody has to stay for: `io_context::run` returns although it is set.

#ifndef CLARIFY_HTTP_DETAIL_POOL_BACKGROUND_TIMER_HPP
#define CLARIFY_HTTP_DETAIL_POOL_BACKGROUND_TIMER_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/quiet_timer.hpp>
#include <clarify/core/detail/serial_executor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace clarify::detail {

/** Calls a function on a client's serial executor at some time, if the context runs then, or when it
    next does.

    For housekeeping that is not worth keeping a program alive: what waits is not counted as work.
    Where the executor has a `TimeSource`, as in tests, that keeps the time, whatever the context is.
    Elsewhere it needs an `io_context` or a `thread_pool` below the serial executor, under strands or
    not: on an executor of another kind, where a wait cannot be left uncounted, nothing is ever set
    and the function is not called.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; one is used on its serial executor only.
*/
class BackgroundTimer {
public:
    explicit BackgroundTimer(boost::asio::any_io_executor executor)
        : executor_(std::move(executor)), source_(time_source(executor_)) {}
    BackgroundTimer(const BackgroundTimer&) = delete;
    BackgroundTimer& operator=(const BackgroundTimer&) = delete;
    ~BackgroundTimer() { forget(); }

    /// Arranges for `ring()`, instead of what was set before; false if that cannot be. It can be only
    /// from within the serial executor: elsewhere the context might count nothing but this wait.
    /// Throws `std::bad_alloc`; then nothing is set.
    template <class Ring>
    bool set(TimePoint when, Ring ring) {
        const auto* const serial = executor_.target<SerialExecutor>();
        if (serial == nullptr || !serial->running_in_this_thread()) return false;
        if (!source_) {
            if (!timer_) timer_.emplace(executor_);
            if (!timer_->can_rest()) return false;
            timer_->set(when, std::move(ring));
            timer_->rest();
            return true;
        }
        forget();
        const auto mine = std::make_shared<bool>(true);
        set_ = mine;
        const auto call = [mine, ring = std::move(ring)] {
            if (std::exchange(*mine, false)) ring();
        };
        auto alarm = [executor = executor_, context = ContextLink::of(executor_), call] {
            context->while_there([&] { boost::asio::post(executor, call); });
        };
        alarm_ = source_->set_alarm(when, std::move(alarm));
        return true;
    }

private:
    void forget() noexcept {
        if (set_) *set_ = false;
        set_.reset();
        if (alarm_ != 0) source_->clear_alarm(std::exchange(alarm_, 0));
    }

    boost::asio::any_io_executor executor_;
    std::shared_ptr<TimeSource> source_;
    std::optional<QuietTimer> timer_;
    TimeSource::Alarm alarm_ = 0;
    /// Of an alarm: is what was set last still to happen?
    std::shared_ptr<bool> set_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_POOL_BACKGROUND_TIMER_HPP
