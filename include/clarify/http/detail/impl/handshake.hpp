// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_HTTP_DETAIL_IMPL_HANDSHAKE_HPP
#define CLARIFY_HTTP_DETAIL_IMPL_HANDSHAKE_HPP

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <string_view>
#include <utility>

namespace clarify::detail {

inline Error opening_timed_out(Phase phase, const Url& origin) {
    Error error{Errc::timeout, Reason::none, origin.authority()};
    return error.set_phase(phase).set_fate(Fate::unsent);
}

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

template <class Net>
boost::asio::awaitable<Result<void>> shake_hands(
    std::shared_ptr<Connection<Net>> connection, const Url& origin, TimePoint until) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    typename Connection<Net>::TlsStream& stream = connection->begin_tls();
    SSL* const ssl = stream.native_handle();
    if (!prepare_tls(ssl, origin)) {
        Error error{Errc::internal, Reason::none, "OpenSSL refused the host name"};
        co_return error.set_phase(Phase::tls);
    }
    PhaseGuard guard{executor, connection, until};
    const auto [ec] = co_await stream.async_handshake(
        boost::asio::ssl::stream_base::client, boost::asio::as_tuple(boost::asio::deferred));
    if (guard.disarm()) co_return opening_timed_out(Phase::tls, origin);
    if (ec) co_return tls_failure(ssl, ec, origin);
    const unsigned char* protocol = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl, &protocol, &length);
    const std::string_view chosen{reinterpret_cast<const char*>(protocol), length};
    if (!chosen.empty() && chosen != "http/1.1") {
        Error error{
            Errc::tls, Reason::alpn, origin.host() + ": the server insists on another protocol"};
        co_return error.set_phase(Phase::tls);
    }
    co_return Result<void>{};
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_IMPL_HANDSHAKE_HPP
