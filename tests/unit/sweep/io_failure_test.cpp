// SPDX-License-Identifier: BSL-1.0
// Makes each step of a call's input and output fail, and breaks connections at each byte.

#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>

#include <doctest/doctest.h>
#include <support/scenarios.hpp>
#include <support/world.hpp>

#include <cstddef>
#include <memory>
#include <random>

namespace io_failure_test {

using namespace clarify;
using namespace support;

namespace {

/// What systems report for broken connections, short resources and bugs.
const error_code failures[] = {
    boost::asio::error::connection_reset,
    boost::asio::error::eof,
    boost::asio::error::broken_pipe,
    boost::asio::error::timed_out,
    boost::asio::error::host_unreachable,
    boost::asio::error::network_down,
    boost::asio::error::no_buffer_space,
    boost::asio::error::bad_descriptor};

/// The steps that the scenario's call takes when nothing fails, and those before it begins.
struct Steps {
    std::size_t before = 0;
    std::size_t during = 0;
};

Steps count(const Scenario& scenario) {
    auto world = scenario.make();
    Steps steps;
    steps.before = world->net.steps();
    const auto call = scenario.start(*world);
    REQUIRE(world->finish(*call));
    steps.during = world->net.steps() - steps.before;
    return steps;
}

void check_ended(World& world, const World::Call& call) {
    REQUIRE_MESSAGE(world.finish(call), "it never ended");
    world.settle();
    CHECK(world.lie(call) == "");
    if (!*call.outcome) {
        const Error& error = call.outcome->error();
        CHECK(error.code() != Errc::internal);
        CHECK(error.attempts() <= 3);
        if (error.fate() == Fate::unsent) CHECK(error.phase() <= Phase::tls);
    }
    world.heal();
    // A failed token fetch is remembered for a while.
    world.clock->advance(std::chrono::minutes{2});
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

TEST_CASE("sweep: each step of input and output fails once with each error") {
    std::size_t cases = 0;
    for (const Scenario& scenario : scenarios()) {
        const Steps steps = count(scenario);
        REQUIRE(steps.during > 0);
        for (std::size_t at = 1; at <= steps.during; ++at) {
            for (const error_code failure : failures) {
                CAPTURE(scenario.name);
                CAPTURE(at);
                CAPTURE(failure.message());
                auto world = scenario.make();
                world->net.fail_step(steps.before + at, failure);
                check_ended(*world, *scenario.start(*world));
                ++cases;
            }
        }
    }
    MESSAGE("failures injected: ", cases);
}

TEST_CASE("sweep: all steps of input and output fail, until they do not") {
    std::mt19937_64 random{seed()};
    for (const Scenario& scenario : scenarios()) {
        const Steps steps = count(scenario);
        for (int round = 0; round != 40; ++round) {
            CAPTURE(scenario.name);
            CAPTURE(round);
            CAPTURE(seed());
            auto world = scenario.make();
            const std::size_t first = steps.before + 1 + random() % steps.during;
            const std::size_t last = first + random() % 12;
            for (std::size_t at = first; at <= last; ++at)
                world->net.fail_step(at, failures[random() % std::size(failures)]);
            check_ended(*world, *scenario.start(*world));
        }
    }
}

namespace {

/// Breaks the first connection of a call in either direction behind each byte.
void cut_everywhere(const WorldOptions& options, bool idempotent, error_code with) {
    std::size_t sizes[2];
    {
        World world{options};
        world.call(idempotent);
        sizes[0] = world.net.bytes_to_server(0);
        sizes[1] = world.net.bytes_to_client(0);
    }
    for (const bool to_client : {false, true}) {
        for (std::size_t bytes = 0; bytes <= sizes[to_client ? 1 : 0]; ++bytes) {
            CAPTURE(to_client);
            CAPTURE(bytes);
            CAPTURE(with.message());
            World world{options};
            world.net.cut_next(to_client, bytes, with);
            const auto call = world.start(idempotent);
            check_ended(world, *call);
            // One that may be repeated is, and so comes through.
            if (idempotent) CHECK(*call->outcome);
            CHECK(world.executions(call->nonce) <= (idempotent ? 2 : 1));
        }
    }
}

}  // namespace

TEST_CASE("sweep: a connection broken behind any byte, in clear text") {
    WorldOptions options;
    options.tls = false;
    for (const bool idempotent : {false, true}) {
        cut_everywhere(options, idempotent, boost::asio::error::eof);
        cut_everywhere(options, idempotent, boost::asio::error::connection_reset);
    }
}

TEST_CASE("sweep: a connection ended behind any byte, under TLS") {
    cut_everywhere(WorldOptions{}, false, boost::asio::error::eof);
}

TEST_CASE("sweep: a connection reset behind any byte, under TLS") {
    cut_everywhere(WorldOptions{}, true, boost::asio::error::connection_reset);
}

}  // namespace io_failure_test
