// SPDX-License-Identifier: BSL-1.0
// Cancels a call at each point where it waits.

#include <boost/asio/cancellation_type.hpp>

#include <doctest/doctest.h>
#include <support/scenarios.hpp>
#include <support/world.hpp>

#include <cstddef>
#include <memory>
#include <random>
#include <string>

using namespace clarify;
using namespace support;
using boost::asio::cancellation_type;

namespace {

constexpr cancellation_type types[] = {
    cancellation_type::terminal, cancellation_type::partial, cancellation_type::total};

/// How many handlers run until the scenario's call has ended by itself.
std::size_t count_steps(const Scenario& scenario) {
    auto world = scenario.make();
    const auto call = scenario.start(*world);
    std::size_t steps = 0;
    while (!call->outcome) {
        REQUIRE(world->step());
        ++steps;
    }
    CHECK(world->lie(*call) == "");
    return steps;
}

/// Everything that must hold after a call was disturbed.
void check_aftermath(World& world, const World::Call& call) {
    REQUIRE(world.finish(call));
    world.settle();
    CHECK(world.lie(call) == "");
    // The client serves on, in places that were given back.
    world.heal();
    const auto next = world.call();
    REQUIRE(next->outcome);
    CHECK_MESSAGE(*next->outcome, next->outcome->error().message());
    CHECK(world.lie(*next) == "");
    CHECK(world.lie(call) == "");
    world.client.reset();
    world.settle();
    CHECK(world.net.open() == 0);
}

}  // namespace

TEST_CASE("sweep: a call cancelled at any point ends at once, with a true fate") {
    std::size_t cancelled = 0;
    std::size_t points = 0;
    for (const Scenario& scenario : scenarios()) {
        const std::size_t steps = count_steps(scenario);
        points += steps;
        for (std::size_t at = 0; at != steps; ++at) {
            for (const cancellation_type type : types) {
                CAPTURE(scenario.name);
                CAPTURE(at);
                CAPTURE(static_cast<int>(type));
                CAPTURE(seed());
                auto world = scenario.make();
                const auto call = scenario.start(*world);
                for (std::size_t i = 0; i != at; ++i)
                    REQUIRE(world->step());
                const bool sent = world->executions(call->nonce) != 0;
                const TimePoint before = world->clock->now();
                call->signal.emit(type);
                // What is ready runs; the clock does not move.
                world->settle();
                if (type != cancellation_type::total) {
                    CHECK_MESSAGE(call->outcome, "it still waits");
                }
                if (call->outcome && !scenario.ends_so(*call->outcome)) {
                    REQUIRE_FALSE(*call->outcome);
                    ++cancelled;
                    CHECK(call->outcome->error().code() == Errc::cancelled);
                    if (sent) CHECK(call->outcome->error().fate() == Fate::unknown);
                }
                check_aftermath(*world, *call);
                // Total cancellation leaves a call alone that has been sent, and that then ends as
                // it would have.
                if (type != cancellation_type::total) CHECK(world->clock->now() >= before);
            }
        }
    }
    MESSAGE("points: ", points, ", calls cancelled: ", cancelled);
    CHECK(cancelled > points);
}

TEST_CASE("sweep: a call cancelled twice ends once") {
    std::mt19937_64 random{seed()};
    for (const Scenario& scenario : scenarios()) {
        const std::size_t steps = count_steps(scenario);
        for (int round = 0; round != 60; ++round) {
            CAPTURE(scenario.name);
            CAPTURE(round);
            CAPTURE(seed());
            const std::size_t first = random() % steps;
            const std::size_t second = random() % 8;
            auto world = scenario.make();
            const auto call = scenario.start(*world);
            for (std::size_t i = 0; i != first; ++i)
                REQUIRE(world->step());
            call->signal.emit(types[random() % 3]);
            for (std::size_t i = 0; i != second; ++i)
                world->step();
            if (!call->outcome) call->signal.emit(types[random() % 3]);
            check_aftermath(*world, *call);
        }
    }
}

TEST_CASE("sweep: a client destroyed at any point ends its calls as closed, with a true fate") {
    for (const Scenario& scenario : scenarios()) {
        const std::size_t steps = count_steps(scenario);
        for (std::size_t at = 0; at != steps; ++at) {
            CAPTURE(scenario.name);
            CAPTURE(at);
            auto world = scenario.make();
            const auto call = scenario.start(*world);
            for (std::size_t i = 0; i != at; ++i)
                REQUIRE(world->step());
            world->client.reset();
            world->settle();
            REQUIRE(call->outcome);
            if (!scenario.ends_so(*call->outcome)) {
                REQUIRE_FALSE(*call->outcome);
                CHECK(call->outcome->error().code() == Errc::closed);
            }
            CHECK(world->lie(*call) == "");
            CHECK(world->net.open() == 0);
        }
    }
}

TEST_CASE("sweep: a context destroyed at any point destroys the handlers uncalled") {
    for (const Scenario& scenario : scenarios()) {
        const std::size_t steps = count_steps(scenario);
        for (std::size_t at = 0; at != steps; ++at) {
            CAPTURE(scenario.name);
            CAPTURE(at);
            std::shared_ptr<World::Call> call;
            {
                auto world = scenario.make();
                call = scenario.start(*world);
                for (std::size_t i = 0; i != at; ++i)
                    REQUIRE(world->step());
                world->abandon();
            }
            CHECK(call->completions == 0);
            CHECK(call.use_count() == 1);
        }
    }
}
