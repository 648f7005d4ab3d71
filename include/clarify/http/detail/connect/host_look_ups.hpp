// SPDX-License-Identifier: BSL-1.0
// The look-ups of a backend: who waits for one, for how long, and what its failure is called.

#ifndef CLARIFY_HTTP_DETAIL_CONNECT_HOST_LOOK_UPS_HPP
#define CLARIFY_HTTP_DETAIL_CONNECT_HOST_LOOK_UPS_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/process.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/connect/name_look_ups.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace clarify::detail {

using Endpoint = boost::asio::ip::tcp::endpoint;

/// A phase of opening a connection that took too long.
inline Error opening_timed_out(Phase phase, const Url& origin) {
    Error error{Errc::timeout, Reason::none, origin.authority()};
    return error.set_phase(phase).set_fate(Fate::unsent);
}

inline Error look_up_failure(boost::system::error_code ec, const Url& origin) {
    // Only what a resolver says about the name itself is final; the rest is its own trouble, or the
    // system's.
    namespace errors = boost::asio::error;
    const bool final = ec == errors::host_not_found || ec == errors::no_data ||
        ec == errors::service_not_found || ec == errors::invalid_argument;
    Error error{Errc::resolve, final ? Reason::not_found : Reason::temporary, origin.host()};
    return error.set_cause(ec).set_phase(Phase::resolve).set_fate(Fate::unsent);
}

/** A name look-up, shared by all who want to know the same meanwhile.

    It cannot be stopped once it has begun: whoever waits can leave, and the look-up ends in its own
    time. So that a resolver that hangs has one question to answer and not one of each call, the next
    one joins. Where it has hung for a while the next one asks once more, for the network may have
    come back; but nobody asks a third time beside two that hang.
*/
template <class Resolver>
struct LookUp {
    LookUp(const boost::asio::any_io_executor& executor, const Url& url)
        : host(url.host()), port(url.port()), began(time_on(executor)), resolver(executor) {}

    std::string host;
    std::uint16_t port;
    /// A child process hears nothing of what its parent has asked.
    long process = process_number();
    TimePoint began;
    Resolver resolver;
    Signal ended;
    bool finished = false;
    boost::system::error_code error;
    std::vector<Endpoint> endpoints;
};

/// Used on one serial executor.
template <class Resolver>
class HostLookUps {
public:
    /// The addresses of the URL's host with its port, before `until`, in the resolver's order; never
    /// none. Those of an address are at hand.
    boost::asio::awaitable<Result<std::vector<Endpoint>>> find(const Url& url, TimePoint until);

private:
    std::shared_ptr<LookUp<Resolver>> begin(
        const boost::asio::any_io_executor& executor, const Url& url);

    /// Those that have not ended.
    std::vector<std::weak_ptr<LookUp<Resolver>>> under_way_;
};

template <class Resolver>
std::shared_ptr<LookUp<Resolver>> HostLookUps<Resolver>::begin(
    const boost::asio::any_io_executor& executor, const Url& url) {
    const long process = process_number();
    std::erase_if(under_way_, [process](const auto& weak) {
        const auto other = weak.lock();
        return !other || other->finished || other->process != process;
    });
    std::shared_ptr<LookUp<Resolver>> newest;
    std::size_t count = 0;
    for (const auto& weak : under_way_) {
        auto other = weak.lock();
        if (other->host != url.host() || other->port != url.port()) continue;
        newest = std::move(other);
        ++count;
    }
    if (newest &&
        (time_on(executor) - newest->began < NameLookUps::patience ||
         count >= NameLookUps::most_of_a_name))
        return newest;
    auto state = std::make_shared<LookUp<Resolver>>(executor, url);
    under_way_.push_back(state);
    state->resolver.async_resolve(
        state->host,
        std::to_string(state->port),
        boost::asio::ip::resolver_base::numeric_service,
        boost::asio::bind_executor(
            executor, [state](boost::system::error_code ec, const auto& results) {
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

template <class Resolver>
boost::asio::awaitable<Result<std::vector<Endpoint>>> HostLookUps<Resolver>::find(
    const Url& url, TimePoint until) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    if (url.is_ip_literal()) {
        std::vector<Endpoint> endpoints;
        endpoints.emplace_back(boost::asio::ip::make_address(url.host()), url.port());
        co_return endpoints;
    }
    const std::shared_ptr<LookUp<Resolver>> state = begin(executor, url);
    const bool cancelled = !state->finished && co_await state->ended.wait(executor, until);
    if (!state->finished) {
        if (!cancelled) co_return opening_timed_out(Phase::resolve, url);
        Error error{Errc::cancelled};
        co_return error.set_phase(Phase::resolve);
    }
    if (state->error == boost::asio::error::no_memory) throw std::bad_alloc{};
    if (state->error) co_return look_up_failure(state->error, url);
    if (state->endpoints.empty())
        co_return look_up_failure(boost::asio::error::host_not_found, url);
    co_return state->endpoints;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CONNECT_HOST_LOOK_UPS_HPP
