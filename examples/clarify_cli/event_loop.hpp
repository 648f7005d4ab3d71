// SPDX-License-Identifier: BSL-1.0
// The thread's event loop, with SIGINT, SIGTERM and SIGHUP as events.

#ifndef CLARIFY_CLI_EVENT_LOOP_HPP
#define CLARIFY_CLI_EVENT_LOOP_HPP

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <functional>

namespace clarify_cli {

/** Runs everything in one thread, until stopped.

    @par Object lifetimes
    The context itself is never destroyed: a name look-up cannot be abandoned, and destroying the
   context would wait for it, long after the call that wanted it has failed. What is left inside
   never runs.
*/
class EventLoop {
public:
    EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    boost::asio::any_io_executor get_executor() { return context_.get_executor(); }

    /** Has SIGHUP call `handler`, each time, instead of interrupting; for what runs for days. Also where
        it is ignored. Where the terminal is gone that the process was started at, it still interrupts,
        unless it was ignored. Before `on_interrupt`.
    */
    void on_hang_up(std::function<void()> handler);
    /** Calls `handler` on the first signal. The second one ends the process at once, unless it is
        SIGHUP: the shell and the terminal send one each. SIGHUP stays ignored if it is.
    */
    void on_interrupt(std::function<void()> handler);
    bool interrupted() const { return interrupted_; }

    void run() { context_.run(); }
    void stop() { context_.stop(); }

private:
    void await_signal();

    boost::asio::io_context& context_;
    boost::asio::signal_set signals_;
    std::function<void()> hang_up_;
    std::function<void()> interrupt_;
    bool ends_with_terminal_ = true;
    bool interrupted_ = false;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_EVENT_LOOP_HPP
