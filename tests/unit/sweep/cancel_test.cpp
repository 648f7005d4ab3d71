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

namespace cancel_test {

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

/// How a call ended that was cancelled at a point where it waited.
struct Ended {
    /// Before anything moved the clock.
    bool at_once = false;
    /// As it would have ended by itself.
    bool undisturbed = false;
    Fate fate = Fate::answered;
};

Ended cancel(const Scenario& scenario, std::size_t at, cancellation_type type) {
    CAPTURE(static_cast<int>(type));
    auto world = scenario.make();
    const auto call = scenario.start(*world);
    for (std::size_t i = 0; i != at; ++i)
        REQUIRE(world->step());
    const bool executed = world->executions(call->nonce) != 0;
    call->signal.emit(type);
    // What is ready runs; the clock does not move.
    world->settle();
    Ended ended;
    ended.at_once = call->outcome.has_value();
    check_aftermath(*world, *call);
    ended.undisturbed = scenario.ends_so(*call->outcome);
    if (ended.undisturbed) return ended;
    REQUIRE_FALSE(*call->outcome);
    CHECK(call->outcome->error().code() == Errc::cancelled);
    ended.fate = call->outcome->error().fate();
    if (executed) CHECK(ended.fate == Fate::unknown);
    return ended;
}

}  // namespace

TEST_CASE("sweep: a call cancelled at any point ends at once, with a true fate") {
    std::size_t cancelled = 0;
    std::size_t kept = 0;
    std::size_t points = 0;
    for (const Scenario& scenario : scenarios()) {
        CAPTURE(scenario.name);
        const std::size_t steps = count_steps(scenario);
        points += steps;
        for (std::size_t at = 0; at != steps; ++at) {
            CAPTURE(at);
            CAPTURE(seed());
            // Terminal cancellation ends it whatever it waits for, and tells what that was.
            const Ended terminal = cancel(scenario, at, cancellation_type::terminal);
            CHECK_MESSAGE(terminal.at_once, "it still waits");
            cancelled += terminal.undisturbed ? 0 : 1;

            const Ended partial = cancel(scenario, at, cancellation_type::partial);
            CHECK_MESSAGE(partial.at_once, "it still waits");
            CHECK(partial.undisturbed == terminal.undisturbed);
            CHECK(partial.fate == terminal.fate);

            // Total cancellation leaves a call alone that has been sent. Between two requests of one
            // that is repeated it may still end it.
            const Ended total = cancel(scenario, at, cancellation_type::total);
            if (scenario.repeats) continue;
            const bool unsent = !terminal.undisturbed && terminal.fate == Fate::unsent;
            if (unsent) {
                CHECK_MESSAGE(total.at_once, "it still waits");
                CHECK(total.fate == Fate::unsent);
            } else {
                CHECK(total.undisturbed);
                ++kept;
            }
        }
    }
    MESSAGE("points: ", points, ", calls cancelled: ", cancelled, ", sent and kept: ", kept);
    CHECK(cancelled > points / 2);
    CHECK(kept > points / 10);
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

}  // namespace cancel_test
