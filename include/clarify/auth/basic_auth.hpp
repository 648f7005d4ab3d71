// SPDX-License-Identifier: BSL-1.0
// Basic authentication (RFC 7617).

#ifndef CLARIFY_AUTH_BASIC_AUTH_HPP
#define CLARIFY_AUTH_BASIC_AUTH_HPP

#include <clarify/auth/static_header.hpp>
#include <clarify/core/detail/basic_scheme.hpp>
#include <clarify/core/secret.hpp>

#include <string_view>

namespace clarify {

/** Sends user name and password, as UTF-8, with every request; models `AuthPolicy`.

    For Clarify the user name is the integration id, and the password that of a credential of the
    type `basic-auth`; `Credentials::auth()` makes this from a credentials file.

    Base64 hides nothing: whoever reads the header has the password. It is sent over https, and over
    plain http to this machine only. There is nothing to renew, so a 401 is final.

    @par Object lifetimes
    Both are copied, encoded into one header that copies of this object share.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class BasicAuth : public StaticHeader {
public:
    /// Either may be empty, and the password may have colons.
    /// @throws std::invalid_argument where the user name has a colon, or either has a control
    /// character or is not UTF-8 (RFC 7617 section 2). Its text shows nothing of them.
    BasicAuth(std::string_view username, const Secret& password)
        : StaticHeader(detail::basic_scheme(username, password)) {}
};

static_assert(AuthPolicy<BasicAuth>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_BASIC_AUTH_HPP
