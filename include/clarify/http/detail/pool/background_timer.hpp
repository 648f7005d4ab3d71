// SPDX-License-Identifier: BSL-1.0
// A timer that nobody has to stay for: `io_context::run` returns although it is set.

#ifndef CLARIFY_HTTP_DETAIL_POOL_BACKGROUND_TIMER_HPP
#define CLARIFY_HTTP_DETAIL_POOL_BACKGROUND_TIMER_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/serial_executor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace clarify::detail {

/// Puts a wait into the work that a context counts, or takes it out. Works for an `io_context`, which
/// offers that; false for others.
inline bool count_work(const boost::asio::any_io_executor& inner, bool counts) noexcept {
    const auto adjust = [counts](const auto* executor) {
        if constexpr (requires { executor->on_work_started(); }) {
            if (executor == nullptr) return false;
            counts ? executor->on_work_started() : executor->on_work_finished();
            return true;
        } else {
            return false;
        }
    };
    return adjust(inner.target<boost::asio::io_context::executor_type>());
}

/** Calls a function on a client's serial executor at some time, if the context runs then, or when it
    next does.

    For housekeeping that is not worth keeping a program alive: what waits is not counted as work.
    Where the executor has a `TimeSource`, as in tests, that keeps the time, whatever the context is.
    Elsewhere it needs an `io_context` right below the serial executor: on another context, where a
    wait cannot be left uncounted, nothing is ever set and the function is not called.

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
        const boost::asio::any_io_executor& inner = serial->inner();
        // The wait counts itself; counted once more until then, so that the count cannot be zero.
        if (!source_ && !count_work(inner, true)) return false;
        struct Uncount {
            const boost::asio::any_io_executor* inner;
            ~Uncount() {
                if (inner != nullptr) count_work(*inner, false);
            }
        };
        const Uncount uncount{source_ ? nullptr : &inner};
        forget();
        const auto mine = std::make_shared<bool>(true);
        set_ = mine;
        const auto call = [mine, ring = std::move(ring)] {
            if (std::exchange(*mine, false)) ring();
        };
        if (source_) {
            auto alarm = [executor = executor_, context = ContextLink::of(executor_), call] {
                context->while_there([&] { boost::asio::post(executor, call); });
            };
            alarm_ = source_->set_alarm(when, std::move(alarm));
            return true;
        }
        if (!timer_) timer_.emplace(inner);
        timer_->expires_at(when);
        timer_->async_wait([inner, executor = executor_, call](boost::system::error_code ec) {
            count_work(inner, true);
            if (ec) return;
            try {
                boost::asio::post(executor, call);
            } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; it is set again later
            }
        });
        count_work(inner, false);
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
    TimeSource::Alarm alarm_ = 0;
    std::optional<boost::asio::steady_timer> timer_;
    /// Is what was set last still to happen?
    std::shared_ptr<bool> set_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_POOL_BACKGROUND_TIMER_HPP
