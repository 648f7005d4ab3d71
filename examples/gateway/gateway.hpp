// SPDX-License-Identifier: BSL-1.0
// The server: accepts connections, knows its sessions, and shuts them down.

#ifndef CLARIFY_GATEWAY_GATEWAY_HPP
#define CLARIFY_GATEWAY_GATEWAY_HPP

#include "session.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>

namespace gateway {

/** An HTTP server on an `io_context` that any number of threads run.

    Each session has a strand of its own, so that sessions use all threads and none needs a lock.
    The gateway has one too: its list of sessions is touched there only.

    @par Object lifetimes
    The object must live until nothing of it runs any more: until the context has stopped.
    @par Thread safety
    `endpoint` and `max_sessions` never change; the rest is to be used as it says.
*/
class Gateway {
public:
    /// Listens from now on.
    /// @throws boost::system::system_error when it cannot.
    Gateway(
        boost::asio::io_context& context,
        const boost::asio::ip::tcp::endpoint& endpoint,
        std::size_t max_sessions,
        const SessionLimits& limits,
        Handler handler);
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    /// Where it listens, with the port that the system chose for port 0.
    const boost::asio::ip::tcp::endpoint& endpoint() const { return endpoint_; }

    /// The strand on which `accept` and `shut_down` are to run.
    const boost::asio::any_io_executor& strand() const { return strand_; }

    /// Serves whoever connects, until `shut_down`. Beyond `max_sessions` connections are left to
    /// wait in the system's queue.
    boost::asio::awaitable<void> accept();

    /** Ends all sessions gracefully, and returns when there are none.

        At once: the port is closed, idle connections are ended, and every request in hand is the
        last one of its connection. After `drain`, `give_up` is called; it is to make the handlers
        still at work end soon, and requests that have not arrived by then are dropped. What then
        still does not end, such as a sender that does not read its answer, is cut after a second.
    */
    boost::asio::awaitable<void> shut_down(
        std::chrono::milliseconds drain, std::function<void()> give_up);

private:
    boost::asio::awaitable<void> room();
    boost::asio::awaitable<bool> all_ended(std::chrono::milliseconds limit);
    void open(boost::asio::ip::tcp::socket socket);
    void ended(const std::shared_ptr<Session>& session);

    boost::asio::io_context& context_;
    boost::asio::any_io_executor strand_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::ip::tcp::endpoint endpoint_;
    const std::size_t max_sessions_;
    const SessionLimits limits_;
    const Handler handler_;
    std::set<std::shared_ptr<Session>> sessions_;
    // Cancelled whenever a session ends, to wake who waits for that.
    boost::asio::steady_timer session_ended_;
    bool stopping_ = false;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_GATEWAY_HPP
