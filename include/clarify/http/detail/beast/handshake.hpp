// SPDX-License-Identifier: BSL-1.0
// The TLS handshake of a new connection.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_HANDSHAKE_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_HANDSHAKE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/beast/connection.hpp>
#include <clarify/http/detail/connect/host_look_ups.hpp>
#include <clarify/http/detail/tls/tls_context.hpp>
#include <clarify/http/detail/tls/tls_failure.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace clarify::detail {

/// Closes a connection when a phase takes too long; harmless once destroyed.
template <class Connection>
class PhaseGuard {
public:
    PhaseGuard(
        const boost::asio::any_io_executor& executor,
        const std::shared_ptr<Connection>& connection,
        TimePoint until);
    PhaseGuard(const PhaseGuard&) = delete;
    PhaseGuard& operator=(const PhaseGuard&) = delete;
    ~PhaseGuard() { disarm(); }

    /// Has it had to act?
    bool expired() const noexcept { return *expired_; }
    /// Ends the watch; true if it had to act. A handler that runs after this finds the flag set and
    /// does nothing.
    bool disarm() {
        timer_.cancel();
        return std::exchange(*expired_, true);
    }

private:
    Timer timer_;
    std::shared_ptr<bool> expired_;
};

/// One try at a handshake.
struct HandshakeTry {
    /// May a session be resumed? Set by the caller.
    bool may_resume = true;
    /// Was the server offered one? If the handshake failed, that may be why.
    bool offered_session = false;
};

/** Proves that the peer of a fresh connection is `origin`, before `until`.

    Resumes a session if there is one. All failures are `Fate::unsent`.
*/
template <class Net>
boost::asio::awaitable<Result<void>> shake_hands(
    std::shared_ptr<Connection<Net>> connection,
    const Url& origin,
    TimePoint until,
    TlsTerms& terms,
    HandshakeTry& attempt);

/// Keeps the session of a connection on which the server has answered: the tickets of TLS 1.3 come
/// after the handshake, with the first bytes that are read. One that cannot be kept is no loss.
template <class Net>
void keep_session(
    Connection<Net>& connection, const Url& origin, TlsTerms& terms, TimePoint now) noexcept;

/// A failure that may be due to the session that was offered, and not to the server as such.
bool may_be_due_to_session(const Error& error) noexcept;

template <class Connection>
PhaseGuard<Connection>::PhaseGuard(
    const boost::asio::any_io_executor& executor,
    const std::shared_ptr<Connection>& connection,
    TimePoint until)
    : timer_(executor, until), expired_(std::make_shared<bool>(false)) {
    timer_.async_wait(boost::asio::bind_executor(
        executor,
        [expired = expired_,
         weak = std::weak_ptr<Connection>{connection}](boost::system::error_code) {
            const auto target = weak.lock();
            if (!target || *expired) return;
            *expired = true;
            target->close();
        }));
}

/// Has the peer sent something already? Servers of TLS wait for the client's first message.
template <class Socket>
bool has_spoken(Socket& socket) {
    boost::system::error_code ec;
    char byte = 0;
    return socket.receive(boost::asio::buffer(&byte, 1), Socket::message_peek, ec) != 0 && !ec;
}

/// Looks at the server's extensions for a protocol that was not offered: newer releases of OpenSSL
/// break off at one without saying that it was this.
inline void note_protocol(
    SSL*, int, int type, const unsigned char* data, int size, void* wrong_protocol) {
    using namespace std::string_view_literals;
    if (type != TLSEXT_TYPE_application_layer_protocol_negotiation || size < 0) return;
    const std::string_view list{
        reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
    *static_cast<bool*>(wrong_protocol) = list != "\0\x09\x08http/1.1"sv;
}

template <class Net>
boost::asio::awaitable<Result<void>> shake_hands(
    std::shared_ptr<Connection<Net>> connection,
    const Url& origin,
    TimePoint until,
    TlsTerms& terms,
    HandshakeTry& attempt) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    typename Connection<Net>::TlsStream& stream = connection->begin_tls();
    SSL* const ssl = stream.native_handle();
    if (!prepare_tls(ssl, origin)) {
        check_openssl_memory();
        Error error{Errc::internal, Reason::none, "OpenSSL refused the host name"};
        co_return error.set_phase(Phase::tls);
    }
    TlsSession session;
    if (attempt.may_resume) session = terms.sessions().take(origin, time_on(executor));
    if (session.handle) attempt.offered_session = SSL_set_session(ssl, session.handle.get()) == 1;
    if (has_spoken(connection->socket())) {
        co_return tls_error(Reason::handshake, origin, "the peer is not a TLS server");
    }
    bool wrong_protocol = false;
    SSL_callback_ctrl(
        ssl, SSL_CTRL_SET_TLSEXT_DEBUG_CB, reinterpret_cast<void (*)()>(&note_protocol));
    SSL_set_tlsext_debug_arg(ssl, &wrong_protocol);
    PhaseGuard guard{executor, connection, until};
    const auto [ec] = co_await stream.async_handshake(
        boost::asio::ssl::stream_base::client, boost::asio::as_tuple(boost::asio::deferred));
    SSL_callback_ctrl(ssl, SSL_CTRL_SET_TLSEXT_DEBUG_CB, nullptr);
    if (guard.disarm()) co_return opening_timed_out(Phase::tls, origin);
    Result<void> outcome;
    if (wrong_protocol) {
        outcome = tls_error(Reason::alpn, origin, "the server insists on another protocol");
    } else if (ec) {
        outcome = tls_failure(ssl, ec, origin);
    } else {
        outcome = terms.check(ssl, origin);
    }
    if (!outcome) {
        if (attempt.offered_session) terms.sessions().forget(origin);
        co_return outcome;
    }
    const bool resumed = SSL_session_reused(ssl) == 1;
    if (!resumed) session.verified = time_on(executor);
    connection->verified(std::move(session), resumed);
    co_return Result<void>{};
}

template <class Net>
void keep_session(
    Connection<Net>& connection, const Url& origin, TlsTerms& terms, TimePoint now) noexcept {
    if (!terms.sessions().keeps_any()) return;
    SSL* const ssl = connection.tls().native_handle();
    const TlsSession& used = connection.session();
    const SSL_SESSION* const session = SSL_get0_session(ssl);
    // The one that was used is not for a second time.
    if (session == used.handle.get() || SSL_get_verify_result(ssl) != X509_V_OK) return;
    try {
        terms.sessions().store(origin, copy_session(session), used.verified, now);
    } catch (
        ...) {  // NOLINT(bugprone-empty-catch): out of memory; the next handshake is a full one
    }
}

inline bool may_be_due_to_session(const Error& error) noexcept {
    if (error.code() != Errc::tls) return false;
    switch (error.reason()) {
        case Reason::handshake:
        case Reason::protocol:
        case Reason::weak:
        case Reason::host_mismatch:
        case Reason::reset:
            return true;
        default:
            return false;
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_HANDSHAKE_HPP
