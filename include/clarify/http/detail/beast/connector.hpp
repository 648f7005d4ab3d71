// SPDX-License-Identifier: BSL-1.0
// Opens connections: look up the name, race the addresses, shake hands.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_CONNECTOR_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_CONNECTOR_HPP

#include <clarify/core/detail/process_mark.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/beast/connection.hpp>
#include <clarify/http/detail/beast/handshake.hpp>
#include <clarify/http/detail/beast/proxy_tunnel.hpp>
#include <clarify/http/detail/beast/race.hpp>
#include <clarify/http/detail/connect/host_look_ups.hpp>
#include <clarify/http/detail/socket_checks.hpp>
#include <clarify/http/detail/tls/tls_context.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace clarify::detail {

/// What new connections of a backend have in common. Used on one serial executor.
template <class Net>
class Connector {
public:
    /// `options` must outlive the connector.
    explicit Connector(const HttpOptions& options) : options_(options) {}

    /** Opens a connection to `origin` before `deadline`, within the limits of the options.

        `progress.phase` follows the steps. All failures are `Fate::unsent`. Where resuming a TLS
        session may be why it failed, it is tried once more without.
    */
    boost::asio::awaitable<Result<std::shared_ptr<Connection<Net>>>> open(
        const Url& origin, TimePoint deadline, HttpProgress& progress);
    /// The server has answered on a new connection.
    void proven(Connection<Net>& connection, const Url& origin, TimePoint now) noexcept {
        if (connection.is_tls() && tls_ && !connection.is_elsewhere())
            keep_session<Net>(connection, origin, *tls_, now);
    }

private:
    Result<std::shared_ptr<TlsTerms>> terms(TimePoint now);
    boost::asio::awaitable<Result<std::shared_ptr<Connection<Net>>>> open_once(
        const Url& origin, TimePoint deadline, HttpProgress& progress, HandshakeTry& attempt);

    /// In a process that was forked: look-ups are under way in the parent, and TLS sessions are its.
    void heed_fork();

    const HttpOptions& options_;
    ProcessMark process_;
    /// Made for the first https origin, and anew where these may be at fault.
    std::shared_ptr<TlsTerms> tls_;
    TimePoint tls_made_at_{};
    HostLookUps<typename Net::Resolver> look_ups_;
};

template <class Net>
boost::asio::awaitable<Result<std::shared_ptr<Connection<Net>>>> Connector<Net>::open(
    const Url& origin, TimePoint deadline, HttpProgress& progress) {
    HandshakeTry attempt;
    Result<std::shared_ptr<Connection<Net>>> opened =
        co_await open_once(origin, deadline, progress, attempt);
    if (!opened && attempt.offered_session && may_be_due_to_session(opened.error())) {
        attempt.may_resume = false;
        opened = co_await open_once(origin, deadline, progress, attempt);
    }
    co_return opened;
}

template <class Net>
void Connector<Net>::heed_fork() {
    if (!process_.is_elsewhere()) return;
    process_.settle();
    look_ups_.clear();
    if (tls_) tls_->sessions().clear();
}

template <class Net>
Result<std::shared_ptr<TlsTerms>> Connector<Net>::terms(TimePoint now) {
    // Reading the system's trust store takes a while: not again for each call to a bad server.
    constexpr std::chrono::seconds pause{1};
    if (!tls_ || (tls_->doubtful() && now - tls_made_at_ >= pause)) {
        Result<std::unique_ptr<TlsTerms>> made = TlsTerms::make(options_.tls);
        if (!made) return made.error();
        tls_ = std::move(*made);
        tls_made_at_ = now;
    }
    return tls_;
}

template <class Net>
boost::asio::awaitable<Result<std::shared_ptr<Connection<Net>>>> Connector<Net>::open_once(
    const Url& origin, TimePoint deadline, HttpProgress& progress, HandshakeTry& attempt) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    heed_fork();
    const Result<const Url*> proxy = proxy_for(origin, options_.proxy);
    if (!proxy) co_return proxy.error();
    const bool proxied = *proxy != nullptr;
    const Url& next_hop = proxied ? **proxy : origin;
    std::shared_ptr<TlsTerms> tls;
    if (origin.is_https()) {
        Result<std::shared_ptr<TlsTerms>> made = terms(time_on(executor));
        if (!made) co_return made.error();
        tls = std::move(*made);
    }
    const TimePoint until =
        (std::min)(deadline, time_after(time_on(executor), options_.connect_timeout));

    progress.phase = Phase::resolve;
    const Result<std::vector<Endpoint>> found = co_await look_ups_.find(next_hop, until);
    if (!found) co_return found.error();
    const std::vector<Endpoint> endpoints = interleave(*found);

    progress.phase = Phase::connect;
    Result<typename Net::Socket> socket =
        co_await connect_any<Net>(endpoints, next_hop, options_, until);
    if (!socket) co_return socket.error();

    auto connection = std::make_shared<Connection<Net>>(executor, tls ? tls->context() : nullptr);
    connection->socket() = std::move(*socket);
    boost::system::error_code ignored;
    connection->socket().set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
    if constexpr (requires { connection->socket().native_handle(); }) {
        SocketChecks{options_}.apply(static_cast<int>(connection->socket().native_handle()));
    }
    // For the look at an idle connection, which must not wait.
    connection->socket().non_blocking(true, ignored);
    if (proxied) {
        progress.phase = Phase::proxy;
        const TimePoint proxy_until =
            (std::min)(deadline, time_after(time_on(executor), options_.proxy_timeout));
        const Result<void> tunnel =
            co_await open_tunnel<Net>(connection, origin, options_, proxy_until);
        if (!tunnel) co_return tunnel.error();
    }
    if (origin.is_https()) {
        progress.phase = Phase::tls;
        const TimePoint tls_until =
            (std::min)(deadline, time_after(time_on(executor), options_.tls_timeout));
        const Result<void> shaken =
            co_await shake_hands<Net>(connection, origin, tls_until, *tls, attempt);
        if (shaken || shaken.error().code() == Errc::tls) tls->shaken(shaken.has_value());
        if (!shaken) co_return shaken.error();
    }
    connection->opened(time_on(executor));
    co_return connection;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_CONNECTOR_HPP
