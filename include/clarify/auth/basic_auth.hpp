// SPDX-License-Identifier: BSL-1.0
// Basic authentication (RFC 7617).

#ifndef CLARIFY_AUTH_BASIC_AUTH_HPP
#define CLARIFY_AUTH_BASIC_AUTH_HPP

#include <clarify/auth/static_header.hpp>
#include <clarify/core/detail/basic_scheme.hpp>
#include <clarify/core/secret.hpp>

#include <string_view>

namespace clarify {

/// Sends user name and password, as UTF-8, with every request. For Clarify the user name is the
/// integration id.
class BasicAuth : public StaticHeader {
public:
    /// @throws std::invalid_argument where the user name has a colon, or either has a control
    /// character or is not UTF-8 (RFC 7617 section 2).
    BasicAuth(std::string_view username, const Secret& password)
        : StaticHeader(detail::basic_scheme(username, password)) {}
};

static_assert(AuthPolicy<BasicAuth>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_BASIC_AUTH_HPP
