// SPDX-License-Identifier: BSL-1.0

#include <clarify/http/detail/pool/background_timer.hpp>
#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>

namespace background_timer_test {

using namespace clarify;
using clarify::detail::BackgroundTimer;
using clarify::detail::SerialExecutor;
using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST_CASE("BackgroundTimer: a context is not kept running by it") {
    asio::io_context context;
    const asio::any_io_executor serial = SerialExecutor::over(context.get_executor());
    BackgroundTimer timer{serial};
    int rung = 0;
    for (int i = 0; i != 3; ++i) {
        bool set = false;
        asio::post(serial, [&] { set = timer.set(Clock::now() + 1h, [&] { ++rung; }); });
        const TimePoint began = Clock::now();
        context.restart();
        context.run();
        CHECK(set);
        CHECK(Clock::now() - began < 30min);
    }
    CHECK(rung == 0);
}

TEST_CASE("BackgroundTimer: rings once on a context that runs for something else") {
    asio::io_context context;
    const asio::any_io_executor serial = SerialExecutor::over(context.get_executor());
    auto work = std::make_optional(asio::make_work_guard(context));
    BackgroundTimer timer{serial};
    int early = 0;
    int rung = 0;
    asio::post(serial, [&] {
        timer.set(Clock::now() + 1ms, [&] { ++early; });
        // What is set last counts.
        timer.set(Clock::now() + 2ms, [&] {
            ++rung;
            timer.set(Clock::now() + 1ms, [&] {
                ++rung;
                work.reset();
            });
        });
    });
    context.run();
    CHECK(early == 0);
    CHECK(rung == 2);
    // The count of work is what it was: the context still runs as long as it has any.
    bool late = false;
    asio::steady_timer other{context, 5ms};
    other.async_wait([&](boost::system::error_code) { late = true; });
    context.restart();
    context.run();
    CHECK(late);
}

TEST_CASE("BackgroundTimer: one that is destroyed does not ring, nor leave the count wrong") {
    asio::io_context context;
    const asio::any_io_executor serial = SerialExecutor::over(context.get_executor());
    int rung = 0;
    asio::post(serial, [&] {
        BackgroundTimer timer{serial};
        timer.set(Clock::now(), [&] { ++rung; });
    });
    context.run();
    bool late = false;
    asio::steady_timer other{context, 5ms};
    other.async_wait([&](boost::system::error_code) { late = true; });
    context.restart();
    context.run();
    CHECK(late);
    CHECK(rung == 0);
}

TEST_CASE("BackgroundTimer: goes by the clock of its executor") {
    asio::io_context context;
    const auto clock = std::make_shared<testing::ManualClock>();
    const asio::any_io_executor serial = clock->executor(context);
    BackgroundTimer timer{serial};
    int rung = 0;
    asio::post(serial, [&] { timer.set(clock->now() + 1h, [&] { ++rung; }); });
    CHECK(clock->run_for(context, 1h - 1ns) == testing::Halt::finished);
    CHECK(rung == 0);
    clock->run_for(context, 1ns);
    clock->run(context);
    CHECK(rung == 1);
}

TEST_CASE("BackgroundTimer: neither a pool of threads nor a strand stays for it") {
    asio::thread_pool pool{2};
    asio::io_context context;
    for (const bool in_pool : {true, false}) {
        const asio::any_io_executor inner = in_pool
            ? asio::any_io_executor{asio::make_strand(pool)}
            : asio::any_io_executor{asio::make_strand(context.get_executor())};
        const asio::any_io_executor serial = SerialExecutor::over(inner);
        const auto timer = std::make_shared<BackgroundTimer>(serial);
        bool set = false;
        asio::post(serial, [&set, timer] { set = timer->set(Clock::now() + 1h, [] {}); });
        const TimePoint began = Clock::now();
        in_pool ? pool.join() : static_cast<void>(context.run());
        CHECK(set);
        CHECK(Clock::now() - began < 30min);
    }
}

TEST_CASE("BackgroundTimer: is not set from outside, where nothing else may be under way") {
    asio::io_context context;
    const asio::any_io_executor serial = SerialExecutor::over(context.get_executor());
    BackgroundTimer outside{serial};
    CHECK_FALSE(outside.set(Clock::now() + 1h, [] {}));
}

}  // namespace background_timer_test
