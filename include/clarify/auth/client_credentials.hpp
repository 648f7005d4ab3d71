// SPDX-License-Identifier: BSL-1.0
// OAuth 2.0 client credentials (RFC 6749 section 4.4): one token for all calls.

#ifndef CLARIFY_AUTH_CLIENT_CREDENTIALS_HPP
#define CLARIFY_AUTH_CLIENT_CREDENTIALS_HPP

#include <clarify/auth/token_cache.hpp>
#include <clarify/auth/token_reply.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/url.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace clarify {

/// How a client tells a token endpoint who it is (RFC 6749 section 2.3.1).
enum class ClientAuthentication : std::uint8_t {
    /// `client_id` and `client_secret` in the form, as Clarify documents it.
    form,
    /// The Basic scheme, both encoded as in a form first, as the RFC has it.
    basic,
    /// The Basic scheme, both as they are, for endpoints that do not decode them.
    basic_raw,
};

/** How to get a token. */
struct ClientCredentialsConfig {
    ClientCredentialsConfig(
        Url endpoint, std::string id, Secret secret, std::string token_audience = {})
        : token_url(std::move(endpoint)),
          client_id(std::move(id)),
          client_secret(std::move(secret)),
          audience(std::move(token_audience)) {}

    /// The token endpoint: https, or http on a loopback address.
    Url token_url;
    std::string client_id;
    Secret client_secret;
    /// Asked for in one way only: a failed fetch is not repeated in another.
    ClientAuthentication authentication = ClientAuthentication::form;
    /// Sent as `audience` unless empty.
    std::string audience;
    /// Sent as `scope` unless empty.
    std::string scope;
    TokenOptions token;
};

/** Sends a bearer token that it fetches, keeps and renews.

    - One fetch serves all callers, each of which keeps its own deadline and cancellation. The fetch
      belongs to the client: cancelling the call that started it disturbs nobody.
    - The token is renewed in the background shortly before it expires, while calls go on with the
    old one, and after a 401: then exactly the rejected token is dropped.
    - A failed fetch is remembered for a pause, so that a rate-limited endpoint is not stampeded.
      `Retry-After` is honoured, up to a day: nothing is sent before, calls whose deadline comes
      first fail at once with `Reason::throttled`, and the others wait.
    - However short a token lives, fetches are at least nine tenths of its life apart. One that has
      expired before it arrives is a failure (`Reason::bad_expiry`), with the pause that follows.

    The request is a form with `grant_type`, `audience`, `scope`, and the credentials unless
    `ClientCredentialsConfig::authentication` puts them into the `Authorization` header.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; a client uses its own on its serial executor.
*/
class ClientCredentials {
public:
    /// @throws std::invalid_argument for an empty id or secret, an id or a secret that the way of
    /// authentication cannot carry, a plain http endpoint that is not on a loopback address, or what
    /// `token` has out of range.
    explicit ClientCredentials(ClientCredentialsConfig config);

    std::optional<AuthHeader> cached(AuthContext& context);
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint deadline);
    bool rejected(AuthContext& context, const AuthHeader& header);
    /// The client secret.
    std::string_view kept_secret() const noexcept;

private:
    struct State;
    static void begin_fetch(std::shared_ptr<State> state, AuthContext& context);
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
