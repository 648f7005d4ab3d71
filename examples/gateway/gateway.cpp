// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/private_socket.hpp>

#include "gateway.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>

#include <exception>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <tuple>
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
    std::size_t max_sessions,
    const SessionShared& shared,
    daemons::LoggedState& accepting)
    : context_(context),
      strand_(asio::make_strand(context)),
      max_sessions_(max_sessions),
      shared_(shared),
      accepting_(accepting),
      session_ended_(strand_) {}

tcp::endpoint Gateway::listen(const tcp::endpoint& endpoint) {
    Acceptor acceptor{strand_};
    error_code ec;
    clarify::detail::open_private(acceptor, endpoint.protocol(), ec);
    if (!ec) acceptor.set_option(tcp::acceptor::reuse_address{true}, ec);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (!ec) acceptor.non_blocking(true, ec);
    if (ec) {
        std::ostringstream text;
        text << "cannot listen on " << endpoint << ": " << ec.message();
        if (ec == boost::system::errc::address_not_available)
            text << "; this machine does not have that address, or not yet";
        throw std::runtime_error{text.str()};
    }
    const tcp::endpoint where = acceptor.local_endpoint();
    acceptors_.push_back(std::move(acceptor));
    return where;
}

tcp::endpoint Gateway::adopt(int listener) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    const bool v6 = address.ss_family == AF_INET6;
    Acceptor& acceptor = acceptors_.emplace_back(strand_, v6 ? tcp::v6() : tcp::v4(), listener);
    acceptor.non_blocking(true);
    return acceptor.local_endpoint();
}

void Gateway::accept() {
    for (Acceptor& acceptor : acceptors_)
        asio::co_spawn(strand_, accept_at(acceptor), asio::detached);
}

asio::awaitable<void> Gateway::accept_at(Acceptor& acceptor) {
    constexpr std::chrono::milliseconds moment{20};
    asio::steady_timer pause{strand_};
    while (!stopping_) {
        std::string problem;
        try {
            problem = co_await accept_next(acceptor);
            if (stopping_) break;
            if (!problem.empty()) {
                accepting_.failed(problem);
                // Sessions get time to end.
                pause.expires_after(moment);
                co_await pause.async_wait(as_result);
            }
        } catch (const std::exception&) {
            // Out of memory, so that not even a wait can begin.
            std::this_thread::sleep_for(moment);
        }
    }
}

/// Waits for a connection, and for room for it. Returns why there is none.
asio::awaitable<std::string> Gateway::accept_next(Acceptor& acceptor) {
    error_code ec;
    std::tie(ec) = co_await acceptor.async_wait(Acceptor::wait_read, as_result);
    if (ec || stopping_) co_return ec.message();
    if (sessions_.size() >= max_sessions_) {
        accepting_.failed(std::to_string(max_sessions_) + " connections are open");
        while (sessions_.size() >= max_sessions_ && !stopping_) {
            session_ended_.expires_at(asio::steady_timer::time_point::max());
            co_await session_ended_.async_wait(as_result);
        }
        if (stopping_) co_return std::string{};
    }
    // The socket belongs to the strand of its session from the start.
    tcp::socket socket{asio::make_strand(context_)};
    clarify::detail::accept_private(acceptor, socket, ec);
    if (ec == asio::error::would_block) co_return std::string{};
    if (ec) co_return ec.message();
    open(std::move(socket));
    accepting_.succeeded();
    co_return std::string{};
}

void Gateway::open(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
    const auto session = std::make_shared<Session>(std::move(socket), shared_);
    sessions_.insert(session);
    // An exception, out of memory say, ends its session and no other.
    const auto on_end = [this, session](const std::exception_ptr&) { ended(session); };
    try {
        asio::co_spawn(
            session->get_executor(), session->run(), asio::bind_executor(strand_, on_end));
    } catch (...) {
        sessions_.erase(session);
        throw;
    }
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
    for (Acceptor& acceptor : acceptors_)
        acceptor.close(ignored);
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
    // Setting the time wakes `accept_next` as well, which then sees that the gateway is stopping.
    session_ended_.expires_after(limit);
    bool in_time = true;
    while (!sessions_.empty() && in_time) {
        const auto [ec] = co_await session_ended_.async_wait(as_result);
        in_time = static_cast<bool>(ec);
    }
    co_return sessions_.empty();
}

}  // namespace gateway
