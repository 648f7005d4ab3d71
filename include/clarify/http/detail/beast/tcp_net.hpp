// SPDX-License-Identifier: BSL-1.0
// The network as BeastBackend needs it: sockets and name look-ups.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_TCP_NET_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_TCP_NET_HPP

#include <clarify/core/detail/private_socket.hpp>

#include <boost/asio/ip/tcp.hpp>

namespace clarify::detail {

/** The real network.

    Whatever stands in for it has the same two members: a `Socket`, with the part of Asio's
    interface that the library uses (`async_connect`, `async_read_some`, `async_write_some`,
    `receive` with `message_peek`, `set_option`, `non_blocking`, `close`, and what `ssl::stream` asks
    of its next layer), and a `Resolver` with `async_resolve`, whose results have `endpoint()`.
*/
struct TcpNet {
    using Socket = boost::asio::ip::tcp::socket;
    using Resolver = boost::asio::ip::tcp::resolver;
};

/// Opens a real socket before it is connected, so that no program started meanwhile inherits it.
/// Where that fails, `async_connect` opens it again and says why.
inline void open_for(
    boost::asio::ip::tcp::socket& socket, const boost::asio::ip::tcp::endpoint& endpoint) {
    boost::system::error_code told_by_connect;
    open_private(socket, endpoint.protocol(), told_by_connect);
}

/// Whatever stands in for a socket has nothing to inherit.
template <class Socket>
void open_for(Socket&, const boost::asio::ip::tcp::endpoint&) {}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_TCP_NET_HPP
