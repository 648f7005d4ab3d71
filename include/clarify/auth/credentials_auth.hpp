// SPDX-License-Identifier: BSL-1.0
// The authentication scheme chosen at run time.

#ifndef CLARIFY_AUTH_CREDENTIALS_AUTH_HPP
#define CLARIFY_AUTH_CREDENTIALS_AUTH_HPP

#include <clarify/auth/basic_auth.hpp>
#include <clarify/auth/bearer_token.hpp>
#include <clarify/auth/client_credentials.hpp>
#include <clarify/auth/no_auth.hpp>

#include <optional>
#include <string_view>
#include <utility>
#include <variant>

namespace clarify {

/** One of the library's own schemes, chosen at run time; models `AuthPolicy`.

    `Credentials::auth()` makes it from a credentials file, whose `type` chooses the scheme: that is
    how a program uses one type of client whatever the file says. Made by hand it lets a program
    choose as well:

    ```cpp
    CredentialsAuth auth{token.empty() ? CredentialsAuth::Scheme{NoAuth{}}
                                       : CredentialsAuth::Scheme{BearerToken{token}}};
    ```

    Every function does what that of the scheme inside does, in its place. A policy that is not among
    them needs a client of its own type, or `AnyAuthPolicy`.

    @par Errors
    Those of the scheme inside. Only `ClientCredentials` can fail before a call is sent; the others
    fail when the server answers 401, and then for good.
    @par Per-operation cancellation
    That of the scheme inside: only `ClientCredentials` waits, and supports terminal cancellation.
    @par Object lifetimes
    Movable, and copyable; copies share what the scheme shares. Of `ClientCredentials` that is the
    token and its fetch, which belong to one client: give each client an object of its own.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; a client uses its own on its serial executor.
*/
class CredentialsAuth {
public:
    /// What there is to choose from. The alternatives are found by type, not by place: more may come.
    using Scheme = std::variant<NoAuth, BasicAuth, BearerToken, ClientCredentials>;

    /// Takes the scheme over. A client that is made of this one sends what that scheme sends.
    explicit CredentialsAuth(Scheme scheme) : scheme_(std::move(scheme)) {}

    /// The header to send now, known without waiting: null for `NoAuth`, and empty where
    /// `ClientCredentials` has no token that is good.
    std::optional<AuthHeader> cached(AuthContext& context) {
        return std::visit([&](auto& scheme) { return scheme.cached(context); }, scheme_);
    }
    /// The header, fetched if need be: only `ClientCredentials` ever waits, at most until
    /// `deadline`, or fails.
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint deadline) {
        return std::visit(
            [&](auto& scheme) { return scheme.authorize(context, deadline); }, scheme_);
    }
    /// Drops the header and tells whether there may be another: only `ClientCredentials` ever has
    /// one.
    bool rejected(AuthContext& context, const AuthHeader& header) {
        return std::visit([&](auto& scheme) { return scheme.rejected(context, header); }, scheme_);
    }
    /// The client finds this by its name, see `AuthPolicy`.
    ///
    /// What the scheme keeps for itself and sends to no API, the client secret of
    /// `ClientCredentials`; empty for the others. It is masked in all that servers say.
    std::string_view kept_secret() const noexcept {
        return std::visit(
            [](const auto& scheme) { return detail::kept_secret_of(scheme); }, scheme_);
    }

private:
    Scheme scheme_;
};

static_assert(AuthPolicy<CredentialsAuth>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_CREDENTIALS_AUTH_HPP
