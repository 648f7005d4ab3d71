// SPDX-License-Identifier: BSL-1.0
// A header value that never changes: what Basic and a fixed bearer token have in common.

#ifndef CLARIFY_AUTH_STATIC_HEADER_HPP
#define CLARIFY_AUTH_STATIC_HEADER_HPP

#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/core/header_list.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace clarify {

/** Sends the same header with every request, `Authorization` or another one; models `AuthPolicy`.

    For a scheme of the service's own whose value is fixed, such as `Key 123`, or a key in a header of
    its own, such as `StaticHeader{Secret{"123"}, "X-API-Key"}`; `BasicAuth` and
    `BearerToken` compose theirs. There is nothing to renew, so a 401 is final: the call fails with
    `Errc::auth` after one attempt.

    The header counts as a credential: it is kept in memory that core dumps leave out, masked in all that servers say, and over plain http it
    is sent to this machine only (`ClientOptions::insecure_allow_credentials_over_plain_http`).

    ```cpp
    RpcClient<BeastBackend, StaticHeader, BoostJsonCodec> client{
        context.get_executor(), endpoint, BeastBackend{}, StaticHeader{Secret{"Key 123"}}};
    ```

    A value that changes while the client lives, or that depends on the request as a signature does,
    needs a policy of one's own, or is not what a policy can give: see `AuthPolicy`.

    @par Object lifetimes
    Copies share the header, which is wiped with the last of them and of the calls that use it.
    @par Thread safety
    Distinct objects: safe, copies among them. Shared objects: safe for reading.
*/
class StaticHeader {
public:
    /// `value` is the whole value, scheme included. It is sent as it is: nothing is encoded or
    /// escaped, and what it means is between the service and the caller.
    /// @throws std::invalid_argument where it cannot be a header value: control characters, or blanks
    /// at an end. The text of the exception shows nothing of it. An empty value is accepted here, and
    /// each call then fails with `Errc::token`, `Reason::header`: to send no header use `NoAuth`.
    explicit StaticHeader(Secret value)
        : header_(std::make_shared<const Secret>(std::move(value))) {
        if (!detail::is_field_value(header_->expose())) {
            throw std::invalid_argument{
                "the authorization has characters that a header must not have"};
        }
    }

    /// The same in a header of another name.
    /// @throws std::invalid_argument, besides, where `HeaderList` does not take that name: it is no
    /// token, or is one of those that the library sets.
    StaticHeader(Secret value, std::string name) : StaticHeader(std::move(value)) {
        if (!HeaderList{}.add(name, {}).check())
            throw std::invalid_argument{"the name of the authorization cannot be that of a header"};
        header_ = AuthHeader{header_.value(), std::move(name)};
    }

    /// The header, always: the same object each time, so that nothing is copied for a call.
    std::optional<AuthHeader> cached(AuthContext&) const { return header_; }
    /// The header, at once and whatever the deadline. Never fails, and is never asked, since
    /// `cached` has it.
    template <class = void>
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext&, TimePoint) const {
        co_return header_;
    }
    /// No: there is no other header, so a call that was answered with 401 is not sent again. The
    /// header stays, and the next call is sent with it.
    bool rejected(AuthContext&, const AuthHeader&) const noexcept { return false; }

private:
    AuthHeader header_;
};

static_assert(AuthPolicy<StaticHeader>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_STATIC_HEADER_HPP
