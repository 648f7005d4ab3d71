// SPDX-License-Identifier: BSL-1.0
// Offers what is a coroutine inside to every completion token.

#ifndef CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP
#define CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP

#include <clarify/core/detail/async_op.hpp>
#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/associator.hpp>
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
    /// Calls the handler later with what is true of a coroutine that was destroyed, unless the
    /// execution context went with it.
    static void lose(std::shared_ptr<CoroutineOutcome> self) noexcept {
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

/// Calls a handler with the outcome of a coroutine: also where that threw, or was destroyed, which
/// both only happen for want of memory.
template <class T, class Handler>
class CoroutineEnd {
public:
    using Outcome = CoroutineOutcome<T, Handler>;

    explicit CoroutineEnd(std::shared_ptr<Outcome> outcome) noexcept
        : outcome_(std::move(outcome)) {}
    CoroutineEnd(CoroutineEnd&&) noexcept = default;
    CoroutineEnd(const CoroutineEnd&) = delete;
    CoroutineEnd& operator=(const CoroutineEnd&) = delete;
    ~CoroutineEnd() {
        if (outcome_ && outcome_->decide()) Outcome::lose(std::move(outcome_));
    }

    void operator()(const std::exception_ptr& exception, Result<T> outcome) {
        const std::shared_ptr<Outcome> mine = std::move(outcome_);
        if (!mine->decide()) return;
        if (exception) {
            // Nothing tells how far it came.
            Error error{Errc::internal, Reason::resource};
            outcome = error.set_fate(Fate::unknown);
        }
        std::move(mine->handler)(std::move(outcome));
    }

    const Handler& handler() const noexcept { return outcome_->handler; }

private:
    std::shared_ptr<Outcome> outcome_;
};

/// Runs `make()`, an `awaitable<Result<T>>`, on `executor` for any completion token with the
/// signature `void(Result<T>)`. The handler's executor, allocator and cancellation slot are used.
template <class T, class Token, class Make>
auto async_coroutine(boost::asio::any_io_executor executor, Make make, Token&& token) {
    return async_operation<Result<T>>(
        std::forward<Token>(token),
        [executor = std::move(executor)](auto handler, Make coroutine) {
            using End = CoroutineEnd<T, std::decay_t<decltype(handler)>>;
            const auto outcome =
                std::make_shared<typename End::Outcome>(std::move(handler), executor);
            try {
                boost::asio::co_spawn(executor, std::move(coroutine)(), End{outcome});
            } catch (...) {
                // Unless the handler hears of it.
                if (outcome->decide()) throw;
            }
        },
        std::move(make));
}

}  // namespace clarify::detail

template <template <class, class> class Associator, class T, class Handler, class Default>
struct boost::asio::associator<Associator, clarify::detail::CoroutineEnd<T, Handler>, Default>
    : Associator<Handler, Default> {
    static typename Associator<Handler, Default>::type get(
        const clarify::detail::CoroutineEnd<T, Handler>& end) noexcept {
        return Associator<Handler, Default>::get(end.handler());
    }
    static typename Associator<Handler, Default>::type get(
        const clarify::detail::CoroutineEnd<T, Handler>& end, const Default& value) noexcept {
        return Associator<Handler, Default>::get(end.handler(), value);
    }
};

#endif  // CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP
