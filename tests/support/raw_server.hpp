// SPDX-License-Identifier: BSL-1.0
// A peer that does exactly what a script says, in plain TCP or TLS, and keeps a ledger of what
// arrived.

#ifndef CLARIFY_TESTS_SUPPORT_RAW_SERVER_HPP
#define CLARIFY_TESTS_SUPPORT_RAW_SERVER_HPP

#include <clarify/testing/detail/certificate.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace support {

/// A request as it arrived.
struct RawRequest {
    std::string head;
    std::string body;

    /// The value of a header, or nothing.
    std::optional<std::string> header(std::string_view name) const {
        std::string wanted = "\r\n";
        wanted += name;
        wanted += ": ";
        const auto at =
            std::search(head.begin(), head.end(), wanted.begin(), wanted.end(), [](char a, char b) {
                return std::tolower(static_cast<unsigned char>(a)) ==
                    std::tolower(static_cast<unsigned char>(b));
            });
        if (at == head.end()) return std::nullopt;
        const auto from = static_cast<std::size_t>(at - head.begin()) + wanted.size();
        return head.substr(from, head.find("\r\n", from) - from);
    }
    /// The JSON-RPC id as it stands in the body, or an empty text.
    std::string id() const {
        const std::size_t at = body.find("\"id\":");
        if (at == std::string::npos) return {};
        return body.substr(at + 5, body.find_first_of(",}", at) - at - 5);
    }
};

/// One connection from the script's side. Everything blocks; an error ends the script by an
/// exception.
class RawPeer {
public:
    using Socket = boost::asio::ip::tcp::socket;

    RawPeer(Socket& socket, int number) : socket_(socket), number_(number) {}

    int number() const noexcept { return number_; }
    Socket& socket() noexcept { return socket_; }

    void begin_tls(boost::asio::ssl::context& context) {
        tls_.emplace(socket_, context);
        tls_->handshake(boost::asio::ssl::stream_base::server);
    }

    /// Reads one request; nothing when the client has closed.
    std::optional<RawRequest> read() {
        std::size_t end = 0;
        while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
            if (!fill()) return std::nullopt;
        }
        RawRequest request;
        request.head = input_.substr(0, end + 4);
        input_.erase(0, end + 4);
        const std::size_t length = std::stoul(request.header("Content-Length").value_or("0"));
        while (input_.size() < length) {
            if (!fill()) return std::nullopt;
        }
        request.body = input_.substr(0, length);
        input_.erase(0, length);
        return request;
    }
    void send(std::string_view bytes) {
        if (tls_) {
            boost::asio::write(*tls_, boost::asio::buffer(bytes.data(), bytes.size()));
        } else {
            boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()));
        }
    }
    /// A 200 with the given body.
    void reply(std::string_view body, std::string_view more_headers = {}) {
        std::string out = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
        out += more_headers;
        out += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
        out += body;
        send(out);
    }
    /// The answer to a call: a result.
    void result(
        const RawRequest& request, std::string_view json, std::string_view more_headers = {}) {
        reply(
            R"({"jsonrpc":"2.0","id":)" + request.id() + R"(,"result":)" + std::string{json} + "}",
            more_headers);
    }
    void finish_sending() { socket_.shutdown(Socket::shutdown_send); }
    void reset() {
        socket_.set_option(boost::asio::socket_base::linger{true, 0});
        socket_.close();
    }
    /// Waits until the client closes, reading what it sends.
    void drain() {
        while (fill())
            input_.clear();
    }

private:
    bool fill() {
        char bytes[16384];
        boost::system::error_code ec;
        const std::size_t size = tls_ ? tls_->read_some(boost::asio::buffer(bytes), ec)
                                      : socket_.read_some(boost::asio::buffer(bytes), ec);
        input_.append(bytes, size);
        return !ec;
    }

    Socket& socket_;
    int number_;
    std::optional<boost::asio::ssl::stream<Socket&>> tls_;
    std::string input_;
};

/// Accepts connections and runs the script for each, on a thread of its own.
class RawServer {
public:
    using Script = std::function<void(RawPeer&)>;

    explicit RawServer(Script script, std::string address = "127.0.0.1")
        : script_(std::move(script)),
          acceptor_(context_, {boost::asio::ip::make_address(address), 0}),
          address_(std::move(address)) {
        thread_ = std::thread{[this] { accept(); }};
    }
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;
    ~RawServer() {
        stopping_ = true;
        // A connection of our own wakes the blocking accept.
        boost::system::error_code ignored;
        boost::asio::ip::tcp::socket waker{context_};
        waker.connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
        {
            const std::lock_guard lock{mutex_};
            for (auto& socket : sockets_)
                socket.shutdown(boost::asio::socket_base::shutdown_both, ignored);
        }
        for (auto& thread : peers_)
            thread.join();
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::string origin(std::string_view scheme = "http") const {
        return std::string{scheme} + "://" + address_ + ':' + std::to_string(port());
    }
    int connections() const noexcept { return connections_; }

private:
    void accept() {
        for (;;) {
            boost::asio::ip::tcp::socket* socket = nullptr;
            {
                boost::asio::ip::tcp::socket accepted{context_};
                boost::system::error_code ec;
                acceptor_.accept(accepted, ec);
                if (stopping_ || ec) return;
                accepted.set_option(boost::asio::ip::tcp::no_delay{true}, ec);
                const std::lock_guard lock{mutex_};
                socket = &sockets_.emplace_back(std::move(accepted));
            }
            const int number = ++connections_;
            peers_.emplace_back([this, socket, number] {
                RawPeer peer{*socket, number};
                try {
                    script_(peer);
                } catch (const std::exception&) {
                    // The client went away, which is what many scripts provoke.
                }
                boost::system::error_code ignored;
                const std::lock_guard lock{mutex_};
                socket->shutdown(boost::asio::socket_base::shutdown_both, ignored);
                socket->close(ignored);
            });
        }
    }

    Script script_;
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::string address_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> connections_{0};
    std::mutex mutex_;
    std::list<boost::asio::ip::tcp::socket> sockets_;
    std::vector<std::thread> peers_;
    std::thread thread_;
};

/// A script that answers every call with `json`.
inline RawServer::Script answer_all(std::string json) {
    return [json = std::move(json)](RawPeer& peer) {
        while (const auto request = peer.read())
            peer.result(*request, json);
    };
}

/// A TLS server context for a certificate.
inline std::shared_ptr<boost::asio::ssl::context> tls_server(
    const clarify::testing::detail::IssuedCertificate& certificate) {
    auto context =
        std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
    context->use_certificate_chain(boost::asio::buffer(certificate.certificate_pem));
    context->use_private_key(
        boost::asio::buffer(certificate.private_key_pem), boost::asio::ssl::context::pem);
    return context;
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_RAW_SERVER_HPP
