// SPDX-License-Identifier: BSL-1.0
// What threads of the process bring back to a context, while the process forks.

#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/way_back.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace way_back_test {

using clarify::detail::ContextLink;
using clarify::detail::WayBack;
namespace asio = boost::asio;

namespace {

/// An executor that takes its time.
struct Slow {
    asio::execution_context& query(asio::execution::context_t) const noexcept { return *context; }
    asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
        return asio::execution::blocking.never;
    }
    Slow require(asio::execution::blocking_t::never_t) const noexcept { return *this; }
    template <class Function>
    void execute(Function&& function) const {
        *inside = true;
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        asio::post(*context, std::forward<Function>(function));
    }
    friend bool operator==(const Slow&, const Slow&) noexcept = default;

    asio::io_context* context;
    std::atomic<bool>* inside;
};

/// Has a child do something that may take for ever; whether it came to its end.
bool ends_in_child(const std::function<void()>& body) {
    const ::pid_t child = ::fork();
    if (child == 0) {
        ::alarm(10);
        body();
        ::_exit(0);
    }
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("WayBack: a child has a context that nobody holds, at whatever moment it was forked") {
    for (int round = 0; round != 3; ++round) {
        auto context = std::make_unique<asio::io_context>();
        std::atomic<bool> inside = false;
        int arrived = 0;
        auto back = std::make_shared<WayBack<int>>(
            Slow{context.get(), &inside}, [&](int brought) { arrived += brought; });
        // Detached: a child cannot wait for it.
        const auto over = std::make_shared<std::atomic<bool>>(false);
        std::thread{[back = std::move(back), over]() mutable {
            back->take(7);
            back.reset();
            *over = true;
        }}.detach();
        while (!inside)
            std::this_thread::yield();
        CHECK(ends_in_child([&] {
            context->notify_fork(asio::execution_context::fork_child);
            ContextLink::of(*context)->is_there();
            context->run();
            context.reset();
            if (arrived != 7) std::abort();
        }));
        while (!*over)
            std::this_thread::yield();
        context->run();
        CHECK(arrived == 7);
    }
}

TEST_CASE("WayBack: what has arrived, or whose context is gone, is let go of in any thread") {
    int arrived = 0;
    asio::io_context context;
    auto back = std::make_shared<WayBack<int>>(
        context.get_executor(), [&](int brought) { arrived += brought; });
    back->take(1);
    context.run();
    CHECK(arrived == 1);
    std::thread{[last = std::move(back)]() mutable { last.reset(); }}.join();

    auto other = std::make_unique<asio::io_context>();
    const auto late = std::make_shared<WayBack<int>>(
        other->get_executor(), [&](int brought) { arrived += brought; });
    other.reset();
    late->take(1);
    CHECK(arrived == 1);
}

}  // namespace way_back_test
