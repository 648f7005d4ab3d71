// SPDX-License-Identifier: BSL-1.0

#include "event_loop.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

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

bool has_terminal() {
    const int opened = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (opened < 0) return false;
    ::close(opened);
    return true;
}

}  // namespace

EventLoop::EventLoop() : context_(immortal_context()), signals_(context_) {}

void EventLoop::on_hang_up(std::function<void()> handler) {
    ends_with_terminal_ = !is_ignored(SIGHUP) && has_terminal();
    hang_up_ = std::move(handler);
}

void EventLoop::on_interrupt(std::function<void()> handler) {
    interrupt_ = std::move(handler);
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    if (hang_up_ || !is_ignored(SIGHUP)) signals_.add(SIGHUP);
    await_signal();
}

void EventLoop::await_signal() {
    signals_.async_wait([this](boost::system::error_code ec, int signal) {
        if (ec) return;
        // A terminal that goes sends the signal to what was started there.
        if (signal == SIGHUP && hang_up_ && (!ends_with_terminal_ || has_terminal())) {
            hang_up_();
            return await_signal();
        }
        interrupted_ = true;
        signals_.remove(SIGINT);
        signals_.remove(SIGTERM);
        interrupt_();
    });
}

}  // namespace clarify_cli
