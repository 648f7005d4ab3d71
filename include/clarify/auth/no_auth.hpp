// SPDX-License-Identifier: BSL-1.0
// No authentication at all.

#ifndef CLARIFY_AUTH_NO_AUTH_HPP
#define CLARIFY_AUTH_NO_AUTH_HPP

#include <clarify/concepts/auth_policy.hpp>

namespace clarify {

/// Sends no `Authorization` header. A 401 is final.
class NoAuth {
public:
    std::optional<AuthHeader> cached(AuthContext&) const { return AuthHeader{}; }
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext&, TimePoint) const {
        co_return AuthHeader{};
    }
    bool rejected(AuthContext&, const AuthHeader&) const noexcept { return false; }
};

static_assert(AuthPolicy<NoAuth>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_NO_AUTH_HPP
