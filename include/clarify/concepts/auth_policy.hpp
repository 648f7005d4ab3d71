// SPDX-License-Identifier: BSL-1.0
// The contract of an authentication scheme, and what the client lends to it.

#ifndef CLARIFY_CONCEPTS_AUTH_POLICY_HPP
#define CLARIFY_CONCEPTS_AUTH_POLICY_HPP

#include <clarify/core/event.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <memory>
#include <optional>

namespace clarify {

/// The value of an `Authorization` header, shared between the calls that send it. Null: send none.
using AuthHeader = std::shared_ptr<const Secret>;

/** What an authentication policy may use of the client it belongs to.

    All functions are called on the client's serial executor, and the object outlives every
   coroutine started with `spawn`.
*/
class AuthContext {
public:
    /// The client's serial executor.
    virtual boost::asio::any_io_executor get_executor() const = 0;
    virtual TimePoint now() const = 0;
    /// Evenly distributed in [0, 1), for jitter.
    virtual double random() = 0;
    /// Sends a request through the client's own HTTP backend; see `HttpBackend`.
    virtual boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response) = 0;
    /// Runs `task` on behalf of the client rather than of one call: cancelled (terminal) at
    /// `deadline` or when the client closes, and by nothing else.
    virtual void spawn(boost::asio::awaitable<void> task, TimePoint deadline) = 0;
    /// Reports an event to the client's observer, if there is one.
    virtual void observe(const Event& event) = 0;

protected:
    ~AuthContext() = default;
};

/** An authentication scheme: gives the `Authorization` header of each request.

    | expression | meaning |
    | --- | --- |
    | `auth.cached(context)` | the header to send now, without waiting, as
   `std::optional<AuthHeader>`; empty if `authorize` must be asked | | `auth.authorize(context,
   deadline)` | an `awaitable<Result<AuthHeader>>`: the header, fetched if need be. An error ends
   the call with it, `unsent` | | `auth.rejected(context, header)` | the server answered 401 to
   `header`. Drops what it has cached if it still is that header, and returns whether asking again
   may give another one |

    Header values have no control characters; the client refuses others.

    @par Who calls it
    The client, always on its serial executor; several `authorize` may be waiting at once. `cached`
   is asked for each attempt of each call, so it should be cheap.
    @par Cancellation
    A waiting `authorize` completes promptly when cancelled (terminal), whatever else it does. It
   must not take down a fetch that others wait for: run that with `AuthContext::spawn`.
    @par Exceptions
    One that escapes becomes `Errc::token` with `Reason::exception`.
*/
template <class A>
concept AuthPolicy = std::move_constructible<A> &&
    requires(A& auth, AuthContext& context, TimePoint deadline, const AuthHeader& header) {
    { auth.cached(context) } -> std::same_as<std::optional<AuthHeader>>;
    {
        auth.authorize(context, deadline)
        } -> std::same_as<boost::asio::awaitable<Result<AuthHeader>>>;
    { auth.rejected(context, header) } -> std::same_as<bool>;
};

}  // namespace clarify

#endif  // CLARIFY_CONCEPTS_AUTH_POLICY_HPP
