// SPDX-License-Identifier: BSL-1.0
// What a watchdog stops, and when it gives its owner a turn, by a clock that is set by hand.

#include <clarify/detail/watchdog.hpp>
#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace watchdog_test {

using namespace clarify;
using namespace clarify::detail;
using namespace std::chrono_literals;
using testing::Halt;
using testing::ManualClock;

namespace {

struct Watched final : Activity {
    void task_gone() noexcept override {}
};

class Owner final : public std::enable_shared_from_this<Owner>, public Watchdog::Owner {
public:
    Owner(boost::asio::io_context& context, std::shared_ptr<ManualClock> manual)
        : clock(std::move(manual)), dog(*this, clock->executor(context)) {}

    void turn() noexcept override { turns.push_back(clock->elapsed()); }
    TimePoint next_turn(TimePoint now, bool idle) const noexcept override {
        return wanted ? wanted(now, idle) : idle ? TimePoint::max() : now + Watchdog::tick;
    }
    std::weak_ptr<Watchdog> weak_watchdog() noexcept override {
        return std::shared_ptr<Watchdog>{shared_from_this(), &dog};
    }

    std::shared_ptr<ManualClock> clock;
    Watchdog dog;
    std::vector<Clock::duration> turns;
    std::function<TimePoint(TimePoint, bool)> wanted;
};

struct Bench {
    std::shared_ptr<Watched> watch(Clock::duration after) {
        auto made = std::make_shared<Watched>();
        made->deadline = clock->now() + after;
        owner->dog.watch(*made);
        return made;
    }

    boost::asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<Owner> owner = std::make_shared<Owner>(context, clock);
};

}  // namespace

TEST_CASE("Watchdog: stops each activity at its own deadline, but not one that it lets go of") {
    Bench bench;
    const auto late = bench.watch(30ms);
    const auto early = bench.watch(10ms);
    const auto gone = bench.watch(20ms);
    bench.clock->run_for(bench.context, 10ms);
    CHECK(early->stopped == Stop::timeout);
    CHECK(late->stopped == Stop::none);
    bench.owner->dog.unwatch(*gone);
    bench.owner->dog.unwatch(*gone);
    bench.clock->run_for(bench.context, 1s);
    CHECK(late->stopped == Stop::timeout);
    CHECK(gone->stopped == Stop::none);
}

TEST_CASE("Watchdog: gives turns while there is something to watch, and then rests") {
    Bench bench;
    const auto activity = bench.watch(250ms);
    CHECK(bench.clock->run(bench.context) == Halt::finished);
    CHECK(activity->stopped == Stop::timeout);
    CHECK(bench.owner->turns == std::vector<Clock::duration>{100ms, 200ms, 250ms});
}

TEST_CASE("Watchdog: gives the turn that its owner wants, and not before") {
    Bench bench;
    const TimePoint start = bench.clock->now();
    bench.owner->wanted = [&](TimePoint now, bool idle) {
        CHECK(idle);
        return now < start + 40ms ? start + 40ms : TimePoint::max();
    };
    bench.owner->dog.rearm();
    CHECK(bench.clock->run(bench.context) == Halt::finished);
    CHECK(bench.owner->turns == std::vector<Clock::duration>{40ms});
}

TEST_CASE("Watchdog: stops all at once, whatever the deadlines") {
    Bench bench;
    const std::vector<std::shared_ptr<Watched>> all{bench.watch(1h), bench.watch(2h)};
    all.front()->stop(Stop::cancelled);
    CHECK(bench.owner->dog.stop_all(Stop::closed));
    CHECK(all.front()->stopped == Stop::cancelled);
    CHECK(all.back()->stopped == Stop::closed);
    bench.owner->dog.rest();
    CHECK(bench.clock->run(bench.context) == Halt::finished);
    CHECK(bench.clock->elapsed() == 0ms);
}

TEST_CASE("Watchdog: whose owner is gone, or that has let go of its timer, stops nothing") {
    SUBCASE("gone") {
        Bench bench;
        const auto activity = bench.watch(10ms);
        bench.owner.reset();
        bench.clock->run_for(bench.context, 1s);
        CHECK(activity->stopped == Stop::none);
    }
    SUBCASE("let go") {
        Bench bench;
        const auto activity = bench.watch(10ms);
        bench.owner->dog.release();
        const auto other = bench.watch(10ms);
        bench.clock->run_for(bench.context, 1s);
        CHECK(activity->stopped == Stop::none);
        CHECK(other->stopped == Stop::none);
        CHECK(bench.owner->turns.empty());
    }
}

TEST_CASE("Watchdog: no context stays for it when nothing is watched any more") {
    boost::asio::io_context context;
    const auto serial = SerialExecutor::over(context.get_executor());
    struct RealOwner final : std::enable_shared_from_this<RealOwner>, Watchdog::Owner {
        explicit RealOwner(const boost::asio::any_io_executor& executor) : dog(*this, executor) {}
        void turn() noexcept override { ++turns; }
        TimePoint next_turn(TimePoint now, bool idle) const noexcept override {
            return idle ? TimePoint::max() : now + 30min;
        }
        std::weak_ptr<Watchdog> weak_watchdog() noexcept override {
            return std::shared_ptr<Watchdog>{shared_from_this(), &dog};
        }
        Watchdog dog;
        int turns = 0;
    };
    const auto owner = std::make_shared<RealOwner>(serial);
    for (int round = 0; round != 2; ++round) {
        Watched activity;
        activity.deadline = Clock::now() + 1h;
        boost::asio::post(serial, [&] { owner->dog.watch(activity); });
        boost::asio::post(serial, [&] {
            owner->dog.unwatch(activity);
            owner->dog.settle();
        });
        const TimePoint began = Clock::now();
        context.restart();
        context.run();
        CHECK(Clock::now() - began < 20min);
    }
    CHECK(owner->turns == 0);
    // It stays for what is watched.
    const auto activity = std::make_shared<Watched>();
    activity->deadline = Clock::now() + 20ms;
    boost::asio::post(serial, [&] { owner->dog.watch(*activity); });
    context.restart();
    context.run();
    CHECK(activity->stopped == Stop::timeout);
}

}  // namespace watchdog_test
