// SPDX-License-Identifier: BSL-1.0
// The way of other threads back to a context that stays, goes, or is just going.

#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/post_back.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace post_back_test {

namespace asio = boost::asio;
using clarify::PostBack;

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

}  // namespace

TEST_CASE("PostBack: what any thread posts runs on the executor, as often as it likes") {
    asio::io_context context;
    const auto serial = clarify::detail::SerialExecutor::over(context.get_executor());
    int ran = 0;
    int elsewhere = 0;
    const auto count = [&] {
        ++ran;
        if (!serial.running_in_this_thread()) ++elsewhere;
    };
    {
        const PostBack back{serial};
        std::thread{[back, count] {
            for (int i = 0; i != 3; ++i)
                CHECK(back.post(count));
        }}.join();
        CHECK(back.post([&] {
            CHECK(PostBack{serial}.post(count));
            // Not from within, though it is on the executor already.
            CHECK(ran == 3);
        }));
    }
    CHECK(ran == 0);
    // No work of the context: it ends by itself.
    context.run();
    CHECK(ran == 4);
    CHECK(elsewhere == 0);
}

TEST_CASE("PostBack: where the context is gone the function is left as it was") {
    auto context = std::make_unique<asio::io_context>();
    const auto back = std::make_unique<PostBack>(context->get_executor());
    auto queued = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = queued;
    CHECK(back->post([held = std::move(queued)] { FAIL("was called"); }));
    CHECK(!watch.expired());
    context.reset();
    CHECK(watch.expired());
    auto late = [held = std::make_unique<int>(2)] { FAIL("was called"); };
    bool posted = true;
    std::thread{[&] { posted = back->post(std::move(late)); }}.join();
    CHECK(!posted);
}

TEST_CASE("PostBack: a context may go while threads post to it, and the last handle anywhere") {
    for (int round = 0; round != 20; ++round) {
        auto context = std::make_unique<asio::io_context>();
        std::atomic<bool> gone = false;
        std::atomic<int> began = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i != 2; ++i) {
            threads.emplace_back([&, back = PostBack{context->get_executor()}] {
                ++began;
                while (back.post([] {})) {
                }
                gone = true;
            });
        }
        while (began != 2)
            std::this_thread::yield();
        context->run();
        context.reset();
        for (std::thread& thread : threads)
            thread.join();
        CHECK(gone);
    }
}

TEST_CASE("PostBack: a child has a context that nobody holds, at whatever moment it was forked") {
    asio::io_context context;
    std::atomic<bool> inside = false;
    int arrived = 0;
    // Detached: a child cannot wait for it.
    const auto over = std::make_shared<std::atomic<bool>>(false);
    std::thread{[&, over, back = PostBack{Slow{&context, &inside}}] {
        back.post([&] { ++arrived; });
        *over = true;
    }}.detach();
    while (!inside)
        std::this_thread::yield();
    const ::pid_t child = ::fork();
    if (child == 0) {
        ::alarm(10);
        context.notify_fork(asio::execution_context::fork_child);
        const bool there = PostBack{context.get_executor()}.post([&] { ++arrived; });
        context.run();
        ::_exit(there && arrived == 2 ? 0 : 1);
    }
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    while (!*over)
        std::this_thread::yield();
    context.run();
    CHECK(arrived == 1);
}

}  // namespace post_back_test
