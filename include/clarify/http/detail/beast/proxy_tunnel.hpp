// SPDX-License-Identifier: BSL-1.0
// Asks a proxy for a tunnel to an origin.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_PROXY_TUNNEL_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_PROXY_TUNNEL_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/beast/connection.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace clarify::detail {

/// The request for a tunnel to `origin` (RFC 9110 section 9.3.6). Holds the proxy's credentials.
Secret connect_request(const Url& origin, const ProxyOptions& proxy);

/** Turns a connection to the proxy into a tunnel to `origin`, before `until`.

    The reply to CONNECT is read as strictly as any, and no byte may follow it: the origin does not
    speak first. All failures are `Fate::unsent`, `Errc::proxy`: `auth` for 407, `refused` with the
    status for any other, `head` where it is not well-formed, `reset` where the proxy went away; or
    `Errc::timeout`.
*/
template <class Net>
boost::asio::awaitable<Result<void>> open_tunnel(
    std::shared_ptr<Connection<Net>> connection,
    const Url& origin,
    const HttpOptions& options,
    TimePoint until);

}  // namespace clarify::detail

#include <clarify/http/detail/beast/impl/proxy_tunnel.hpp>

#endif  // CLARIFY_HTTP_DETAIL_BEAST_PROXY_TUNNEL_HPP
