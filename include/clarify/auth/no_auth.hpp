// SPDX-License-Identifier: BSL-1.0
// No authentication at all.

#ifndef CLARIFY_AUTH_NO_AUTH_HPP
#define CLARIFY_AUTH_NO_AUTH_HPP

#include <clarify/concepts/auth_policy.hpp>

#include <optional>

namespace clarify {

/** Sends no `Authorization` header; models `AuthPolicy`.

    For servers that need none, and for those that know their clients by a TLS certificate
    (`TlsOptions`) or by a header of another name (`CallOptions::headers`). As there are no
    credentials to protect, requests may go over plain http to any machine. A 401 is final: the call
    fails with `Errc::auth` after one attempt.

    @par Object lifetimes
    It has no state, and may be copied and destroyed at will.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class NoAuth {
public:
    /// A null header, which stands for none: the request has no `Authorization` field at all.
    std::optional<AuthHeader> cached(AuthContext&) const { return AuthHeader{}; }
    /// The same, at once and whatever the deadline. Never fails, and is never asked, since `cached`
    /// has it.
    template <class = void>
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext&, TimePoint) const {
        co_return AuthHeader{};
    }
    /// Never called, as nothing is sent that could be rejected. `false`, for it has nothing else
    /// that could be sent instead.
    bool rejected(AuthContext&, const AuthHeader&) const noexcept { return false; }
};

static_assert(AuthPolicy<NoAuth>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_NO_AUTH_HPP
