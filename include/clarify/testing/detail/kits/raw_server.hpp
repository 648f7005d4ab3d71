// SPDX-License-Identifier: BSL-1.0
// A peer that does exactly what a script says, in plain TCP or TLS, and keeps a ledger of what
// arrived.

#ifndef CLARIFY_TESTING_DETAIL_KITS_RAW_SERVER_HPP
#define CLARIFY_TESTING_DETAIL_KITS_RAW_SERVER_HPP

#include <clarify/testing/detail/certificate.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// A request as it arrived.
struct RawRequest {
    std::string head;
    std::string body;

    /// The header fields in their order, names in lower case.
    std::vector<std::pair<std::string, std::string>> fields() const;
    /// The value of a header, or nothing.
    std::optional<std::string> header(std::string_view name) const;
    /// The JSON-RPC id as it stands in the body, or an empty text.
    std::string id() const {
        const std::size_t at = body.find("\"id\":");
        if (at == std::string::npos) return {};
        return body.substr(at + 5, body.find_first_of(",}", at) - at - 5);
    }
};

/// What reached a server, and what the test tells its scripts. All members are thread-safe.
class RawLedger {
public:
    struct Arrival {
        /// Counted from 1, in the order of acceptance.
        int connection = 0;
        RawRequest request;
    };

    /// All complete requests, in the order of their arrival.
    std::vector<Arrival> requests() const {
        const std::lock_guard lock{mutex_};
        return arrivals_;
    }
    std::size_t request_count() const {
        const std::lock_guard lock{mutex_};
        return arrivals_.size();
    }
    /// Bytes that arrived over all connections; those of a TLS connection count once decrypted.
    std::size_t bytes() const {
        const std::lock_guard lock{mutex_};
        return bytes_;
    }
    /// Has the client ended this connection, as a script that read or wrote has noticed?
    bool closed_by_client(int connection) const {
        const std::lock_guard lock{mutex_};
        return closed_.count(connection) != 0;
    }
    /// How many connections the client has ended.
    std::size_t closed_by_client() const {
        const std::lock_guard lock{mutex_};
        return closed_.size();
    }

    /// Lets the scripts that wait in `RawPeer::await_release` go on, now and later.
    void release() {
        const std::lock_guard lock{mutex_};
        released_ = true;
        changed_.notify_all();
    }

    // For the server and its peers.
    void add(int connection, const RawRequest& request) {
        const std::lock_guard lock{mutex_};
        arrivals_.push_back({connection, request});
    }
    void add_bytes(std::size_t count) {
        const std::lock_guard lock{mutex_};
        bytes_ += count;
    }
    void add_closed(int connection) {
        const std::lock_guard lock{mutex_};
        if (!stopping_) closed_.insert(connection);
    }
    void stop() {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        changed_.notify_all();
    }
    void await_release() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return released_ || stopping_; });
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Arrival> arrivals_;
    std::set<int> closed_;
    std::size_t bytes_ = 0;
    bool released_ = false;
    bool stopping_ = false;
};

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
        const RawRequest& request, std::string_view json, std::string_view more_headers = {}) {
        reply(
            R"({"jsonrpc":"2.0","id":)" + request.id() + R"(,"result":)" + std::string{json} + "}",
            more_headers);
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
        return std::string{scheme} + "://" + address_ + ':' + std::to_string(port_);
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

// --- Bodies -------------------------------------------------------------------------------------

inline std::vector<std::pair<std::string, std::string>> RawRequest::fields() const {
    std::vector<std::pair<std::string, std::string>> out;
    std::size_t from = head.find("\r\n");
    while (from != std::string::npos) {
        from += 2;
        const std::size_t end = head.find("\r\n", from);
        const std::size_t colon = head.find(':', from);
        if (end == std::string::npos || colon == std::string::npos || colon > end) break;
        std::string name = head.substr(from, colon - from);
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
            return static_cast<char>(std::tolower(c));
        });
        // Blanks around the value do not belong to it (RFC 9112 section 5).
        std::size_t first = colon + 1;
        std::size_t last = end;
        while (first != last && (head[first] == ' ' || head[first] == '\t'))
            ++first;
        while (first != last && (head[last - 1] == ' ' || head[last - 1] == '\t'))
            --last;
        out.emplace_back(std::move(name), head.substr(first, last - first));
        from = end;
    }
    return out;
}

inline std::optional<std::string> RawRequest::header(std::string_view name) const {
    std::string wanted{name};
    std::transform(wanted.begin(), wanted.end(), wanted.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    for (auto& [field, value] : fields()) {
        if (field == wanted) return std::move(value);
    }
    return std::nullopt;
}

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
