// SPDX-License-Identifier: BSL-1.0
// The network as BeastBackend needs it: sockets and name look-ups.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_TCP_NET_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_TCP_NET_HPP

#include <clarify/core/detail/private_socket.hpp>
#include <clarify/http/detail/connect/name_resolver.hpp>
#include <clarify/http/detail/own_sockets.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <utility>

namespace clarify::detail {

/// A TCP socket of this process, which no child that is forked can use.
class OwnTcpSocket : public boost::asio::ip::tcp::socket {
    using Base = boost::asio::ip::tcp::socket;

public:
    explicit OwnTcpSocket(const executor_type& executor) : Base(executor) {}
    OwnTcpSocket(OwnTcpSocket&& other) noexcept
        : Base(std::move(other)), descriptor_(std::exchange(other.descriptor_, -1)) {}
    OwnTcpSocket& operator=(OwnTcpSocket&& other) noexcept {
        if (this == &other) return *this;
        boost::system::error_code ignored;
        close(ignored);
        descriptor_ = std::exchange(other.descriptor_, -1);
        Base::operator=(std::move(other));
        return *this;
    }
    ~OwnTcpSocket() {
        boost::system::error_code ignored;
        close(ignored);
    }

    // These two hide Asio's own, which would tell nobody.
    void close(boost::system::error_code& ec) noexcept {
        const int descriptor = std::exchange(descriptor_, -1);
        if (descriptor < 0) {
            Base::close(ec);
        } else {
            OwnSockets::remove(descriptor, [&] { Base::close(ec); });
        }
    }
    template <class Token>
    auto async_connect(const endpoint_type& endpoint, Token&& token) {
        boost::system::error_code ec;
        // Where it fails, Asio opens it once more, and reports why that fails.
        descriptor_ = OwnSockets::add([&]() -> int {
            open_private(static_cast<Base&>(*this), endpoint.protocol(), ec);
            return ec ? -1 : native_handle();
        });
        return Base::async_connect(endpoint, std::forward<Token>(token));
    }

private:
    int descriptor_ = -1;
};

/** The real network.

    Whatever stands in for it has the same two members: a `Socket`, with the part of Asio's
    interface that the library uses (`async_connect`, `async_read_some`, `async_write_some`,
    `receive` with `message_peek`, `set_option`, `non_blocking`, `close`, and what `ssl::stream` asks
    of its next layer), and a `Resolver` with the `async_resolve` of Asio's, whose results have
    `endpoint()`.
*/
struct TcpNet {
    using Socket = OwnTcpSocket;
    using Resolver = NameResolver;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_TCP_NET_HPP
