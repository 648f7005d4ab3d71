// SPDX-License-Identifier: BSL-1.0
// A peer that does exactly what a script says, in plain TCP or TLS, and keeps a ledger of what
// arrived.

#ifndef CLARIFY_TESTING_DETAIL_KITS_RAW_SERVER_HPP
#define CLARIFY_TESTING_DETAIL_KITS_RAW_SERVER_HPP

#include <clarify/testing/detail/certificate.hpp>
#include <clarify/testing/detail/kits/raw_peer.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// Accepts connections and runs the script for each, on a thread of its own.
class RawServer {
public:
    using Script = std::function<void(RawPeer&)>;

    explicit RawServer(Script script, const std::string& address = "127.0.0.1")
        : script_(std::move(script)),
          acceptor_(context_, {boost::asio::ip::make_address(address), 0}),
          address_(address),
          port_(acceptor_.local_endpoint().port()) {
        thread_ = std::thread{[this] { accept(); }};
    }
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;
    ~RawServer() {
        cut();
        for (auto& thread : peers_)
            thread.join();
    }

    std::uint16_t port() const noexcept { return port_; }
    std::string origin(std::string_view scheme = "http") const {
        const bool is_v6 = address_.find(':') != std::string::npos;
        return std::string{scheme} + "://" + (is_v6 ? '[' + address_ + ']' : address_) + ':' +
            std::to_string(port_);
    }
    int connections() const noexcept { return connections_; }
    const RawLedger& ledger() const noexcept { return ledger_; }
    RawLedger& ledger() noexcept { return ledger_; }

    /// Ends all connections and accepts no more. May be called twice, and from any thread.
    void cut();

private:
    void accept();
    void serve(boost::asio::ip::tcp::socket& socket, int number);

    Script script_;
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::string address_;
    std::uint16_t port_;
    RawLedger ledger_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> connections_{0};
    std::mutex cut_mutex_;
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
inline std::shared_ptr<boost::asio::ssl::context> tls_server(const IssuedCertificate& certificate) {
    auto context =
        std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
    context->use_certificate_chain(boost::asio::buffer(certificate.certificate_pem));
    context->use_private_key(
        boost::asio::buffer(certificate.private_key_pem), boost::asio::ssl::context::pem);
    return context;
}

inline void RawServer::cut() {
    const std::lock_guard once{cut_mutex_};
    stopping_ = true;
    ledger_.stop();
    boost::system::error_code ignored;
    if (thread_.joinable()) {
        // A connection of our own wakes the blocking accept.
        boost::asio::ip::tcp::socket waker{context_};
        waker.connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
        acceptor_.close(ignored);
    }
    const std::lock_guard lock{mutex_};
    for (auto& socket : sockets_)
        socket.shutdown(boost::asio::socket_base::shutdown_both, ignored);
}

inline void RawServer::accept() {
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
        peers_.emplace_back([this, socket, number] { serve(*socket, number); });
    }
}

inline void RawServer::serve(boost::asio::ip::tcp::socket& socket, int number) {
    RawPeer peer{socket, number, ledger_, mutex_};
    try {
        script_(peer);
    } catch (const std::exception&) {
        // The client went away, which is what many scripts provoke.
    }
    boost::system::error_code ignored;
    const std::lock_guard lock{mutex_};
    socket.shutdown(boost::asio::socket_base::shutdown_both, ignored);
    socket.close(ignored);
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_RAW_SERVER_HPP
