// SPDX-License-Identifier: BSL-1.0
// Connects to whichever of several addresses answers first (RFC 8305).

#ifndef CLARIFY_HTTP_DETAIL_BEAST_RACE_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_RACE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <vector>

namespace clarify::detail {

using Endpoint = boost::asio::ip::tcp::endpoint;

/// Alternates the address families, the first one's first (RFC 8305 section 4).
std::vector<Endpoint> interleave(const std::vector<Endpoint>& endpoints);

/** A socket that is connected to one of `endpoints`, before `until`.

    Each address gets `options.connect_stagger` before the next one is tried beside it, and
    `options.address_timeout` in all; one that refuses makes way at once. `origin` is for messages.
*/
template <class Net>
boost::asio::awaitable<Result<typename Net::Socket>> connect_any(
    const std::vector<Endpoint>& endpoints,
    const Url& origin,
    const HttpOptions& options,
    TimePoint until);

}  // namespace clarify::detail

#include <clarify/http/detail/beast/impl/race.hpp>

#endif  // CLARIFY_HTTP_DETAIL_BEAST_RACE_HPP
