// SPDX-License-Identifier: BSL-1.0
// Opens a connection: look up the name, race the addresses, shake hands.

#ifndef CLARIFY_HTTP_DETAIL_CONNECTOR_HPP
#define CLARIFY_HTTP_DETAIL_CONNECTOR_HPP

#include <clarify/core/detail/signal.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/connection.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace clarify::detail {

using Endpoint = boost::asio::ip::tcp::endpoint;

/** Opens a connection to `origin` before `deadline`, within the limits of `options`.

    `progress.phase` follows the steps. All failures are `Fate::unsent`.
*/
boost::asio::awaitable<Result<std::shared_ptr<Connection>>> open_connection(
    const Url& origin,
    std::shared_ptr<boost::asio::ssl::context> context,
    const HttpOptions& options,
    TimePoint deadline,
    HttpProgress& progress);

/// Alternates the address families, the first one's first (RFC 8305 section 4).
std::vector<Endpoint> interleave(const std::vector<Endpoint>& endpoints);

}  // namespace clarify::detail

#include <clarify/http/detail/impl/connector.hpp>

#endif  // CLARIFY_HTTP_DETAIL_CONNECTOR_HPP
