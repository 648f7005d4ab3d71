// SPDX-License-Identifier: BSL-1.0
// A bearer token that was got elsewhere (RFC 6750).

#ifndef CLARIFY_AUTH_BEARER_TOKEN_HPP
#define CLARIFY_AUTH_BEARER_TOKEN_HPP

#include <clarify/auth/static_header.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace clarify {

/** Sends a fixed access token with every request, as `Authorization: Bearer <token>`.

    For a token that something else gets and keeps fresh, such as a workload identity, or one that
    does not expire. The token is not looked into: whether it is a JWT, and when it expires, is
    between its issuer and the API. It is never renewed: once the server answers 401 every call fails with
    `Errc::auth`, and a client with another token has to be made. `ClientCredentials` gets and renews
    tokens by itself.

    @par Object lifetimes
    The token is copied. Copies of this object share one copy, which is wiped with the last of them.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class BearerToken : public StaticHeader {
public:
    /// `token` is the token alone, without `Bearer`.
    /// @throws std::invalid_argument unless `is_token(token.expose())`; its text shows nothing of
    /// the token.
    explicit BearerToken(const Secret& token) : StaticHeader(make_header(token.expose())) {}

    /** The header value for `token`: the scheme, a blank and the token as it is.

        Made in one piece, so that no copy of the token is left behind in memory that was outgrown.
        A policy of one's own that fetches tokens may use it too.

        @throws std::invalid_argument unless `is_token(token)`; its text shows nothing of the token.
    */
    static Secret make_header(std::string_view token) {
        if (!is_token(token)) {
            throw std::invalid_argument{
                "the access token has characters that may not stand in a header"};
        }
        constexpr std::string_view scheme = "Bearer ";
        std::string header;
        header.reserve(scheme.size() + token.size());
        header += scheme;
        header += token;
        return Secret{std::move(header)};
    }

    /** May `token` stand in the header?

        RFC 6750 section 2.1 allows letters, digits and `-._~+/`, and `=` at the end. Issuers are
        known to overstep that: with `|` between an id and a secret, with `!`, `*`, `^`, `#`, `$` or
        `%` in texts that were encoded in some other way, with `=` or `:` between two parts. Allowed
        are therefore the characters of which the words of HTTP are made (`token` in RFC 9110 section
        5.6.2) and `/`, `=`, `:` and `@`.

        That leaves out the quotation mark and the backslash, with which a reader of parameters begins
        a text of its own, the comma and the semicolon, which divide a field into several, brackets,
        blanks, control characters, and all that is not ASCII. An empty text is no token.

        A service that needs one of those can be sent it with `StaticHeader`, which leaves what stands
        in the header to the caller. The same rule holds for the tokens that `ClientCredentials`
        fetches: one that breaks it is refused, `Errc::token`, before it is ever sent.
    */
    static bool is_token(std::string_view token) noexcept {
        constexpr std::string_view beside = "/=:@";
        return !token.empty() && std::all_of(token.begin(), token.end(), [&](char c) {
            return detail::is_token({&c, 1}) || beside.find(c) != std::string_view::npos;
        });
    }
};

static_assert(AuthPolicy<BearerToken>);

}  // namespace clarify

#endif  // CLARIFY_AUTH_BEARER_TOKEN_HPP
