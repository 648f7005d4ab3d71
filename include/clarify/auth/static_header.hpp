// SPDX-License-Identifier: BSL-1.0
// A header value that never changes: what Basic and a fixed bearer token have in common.

#ifndef CLARIFY_AUTH_STATIC_HEADER_HPP
#define CLARIFY_AUTH_STATIC_HEADER_HPP

#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/detail/text.hpp>

#include <stdexcept>
#include <utility>

namespace clarify {

/** Sends the same `Authorization` header with every request. A 401 is final.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading; copies share the header.
*/
class StaticHeader {
public:
    /// @throws std::invalid_argument where `value` cannot be a header value; its text shows nothing
    /// of it.
    explicit StaticHeader(Secret value)
        : header_(std::make_shared<const Secret>(std::move(value))) {
        if (!detail::is_field_value(header_->expose())) {
            throw std::invalid_argument{
                "the authorization has characters that a header must not have"};
        }
    }

    std::optional<AuthHeader> cached(AuthContext&) const { return header_; }
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext&, TimePoint) const {
        co_return header_;
    }
    bool rejected(AuthContext&, const AuthHeader&) const noexcept { return false; }

private:
    AuthHeader header_;
};

static_assert(AuthPolicy<StaticHeader>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_STATIC_HEADER_HPP
