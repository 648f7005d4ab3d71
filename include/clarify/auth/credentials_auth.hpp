// SPDX-License-Identifier: BSL-1.0
// The authentication scheme chosen at run time.

#ifndef CLARIFY_AUTH_CREDENTIALS_AUTH_HPP
#define CLARIFY_AUTH_CREDENTIALS_AUTH_HPP

#include <clarify/auth/basic_auth.hpp>
#include <clarify/auth/bearer_token.hpp>
#include <clarify/auth/client_credentials.hpp>
#include <clarify/auth/no_auth.hpp>

#include <string_view>
#include <utility>
#include <variant>

namespace clarify {

/// Does what the scheme it was made from does; `Credentials::auth()` makes it from a credentials
/// file.
class CredentialsAuth {
public:
    using Scheme = std::variant<NoAuth, BasicAuth, BearerToken, ClientCredentials>;

    explicit CredentialsAuth(Scheme scheme) : scheme_(std::move(scheme)) {}

    std::optional<AuthHeader> cached(AuthContext& context) {
        return std::visit([&](auto& scheme) { return scheme.cached(context); }, scheme_);
    }
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint deadline) {
        return std::visit(
            [&](auto& scheme) { return scheme.authorize(context, deadline); }, scheme_);
    }
    bool rejected(AuthContext& context, const AuthHeader& header) {
        return std::visit([&](auto& scheme) { return scheme.rejected(context, header); }, scheme_);
    }
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
