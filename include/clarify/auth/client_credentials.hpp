// SPDX-License-Identifier: BSL-1.0
// OAuth 2.0 client credentials (RFC 6749 section 4.4): one token for all calls.

#ifndef CLARIFY_AUTH_CLIENT_CREDENTIALS_HPP
#define CLARIFY_AUTH_CLIENT_CREDENTIALS_HPP

#include <clarify/auth/client_credentials_config.hpp>
#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/detail/config.hpp>

#include <memory>
#include <optional>
#include <string_view>

namespace clarify {

/** Sends a bearer token that it fetches, keeps and renews; models `AuthPolicy`.

    - One fetch serves all callers, each of which keeps its own deadline and cancellation. The fetch
      belongs to the client: cancelling the call that started it disturbs nobody.
    - The token is renewed in the background before it expires, at a moment that is drawn at random
      (`TokenTimes::renewal_margin`), while calls go on with the old one, and after a 401: then
      exactly the rejected token is dropped. One that has served was revoked, and is replaced at
      once, however often that happens. Where the server rejects a token at its first use that has
      just replaced another one, all calls fail for a pause.
    - A failed fetch is remembered for a pause, so that a rate-limited endpoint is not stampeded.
      `Retry-After` is honoured, up to a day, or up to `TokenTimes::longest_pause` from a proxy and over
      plain http: nothing is sent before, calls whose deadline comes first fail at once with
      `Reason::throttled`, and the others wait.
    - However short a token lives, fetches are at least seven tenths of its life apart. One that has
      expired before it arrives is a failure (`Reason::bad_expiry`), with the pause that follows.

    The request is a form with `grant_type`, `audience`, `scope`, and the credentials unless
    `ClientCredentialsConfig::authentication` puts them into the `Authorization` header.

    @par Errors
    What `authorize` fails with ends the call, `Fate::unsent`: `Errc::token` where the endpoint
    answered with no token (`denied`, `throttled`, `bad_response`, `bad_expiry`, `type`), with its
    status and wait in `Error::http()` and never with its body; `Errc::auth`, `rejected`, in
    `Phase::token` during the pause after tokens that were rejected at their first use;
    `Errc::timeout` where the fetch reached `TokenOptions::fetch_timeout`; else what the connection
    to the endpoint failed with. Calls that come during a pause get the error that began it.
    @par Per-operation cancellation
    `authorize` supports terminal cancellation, which ends the wait and not the fetch.
    @par Object lifetimes
    May be destroyed at any time; a fetch under way then ends by itself.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; a client uses its own on its serial executor.
*/
class ClientCredentials {
public:
    /// @throws std::invalid_argument for an empty id or secret, an id or a secret that the way of
    /// authentication cannot carry, a plain http endpoint that is not on a loopback address, or what
    /// `token` has out of range.
    explicit ClientCredentials(ClientCredentialsConfig config);

    /// The token at hand while it is good; begins its renewal where that is due.
    template <class = void>
    std::optional<AuthHeader> cached(AuthContext& context);
    /// The token, fetched if need be.
    template <class = void>
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint deadline);
    /// Drops the token if it is still the one at hand; always true.
    bool rejected(AuthContext& context, const AuthHeader& header);
    /** Fetches the next token with what `other` was made of, which is the same client's.

        The token at hand stays in use. A pause after a failure ends, since the failure may have been
        the secret's; one that the issuer has asked for does not. A fetch under way goes on as it was
        begun, and is followed by another where it fails.
    */
    void renew(const ClientCredentials& other);
    /// The client secret; empty once moved from.
    std::string_view kept_secret() const noexcept;

private:
    struct State;
    template <class = void>
    static void begin_fetch(std::shared_ptr<State> state, AuthContext& context);
    template <class = void>
    static boost::asio::awaitable<void> fetch(std::shared_ptr<State> state, AuthContext& context);

    // Shared with the fetch in flight, which may outlive this object by the time it takes to stop.
    std::shared_ptr<State> state_;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/auth/impl/client_credentials.hpp>
#endif

namespace clarify {
static_assert(AuthPolicy<ClientCredentials>);
}  // namespace clarify

#endif  // CLARIFY_AUTH_CLIENT_CREDENTIALS_HPP
