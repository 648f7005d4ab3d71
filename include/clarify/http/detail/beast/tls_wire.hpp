// SPDX-License-Identifier: BSL-1.0
// What lies below a TLS stream: the socket, and a bound on what is read without waiting.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_TLS_WIRE_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_TLS_WIRE_HPP

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace clarify::detail {

/** The next layer of a TLS stream over `Socket`, which does not block.

    Asynchronous operations are the socket's own. The others are for a look at a connection at rest,
    where the stream reads what there is and answers it: they never wait, never take more off the
    socket than they may, and remember what went wrong with them, which the stream does not tell.

    The socket must outlive it.
*/
template <class Socket>
class TlsWire {
public:
    // The names that Asio asks for.
    using executor_type = typename Socket::executor_type;
    using lowest_layer_type = typename Socket::lowest_layer_type;

    explicit TlsWire(Socket& socket) noexcept : socket_(&socket) {}

    executor_type get_executor() { return socket_->get_executor(); }
    lowest_layer_type& lowest_layer() { return socket_->lowest_layer(); }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return socket_->async_read_some(buffers, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return socket_->async_write_some(buffers, std::forward<Token>(token));
    }

    /// From now on at most so many bytes are read without waiting.
    void begin_look(std::size_t most) noexcept {
        most_ = most;
        lost_output_ = false;
    }
    /// May more be read? Otherwise there may be more.
    bool has_room() const noexcept { return most_ != 0; }
    /// Was there something to be said that the socket did not take? Then the peer can make nothing of
    /// what follows.
    bool lost_output() const noexcept { return lost_output_; }

    template <class Buffers>
    std::size_t read_some(const Buffers& buffers, boost::system::error_code& ec) {
        const boost::asio::mutable_buffer room =
            boost::asio::buffer(*boost::asio::buffer_sequence_begin(buffers), most_);
        ec = boost::asio::error::would_block;
        if (room.size() == 0) return 0;
        const std::size_t size = socket_->receive(room, 0, ec);
        most_ -= (std::min)(size, most_);
        return size;
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers, boost::system::error_code& ec) {
        const std::size_t size = socket_->write_some(buffers, ec);
        lost_output_ = lost_output_ || ec;
        return size;
    }

private:
    Socket* socket_;
    std::size_t most_ = 0;
    bool lost_output_ = false;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_TLS_WIRE_HPP
