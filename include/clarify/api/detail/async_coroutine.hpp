// SPDX-License-Identifier: BSL-1.0
// Offers what is a coroutine inside to every completion token.

#ifndef CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP
#define CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP

#include <clarify/core/detail/async_op.hpp>
#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/operation.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace clarify::detail {

/** A coroutine on its way, and the handler that waits for what comes of it.

    It runs on a strand of its own, where cancellation reaches it too, so that a signal may be
    emitted while it runs in another thread.
*/
template <class T, class Work, class Handler>
class CoroutineOperation final
    : public TaskOwner,
      public std::enable_shared_from_this<CoroutineOperation<T, Work, Handler>> {
public:
    CoroutineOperation(
        Handler handler,
        const boost::asio::any_io_executor& executor,
        boost::asio::any_io_executor strand,
        std::shared_ptr<ContextLink> context,
        Work work)
        : context_(std::move(context)),
          strand_(std::move(strand)),
          work_(std::move(work)),
          handler_(std::move(handler), executor, context_) {}

    void begin() {
        const auto self = this->shared_from_this();
        handler_.attend(self);
        handler_.watch_cancellation([](const std::shared_ptr<CoroutineOperation>& operation,
                                       boost::asio::cancellation_type_t type) {
            operation->context_->while_there([&] {
                boost::asio::post(
                    operation->strand_, [operation, type] { operation->signal_.emit(type); });
            });
        });
        work_.begin();
        try {
            spawn_task(strand_, run(self), signal_, self);
        } catch (...) {
            // Unless the handler hears of it.
            if (!told_.exchange(true)) throw;
        }
    }

    /// The coroutine has ended, or was destroyed: for want of memory, or with the context.
    void task_gone() noexcept override {
        if (told_.exchange(true)) return;
        if (context_->is_there()) hand_over();
        work_.end();
    }

    /// Calls the handler, on its executor.
    static void deliver(std::shared_ptr<CoroutineOperation> self) {
        Result<T> outcome = self->work_.take();
        if (!outcome && outcome.error().code() == Errc{}) {
            // It threw, or was destroyed, and nothing tells how far it came.
            Error error{Errc::internal, Reason::resource};
            outcome = error.set_fate(Fate::unknown);
        }
        PendingHandler<CoroutineOperation, Handler>::call(
            std::move(self), &CoroutineOperation::handler_, std::move(outcome));
    }
    /// Once more, after it was lost.
    static void undelivered(std::shared_ptr<CoroutineOperation> self) noexcept {
        if (self->context_->is_there()) self->hand_over();
    }

private:
    static boost::asio::awaitable<void> run(std::shared_ptr<CoroutineOperation> self) {
        // What to heed, and until when, is for the work to say.
        co_await boost::asio::this_coro::reset_cancellation_state(
            boost::asio::enable_total_cancellation());
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        try {
            co_await self->work_.run();
        } catch (...) {  // NOLINT(bugprone-empty-catch): then there is no outcome
        }
    }

    void hand_over() noexcept {
        const auto self = this->shared_from_this();
        // What was lost at once may do better the next time.
        if (!handler_.post(self) && !handler_.post(self)) told_ = false;
    }

    std::shared_ptr<ContextLink> context_;
    boost::asio::any_io_executor strand_;
    boost::asio::cancellation_signal signal_;
    Work work_;
    /// Is the handler told, or about to be?
    std::atomic<bool> told_ = false;
    PendingHandler<CoroutineOperation, Handler> handler_;
};

/// Begins such an operation. Where there is no memory for it the handler hears of that, because out
/// of here an exception would get to no coroutine that waits, but to the loop.
template <class T>
struct InitiateCoroutine {
    template <class Handler, class Work>
    void operator()(
        Handler&& handler, const boost::asio::any_io_executor& executor, Work work) const {
        using Begun = CoroutineOperation<T, Work, std::decay_t<Handler>>;
        std::shared_ptr<Begun> operation;
        if (is_cancelled_already(handler)) {
            Error error{Errc::cancelled, Reason::none, "the caller was cancelled before"};
            return refuse(std::forward<Handler>(handler), executor, std::move(error));
        }
        try {
            auto context = ContextLink::of(executor);
            // Again when the handler has been taken over, but then it needs no memory.
            link_of(handler, executor, context);
            boost::asio::any_io_executor strand = SerialExecutor::over(executor);
            operation = std::allocate_shared<Begun>(
                boost::asio::recycling_allocator<void>{},
                std::forward<Handler>(handler),
                executor,
                std::move(strand),
                std::move(context),
                std::move(work));
        } catch (const std::bad_alloc&) {
            // The handler is still here: it is taken over last.
            return refuse(
                std::forward<Handler>(handler), executor, Error{Errc::internal, Reason::resource});
        }
        operation->begin();
    }

private:
    template <class Handler>
    static void refuse(
        Handler&& handler, const boost::asio::any_io_executor& executor, Error error) {
        const auto where = boost::asio::get_associated_executor(handler, executor);
        boost::asio::post(
            where, [handler = std::forward<Handler>(handler), error = std::move(error)]() mutable {
                std::move(handler)(Result<T>{std::move(error)});
            });
    }
};

/** Runs `work` on `executor` for any completion token with the signature `void(Result<T>)`. The
    handler's executor, allocator and cancellation slot are used.

    `work.begin()` is called where the operation begins, before this returns. `work.run()` is an
    `awaitable<void>` that cancellation of every type gets to, without making it throw. `work.end()`
    is called after it, whatever its end, once the handler is on its way; `work.take()` where the
    handler is called, perhaps at the same time: a `Result<T>`, or `Error{}` where `run` did not come
    to its end. All but `run` are `noexcept`, or may be.
*/
template <class T, class Token, class Work>
auto async_coroutine(boost::asio::any_io_executor executor, Work work, Token&& token) {
    return async_operation<Result<T>>(
        std::forward<Token>(token), InitiateCoroutine<T>{}, std::move(executor), std::move(work));
}

/// The work of one coroutine that yields the outcome, as an operation of the client.
template <class T>
class OutcomeOf {
public:
    /// `operation`: null for none.
    explicit OutcomeOf(
        boost::asio::awaitable<Result<T>> task, std::shared_ptr<Operation> operation = nullptr)
        : task_(std::move(task)), operation_(std::move(operation)) {}

    // Where the client takes it no more, its first call says so.
    void begin() noexcept {
        if (operation_) ticket_ = operation_->begin();
    }
    boost::asio::awaitable<void> run() { outcome_ = co_await std::move(task_); }
    void end() noexcept { ticket_.reset(); }
    Result<T> take() { return std::move(outcome_); }

private:
    boost::asio::awaitable<Result<T>> task_;
    std::shared_ptr<Operation> operation_;
    Operation::Ticket ticket_;
    Result<T> outcome_ = Error{};
};

/// Was the coroutine that this is a part of told to end, by a signal of one of `types`?
template <class = void>
boost::asio::awaitable<bool> is_cancelled(
    boost::asio::cancellation_type types = boost::asio::cancellation_type::all) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    co_return (state.cancelled() & types) != boost::asio::cancellation_type::none;
}

/// From now on, something has been changed: only terminal and partial end the coroutine that this is
/// a part of. False where one of them has come already.
template <class = void>
boost::asio::awaitable<bool> refuse_total_cancellation() {
    using boost::asio::cancellation_type;
    if (co_await is_cancelled(cancellation_type::terminal | cancellation_type::partial))
        co_return false;
    co_await boost::asio::this_coro::reset_cancellation_state(
        boost::asio::enable_partial_cancellation());
    co_return true;
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP
