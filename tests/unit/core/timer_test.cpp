// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/timer.hpp>
#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>

namespace timer_test {

using namespace clarify;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

/// A context with a clock that a test sets, and a serial executor that goes by it.
struct Scene {
    void wait(Timer& timer) {
        timer.async_wait([&](boost::system::error_code) {
            ++ended;
            expired = timer.expired();
        });
    }
    int run() {
        context.restart();
        context.poll();
        return ended;
    }

    asio::io_context context;
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    asio::any_io_executor executor = clock->executor(context);
    int ended = 0;
    std::optional<bool> expired;
};

}  // namespace

TEST_CASE("Timer: on a client's executor it goes by the client's clock") {
    Scene scene;
    Timer timer{scene.executor, scene.clock->now() + 1h};
    CHECK(detail::time_on(scene.executor) == scene.clock->now());
    scene.wait(timer);
    scene.clock->advance(59min);
    CHECK(scene.run() == 0);
    scene.clock->advance(1min);
    CHECK(scene.run() == 1);
    CHECK(scene.expired == true);
}

TEST_CASE("Timer: on other executors of a context with a clock it goes by that, strands included") {
    Scene scene;
    const asio::any_io_executor plain = scene.context.get_executor();
    for (const asio::any_io_executor& executor :
         {plain,
          asio::any_io_executor{asio::make_strand(plain)},
          asio::any_io_executor{asio::make_strand(scene.context)},
          asio::any_io_executor{asio::make_strand(scene.executor)}}) {
        scene.ended = 0;
        CHECK(detail::time_on(executor) == scene.clock->now());
        Timer timer{executor, scene.clock->now() + 1h};
        scene.wait(timer);
        scene.clock->advance(59min);
        CHECK(scene.run() == 0);
        scene.clock->advance(1min);
        CHECK(scene.run() == 1);
        CHECK(scene.expired == true);
    }
    // A client that goes by the steady clock does so beside it.
    const asio::any_io_executor steady = detail::SerialExecutor::over(plain);
    CHECK(detail::time_source(steady) == nullptr);
    // The clock that was set last counts.
    const auto other = std::make_shared<testing::ManualClock>();
    other->executor(scene.context);
    CHECK(detail::time_source(plain) == other);
    CHECK(detail::time_source(scene.executor) == scene.clock);
}

TEST_CASE("Timer: a context lets go of its clock as it goes") {
    const auto clock = std::make_shared<testing::ManualClock>();
    {
        asio::io_context context;
        clock->executor(context);
        CHECK(clock.use_count() == 2);
    }
    CHECK(clock.use_count() == 1);
}

TEST_CASE("Timer: elsewhere it goes by the steady clock") {
    asio::io_context context;
    const asio::any_io_executor executor = context.get_executor();
    const TimePoint before = Clock::now();
    CHECK(detail::time_on(executor) >= before);
    Timer timer{executor, Clock::now()};
    bool expired = false;
    timer.async_wait([&](boost::system::error_code ec) { expired = !ec && timer.expired(); });
    context.run();
    CHECK(expired);
}

TEST_CASE("Timer: one that was never set waits until it is cancelled") {
    Scene scene;
    for (const bool manual : {true, false}) {
        CAPTURE(manual);
        scene.ended = 0;
        const asio::any_io_executor plain = scene.context.get_executor();
        Timer timer{manual ? scene.executor : plain};
        CHECK(timer.expiry() == TimePoint::max());
        scene.wait(timer);
        scene.clock->advance(24h);
        CHECK(scene.run() == 0);
        timer.cancel();
        CHECK(scene.run() == 1);
        CHECK(scene.expired == false);
    }
}

TEST_CASE("Timer: one whose time has passed before anybody waits ends the wait at once") {
    Scene scene;
    Timer timer{scene.executor, scene.clock->now() + 1s};
    scene.clock->advance(2s);
    CHECK(scene.run() == 0);
    scene.wait(timer);
    CHECK(scene.run() == 1);
    CHECK(scene.expired == true);
}

TEST_CASE("Timer: a new time ends the wait for the old one") {
    Scene scene;
    Timer timer{scene.executor, scene.clock->now() + 1s};
    scene.wait(timer);
    timer.expires_at(scene.clock->now() + 1h);
    CHECK(scene.run() == 1);
    CHECK(scene.expired == false);
    scene.wait(timer);
    scene.clock->advance(2s);
    CHECK(scene.run() == 1);
    scene.clock->advance(1h);
    CHECK(scene.run() == 2);
}

TEST_CASE("Timer: it may be destroyed while its alarm rings") {
    Scene scene;
    auto timer = std::make_unique<Timer>(scene.executor, scene.clock->now() + 1s);
    timer->async_wait([&](boost::system::error_code) { ++scene.ended; });
    scene.clock->advance(1s);
    timer.reset();
    CHECK(scene.run() == 1);
    CHECK_FALSE(scene.clock->next_alarm().has_value());
}

}  // namespace timer_test
