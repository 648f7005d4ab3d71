// SPDX-License-Identifier: BSL-1.0

#include "event_loop.hpp"

#include <csignal>
#include <utility>

namespace clarify_cli {
namespace {

boost::asio::io_context& immortal_context() {
    static boost::asio::io_context& context = *new boost::asio::io_context{1};
    return context;
}

}  // namespace

EventLoop::EventLoop() : context_(immortal_context()), signals_(context_) {}

void EventLoop::on_interrupt(std::function<void()> handler) {
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.async_wait(
        [this, handler = std::move(handler)](boost::system::error_code ec, int /*signal*/) {
            if (ec) return;
            interrupted_ = true;
            signals_.clear();
            handler();
        });
}

}  // namespace clarify_cli
