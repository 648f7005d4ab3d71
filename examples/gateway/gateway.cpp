// SPDX-License-Identifier: BSL-1.0

#include "gateway.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace gateway {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

}  // namespace

Gateway::Gateway(
    asio::io_context& context,
    const tcp::endpoint& endpoint,
    std::size_t max_sessions,
    const SessionLimits& limits,
    Handler handler)
    : context_(context),
      strand_(asio::make_strand(context)),
      acceptor_(strand_, endpoint),
      endpoint_(acceptor_.local_endpoint()),
      max_sessions_(max_sessions),
      limits_(limits),
      handler_(std::move(handler)),
      session_ended_(strand_) {}

asio::awaitable<void> Gateway::accept() {
    while (!stopping_) {
        co_await room();
        // The socket belongs to the strand of its session from the start.
        const asio::any_io_executor strand = asio::make_strand(context_);
        auto [ec, socket] = co_await acceptor_.async_accept(strand, as_result);
        if (stopping_) break;
        if (!ec) {
            open(std::move(socket));
            continue;
        }
        // The process may be out of descriptors: sessions get time to end.
        asio::steady_timer pause{strand_, std::chrono::milliseconds{20}};
        co_await pause.async_wait(as_result);
    }
}

/// Waits until one more session is allowed.
asio::awaitable<void> Gateway::room() {
    while (sessions_.size() >= max_sessions_ && !stopping_) {
        session_ended_.expires_at(asio::steady_timer::time_point::max());
        co_await session_ended_.async_wait(as_result);
    }
}

void Gateway::open(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
    const auto session = std::make_shared<Session>(std::move(socket), limits_, handler_);
    sessions_.insert(session);
    // An exception, out of memory say, ends its session and no other.
    const auto on_end = [this, session](const std::exception_ptr&) { ended(session); };
    asio::co_spawn(session->get_executor(), session->run(), asio::bind_executor(strand_, on_end));
}

void Gateway::ended(const std::shared_ptr<Session>& session) {
    sessions_.erase(session);
    session_ended_.cancel();
}

asio::awaitable<void> Gateway::shut_down(
    std::chrono::milliseconds drain, std::function<void()> give_up) {
    constexpr std::chrono::seconds moment{1};
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    for (const auto& session : sessions_)
        session->wind_up(Session::Stage::idle);
    const bool drained = co_await all_ended(drain);
    if (drained) co_return;

    give_up();
    for (const auto& session : sessions_)
        session->wind_up(Session::Stage::receiving);
    const bool gave_up = co_await all_ended(moment);
    if (gave_up) co_return;

    for (const auto& session : sessions_)
        session->cut();
    co_await all_ended(moment);
}

/// Waits until there is no session left, but no longer than `limit`.
asio::awaitable<bool> Gateway::all_ended(std::chrono::milliseconds limit) {
    // Setting the time wakes `room` as well, which then sees that the gateway is stopping.
    session_ended_.expires_after(limit);
    bool in_time = true;
    while (!sessions_.empty() && in_time) {
        const auto [ec] = co_await session_ended_.async_wait(as_result);
        in_time = static_cast<bool>(ec);
    }
    co_return sessions_.empty();
}

}  // namespace gateway
