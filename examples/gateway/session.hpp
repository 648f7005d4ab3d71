// SPDX-License-Identifier: BSL-1.0
// One connection of a sender.

#ifndef CLARIFY_GATEWAY_SESSION_HPP
#define CLARIFY_GATEWAY_SESSION_HPP

#include "reply.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace gateway {

/// What a sender may ask of a session. Everything that a sender can lengthen has its limit.
struct SessionLimits {
    SessionLimits() {}

    /// Request line and header fields, in bytes; more is answered with 431.
    std::uint32_t header = 16 * 1024;
    /// The body of a request, in bytes; more is answered with 413.
    std::uint64_t body = 1024 * 1024;
    /// How long a connection may be silent between requests.
    std::chrono::milliseconds idle{60'000};
    /// How long a request may take to arrive, and an answer to leave.
    std::chrono::milliseconds transfer{30'000};
};

/** Reads requests and writes the answers of a handler, in turn.

    Requests that arrive before the one ahead is answered ("pipelining") wait in the buffer and in
    the socket, so their answers are in order. While a handler is at work the session does not look
    at its socket: a sender that goes away stops nothing. What it has sent is still stored, which is
    what it wanted, and cancelling a call whose bytes are under way would only leave open whether
    Clarify has the samples.

    @par Object lifetimes
    The object lives until `run` has ended; the handler must live longer.
    @par Thread safety
    `run` and everything it does is on the strand that the socket was made with; `wind_up` and `cut`
    may be called from anywhere.
*/
class Session : public std::enable_shared_from_this<Session> {
public:
    /// How far the connection's present request has come.
    enum class Stage { idle, receiving, answering };

    Session(
        boost::asio::ip::tcp::socket socket, const SessionLimits& limits, const Handler& handler);

    boost::asio::any_io_executor get_executor() { return stream_.get_executor(); }

    /// Serves until the connection ends.
    boost::asio::awaitable<void> run();

    /// Lets the present request be the last one. If it has come no further than `stage`, the
    /// connection ends at once.
    void wind_up(Stage stage);

    /// Ends the connection at once. A handler at work is not stopped, but nobody gets its answer.
    void cut();

private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    boost::asio::awaitable<bool> wait_for_request();
    boost::asio::awaitable<boost::system::error_code> receive(Parser& parser);
    boost::asio::awaitable<bool> send(const Reply& reply, const Request& request, bool keep_alive);
    boost::asio::awaitable<void> linger();

    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    const SessionLimits limits_;
    const Handler& handler_;
    Stage stage_ = Stage::idle;
    bool last_ = false;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_SESSION_HPP
