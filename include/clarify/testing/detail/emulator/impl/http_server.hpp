// SPDX-License-Identifier: BSL-1.0
// Bodies of the HTTP server.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_HTTP_SERVER_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_HTTP_SERVER_HPP

#include <clarify/core/detail/private_socket.hpp>
#include <clarify/testing/detail/emulator/http_server.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

// GCC 12 takes Asio's own deallocation of a coroutine frame for a mismatch when it inlines one
// half.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace clarify::testing::detail {

/// Operations complete with their error code instead of throwing it.
inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

/// The socket below a connection.
inline boost::asio::ip::tcp::socket& socket_of(boost::asio::ip::tcp::socket& stream) {
    return stream;
}

template <class Next>
boost::asio::ip::tcp::socket& socket_of(boost::asio::ssl::stream<Next>& stream) {
    return stream.next_layer();
}

inline std::unique_ptr<boost::asio::ssl::context> make_server_tls(
    const IssuedCertificate& certificate) {
    namespace asio = boost::asio;
    auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    tls->set_options(
        asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
        asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
        asio::ssl::context::no_tlsv1_1);
    tls->use_certificate_chain(asio::buffer(certificate.certificate_pem));
    tls->use_private_key(asio::buffer(certificate.private_key_pem), asio::ssl::context::pem);
    return tls;
}

inline HttpServer::HttpServer(
    std::uint16_t port,
    const std::optional<IssuedCertificate>& certificate,
    std::size_t max_body,
    Statistics& statistics)
    : statistics_(statistics),
      most_held_(most_bodies * (std::min)(max_body, SIZE_MAX / most_bodies)),
      tls_(certificate ? make_server_tls(*certificate) : nullptr) {
    using boost::asio::ip::tcp;
    const tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(), port);
    limits_.head = std::size_t{32} * 1024;
    limits_.body = max_body;
    boost::system::error_code ec;
    clarify::detail::open_private(acceptor_, endpoint.protocol(), ec);
    if (ec) throw boost::system::system_error{ec};
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
    acceptor_.non_blocking(true);
    port_ = acceptor_.local_endpoint().port();
}

inline HttpServer::~HttpServer() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

inline void HttpServer::start(Handler handler) {
    handler_ = std::move(handler);
    boost::asio::co_spawn(context_, accept_connections(), boost::asio::detached);
    thread_ = std::thread([this] { run(); });
}

inline void HttpServer::run() {
    while (!context_.stopped()) {
        try {
            context_.run();
        } catch (const std::exception&) {
            // One connection ran out of memory, say; the others go on.
        }
    }
}

inline boost::asio::awaitable<void> HttpServer::accept_connections() {
    constexpr std::size_t most_connections = 4096;
    constexpr std::chrono::milliseconds moment{20};
    boost::asio::steady_timer pause(context_);
    for (;;) {
        try {
            if (connections_ < most_connections) {
                const auto [ec] = co_await acceptor_.async_wait(Socket::wait_read, as_result);
                if (!ec && accept_one()) continue;
            }
            // The process may be out of descriptors, so give connections time to end.
            pause.expires_after(moment);
            co_await pause.async_wait(as_result);
        } catch (const std::exception&) {
            // Out of memory, so that not even a wait can begin.
            std::this_thread::sleep_for(moment);
        }
    }
}

/// False where there was no connection to be had.
inline bool HttpServer::accept_one() {
    Socket socket(context_);
    boost::system::error_code ec;
    clarify::detail::accept_private(acceptor_, socket, ec);
    if (ec) return ec == boost::asio::error::would_block;
    statistics_.count(&EmulatorStats::connections);
    socket.set_option(boost::asio::ip::tcp::no_delay(true), ec);
    auto connection = tls_ ? serve_tls(std::move(socket)) : serve_plain(std::move(socket));
    boost::asio::co_spawn(context_, std::move(connection), boost::asio::detached);
    return true;
}

inline boost::asio::awaitable<void> HttpServer::serve_plain(Socket socket) {
    const Place place(connections_);
    auto stream = std::make_shared<Socket>(std::move(socket));
    co_await serve(stream);
}

inline boost::asio::awaitable<void> HttpServer::serve_tls(Socket socket) {
    const Place place(connections_);
    using Stream = boost::asio::ssl::stream<Socket>;
    auto stream = std::make_shared<Stream>(std::move(socket), *tls_);
    const auto [ec] =
        co_await stream->async_handshake(boost::asio::ssl::stream_base::server, as_result);
    if (!ec) {
        statistics_.count(&EmulatorStats::tls_handshakes);
        co_await serve(stream);
    }
}

template <class Stream>
boost::asio::awaitable<void> HttpServer::serve(std::shared_ptr<Stream> stream) {
    Buffer buffer;
    for (;;) {
        Reader reader(limits_);
        Share share(held_);
        const ReadOutcome outcome = co_await read_request(*stream, buffer, reader, share);
        if (outcome == ReadOutcome::closed) break;
        ServerReply reply;
        bool keep_alive = false;
        const bool is_head = reader.method() == "HEAD";
        if (outcome == ReadOutcome::request) {
            keep_alive = reader.keep_alive();
            reply = respond(reader);
        } else if (outcome == ReadOutcome::refused) {
            reply = text_reply(reader.status(), std::string{reader.problem()} + ".\n");
        } else {
            reply = text_reply(503, "there are too many requests at a time.\n");
        }
        if (reply.delay.count() > 0) {
            boost::asio::steady_timer turn(context_, reply.delay);
            co_await turn.async_wait(as_result);
        }
        if (reply.sending == ServerReply::Sending::none) {
            boost::system::error_code ignored;
            Socket& socket = socket_of(*stream);
            socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);
            socket.close(ignored);
            co_return;
        }
        const std::string bytes = serialize(reply, keep_alive, is_head);
        const bool was_sent = co_await send(*stream, reply, bytes);
        if (!was_sent || !keep_alive || reply.most_bytes < bytes.size()) break;
    }
    co_await close(stream);
}

template <class Stream>
boost::asio::awaitable<bool> HttpServer::send(
    Stream& stream, const ServerReply& reply, const std::string& bytes) {
    const bool is_slow = reply.sending == ServerReply::Sending::byte_by_byte;
    const std::size_t all = (std::min)(bytes.size(), reply.most_bytes);
    const std::size_t at_once = (std::min)(all, bytes.size() - (is_slow ? reply.body.size() : 0));
    const auto head = boost::asio::buffer(bytes.data(), at_once);
    auto [ec, written] = co_await boost::asio::async_write(stream, head, as_result);
    boost::asio::steady_timer pause(context_);
    for (std::size_t i = at_once; i < all && !ec; ++i) {
        pause.expires_after(std::chrono::milliseconds{20});
        co_await pause.async_wait(as_result);
        const auto byte = boost::asio::buffer(bytes.data() + i, 1);
        std::tie(ec, written) = co_await boost::asio::async_write(stream, byte, as_result);
    }
    co_return !ec;
}

template <class Stream>
boost::asio::awaitable<HttpServer::ReadOutcome> HttpServer::read_request(
    Stream& stream, Buffer& buffer, Reader& reader, Share& share) {
    bool continued = false;
    for (;;) {
        const std::string_view unread(
            buffer.bytes.data() + buffer.begin, buffer.end - buffer.begin);
        buffer.begin += reader.feed(unread);
        if (reader.refused()) co_return ReadOutcome::refused;
        share.grow_to(reader.body().size());
        if (held_ > most_held_) co_return ReadOutcome::no_room;
        if (reader.done()) co_return ReadOutcome::request;
        if (!continued && reader.head_done() && reader.expects_continue()) {
            continued = true;
            const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
            const auto [ec, written] =
                co_await boost::asio::async_write(stream, boost::asio::buffer(interim), as_result);
            if (ec) co_return ReadOutcome::closed;
        }
        const auto [ec, count] =
            co_await stream.async_read_some(boost::asio::buffer(buffer.bytes), as_result);
        if (ec) co_return ReadOutcome::closed;
        buffer.begin = 0;
        buffer.end = count;
    }
}

template <class Stream>
boost::asio::awaitable<void> HttpServer::close(std::shared_ptr<Stream> stream) {
    // The peer gets a second to take note. The timer holds no part of the connection, since it may
    // already have fired when this coroutine is done.
    boost::asio::steady_timer limit(context_, std::chrono::seconds{1});
    limit.async_wait([watched = std::weak_ptr<Stream>(stream)](boost::system::error_code ec) {
        const auto alive = watched.lock();
        if (!ec && alive) {
            boost::system::error_code ignored;
            socket_of(*alive).close(ignored);
        }
    });
    if constexpr (!std::is_same_v<Stream, Socket>) co_await stream->async_shutdown(as_result);
    // Closing with unread input would reset the connection and lose the reply on its way.
    boost::system::error_code ignored;
    Socket& socket = socket_of(*stream);
    socket.shutdown(Socket::shutdown_send, ignored);
    std::array<char, 4096> discarded{};
    for (;;) {
        const auto space = boost::asio::buffer(discarded);
        const auto [ec, count] = co_await socket.async_read_some(space, as_result);
        if (ec) break;
    }
}

inline ServerReply HttpServer::respond(Reader& reader) {
    try {
        ServerRequest request;
        request.method_string(reader.method());
        request.target(reader.target());
        request.version(reader.http_11() ? 11 : 10);
        for (const Reader::Field& field : reader.fields())
            request.insert(field.name, field.value);
        request.body() = std::move(reader.body());
        return handler_(request);
    } catch (const std::exception&) {
        return text_reply(500, "Internal error.\n");
    }
}

}  // namespace clarify::testing::detail

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_HTTP_SERVER_HPP
