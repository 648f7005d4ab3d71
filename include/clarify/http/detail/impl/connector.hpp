// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_HTTP_DETAIL_IMPL_CONNECTOR_HPP
#define CLARIFY_HTTP_DETAIL_IMPL_CONNECTOR_HPP

#include <clarify/http/detail/connect_reason.hpp>
#include <clarify/http/detail/tls_context.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace clarify::detail {

inline Error connecting_timed_out(Phase phase, const Url& origin) {
    Error error{Errc::timeout, Reason::none, origin.authority()};
    return error.set_phase(phase).set_fate(Fate::unsent);
}

inline std::vector<Endpoint> interleave(const std::vector<Endpoint>& endpoints) {
    std::vector<Endpoint> first;
    std::vector<Endpoint> second;
    for (const Endpoint& endpoint : endpoints) {
        const bool same = endpoint.address().is_v6() == endpoints.front().address().is_v6();
        (same ? first : second).push_back(endpoint);
    }
    std::vector<Endpoint> out;
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) out.push_back(first[i]);
        if (i < second.size()) out.push_back(second[i]);
    }
    return out;
}

/// A name look-up that can be abandoned: Asio's own cannot be stopped once it has begun, so the
/// call waits beside it and the look-up ends in its own time.
struct LookUp {
    explicit LookUp(boost::asio::any_io_executor executor) : resolver(std::move(executor)) {}

    boost::asio::ip::tcp::resolver resolver;
    Signal ended;
    bool finished = false;
    boost::system::error_code error;
    std::vector<Endpoint> endpoints;
};

inline Error look_up_failure(boost::system::error_code ec, const Url& origin) {
    const bool temporary = ec == boost::asio::error::host_not_found_try_again ||
        ec == boost::asio::error::no_recovery || ec == boost::system::errc::io_error;
    Error error{Errc::resolve, temporary ? Reason::temporary : Reason::not_found, origin.host()};
    return error.set_cause(ec).set_phase(Phase::resolve).set_fate(Fate::unsent);
}

inline boost::asio::awaitable<Result<std::vector<Endpoint>>> look_up(
    const Url& origin, TimePoint until) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    std::vector<Endpoint> endpoints;
    if (origin.is_ip_literal()) {
        endpoints.emplace_back(boost::asio::ip::make_address(origin.host()), origin.port());
        co_return endpoints;
    }
    auto state = std::make_shared<LookUp>(executor);
    state->resolver.async_resolve(
        origin.host(),
        std::to_string(origin.port()),
        boost::asio::ip::tcp::resolver::numeric_service,
        boost::asio::bind_executor(executor, [state](boost::system::error_code ec, auto results) {
            state->finished = true;
            state->error = ec;
            for (const auto& entry : results)
                state->endpoints.push_back(entry.endpoint());
            state->ended.notify_all();
        }));
    const bool cancelled = co_await state->ended.wait(executor, until);
    if (!state->finished) {
        if (!cancelled) co_return connecting_timed_out(Phase::resolve, origin);
        Error error{Errc::cancelled};
        co_return error.set_phase(Phase::resolve);
    }
    if (state->error) co_return look_up_failure(state->error, origin);
    if (state->endpoints.empty()) {
        co_return look_up_failure(boost::asio::error::host_not_found, origin);
    }
    co_return interleave(state->endpoints);
}

/// The attempts to reach one of several addresses; lives until the last of them has ended.
struct Race {
    struct Runner {
        explicit Runner(boost::asio::any_io_executor executor) : socket(std::move(executor)) {}
        boost::asio::ip::tcp::socket socket;
        Endpoint endpoint;
        TimePoint expires;
        bool running = false;
        boost::system::error_code error;
    };

    std::vector<std::unique_ptr<Runner>> runners;
    Runner* winner = nullptr;
    Signal changed;
    bool over = false;

    void stop() {
        over = true;
        boost::system::error_code ignored;
        for (auto& runner : runners) {
            if (runner.get() != winner) runner->socket.close(ignored);
        }
    }
};

inline void start_runner(
    const std::shared_ptr<Race>& race,
    const boost::asio::any_io_executor& executor,
    const Endpoint& endpoint,
    TimePoint expires) {
    race->runners.push_back(std::make_unique<Race::Runner>(executor));
    Race::Runner* const runner = race->runners.back().get();
    runner->endpoint = endpoint;
    runner->expires = expires;
    runner->running = true;
    runner->socket.async_connect(
        endpoint,
        boost::asio::bind_executor(executor, [race, runner](boost::system::error_code ec) {
            runner->running = false;
            if (!runner->error) runner->error = ec;
            if (!runner->error && !race->over && race->winner == nullptr) race->winner = runner;
            race->changed.notify_all();
        }));
}

inline Error race_failure(const Race& race, const Url& origin) {
    // A single address speaks through the cause; several are listed with what became of each.
    std::string text = origin.authority();
    const bool several = race.runners.size() > 1;
    bool all_timed_out = true;
    boost::system::error_code cause;
    for (const auto& runner : race.runners) {
        const bool timed_out = runner->error == boost::asio::error::timed_out;
        all_timed_out = all_timed_out && timed_out;
        if (!timed_out) cause = runner->error;
        if (several) {
            text += ", " + runner->endpoint.address().to_string() + ' ' +
                (timed_out ? "timed out" : runner->error.message());
        }
    }
    Error error = all_timed_out ? Error{Errc::timeout, Reason::none, std::move(text)}
                                : Error{Errc::connect, connect_reason(cause), std::move(text)};
    if (cause) error.set_cause(cause);
    return error.set_phase(Phase::connect).set_fate(Fate::unsent);
}

inline boost::asio::awaitable<Result<boost::asio::ip::tcp::socket>> connect_any(
    const std::vector<Endpoint>& endpoints,
    const Url& origin,
    const HttpOptions& options,
    TimePoint until) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    auto race = std::make_shared<Race>();
    struct StopRace {
        std::shared_ptr<Race> race;
        ~StopRace() { race->stop(); }
    };
    const StopRace stop_race{race};

    std::size_t next = 0;
    TimePoint next_start = TimePoint::min();
    for (;;) {
        const TimePoint now = clarify::now(executor);
        bool running = false;
        TimePoint wake = until;
        for (auto& runner : race->runners) {
            if (!runner->running) continue;
            if (now >= runner->expires) {
                runner->error = boost::asio::error::timed_out;
                boost::system::error_code ignored;
                runner->socket.close(ignored);
                runner->running = false;
                continue;
            }
            running = true;
            wake = std::min(wake, runner->expires);
        }
        if (race->winner != nullptr) co_return std::move(race->winner->socket);
        if (now >= until) co_return connecting_timed_out(Phase::connect, origin);
        if (next < endpoints.size() && (!running || now >= next_start)) {
            // The last address may use all the time that is left.
            const bool last = next + 1 == endpoints.size();
            start_runner(
                race,
                executor,
                endpoints[next],
                last ? until : std::min(until, now + options.address_timeout));
            ++next;
            next_start = now + options.connect_stagger;
            running = true;
            wake = std::min(wake, race->runners.back()->expires);
        }
        if (!running) co_return race_failure(*race, origin);
        if (next < endpoints.size()) wake = std::min(wake, next_start);
        if (co_await race->changed.wait(executor, wake)) {
            Error error{Errc::cancelled};
            co_return error.set_phase(Phase::connect);
        }
    }
}

/// Closes a connection's socket when a phase takes too long; harmless once destroyed.
class PhaseGuard {
public:
    PhaseGuard(
        boost::asio::any_io_executor executor,
        std::shared_ptr<Connection> connection,
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
    PhaseGuard(const PhaseGuard&) = delete;
    PhaseGuard& operator=(const PhaseGuard&) = delete;
    ~PhaseGuard() { disarm(); }

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

inline boost::asio::awaitable<Result<void>> shake_hands(
    std::shared_ptr<Connection> connection, const Url& origin, TimePoint until) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    Connection::TlsStream& stream = connection->begin_tls();
    SSL* const ssl = stream.native_handle();
    if (!prepare_tls(ssl, origin)) {
        Error error{Errc::internal, Reason::none, "OpenSSL refused the host name"};
        co_return error.set_phase(Phase::tls);
    }
    PhaseGuard guard{executor, connection, until};
    const auto [ec] = co_await stream.async_handshake(
        boost::asio::ssl::stream_base::client, boost::asio::as_tuple(boost::asio::deferred));
    if (guard.disarm()) co_return connecting_timed_out(Phase::tls, origin);
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

inline boost::asio::awaitable<Result<std::shared_ptr<Connection>>> open_connection(
    const Url& origin,
    std::shared_ptr<boost::asio::ssl::context> context,
    const HttpOptions& options,
    TimePoint deadline,
    HttpProgress& progress) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    const TimePoint until = std::min(deadline, now(executor) + options.connect_timeout);

    progress.phase = Phase::resolve;
    const Result<std::vector<Endpoint>> endpoints = co_await look_up(origin, until);
    if (!endpoints) co_return endpoints.error();

    progress.phase = Phase::connect;
    Result<boost::asio::ip::tcp::socket> socket =
        co_await connect_any(*endpoints, origin, options, until);
    if (!socket) co_return socket.error();

    auto connection = std::make_shared<Connection>(executor, std::move(context));
    connection->socket() = std::move(*socket);
    boost::system::error_code ignored;
    connection->socket().set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
    // For the look at an idle connection, which must not wait.
    connection->socket().non_blocking(true, ignored);
    if (origin.is_https()) {
        progress.phase = Phase::tls;
        const TimePoint tls_until = std::min(deadline, now(executor) + options.tls_timeout);
        const Result<void> shaken = co_await shake_hands(connection, origin, tls_until);
        if (!shaken) co_return shaken.error();
    }
    connection->opened(now(executor));
    co_return connection;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_IMPL_CONNECTOR_HPP
