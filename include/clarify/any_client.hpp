// SPDX-License-Identifier: BSL-1.0
// Policies chosen at run time: one client type for any HTTP stack and any authentication.

#ifndef CLARIFY_ANY_CLIENT_HPP
#define CLARIFY_ANY_CLIENT_HPP

#include <clarify/api/api_client.hpp>
#include <clarify/concepts/auth_policy.hpp>
#include <clarify/concepts/http_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace clarify {

/** Any `HttpBackend`, behind one virtual call for each exchange.

    The awaitable is the backend's own, so no coroutine frame is added. Moving it moves a pointer; one
    that was moved from may be assigned to and destroyed, no more.

    @par Cancellation
    That of the backend inside: it gets the caller's own.
    @par Thread safety
    That of the backend inside.
*/
class AnyHttpBackend {
public:
    /// Takes a backend over, and puts it on the heap: it stays where it is from then on.
    template <class Backend>
    requires(!std::same_as<Backend, AnyHttpBackend> && HttpBackend<Backend>)
        AnyHttpBackend(Backend backend);

    /// One exchange; see `HttpBackend`, also for the two that follow.
    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress);
    /// Ends all exchanges and closes all connections.
    void close() noexcept;
    /// Closes the connections that are idle, and the others as they come free; does nothing where
    /// the backend inside has no such function.
    void drain() noexcept;
    /// Where connection events go, unless the backend inside was told; does nothing where it has no
    /// such function.
    void observe(Observer observer);

private:
    struct Interface;
    template <class Backend>
    struct Holder;

    std::unique_ptr<Interface> inner_;
};

/** Any `AuthPolicy`, behind one virtual call for each attempt of a call, and another where that has
    to wait for a header or was told 401.

    No coroutine frame is added. Moving it moves a pointer; one that was moved from may be assigned to
    and destroyed, no more.

    @par Cancellation
    That of the policy inside: it gets the caller's own.
    @par Thread safety
    That of the policy inside.
*/
class AnyAuthPolicy {
public:
    /// Takes a policy over, and puts it on the heap: it stays where it is from then on.
    template <class Auth>
    requires(!std::same_as<Auth, AnyAuthPolicy> && AuthPolicy<Auth>) AnyAuthPolicy(Auth auth);

    /// A header that is at hand; see `AuthPolicy`, also for those that follow.
    std::optional<AuthHeader> cached(AuthContext& context);
    /// Waits for a header until `deadline`.
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint deadline);
    /// Is told of a 401, and tells whether another header is worth a try.
    bool rejected(AuthContext& context, const AuthHeader& header);
    /// What must not be shown in any error besides the header, or an empty text: for the client,
    /// which masks it.
    std::string_view kept_secret() const noexcept;

private:
    struct Interface;
    template <class Auth>
    struct Holder;

    std::unique_ptr<Interface> inner_;
};

/** One client type for every HTTP stack and every authentication, chosen when it is made:

    @code
    clarify::AnyClient client{
        executor, credentials.rpc_url(), clarify::CurlBackend{}, credentials.auth(), options};
    @endcode

    For interfaces, plug-ins and programs that choose by configuration. It costs two virtual calls
    for a call, no memory and no coroutine frame. It is made from policies, not from `Credentials`
    alone, because nothing here knows an HTTP stack: this header includes neither Beast nor OpenSSL.
    For the same reason `ClientOptions::http` and `ClientOptions::token` do not reach the policies:
    give them what they need as they are made.

    The typed methods take the integration from `ApiOptions`, or from the client, which takes an
    `AnyClient::Base` and it:

    @code
    clarify::AnyClient client{
        clarify::AnyClient::Base{
            executor, credentials.rpc_url(), clarify::CurlBackend{}, credentials.auth(), options},
        credentials.integration()};
    @endcode

    All else is as in `ApiClient`. To change policies, assign another client; the calls of the one
    before end with `Errc::closed`.
*/
using AnyClient = ApiClient<RpcClient<AnyHttpBackend, AnyAuthPolicy, BoostJsonCodec>>;

}  // namespace clarify

#include <clarify/impl/any_client.hpp>

#endif  // CLARIFY_ANY_CLIENT_HPP
