// SPDX-License-Identifier: BSL-1.0
// The one place that turns operations into completion tokens, and coroutines into background tasks.

#ifndef CLARIFY_CORE_DETAIL_ASYNC_OP_HPP
#define CLARIFY_CORE_DETAIL_ASYNC_OP_HPP

#include <clarify/core/detail/config.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <utility>

namespace clarify::detail {

/// Starts an operation with handler signature `void(T)` for any completion token: `initiation` is
/// called with the handler and `args`, at once or when the token says so.
template <class T, class Token, class Initiation, class... Args>
auto async_operation(Token&& token, Initiation&& initiation, Args&&... args) {
    return boost::asio::async_initiate<Token, void(T)>(
        std::forward<Initiation>(initiation), token, std::forward<Args>(args)...);
}

/** A completion handler that waits for its outcome.

    Keeps the handler's executor busy meanwhile, and uses its allocator and cancellation slot.
*/
template <class Handler>
class PendingHandler {
public:
    using Executor = boost::asio::associated_executor_t<Handler, boost::asio::any_io_executor>;

    PendingHandler(Handler handler, const boost::asio::any_io_executor& fallback)
        : handler_(std::move(handler)),
          work_(boost::asio::get_associated_executor(handler_, fallback)) {}

    /// Calls `on_cancel(type)` in the context of whoever emits, until the handler is released.
    template <class OnCancel>
    void watch_cancellation(OnCancel on_cancel) {
        auto slot = boost::asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected()) slot.assign(std::move(on_cancel));
    }

    /// Runs `deliver()` on the handler's executor, never inside this function.
    template <class Deliver>
    void post(Deliver deliver) {
        boost::asio::post(
            work_.get_executor(),
            boost::asio::bind_allocator(
                boost::asio::get_associated_allocator(handler_), std::move(deliver)));
    }

    /// Gives the handler away; nothing of this object may be used afterwards.
    Handler release() {
        auto slot = boost::asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected()) slot.clear();
        work_.reset();
        return std::move(handler_);
    }

private:
    Handler handler_;
    boost::asio::executor_work_guard<Executor> work_;
};

/// Hears of the end of a task.
class TaskOwner {
public:
    /// The coroutine has ended, or was destroyed before its end: with the execution context, or
    /// because there was no memory to resume it. In the latter case in any thread.
    virtual void task_gone() noexcept = 0;

protected:
    ~TaskOwner() = default;
};

/// Runs `task` on `executor`, cancellable through `signal`, and keeps `owner` alive until the task
/// is gone, of which it then tells it. An exception that leaves the task is dropped: tasks report
/// through what they own.
void spawn_task(
    const boost::asio::any_io_executor& executor,
    boost::asio::awaitable<void> task,
    boost::asio::cancellation_signal& signal,
    std::shared_ptr<TaskOwner> owner);

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/detail/impl/async_op.hpp>
#endif

#endif  // CLARIFY_CORE_DETAIL_ASYNC_OP_HPP
