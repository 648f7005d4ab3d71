// SPDX-License-Identifier: BSL-1.0
// The contract of an HTTP stack.

#ifndef CLARIFY_CONCEPTS_HTTP_BACKEND_HPP
#define CLARIFY_CONCEPTS_HTTP_BACKEND_HPP

#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/awaitable.hpp>

#include <concepts>

namespace clarify {

/** An HTTP stack, as the client needs it: one POST out, one complete response in.

    | expression | meaning |
    | --- | --- |
    | `backend.post(request, response, progress)` | an `awaitable<Result<void>>` that sends
   `request` once and fills `response` | | `backend.close()` | no exchange will follow; drops idle
   connections. Does not throw, may be called twice |

    `post` in detail:
    - It succeeds with every complete response, whatever its status. It follows no redirect, sends
   no cookie, and adds no credentials. It never sends a request twice.
    - A failure is an `Error` whose `fate()` is true: `unsent` only if surely no byte of the request
      was handed to a connection, else `unknown`. `phase()` says where, `cause()` why.
    - `progress` is updated before each phase begins; `progress.sent` before the first byte is
   written.
    - It ends by `request.deadline`, with `Errc::timeout`, as far as the stack allows.
    - Cancellation: the client asks with `cancellation_type::terminal`, at the deadline, when the
   caller cancels and when the client is closed. `post` then completes promptly, closes the
   connection it was using, and harms no other exchange. What it reports is replaced by the client.
    - The response body is bounded by `request.max_response_body`.

    @par Who calls it
    The client, always on its serial executor (`this_coro::executor` of the awaitable): calls never
    overlap in time, though many exchanges may be in flight. So a backend needs no lock of its own.
    @par Lifetime
    The backend outlives every awaitable it returned. `request`, `response` and `progress` stay
   valid until the awaitable completes or is destroyed.
    @par Exceptions
    One that escapes becomes `Errc::internal`, with the fate that `progress` tells.
*/
template <class B>
concept HttpBackend = std::move_constructible<B> && requires(
    B& backend, const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
    {
        backend.post(request, response, progress)
        } -> std::same_as<boost::asio::awaitable<Result<void>>>;
    { backend.close() }
    noexcept;
};

}  // namespace clarify

#endif  // CLARIFY_CONCEPTS_HTTP_BACKEND_HPP
