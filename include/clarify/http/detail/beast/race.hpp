// SPDX-License-Identifier: BSL-1.0
// Connects to whichever of several addresses answers first (RFC 8305).

#ifndef CLARIFY_HTTP_DETAIL_BEAST_RACE_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_RACE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/beast/handshake.hpp>
#include <clarify/http/detail/beast/tcp_net.hpp>
#include <clarify/http/detail/connect/connect_reason.hpp>
#include <clarify/http/detail/connect/host_look_ups.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace clarify::detail {

/// Alternates the address families, the first one's first (RFC 8305 section 4).
std::vector<Endpoint> interleave(const std::vector<Endpoint>& endpoints);

/** A socket that is connected to one of `endpoints`, before `until`.

    Each address gets `options.connect_stagger` before the next one is tried beside it, and
    `options.address_timeout` in all; one that refuses makes way at once. `origin` is for messages.
*/
template <class Net>
boost::asio::awaitable<Result<typename Net::Socket>> connect_any(
    const std::vector<Endpoint>& endpoints,
    const Url& origin,
    const HttpOptions& options,
    TimePoint until);

inline std::vector<Endpoint> interleave(const std::vector<Endpoint>& endpoints) {
    std::vector<Endpoint> first;
    std::vector<Endpoint> second;
    for (const Endpoint& endpoint : endpoints) {
        const bool same = endpoint.address().is_v6() == endpoints.front().address().is_v6();
        (same ? first : second).push_back(endpoint);
    }
    std::vector<Endpoint> out;
    for (std::size_t i = 0; i < (std::max)(first.size(), second.size()); ++i) {
        if (i < first.size()) out.push_back(first[i]);
        if (i < second.size()) out.push_back(second[i]);
    }
    return out;
}

/// The attempts to reach one of several addresses; lives until the last of them has ended.
template <class Net>
struct Race {
    using Socket = typename Net::Socket;
    struct Runner {
        explicit Runner(boost::asio::any_io_executor executor) : socket(std::move(executor)) {}
        Socket socket;
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

template <class Net>
void start_runner(
    const std::shared_ptr<Race<Net>>& race,
    const boost::asio::any_io_executor& executor,
    const Endpoint& endpoint,
    TimePoint expires) {
    race->runners.push_back(std::make_unique<typename Race<Net>::Runner>(executor));
    typename Race<Net>::Runner* const runner = race->runners.back().get();
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

template <class Net>
Error race_failure(const Race<Net>& race, const Url& origin) {
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

template <class Net>
boost::asio::awaitable<Result<typename Net::Socket>> connect_any(
    const std::vector<Endpoint>& endpoints,
    const Url& origin,
    const HttpOptions& options,
    TimePoint until) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    auto race = std::make_shared<Race<Net>>();
    struct StopRace {
        std::shared_ptr<Race<Net>> race;
        ~StopRace() { race->stop(); }
    };
    const StopRace stop_race{race};

    std::size_t next = 0;
    TimePoint next_start = (TimePoint::min)();
    for (;;) {
        const TimePoint now = time_on(executor);
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
            wake = (std::min)(wake, runner->expires);
        }
        if (race->winner != nullptr) co_return std::move(race->winner->socket);
        if (now >= until) co_return opening_timed_out(Phase::connect, origin);
        if (next < endpoints.size() && (!running || now >= next_start)) {
            // The last address may use all the time that is left.
            const bool last = next + 1 == endpoints.size();
            start_runner(
                race,
                executor,
                endpoints[next],
                last ? until : (std::min)(until, time_after(now, options.address_timeout)));
            ++next;
            next_start = time_after(now, options.connect_stagger);
            running = true;
            wake = (std::min)(wake, race->runners.back()->expires);
        }
        if (!running) co_return race_failure(*race, origin);
        if (next < endpoints.size()) wake = (std::min)(wake, next_start);
        if (co_await race->changed.wait(executor, wake)) {
            Error error{Errc::cancelled};
            co_return error.set_phase(Phase::connect);
        }
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_RACE_HPP
