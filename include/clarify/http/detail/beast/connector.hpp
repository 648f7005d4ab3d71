// SPDX-License-Identifier: BSL-1.0
// Opens connections: look up the name, race the addresses, shake hands.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_CONNECTOR_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_CONNECTOR_HPP

#include <clarify/core/detail/signal.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/beast/connection.hpp>
#include <clarify/http/detail/beast/handshake.hpp>
#include <clarify/http/detail/beast/proxy_tunnel.hpp>
#include <clarify/http/detail/beast/race.hpp>
#include <clarify/http/detail/connect/loopback.hpp>
#include <clarify/http/detail/tls/tls_context.hpp>
#include <clarify/http/detail/tls/tls_keeper.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <list>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace clarify::detail {

/** A name look-up, shared by all who want to know the same meanwhile.

    Asio's own cannot be stopped once it has begun: whoever waits can leave, and the look-up ends in
    its own time. So that a resolver that hangs has one question to answer and not one of each call,
    the next one joins.
*/
template <class Net>
struct LookUp {
    LookUp(const boost::asio::any_io_executor& executor, std::string name, std::uint16_t number)
        : host(std::move(name)), port(number), resolver(executor) {}

    std::string host;
    std::uint16_t port;
    typename Net::Resolver resolver;
    Signal ended;
    bool finished = false;
    boost::system::error_code error;
    std::vector<Endpoint> endpoints;
};

/** Those of `endpoints` that connections to `origin` may go to.

    Plain http goes to this machine on the strength of the name `localhost` alone: what a resolver has
    to say about that name is believed only as far as it is true.
*/
inline Result<std::vector<Endpoint>> allowed_endpoints(
    std::vector<Endpoint> endpoints, const Url& origin) {
    if (origin.is_https() || !origin.is_loopback()) return endpoints;
    std::erase_if(endpoints, [](const Endpoint& each) { return !is_loopback(each.address()); });
    if (endpoints.empty()) return not_this_machine(origin);
    return endpoints;
}

/// What new connections of a backend have in common. Used on one serial executor.
template <class Net>
class Connector {
public:
    /// `options` must outlive the connector.
    explicit Connector(const HttpOptions& options) : options_(options), tls_(options) {}

    /** Opens a connection to `origin` before `deadline`, within the limits of the options.

        `progress.phase` follows the steps. All failures are `Fate::unsent`. Where resuming a TLS
        session may be why it failed, it is tried once more without.
    */
    boost::asio::awaitable<Result<std::shared_ptr<Connection<Net>>>> open(
        const Url& origin, TimePoint deadline, HttpProgress& progress);
    /// The server has answered on a new connection.
    void proven(Connection<Net>& connection, const Url& origin, TimePoint now) noexcept {
        if (connection.is_tls()) keep_session<Net>(connection, origin, now);
    }

private:
    boost::asio::awaitable<Result<std::vector<Endpoint>>> look_up(
        const Url& origin, TimePoint until);
    std::shared_ptr<LookUp<Net>> begin_look_up(
        const boost::asio::any_io_executor& executor, const Url& origin);
    boost::asio::awaitable<Result<std::shared_ptr<Connection<Net>>>> open_once(
        const Url& origin, TimePoint deadline, HttpProgress& progress, HandshakeTry& attempt);

    const HttpOptions& options_;
    TlsKeeper tls_;
    /// Those that have not ended.
    std::vector<std::weak_ptr<LookUp<Net>>> look_ups_;
};

inline Error look_up_failure(boost::system::error_code ec, const Url& origin) {
    // Only what a resolver says about the name itself is final; the rest is its own trouble, or the
    // system's.
    namespace errors = boost::asio::error;
    const bool final = ec == errors::host_not_found || ec == errors::no_data ||
        ec == errors::service_not_found || ec == errors::invalid_argument;
    Error error{Errc::resolve, final ? Reason::not_found : Reason::temporary, origin.host()};
    return error.set_cause(ec).set_phase(Phase::resolve).set_fate(Fate::unsent);
}

template <class Net>
std::shared_ptr<LookUp<Net>> Connector<Net>::begin_look_up(
    const boost::asio::any_io_executor& executor, const Url& origin) {
    std::erase_if(look_ups_, [](const auto& weak) {
        const auto other = weak.lock();
        return !other || other->finished;
    });
    for (const auto& weak : look_ups_) {
        auto other = weak.lock();
        if (other->host == origin.host() && other->port == origin.port()) return other;
    }
    auto state = std::make_shared<LookUp<Net>>(executor, origin.host(), origin.port());
    look_ups_.push_back(state);
    state->resolver.async_resolve(
        state->host,
        std::to_string(state->port),
        boost::asio::ip::resolver_base::numeric_service,
        boost::asio::bind_executor(executor, [state](boost::system::error_code ec, auto results) {
            state->finished = true;
            state->error = ec;
            try {
                for (const auto& entry : results)
                    state->endpoints.push_back(entry.endpoint());
            } catch (const std::bad_alloc&) {
                state->error = boost::asio::error::no_memory;
            }
            state->ended.notify_all();
        }));
    return state;
}

template <class Net>
boost::asio::awaitable<Result<std::vector<Endpoint>>> Connector<Net>::look_up(
    const Url& origin, TimePoint until) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    if (origin.is_ip_literal()) {
        std::vector<Endpoint> endpoints;
        endpoints.emplace_back(boost::asio::ip::make_address(origin.host()), origin.port());
        co_return endpoints;
    }
    const std::shared_ptr<LookUp<Net>> state = begin_look_up(executor, origin);
    const bool cancelled = !state->finished && co_await state->ended.wait(executor, until);
    if (!state->finished) {
        if (!cancelled) co_return opening_timed_out(Phase::resolve, origin);
        Error error{Errc::cancelled};
        co_return error.set_phase(Phase::resolve);
    }
    if (state->error == boost::asio::error::no_memory) throw std::bad_alloc{};
    if (state->error) co_return look_up_failure(state->error, origin);
    if (state->endpoints.empty()) {
        co_return look_up_failure(boost::asio::error::host_not_found, origin);
    }
    co_return interleave(state->endpoints);
}

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
boost::asio::awaitable<Result<std::shared_ptr<Connection<Net>>>> Connector<Net>::open_once(
    const Url& origin, TimePoint deadline, HttpProgress& progress, HandshakeTry& attempt) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    const Result<const Url*> proxy = proxy_for(origin, options_.proxy);
    if (!proxy) co_return proxy.error();
    const bool proxied = *proxy != nullptr;
    const Url& next_hop = proxied ? **proxy : origin;
    std::shared_ptr<TlsTerms> tls;
    if (origin.is_https()) {
        progress.phase = Phase::tls;
        Result<std::shared_ptr<TlsTerms>> made = co_await tls_.obtain(executor, deadline);
        if (!made) co_return made.error();
        tls = std::move(*made);
    }
    const TimePoint until = (std::min)(deadline, time_on(executor) + options_.connect_timeout);

    progress.phase = Phase::resolve;
    const Result<std::vector<Endpoint>> found = co_await look_up(next_hop, until);
    if (!found) co_return found.error();
    const Result<std::vector<Endpoint>> endpoints = allowed_endpoints(*found, next_hop);
    if (!endpoints) co_return endpoints.error();

    progress.phase = Phase::connect;
    Result<typename Net::Socket> socket =
        co_await connect_any<Net>(*endpoints, next_hop, options_, until);
    if (!socket) co_return socket.error();

    auto connection = std::make_shared<Connection<Net>>(executor, tls);
    connection->socket() = std::move(*socket);
    boost::system::error_code ignored;
    connection->socket().set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
    // For the look at an idle connection, which must not wait.
    connection->socket().non_blocking(true, ignored);
    if (proxied) {
        progress.phase = Phase::proxy;
        const TimePoint proxy_until =
            (std::min)(deadline, time_on(executor) + options_.proxy_timeout);
        const Result<void> tunnel =
            co_await open_tunnel<Net>(connection, origin, options_, proxy_until);
        if (!tunnel) co_return tunnel.error();
    }
    if (origin.is_https()) {
        progress.phase = Phase::tls;
        const TimePoint tls_until = (std::min)(deadline, time_on(executor) + options_.tls_timeout);
        const Result<void> shaken =
            co_await shake_hands<Net>(connection, origin, tls_until, attempt);
        if (shaken || shaken.error().code() == Errc::tls) tls->shaken(shaken.has_value());
        if (!shaken) co_return shaken.error();
    }
    connection->opened(time_on(executor));
    co_return connection;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_CONNECTOR_HPP
