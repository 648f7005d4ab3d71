// SPDX-License-Identifier: BSL-1.0
// Offers what is a coroutine inside to every completion token.

#ifndef CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP
#define CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP

#include <clarify/core/detail/async_op.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace clarify::detail {

/// Calls a handler with the outcome of a coroutine, also where it threw, which only happens for want
/// of memory.
template <class T, class Handler>
struct CoroutineEnd {
    void operator()(const std::exception_ptr& exception, Result<T> outcome) {
        if (exception) outcome = Error{Errc::internal, Reason::resource};
        std::move(handler)(std::move(outcome));
    }

    Handler handler;
};

/// Runs `make()`, an `awaitable<Result<T>>`, on `executor` for any completion token with the
/// signature `void(Result<T>)`. The handler's executor, allocator and cancellation slot are used.
template <class T, class Token, class Make>
auto async_coroutine(boost::asio::any_io_executor executor, Make make, Token&& token) {
    return async_operation<Result<T>>(
        std::forward<Token>(token),
        [executor = std::move(executor)](auto handler, Make coroutine) {
            using Handler = std::decay_t<decltype(handler)>;
            boost::asio::co_spawn(
                executor, std::move(coroutine)(), CoroutineEnd<T, Handler>{std::move(handler)});
        },
        std::move(make));
}

}  // namespace clarify::detail

template <template <class, class> class Associator, class T, class Handler, class Default>
struct boost::asio::associator<Associator, clarify::detail::CoroutineEnd<T, Handler>, Default>
    : Associator<Handler, Default> {
    static typename Associator<Handler, Default>::type get(
        const clarify::detail::CoroutineEnd<T, Handler>& end) noexcept {
        return Associator<Handler, Default>::get(end.handler);
    }
    static typename Associator<Handler, Default>::type get(
        const clarify::detail::CoroutineEnd<T, Handler>& end, const Default& value) noexcept {
        return Associator<Handler, Default>::get(end.handler, value);
    }
};

#endif  // CLARIFY_API_DETAIL_ASYNC_COROUTINE_HPP
