// SPDX-License-Identifier: BSL-1.0
// What an asynchronous operation takes as its last argument.

#ifndef CLARIFY_CORE_COMPLETION_TOKEN_HPP
#define CLARIFY_CORE_COMPLETION_TOKEN_HPP

#include <clarify/core/result.hpp>

#include <boost/asio/async_result.hpp>

namespace clarify {

/** Says how a caller hears of the outcome of an operation, whose handler's signature is
    `void(Result<R>)`: an Asio completion token.

    | token | what the function returns |
    | --- | --- |
    | `asio::use_awaitable`, the default | an awaitable, which begins when it is awaited |
    | a callback that takes a `Result<R>` | nothing |
    | `asio::use_future` | a `std::future<Result<R>>` |
    | `asio::deferred` | a function of another token, which begins when it is called |
    | `asio::detached` | nothing, and nobody hears of the outcome |

    Adapters such as `asio::bind_executor`, `asio::bind_cancellation_slot` and `asio::as_tuple` are
    tokens, too. A callback may be one that can only be moved; it is called once.
*/
template <class Token, class R>
concept CompletionToken = boost::asio::completion_token_for<Token, void(Result<R>)>;

}  // namespace clarify

#endif  // CLARIFY_CORE_COMPLETION_TOKEN_HPP
