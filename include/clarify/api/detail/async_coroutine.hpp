// SPDX-License-Identifier: BSL-1.0
// Offers what is a coroutine inside to every completion token.

#ifndef CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP
#define CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP

#include <clarify/core/detail/async_op.hpp>
#include <clarify/core/detail/called_or_lost.hpp>
#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace clarify::detail {

/// A completion handler, and whether it is decided what it will be called with.
template <class T, class Handler>
class CoroutineOutcome {
public:
    CoroutineOutcome(Handler given, const boost::asio::any_io_executor& fallback)
        : handler(std::move(given)),
          executor_(boost::asio::get_associated_executor(handler, fallback)),
          context_(ContextLink::of(fallback)) {}

    /// Claims the decision; true once.
    bool decide() noexcept { return !decided_.exchange(true); }
    /// Calls the handler with the outcome of the coroutine, also where that threw, which only happens
    /// for want of memory.
    static void tell(
        std::shared_ptr<CoroutineOutcome> self,
        const std::exception_ptr& exception,
        Result<T> outcome) {
        if (!self->decide()) return;
        if (exception) {
            // Nothing tells how far it came.
            Error error{Errc::internal, Reason::resource};
            outcome = error.set_fate(Fate::unknown);
        }
        std::move(self->handler)(std::move(outcome));
    }
    /// Calls the handler later with what is true of a coroutine that was destroyed, unless the
    /// execution context went with it.
    static void lose(const std::shared_ptr<CoroutineOutcome>& self) noexcept {
        if (!self->decide()) return;
        self->context_->while_there([&] {
            try {
                boost::asio::post(self->executor_, [self] {
                    Error error{Errc::internal, Reason::resource};
                    std::move(self->handler)(Result<T>{error.set_fate(Fate::unknown)});
                });
            } catch (...) {
                self->decided_ = false;
            }
        });
    }

    Handler handler;

private:
    boost::asio::associated_executor_t<Handler, boost::asio::any_io_executor> executor_;
    std::shared_ptr<ContextLink> context_;
    std::atomic<bool> decided_ = false;
};

/// Runs `make()`, an `awaitable<Result<T>>`, on `executor` for any completion token with the
/// signature `void(Result<T>)`. The handler's executor, allocator and cancellation slot are used.
template <class T, class Token, class Make>
auto async_coroutine(boost::asio::any_io_executor executor, Make make, Token&& token) {
    return async_operation<Result<T>>(
        std::forward<Token>(token),
        [executor = std::move(executor)](auto handler, Make coroutine) {
            using Outcome = CoroutineOutcome<T, std::decay_t<decltype(handler)>>;
            const auto outcome = std::make_shared<Outcome>(std::move(handler), executor);
            try {
                boost::asio::co_spawn(
                    executor,
                    std::move(coroutine)(),
                    CalledOrLost{
                        outcome,
                        [](std::shared_ptr<Outcome> told,
                           const std::exception_ptr& exception,
                           Result<T> result) {
                            Outcome::tell(std::move(told), exception, std::move(result));
                        },
                        [](const std::shared_ptr<Outcome>& lost) noexcept {
                            Outcome::lose(lost);
                        }});
            } catch (...) {
                // Unless the handler hears of it.
                if (outcome->decide()) throw;
            }
        },
        std::move(make));
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP
