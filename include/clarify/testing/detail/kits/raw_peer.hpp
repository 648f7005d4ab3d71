// SPDX-License-Identifier: BSL-1.0
// One connection to a server that does exactly what a script says.

#ifndef CLARIFY_TESTING_DETAIL_KITS_RAW_PEER_HPP
#define CLARIFY_TESTING_DETAIL_KITS_RAW_PEER_HPP

#include <clarify/testing/detail/kits/raw_ledger.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace clarify::testing::detail {

/// One connection from the script's side. Everything blocks; an error ends the script by an
/// exception.
class RawPeer {
public:
    using Socket = boost::asio::ip::tcp::socket;

    /// `closing` guards the end of the socket's life against the server's.
    RawPeer(Socket& socket, int number, RawLedger& ledger, std::mutex& closing)
        : socket_(socket), number_(number), ledger_(ledger), closing_(closing) {}

    int number() const noexcept { return number_; }
    Socket& socket() noexcept { return socket_; }
    RawLedger& ledger() noexcept { return ledger_; }

    /// Shakes hands as the server, and gives OpenSSL's side of it.
    SSL* begin_tls(boost::asio::ssl::context& context) {
        tls_.emplace(socket_, context);
        tls_->handshake(boost::asio::ssl::stream_base::server);
        return tls_->native_handle();
    }

    /// OpenSSL's side of it, or null.
    SSL* tls() noexcept { return tls_ ? tls_->native_handle() : nullptr; }
    /// Sends what OpenSSL has been asked to say by itself: a session ticket, a new key.
    void send_tls() { tls_->handshake(boost::asio::ssl::stream_base::server); }

    /// Waits for bytes of any kind and keeps them; false when the client has closed.
    bool receive() { return fill(); }
    /// Reads one request; nothing when the client has closed.
    std::optional<RawRequest> read();
    void send(std::string_view bytes);
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
        const RawRequest& request, std::string_view text, std::string_view more_headers = {}) {
        reply(
            R"({"jsonrpc":"2.0","id":)" + request.id() + R"(,"result":)" + std::string{text} + "}",
            more_headers);
    }
    /// Ends a TLS connection as one should: with the closing alert.
    void finish_tls() {
        boost::system::error_code ignored;
        tls_->shutdown(ignored);
    }
    void finish_sending() { socket_.shutdown(Socket::shutdown_send); }
    void reset() {
        const std::lock_guard lock{closing_};
        socket_.set_option(boost::asio::socket_base::linger{true, 0});
        socket_.close();
    }
    /// Waits until the client closes, reading what it sends.
    void drain() {
        while (fill())
            input_.clear();
    }
    /// Sends `bytes` again and again, until the client closes.
    [[noreturn]] void drip(std::string_view bytes, std::chrono::milliseconds pause) {
        for (;;) {
            send(bytes);
            std::this_thread::sleep_for(pause);
        }
    }
    /// Has the client ended the connection, with a close_notify if it is over TLS?
    bool ended_cleanly() const noexcept { return ended_cleanly_; }
    /// Waits until the test calls `RawLedger::release`, or the server is stopped.
    void await_release() { ledger_.await_release(); }

private:
    bool fill();

    Socket& socket_;
    int number_;
    RawLedger& ledger_;
    std::mutex& closing_;
    std::optional<boost::asio::ssl::stream<Socket&>> tls_;
    std::string input_;
    bool ended_cleanly_ = false;
};

inline std::optional<RawRequest> RawPeer::read() {
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
    ledger_.add(number_, request);
    return request;
}

inline void RawPeer::send(std::string_view bytes) {
    boost::system::error_code ec;
    const auto buffer = boost::asio::buffer(bytes.data(), bytes.size());
    if (tls_) {
        boost::asio::write(*tls_, buffer, ec);
    } else {
        boost::asio::write(socket_, buffer, ec);
    }
    if (ec) {
        ledger_.add_closed(number_);
        throw boost::system::system_error{ec};
    }
}

inline bool RawPeer::fill() {
    char bytes[16384];
    boost::system::error_code ec;
    const std::size_t size = tls_ ? tls_->read_some(boost::asio::buffer(bytes), ec)
                                  : socket_.read_some(boost::asio::buffer(bytes), ec);
    input_.append(bytes, size);
    ledger_.add_bytes(size);
    if (ec) ledger_.add_closed(number_);
    ended_cleanly_ = ec == boost::asio::error::eof;
    return !ec;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_RAW_PEER_HPP
