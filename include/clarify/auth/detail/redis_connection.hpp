// SPDX-License-Identifier: BSL-1.0
// A connection to Redis for one exchange or two, opened as those to other servers are.

#ifndef CLARIFY_AUTH_DETAIL_REDIS_CONNECTION_HPP
#define CLARIFY_AUTH_DETAIL_REDIS_CONNECTION_HPP

#include <clarify/auth/detail/redis_protocol.hpp>
#include <clarify/auth/detail/redis_url.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/ask_elsewhere.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/beast/connection.hpp>
#include <clarify/http/detail/beast/handshake.hpp>
#include <clarify/http/detail/beast/race.hpp>
#include <clarify/http/detail/beast/tcp_net.hpp>
#include <clarify/http/detail/connect/host_look_ups.hpp>
#include <clarify/http/detail/connect/loopback.hpp>
#include <clarify/http/detail/connect/name_resolver.hpp>
#include <clarify/http/detail/tls/tls_context.hpp>
#include <clarify/http/detail/tls/tls_material.hpp>
#include <clarify/http/http_options.hpp>
#include <clarify/http/tls_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

/** The terms of TLS between two connections, of which one has them at a time.

    Reading the system's trust store takes longer than all the rest. What files hold is read again
    after a minute.

    @par Thread safety
    Safe.
*/
class SpareTerms {
public:
    /// Null where there are none.
    std::shared_ptr<TlsTerms> take(TimePoint now) {
        constexpr std::chrono::minutes life{1};
        const std::lock_guard lock{mutex_};
        std::shared_ptr<TlsTerms> out = std::exchange(terms_, nullptr);
        if (out && now - made_ > life) out.reset();
        if (!out) made_ = now;
        return out;
    }
    void put(std::shared_ptr<TlsTerms> terms) noexcept {
        const std::lock_guard lock{mutex_};
        terms_ = std::move(terms);
    }

private:
    std::mutex mutex_;
    std::shared_ptr<TlsTerms> terms_;
    TimePoint made_{};
};

/// Used in one coroutine.
class RedisConnection {
public:
    using Replies = std::vector<RedisReply>;

    explicit RedisConnection(boost::asio::any_io_executor executor)
        : executor_(std::move(executor)) {}
    RedisConnection(const RedisConnection&) = delete;
    RedisConnection& operator=(const RedisConnection&) = delete;
    ~RedisConnection() {
        if (connection_) connection_->close();
    }

    /// Looks the host up, connects and shakes hands, before `until`.
    template <class = void>
    boost::asio::awaitable<Result<void>> open(
        const Url& server, const HttpOptions& options, SpareTerms& spare, TimePoint until);

    /// Sends the commands, and gives a reply to each. Once it has failed the connection is of no use.
    template <class = void>
    boost::asio::awaitable<Result<Replies>> ask(const RedisCommands& commands, TimePoint until);

    /// It was of use: what was made for TLS may serve the next one.
    void keep_terms(const Url& server, SpareTerms& spare) noexcept {
        if (!connection_ || !connection_->is_tls()) return;
        keep_session<TcpNet>(*connection_, server, time_on(executor_));
        spare.put(terms_);
    }

private:
    template <class = void>
    boost::asio::awaitable<boost::system::error_code> write(std::string_view bytes);
    template <class = void>
    boost::asio::awaitable<std::pair<boost::system::error_code, std::size_t>> read(
        boost::asio::mutable_buffer room);

    static Error failure(boost::system::error_code ec, Phase phase) {
        if (ec == boost::asio::error::operation_aborted) {
            Error error{Errc::cancelled};
            return error.set_phase(phase);
        }
        Error error{Errc::io, Reason::reset, "Redis has ended the connection"};
        return error.set_cause(ec).set_phase(phase);
    }

    boost::asio::any_io_executor executor_;
    std::shared_ptr<TlsTerms> terms_;
    std::shared_ptr<Connection<TcpNet>> connection_;
};

template <class>
boost::asio::awaitable<Result<void>> RedisConnection::open(
    const Url& server, const HttpOptions& options, SpareTerms& spare, TimePoint until) {
    HostLookUps<NameResolver> look_ups;
    Result<std::vector<Endpoint>> found = co_await look_ups.find(server, until);
    if (!found) co_return found.error();
    if (!server.is_https() && server.is_loopback()) {
        // The name stands for this machine, and a password may go there for that reason.
        std::erase_if(*found, [](const Endpoint& each) { return !is_loopback(each.address()); });
        if (found->empty()) co_return not_this_machine(server);
    }
    const std::vector<Endpoint> endpoints = interleave(*found);
    Result<OwnTcpSocket> socket = co_await connect_any<TcpNet>(endpoints, server, options, until);
    if (!socket) co_return socket.error();
    if (server.is_https()) {
        terms_ = spare.take(Clock::now());
        if (!terms_) {
            using Terms = std::shared_ptr<TlsTerms>;
            const std::function<Result<Terms>()> make = [tls = options.tls]() -> Result<Terms> {
                Result<std::unique_ptr<TlsTerms>> made = TlsTerms::make(tls);
                if (!made) return made.error();
                return Terms{std::move(*made)};
            };
            settle_before_openssl();
            Result<Terms> made = co_await ask_elsewhere<Terms>(executor_, make);
            if (!made) co_return made.error();
            terms_ = std::move(*made);
        }
    }
    connection_ = std::make_shared<Connection<TcpNet>>(executor_, terms_);
    connection_->socket() = std::move(*socket);
    boost::system::error_code ignored;
    connection_->socket().set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
    connection_->socket().non_blocking(true, ignored);
    if (!server.is_https()) co_return Result<void>{};
    HandshakeTry attempt;
    Result<void> shaken = co_await shake_hands<TcpNet>(connection_, server, until, attempt);
    co_return shaken;
}

template <class>
boost::asio::awaitable<boost::system::error_code> RedisConnection::write(std::string_view bytes) {
    const auto buffer = boost::asio::buffer(bytes.data(), bytes.size());
    constexpr auto token = boost::asio::as_tuple(boost::asio::deferred);
    if (connection_->is_tls()) {
        const auto [ec, size] =
            co_await boost::asio::async_write(connection_->tls(), buffer, token);
        co_return ec;
    }
    const auto [ec, size] = co_await boost::asio::async_write(connection_->socket(), buffer, token);
    co_return ec;
}

template <class>
boost::asio::awaitable<std::pair<boost::system::error_code, std::size_t>> RedisConnection::read(
    boost::asio::mutable_buffer room) {
    constexpr auto token = boost::asio::as_tuple(boost::asio::deferred);
    std::pair<boost::system::error_code, std::size_t> outcome;
    if (connection_->is_tls()) {
        const auto [ec, size] = co_await connection_->tls().async_read_some(room, token);
        outcome = {ec, size};
    } else {
        const auto [ec, size] = co_await connection_->socket().async_read_some(room, token);
        outcome = {ec, size};
    }
    co_return outcome;
}

template <class>
boost::asio::awaitable<Result<RedisConnection::Replies>> RedisConnection::ask(
    const RedisCommands& commands, TimePoint until) {
    PhaseGuard guard{executor_, connection_, until};
    const auto failed = [&](boost::system::error_code ec, Phase phase) {
        if (!guard.expired()) return failure(ec, phase);
        Error error{Errc::timeout, Reason::none, "Redis does not answer"};
        return error.set_phase(phase);
    };
    const boost::system::error_code unsent = co_await write(commands.bytes());
    if (unsent) co_return failed(unsent, Phase::write);
    RedisReplies replies;
    std::array<char, 4096> buffer{};
    while (replies.all().size() < commands.count()) {
        const auto [ec, size] = co_await read(boost::asio::buffer(buffer));
        if (ec) co_return failed(ec, Phase::first_byte);
        const Result<void> taken = replies.take({buffer.data(), size});
        if (!taken) co_return taken.error();
    }
    if (replies.all().size() != commands.count())
        co_return not_redis("Redis says more than it was asked");
    co_return replies.release();
}

}  // namespace clarify::detail

#endif  // CLARIFY_AUTH_DETAIL_REDIS_CONNECTION_HPP
