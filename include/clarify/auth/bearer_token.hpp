// SPDX-License-Identifier: BSL-1.0
// A bearer token that was got elsewhere (RFC 6750).

#ifndef CLARIFY_AUTH_BEARER_TOKEN_HPP
#define CLARIFY_AUTH_BEARER_TOKEN_HPP

#include <clarify/auth/static_header.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace clarify {

/// Sends a fixed access token with every request. It is not renewed; see `ClientCredentials` for
/// that.
class BearerToken : public StaticHeader {
public:
    /// @throws std::invalid_argument where the token is empty or is not visible ASCII.
    explicit BearerToken(const Secret& token) : StaticHeader(make_header(token.expose())) {}

    /// The header value for `token`.
    static Secret make_header(std::string_view token) {
        if (!is_token(token)) {
            throw std::invalid_argument{"the access token has characters that are not allowed"};
        }
        constexpr std::string_view scheme = "Bearer ";
        std::string header;
        header.reserve(scheme.size() + token.size());
        header += scheme;
        header += token;
        return Secret{std::move(header)};
    }

    /// Is `token` made of visible ASCII characters (RFC 6749 appendix A.12, without blanks)? Wider
    /// than RFC 6750 section 2.1, which issuers are known to overstep.
    static bool is_token(std::string_view token) noexcept {
        return !token.empty() &&
            std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    }
};

static_assert(AuthPolicy<BearerToken>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_BEARER_TOKEN_HPP
