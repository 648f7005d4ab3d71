// SPDX-License-Identifier: BSL-1.0
// What the servers of the HTTP backend's conformance kit say, and where they fall silent.

#ifndef CLARIFY_TESTING_DETAIL_KITS_BACKEND_SCRIPTS_HPP
#define CLARIFY_TESTING_DETAIL_KITS_BACKEND_SCRIPTS_HPP

#include <clarify/core/errc.hpp>
#include <clarify/testing/detail/kits/backend_check.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

/// How long a case waits for what happens at once: far more than a loop on one machine takes.
inline constexpr std::chrono::milliseconds shortly{1500};

/// A reply that says how long it is. `fields` end in CRLF each.
inline std::string http_reply(
    std::string_view status, std::string_view fields, std::string_view body) {
    std::string out = "HTTP/1.1 ";
    out.append(status).append("\r\n").append(fields);
    out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    return out.append(body);
}

/// Bytes of which every value occurs, at places that no simple mistake keeps.
inline std::string every_byte(std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i != size; ++i)
        out[i] = static_cast<char>(static_cast<unsigned char>(i * 7 + i / 251));
    return out;
}

/// Answers every request of every connection with the same bytes.
inline RawServer::Script reply_always(std::string bytes) {
    return [bytes = std::move(bytes)](RawPeer& peer) {
        while (peer.read())
            peer.send(bytes);
    };
}

/// Answers the first request of every connection with these bytes and ends its side.
inline RawServer::Script reply_and_end(std::string bytes) {
    return [bytes = std::move(bytes)](RawPeer& peer) {
        if (!peer.read()) return;
        peer.send(bytes);
        peer.finish_sending();
        peer.drain();
    };
}

/// Answers every request with its own body.
inline void echo(RawPeer& peer) {
    while (const auto request = peer.read())
        peer.reply(request->body);
}

/// The connection on which the last request with this body arrived; 0 if none has.
inline int connection_of(const RawServer& server, std::string_view body) {
    int connection = 0;
    for (const auto& arrival : server.ledger().requests()) {
        if (arrival.request.body == body) connection = arrival.connection;
    }
    return connection;
}

/// How many requests with this body arrived.
inline std::size_t arrivals_of(const RawServer& server, std::string_view body) {
    std::size_t count = 0;
    for (const auto& arrival : server.ledger().requests())
        count += arrival.request.body == body ? 1U : 0U;
    return count;
}

/** A listening socket whose line of waiting connections is full, so that the next one is not
    established.

    Where the system finds room for more than 32 of them after all, it is not `full`.
*/
class FullBacklog {
public:
    FullBacklog() : acceptor_(context_) {
        namespace ip = boost::asio::ip;
        const ip::tcp::endpoint any{ip::address_v4::loopback(), 0};
        acceptor_.open(any.protocol());
        acceptor_.bind(any);
        acceptor_.listen(0);
        while (!full_ && waiting_.size() != 32)
            add();
    }
    FullBacklog(const FullBacklog&) = delete;
    FullBacklog& operator=(const FullBacklog&) = delete;

    bool full() const noexcept { return full_; }
    std::string origin() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }

private:
    void add() {
        bool connected = false;
        auto& socket = waiting_.emplace_back(context_);
        socket.async_connect(acceptor_.local_endpoint(), [&](boost::system::error_code ec) {
            connected = connected || !ec;
        });
        context_.restart();
        context_.run_for(std::chrono::milliseconds{50});
        full_ = !connected;
        boost::system::error_code ignored;
        if (full_) socket.close(ignored);
        context_.restart();
        context_.poll();
    }

    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::list<boost::asio::ip::tcp::socket> waiting_;
    bool full_ = false;
};

/// A server at which an exchange gets stuck for ever in a phase from `connect` to `body`.
class Stall {
public:
    Stall(BackendCheck& check, Phase phase) : phase_(phase) {
        if (phase == Phase::connect) {
            backlog_ = std::make_unique<FullBacklog>();
        } else {
            server_ = std::make_unique<BackendServer>(check, script(phase));
        }
    }

    /// Why there is nothing to see where it is not `staged`.
    static constexpr const char* why_not =
        "this machine lets every connection come to stand: what stalls in connect was not tried";
    /// Could the machine be brought to stall here?
    bool staged() const noexcept { return !backlog_ || backlog_->full(); }
    Phase phase() const noexcept { return phase_; }
    std::string name() const { return std::string{to_string(phase_)}; }
    bool request_sent() const noexcept { return phase_ >= Phase::write; }
    std::string address() const {
        if (backlog_) return backlog_->origin() + '/';
        return server_->origin(phase_ == Phase::tls ? "https" : "http") + '/';
    }
    /// More than the buffers of a connection hold, where the server is not to read it.
    std::string body() const {
        return std::string(phase_ == Phase::write ? std::size_t{24} << 20U : 2, 'x');
    }
    /// Null for a stall of `connect`, where nothing can be seen from the other side.
    RawServer* server() noexcept { return server_.get(); }

private:
    static RawServer::Script script(Phase phase) {
        return [phase](RawPeer& peer) {
            if (phase == Phase::write) peer.await_release();
            if (phase >= Phase::first_byte && !peer.read()) return;
            if (phase == Phase::head)
                peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon");
            if (phase == Phase::body)
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n0123");
            peer.drain();
        };
    }

    Phase phase_;
    std::unique_ptr<FullBacklog> backlog_;
    std::unique_ptr<BackendServer> server_;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_BACKEND_SCRIPTS_HPP
