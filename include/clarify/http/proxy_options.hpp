// SPDX-License-Identifier: BSL-1.0
// Which way connections take to their origin.

#ifndef CLARIFY_HTTP_PROXY_OPTIONS_HPP
#define CLARIFY_HTTP_PROXY_OPTIONS_HPP

#include <clarify/core/detail/config.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/core/url.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace clarify {

/** An HTTP proxy that opens tunnels to https origins (CONNECT, RFC 9110 section 9.3.6), or none.

    The default is none: the environment is not consulted unless asked, by `from_environment`. What
    travels through the tunnel is TLS between the client and the origin, whose certificate is
    verified as it is without a proxy; the proxy learns the origin's host and port. Names of origins
    are looked up by the proxy.

    A plain http origin that does not match `no_proxy` is refused, for the proxy could read the
    credentials. Proxies that are spoken to over TLS or SOCKS are not supported.
*/
struct ProxyOptions {
    ProxyOptions() {}

    /** The proxy that `text` names: `http://[user[:password]@]host[:port]`, the scheme optional,
        the port 80 by default. Percent-encoded user names and passwords are decoded.

        @par Errors
        `Errc::bad_config`, `Reason::url`; the message repeats nothing of `text`.
    */
    static Result<ProxyOptions> parse(std::string_view text);

    /** The proxy for https origins that the environment names, as it is now: `https_proxy`,
        `HTTPS_PROXY`, `all_proxy` or `ALL_PROXY`, the first that is set and not empty, with the
        exceptions of `no_proxy` or `NO_PROXY`. None of them set: no proxy.

        Loopback origins and plain http origins are then always reached directly. `HTTP_PROXY` is not
        looked at; a web server may set it from a header of a request.

        @par Errors
        As `parse`.
        @par Thread safety
        Safe unless another thread changes the environment meanwhile.
    */
    static Result<ProxyOptions> from_environment();

    /// None: connections are direct.
    std::optional<Url> address;
    /// For the Basic scheme (RFC 7617), sent with CONNECT and with nothing else. Empty: no
    /// credentials.
    std::string username;
    Secret password;
    /** Origins to be reached directly, separated by commas or blanks: a domain name, which also
        stands for all names within it, with or without a leading dot; an address; a block of
        addresses such as `10.0.0.0/8`; each with `:port` if only that port is meant (an IPv6
        address then in brackets); or `*` for all. An address matches origins that are given as an
        address: names are not looked up.
    */
    std::string no_proxy;
    /// Reach loopback and plain http origins directly.
    bool tunnel_https_only = false;

    /// Is `origin` reached through the proxy?
    bool applies_to(const Url& origin) const;
    /// @throws std::invalid_argument naming what cannot be used.
    void check() const;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/http/impl/proxy_options.hpp>
#endif

#endif  // CLARIFY_HTTP_PROXY_OPTIONS_HPP
