// SPDX-License-Identifier: BSL-1.0
// An HTTP/1.1 server on the loopback address, with or without TLS.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_HTTP_SERVER_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_HTTP_SERVER_HPP

#include <clarify/http/detail/request/request_reader.hpp>
#include <clarify/testing/detail/certificate.hpp>
#include <clarify/testing/detail/emulator/server_message.hpp>
#include <clarify/testing/detail/emulator/statistics.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace clarify::testing::detail {

/** Serves keep-alive connections on a thread of its own and asks a handler for every reply.

    What is refused of a request, and with which status, is in `RequestReader`; a head may have 32 KiB.
    The bodies of all requests in hand may have 256 MiB together, or eight times the limit of one
    where that is more; beyond that they are refused with 503. There are at most 4096 connections at a
    time, and others wait. They stay open until the peer closes them or the server is destroyed, which
    cuts them. Nothing that is short, descriptors or memory, ends accepting.

    @par Object lifetimes
    The handler, what it refers to, and the statistics must outlive the server.
    @par Thread safety
    Distinct objects: safe. Shared objects: `port` is safe. The handler runs on the server's thread.
*/
class HttpServer {
public:
    using Handler = std::function<ServerReply(const ServerRequest&)>;

    /** Binds to 127.0.0.1 and listens; connections wait until `start`.

        @param port The port, or 0 for any free one.
        @param certificate What to prove the own name with; nullopt for plain HTTP.
        @param max_body The size in bytes of the largest body that is read.
        @throws boost::system::system_error when it cannot bind to the port.
    */
    HttpServer(
        std::uint16_t port,
        const std::optional<IssuedCertificate>& certificate,
        std::size_t max_body,
        Statistics& statistics);

    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Cuts all connections and waits for the thread.
    ~HttpServer();

    /// The port that the server is bound to.
    std::uint16_t port() const noexcept { return port_; }

    /// Starts to serve. To be called once.
    void start(Handler handler);

private:
    using Socket = boost::asio::ip::tcp::socket;
    using Reader = clarify::detail::RequestReader;

    /// Bytes that were read and belong to no request yet.
    struct Buffer {
        std::vector<char> bytes = std::vector<char>(std::size_t{16} * 1024);
        std::size_t begin = 0;
        std::size_t end = 0;
    };
    /// What a request holds of the memory for all.
    struct Share {
        explicit Share(std::size_t& total) : held(total) {}
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { held -= mine; }
        void grow_to(std::size_t size) {
            held += size - mine;
            mine = size;
        }

        std::size_t& held;
        std::size_t mine = 0;
    };
    /// One of the connections that there are.
    struct Place {
        explicit Place(std::size_t& places) : taken(places) { ++taken; }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() { --taken; }

        std::size_t& taken;
    };

    enum class ReadOutcome { request, closed, refused, no_room };

    void run();
    bool accept_one();
    boost::asio::awaitable<void> accept_connections();
    boost::asio::awaitable<void> serve_plain(Socket socket);
    boost::asio::awaitable<void> serve_tls(Socket socket);

    template <class Stream>
    boost::asio::awaitable<void> serve(std::shared_ptr<Stream> stream);

    template <class Stream>
    boost::asio::awaitable<ReadOutcome> read_request(
        Stream& stream, Buffer& buffer, Reader& reader, Share& share);

    /// Sends a reply, and returns whether the connection can be used further.
    template <class Stream>
    boost::asio::awaitable<bool> send(
        Stream& stream, const ServerReply& reply, const std::string& bytes);

    /// Ends a connection so that the peer can still read the last reply.
    template <class Stream>
    boost::asio::awaitable<void> close(std::shared_ptr<Stream> stream);

    ServerReply respond(Reader& reader);

    Statistics& statistics_;
    clarify::detail::RequestLimits limits_;
    std::size_t held_ = 0;
    std::size_t most_held_;
    std::size_t connections_ = 0;
    Handler handler_;
    // Null for plain HTTP.
    std::unique_ptr<boost::asio::ssl::context> tls_;
    boost::asio::io_context context_{1};
    boost::asio::ip::tcp::acceptor acceptor_{context_};
    std::uint16_t port_ = 0;
    std::thread thread_;
};

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/http_server.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_HTTP_SERVER_HPP
