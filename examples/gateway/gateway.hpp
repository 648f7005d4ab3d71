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
#include <list>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace gateway {

/** An HTTP server on an `io_context` that any number of threads run.

    Each session has a strand of its own, so that sessions use all threads and none needs a lock.
    The gateway has one too: its list of sessions is touched there only.

    @par Object lifetimes
    The object must live until nothing of it runs any more: until the context has stopped. What
    sessions share must live as long.
    @par Thread safety
    `shared` never changes; the rest is to be used as it says.
*/
class Gateway {
public:
    /// Serves nobody yet.
    /// @param accepting Told of shortages that keep it from accepting, and of their end.
    Gateway(
        boost::asio::io_context& context,
        std::size_t max_sessions,
        const SessionShared& shared,
        daemons::LoggedState& accepting);
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    /// Listens from now on, and returns where: with the port that the system chose for port 0.
    /// @throws std::runtime_error when it cannot, with the address.
    boost::asio::ip::tcp::endpoint listen(const boost::asio::ip::tcp::endpoint& endpoint);
    /// The same on a socket that listens already.
    boost::asio::ip::tcp::endpoint adopt(int listener);

    /// The strand on which `accept` and `shut_down` are to run.
    const boost::asio::any_io_executor& strand() const { return strand_; }

    /** Serves whoever connects, until `shut_down`.

        Beyond `max_sessions` connections are left to wait in the system's queue, and so they are while
        the process is out of descriptors or memory. None of that ends accepting.
    */
    void accept();

    /** Ends all sessions gracefully, and returns when there are none.

        At once: the ports are closed, idle connections are ended, and every request in hand is the
        last one of its connection. After `drain`, `give_up` is called; it is to make the handlers
        still at work end soon, and requests that have not arrived by then are dropped. What then
        still does not end, such as a sender that does not read its answer, is cut after a second.
    */
    boost::asio::awaitable<void> shut_down(
        std::chrono::milliseconds drain, std::function<void()> give_up);

private:
    using Acceptor = boost::asio::ip::tcp::acceptor;

    boost::asio::awaitable<void> accept_at(Acceptor& acceptor);
    boost::asio::awaitable<std::string> accept_next(Acceptor& acceptor);
    boost::asio::awaitable<bool> all_ended(std::chrono::milliseconds limit);
    void open(boost::asio::ip::tcp::socket socket);
    void ended(const std::shared_ptr<Session>& session);

    boost::asio::io_context& context_;
    boost::asio::any_io_executor strand_;
    std::list<Acceptor> acceptors_;
    const std::size_t max_sessions_;
    const SessionShared& shared_;
    daemons::LoggedState& accepting_;
    std::set<std::shared_ptr<Session>> sessions_;
    // Cancelled whenever a session ends, to wake who waits for that.
    boost::asio::steady_timer session_ended_;
    bool stopping_ = false;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_GATEWAY_HPP
