// SPDX-License-Identifier: BSL-1.0
// The network as BeastBackend needs it: sockets and name look-ups.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_TCP_NET_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_TCP_NET_HPP

#include <clarify/http/detail/connect/name_resolver.hpp>

#include <boost/asio/ip/tcp.hpp>

namespace clarify::detail {

/** The real network.

    Whatever stands in for it has the same two members: a `Socket`, with the part of Asio's
    interface that the library uses (`async_connect`, `async_read_some`, `async_write_some`,
    `receive` with `message_peek`, `set_option`, `non_blocking`, `close`, and what `ssl::stream` asks
    of its next layer), and a `Resolver` with the `async_resolve` of Asio's, whose results have
    `endpoint()`.
*/
struct TcpNet {
    using Socket = boost::asio::ip::tcp::socket;
    using Resolver = NameResolver;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_TCP_NET_HPP
