// SPDX-License-Identifier: BSL-1.0
// One connection of a sender.

#ifndef CLARIFY_GATEWAY_SESSION_HPP
#define CLARIFY_GATEWAY_SESSION_HPP

#include <clarify/http/detail/request/request_reader.hpp>

#include "../daemons/log.hpp"
#include "own_hosts.hpp"
#include "reply.hpp"
#include "sender_token.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace gateway {

/// What a sender may ask of a session. Everything that a sender can lengthen has its limit.
struct SessionLimits {
    SessionLimits() {}

    /// Request line and header fields, in bytes; more is answered with 431.
    std::size_t header = 16 * 1024;
    /// The body of a request, in bytes; more is answered with 413.
    std::uint64_t body = 1024 * 1024;
    /// How long a connection may be silent between requests.
    std::chrono::milliseconds idle{60'000};
    /// How long a request may take to arrive, and an answer to leave.
    std::chrono::milliseconds transfer{30'000};
};

/** What all sessions share.

    @par Thread safety
    All of it may be used by several sessions at the same time.
*/
struct SessionShared {
    SessionLimits limits;
    OwnHosts hosts;
    const SenderToken& token;
    Memory& memory;
    Handler handler;
    /// Told of a request for a host that is not the gateway's own.
    std::function<void(std::string_view host)> on_foreign_host;
    /// Told of a request that lacks the token.
    std::function<void()> on_stranger;
    /// Whether there is memory for requests.
    daemons::LoggedState& room;
};

/** Reads requests and writes the answers of a handler, in turn.

    What is no request to the letter of RFC 9112 is refused, and the connection ended: where a request
    ends is never guessed (`RequestReader` has the list). So is one for another host (421),
    and one without the token, where one is needed (401): for everything but the gateway's health.

    Requests that arrive before the one ahead is answered ("pipelining") wait in the buffer and in
    the socket, so their answers are in order. While a handler is at work the session does not look
    at its socket: a sender that goes away stops nothing. What it has sent is still stored, which is
    what it wanted, and cancelling a call whose bytes are under way would only leave open whether
    Clarify has the samples.

    A request needs memory for all before its body is read, some multiple of what it announces; where
    there is none left it is refused with 503.

    @par Object lifetimes
    The object lives until `run` has ended; what is shared must live longer.
    @par Thread safety
    `run` and everything it does is on the strand that the socket was made with; `wind_up` and `cut`
    may be called from anywhere.
*/
class Session : public std::enable_shared_from_this<Session> {
public:
    /// How far the connection's present request has come.
    enum class Stage { idle, receiving, answering };

    Session(boost::asio::ip::tcp::socket socket, const SessionShared& shared);

    boost::asio::any_io_executor get_executor() { return stream_.get_executor(); }

    /// Serves until the connection ends.
    boost::asio::awaitable<void> run();

    /// Lets the present request be the last one. If it has come no further than `stage`, the
    /// connection ends at once.
    void wind_up(Stage stage);

    /// Ends the connection at once. A handler at work is not stopped, but nobody gets its answer.
    void cut();

private:
    using Reader = clarify::detail::RequestReader;

    std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }
    boost::asio::awaitable<void> read_some();
    boost::asio::awaitable<bool> wait_for_request();
    boost::asio::awaitable<bool> serve(Reader& reader);
    boost::asio::awaitable<std::optional<Reply>> receive(Reader& reader, Request& request);
    std::optional<Reply> judge_head(Reader& reader, Request& request);
    Reply no_room() const;
    boost::asio::awaitable<void> send_continue();
    boost::asio::awaitable<void> send(const Reader& reader, const Reply& reply, bool keep_alive);
    boost::asio::awaitable<void> linger();

    boost::beast::tcp_stream stream_;
    /// Bytes that belong to no request yet are those from `begin_` to `end_`.
    std::array<char, 8192> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    const SessionShared& shared_;
    Stage stage_ = Stage::idle;
    bool last_ = false;
    /// Has the connection ended, or failed?
    bool ended_ = false;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_SESSION_HPP
