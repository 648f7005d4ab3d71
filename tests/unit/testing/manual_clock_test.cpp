// SPDX-License-Identifier: BSL-1.0
// A clock set by hand: alarms, and contexts that run by it.

#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace manual_clock_test {

using namespace std::chrono_literals;
using clarify::Clock;
using clarify::TimePoint;
using clarify::Timer;
using clarify::testing::Halt;
using clarify::testing::ManualClock;
namespace asio = boost::asio;

namespace {

/// Waits `count` times, and notes when each wait ended.
asio::awaitable<void> tick(
    std::shared_ptr<ManualClock> clock,
    Clock::duration interval,
    int count,
    std::vector<Clock::duration>* times) {
    Timer timer{co_await asio::this_coro::executor};
    for (int i = 0; i != count; ++i) {
        timer.expires_at(timer.now() + interval);
        co_await timer.async_wait(asio::as_tuple(asio::deferred));
        times->push_back(clock->elapsed());
    }
}

void start(const asio::any_io_executor& executor, asio::awaitable<void> task) {
    asio::co_spawn(executor, std::move(task), asio::detached);
}

asio::awaitable<std::string> answer() { co_return "forty-two"; }
asio::awaitable<void> explode() {
    throw std::runtime_error{"on purpose"};
    co_return;
}
asio::awaitable<void> wait_often(int count) {
    Timer timer{co_await asio::this_coro::executor};
    for (int i = 0; i != count; ++i) {
        timer.expires_at(timer.now() + 1s);
        co_await timer.async_wait(asio::as_tuple(asio::deferred));
    }
}
asio::awaitable<void> wait_for_ever() {
    Timer timer{co_await asio::this_coro::executor};
    timer.expires_at(TimePoint::max());
    co_await timer.async_wait(asio::as_tuple(asio::deferred));
}

}  // namespace

TEST_CASE("ManualClock: stands still until it is moved, and never goes back") {
    ManualClock clock;
    const TimePoint start = clock.now();
    CHECK(clock.now() == start);
    clock.advance(90s);
    CHECK(clock.now() == start + 90s);
    clock.advance_to(start + 10s);
    CHECK(clock.now() == start + 90s);
    CHECK(clock.elapsed() == 90s);
    CHECK(ManualClock{}.now() == start);
    CHECK(ManualClock{start + 5s}.now() == start + 5s);
    CHECK(ManualClock{start + 5s}.elapsed() == 0s);
}

TEST_CASE("ManualClock: alarms ring in the order of their times, each at its own time") {
    ManualClock clock;
    std::vector<std::pair<int, Clock::duration>> rung;
    const auto at = [&](int name, Clock::duration when) {
        return clock.set_alarm(
            clock.now() + when, [&, name] { rung.emplace_back(name, clock.elapsed()); });
    };
    at(3, 3h);
    at(1, 1h);
    const auto cleared = at(9, 2h);
    at(2, 2h);
    at(4, 3h);
    at(5, 25h);
    CHECK(cleared != 0);
    clock.clear_alarm(cleared);
    clock.clear_alarm(cleared);
    CHECK(clock.next_alarm() == clock.now() + 1h);
    clock.advance(24h);
    CHECK(rung == std::vector<std::pair<int, Clock::duration>>{{1, 1h}, {2, 2h}, {3, 3h}, {4, 3h}});
    CHECK(clock.elapsed() == 24h);
    CHECK(clock.next_alarm() == clock.now() + 1h);
}

TEST_CASE("ManualClock: an alarm that is due rings inside the call that sets it") {
    ManualClock clock;
    int rung = 0;
    CHECK(clock.set_alarm(clock.now(), [&] { ++rung; }) != 0);
    CHECK(clock.set_alarm(TimePoint::min(), [&] { ++rung; }) != 0);
    CHECK(rung == 2);
    CHECK(clock.set_alarm(TimePoint::max(), [&] { ++rung; }) != 0);
    CHECK_FALSE(clock.next_alarm().has_value());
    clock.advance(24h * 365 * 100);
    CHECK(rung == 2);
}

TEST_CASE("ManualClock: an alarm may set, clear and move") {
    ManualClock clock;
    std::vector<std::string> rung;
    const TimePoint start = clock.now();
    const auto doomed = clock.set_alarm(start + 3s, [&] { rung.push_back("doomed"); });
    clock.set_alarm(start + 1s, [&] {
        rung.push_back("first");
        clock.clear_alarm(doomed);
        clock.set_alarm(start + 2s, [&] { rung.push_back("second"); });
        clock.set_alarm(start + 1s, [&] { rung.push_back("at once"); });
    });
    clock.set_alarm(start + 5s, [&] {
        clock.advance(10s);
        rung.push_back("moved");
    });
    clock.set_alarm(start + 6s, [&] { rung.push_back("late"); });
    clock.advance(8s);
    CHECK(rung == std::vector<std::string>{"first", "at once", "second", "late", "moved"});
    CHECK(clock.elapsed() == 15s);
}

TEST_CASE("ManualClock: what an alarm owns is destroyed when it is cleared") {
    ManualClock clock;
    const auto witness = std::make_shared<int>(0);
    const auto alarm = clock.set_alarm(clock.now() + 1s, [witness] {});
    CHECK(witness.use_count() == 2);
    clock.clear_alarm(alarm);
    CHECK(witness.use_count() == 1);
    clock.set_alarm(clock.now() + 1s, [witness] {});
    clock.advance(1s);
    CHECK(witness.use_count() == 1);
}

TEST_CASE("ManualClock: run passes through a day without waiting") {
    asio::io_context context;
    const auto clock = std::make_shared<ManualClock>();
    std::vector<Clock::duration> times;
    start(clock->executor(context), tick(clock, 1h, 24, &times));
    CHECK(clock->run(context) == Halt::finished);
    REQUIRE(times.size() == 24);
    CHECK(times.front() == 1h);
    CHECK(times.back() == 24h);
    CHECK(clock->elapsed() == 24h);
    CHECK(clock->run(context) == Halt::finished);
    CHECK(clock->elapsed() == 24h);
}

TEST_CASE("ManualClock: run returns where nothing but the test itself could go on") {
    asio::io_context context;
    const auto clock = std::make_shared<ManualClock>();
    start(clock->executor(context), wait_for_ever());
    CHECK(clock->run(context) == Halt::stuck);
    CHECK(clock->elapsed() == 0s);
    CHECK(clock->run_for(context, 1h) == Halt::stuck);
    CHECK(clock->elapsed() == 1h);
}

TEST_CASE("ManualClock: run_for stops the clock exactly at its end") {
    asio::io_context context;
    const auto clock = std::make_shared<ManualClock>();
    std::vector<Clock::duration> times;
    start(clock->executor(context), tick(clock, 20s, 3, &times));
    CHECK(clock->run_for(context, 19s) == Halt::time_up);
    CHECK(times.empty());
    CHECK(clock->elapsed() == 19s);
    CHECK(clock->run_for(context, 1s) == Halt::time_up);
    CHECK(times == std::vector<Clock::duration>{20s});
    CHECK(clock->run_for(context, 100s) == Halt::finished);
    CHECK(times == std::vector<Clock::duration>{20s, 40s, 60s});
    CHECK(clock->elapsed() == 120s);
}

TEST_CASE("ManualClock: run_until stops as soon as its condition holds, or its limit has come") {
    asio::io_context context;
    const auto clock = std::make_shared<ManualClock>();
    std::vector<Clock::duration> times;
    start(clock->executor(context), tick(clock, 1min, 10, &times));
    CHECK(clock->run_until(context, [&] { return times.size() == 3; }));
    CHECK(clock->elapsed() == 3min);
    CHECK_FALSE(clock->run_until(
        context, [&] { return times.size() == 9; }, 2min));
    CHECK(clock->elapsed() == 5min);
    CHECK_FALSE(clock->run_until(context, [] { return false; }));
    CHECK(clock->elapsed() == 10min);
    CHECK(times.size() == 10);
}

TEST_CASE("ManualClock: run of a task returns what it returns and throws what it throws") {
    asio::io_context context;
    const auto clock = std::make_shared<ManualClock>();
    CHECK(clock->run(context, answer()) == "forty-two");
    CHECK_THROWS_WITH_AS(clock->run(context, explode()), "on purpose", std::runtime_error);
    CHECK_THROWS_AS(clock->run(context, wait_for_ever()), std::logic_error);
    std::vector<Clock::duration> times;
    clock->run(context, tick(clock, 8h, 3, &times));
    CHECK(times == std::vector<Clock::duration>{8h, 16h, 24h});
}

TEST_CASE("ManualClock: an exception of a handler leaves run") {
    asio::io_context context;
    const auto clock = std::make_shared<ManualClock>();
    asio::post(context, [] { throw std::runtime_error{"handler"}; });
    int ran = 0;
    asio::post(context, [&] { ++ran; });
    CHECK_THROWS_AS(clock->run(context), std::runtime_error);
    CHECK(clock->run(context) == Halt::finished);
    CHECK(ran == 1);
}

TEST_CASE("ManualClock: is moved by one thread while others set and clear") {
    ManualClock clock;
    std::atomic<int> rung = 0;
    constexpr int rounds = 2'000;
    std::vector<std::thread> threads;
    for (int i = 0; i != 3; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round != rounds; ++round) {
                clock.set_alarm(clock.now() + 1ms, [&] { ++rung; });
                clock.clear_alarm(clock.set_alarm(clock.now() + 1h, [&] { rung = -rounds; }));
            }
        });
    }
    for (int round = 0; round != rounds; ++round)
        clock.advance(1us);
    for (std::thread& thread : threads)
        thread.join();
    clock.advance(1ms);
    CHECK(rung == 3 * rounds);
    CHECK_FALSE(clock.next_alarm().has_value());
}

TEST_CASE("ManualClock: timers on several threads follow it") {
    const auto clock = std::make_shared<ManualClock>();
    std::atomic<int> left = 50;
    asio::thread_pool pool{3};
    for (int i = left; i != 0; --i) {
        const asio::any_io_executor serial =
            clarify::detail::SerialExecutor::over(pool.get_executor(), clock);
        asio::co_spawn(serial, wait_often(10), [&left](std::exception_ptr) { --left; });
    }
    while (left != 0) {
        clock->advance(1s);
        std::this_thread::yield();
    }
    pool.join();
    CHECK(clock->elapsed() >= 10s);
    CHECK_FALSE(clock->next_alarm().has_value());
}

}  // namespace manual_clock_test
