// SPDX-License-Identifier: BSL-1.0
// An HTTP server in memory, with a ledger of what arrived. With or without TLS.

#ifndef CLARIFY_TESTS_SUPPORT_MEMORY_SERVER_HPP
#define CLARIFY_TESTS_SUPPORT_MEMORY_SERVER_HPP

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <support/memory_net.hpp>
#include <support/raw_server.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// A 200 reply with this body.
inline std::string http_reply(const std::string& body, const std::string& more_fields = "") {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + more_fields +
        "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// The response to a JSON-RPC request with this result.
inline std::string rpc_response(const std::string& id, const std::string& result) {
    return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":)" + result + "}";
}

/// A 200 reply with this body, in chunks of a few bytes.
inline std::string chunked_reply(const std::string& body) {
    constexpr std::size_t chunk = 10;
    std::string text =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < body.size(); at += chunk) {
        const std::string part = body.substr(at, chunk);
        text += (part.size() == chunk ? "a" : std::to_string(part.size())) + "\r\n" + part + "\r\n";
    }
    return text + "0\r\n\r\n";
}

/** Serves one endpoint of a `MemoryNetwork`, on a context of its own.

    What `answer` returns for a complete request is written as it is; the connection stays open
    until the client closes it, or `answer` returns an empty text.
*/
class MemoryServer {
public:
    using RawRequest = clarify::testing::detail::RawRequest;
    using Answer = std::function<std::string(const RawRequest&)>;
    using Refusal = std::function<std::optional<std::string>(const RawRequest&)>;
    /// What all connections of a server share.
    struct Service {
        Answer answer;
        Refusal refusal;
        bool keeps_requests = true;
        std::vector<RawRequest> requests;
        std::size_t bytes = 0;
    };

    MemoryServer(
        boost::asio::io_context& context,
        MemoryNetwork& network,
        const MemoryEndpoint& endpoint,
        Answer answer,
        boost::asio::ssl::context* tls = nullptr)
        : service_(std::make_shared<Service>()) {
        service_->answer = std::move(answer);
        network.listen(endpoint, [&context, service = service_, tls](MemorySocket socket) {
            boost::asio::co_spawn(
                context, serve(service, std::move(socket), tls), boost::asio::detached);
        });
    }

    /// What `refusal` returns for a head is the last that its connection says; of the body it has
    /// read no more than came with it.
    void refuse_early(Refusal refusal) { service_->refusal = std::move(refusal); }

    /// Otherwise they take ever more memory.
    void keep_requests(bool keep) { service_->keeps_requests = keep; }
    /// Serves one connection of whatever kind to its end.
    template <class Stream>
    static boost::asio::awaitable<void> serve_stream(
        std::shared_ptr<Service> service, Stream& stream);

    /// All complete requests, in the order of their arrival.
    const std::vector<RawRequest>& requests() const noexcept { return service_->requests; }
    /// Bytes that arrived; those of a TLS connection count once decrypted.
    std::size_t bytes() const noexcept { return service_->bytes; }

private:
    static boost::asio::awaitable<void> serve(
        std::shared_ptr<Service> service, MemorySocket socket, boost::asio::ssl::context* tls);

    std::shared_ptr<Service> service_;
};

inline boost::asio::awaitable<void> MemoryServer::serve(
    std::shared_ptr<Service> service, MemorySocket socket, boost::asio::ssl::context* tls) {
    if (tls == nullptr) {
        co_await serve_stream(service, socket);
        co_return;
    }
    boost::asio::ssl::stream<MemorySocket&> stream{socket, *tls};
    const auto [ec] = co_await stream.async_handshake(
        boost::asio::ssl::stream_base::server, boost::asio::as_tuple(boost::asio::deferred));
    if (!ec) co_await serve_stream(service, stream);
}

template <class Stream>
boost::asio::awaitable<void> MemoryServer::serve_stream(
    std::shared_ptr<Service> service, Stream& stream) {
    constexpr auto token = boost::asio::as_tuple(boost::asio::deferred);
    std::string input;
    char room[4096];
    for (;;) {
        const std::size_t end = input.find("\r\n\r\n");
        RawRequest request;
        std::size_t length = 0;
        if (end != std::string::npos) {
            request.head = input.substr(0, end + 2);
            length = std::stoul(request.header("content-length").value_or("0"));
        }
        const bool is_whole = end != std::string::npos && input.size() >= end + 4 + length;
        if (end != std::string::npos && !is_whole && service->refusal) {
            if (const auto reply = service->refusal(request)) {
                co_await boost::asio::async_write(stream, boost::asio::buffer(*reply), token);
                co_return;
            }
        }
        if (!is_whole) {
            const auto [ec, size] =
                co_await stream.async_read_some(boost::asio::buffer(room), token);
            if (ec) co_return;
            service->bytes += size;
            input.append(room, size);
            continue;
        }
        request.body = input.substr(end + 4, length);
        input.erase(0, end + 4 + length);
        if (service->keeps_requests) service->requests.push_back(request);
        const std::string reply = service->answer(request);
        if (reply.empty()) co_return;
        const auto [ec, size] =
            co_await boost::asio::async_write(stream, boost::asio::buffer(reply), token);
        if (ec) co_return;
    }
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_MEMORY_SERVER_HPP
