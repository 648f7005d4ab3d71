// SPDX-License-Identifier: BSL-1.0

#include "event_loop.hpp"

#include <signal.h>

#include <utility>

namespace clarify_cli {
namespace {

boost::asio::io_context& immortal_context() {
    static boost::asio::io_context& context = *new boost::asio::io_context{1};
    return context;
}

/// As nohup leaves it to programs that are to outlive their terminal.
bool is_ignored(int signal) {
    struct sigaction action {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

EventLoop::EventLoop() : context_(immortal_context()), signals_(context_) {}

void EventLoop::on_interrupt(std::function<void()> handler) {
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    if (!is_ignored(SIGHUP)) signals_.add(SIGHUP);
    signals_.async_wait(
        [this, handler = std::move(handler)](boost::system::error_code ec, int /*signal*/) {
            if (ec) return;
            interrupted_ = true;
            signals_.remove(SIGINT);
            signals_.remove(SIGTERM);
            handler();
        });
}

}  // namespace clarify_cli
