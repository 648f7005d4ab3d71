// SPDX-License-Identifier: BSL-1.0
// Makes each allocation of a call fail, from its beginning to the end of what it leaves behind: in
// the client, and in Asio below it.

#include <doctest/doctest.h>
#include <support/allocations.hpp>
#include <support/scenarios.hpp>
#include <support/world.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

using namespace clarify;
using namespace support;

namespace {

/// Only this allocation fails, if `CLARIFY_ALLOCATION` is set: the number that a failed check shows.
std::optional<std::size_t> only() {
    const char* const text = std::getenv("CLARIFY_ALLOCATION");
    if (text == nullptr) return std::nullopt;
    return std::strtoull(text, nullptr, 10);
}

/// All of them fail, not a share, if `CLARIFY_SWEEP` is `full`.
bool is_full() {
    const char* const text = std::getenv("CLARIFY_SWEEP");
    return text != nullptr && std::string{text} == "full";
}

struct Tally {
    std::size_t runs = 0;
    std::size_t calls_failed = 0;
    std::size_t escaped = 0;
    std::map<std::string, int> errors;
};

/// A client with one place for a connection, so that one that is lost is missed.
ClientOptions narrow() {
    ClientOptions options;
    options.http.max_connections = 1;
    return options;
}

std::vector<Scenario> all_scenarios() {
    std::vector<Scenario> out = scenarios(narrow());
    WorldOptions plain;
    plain.tls = false;
    plain.client = narrow();
    const auto world = [plain] { return std::make_unique<World>(plain); };
    const auto warm = [plain] {
        auto made = std::make_unique<World>(plain);
        made->call();
        return made;
    };
    const auto plain_call = [](World& on) { return on.start(false); };
    WorldOptions chunked = plain;
    chunked.chunked = true;
    out.push_back({"warm, plain", warm, plain_call});
    out.push_back({"chunked", [chunked] { return std::make_unique<World>(chunked); }, plain_call});
    out.push_back({"batch", warm, [](World& on) { return on.start_batch(false); }});
    out.push_back({"insert", world, [](World& on) { return on.start_insert(); }});
    out.push_back({"data frame", warm, [](World& on) { return on.start_data_frame(); }});
    return out;
}

bool all_ended(const World& world) {
    return std::all_of(world.calls.begin(), world.calls.end(), [](const auto& call) {
        return call->outcome || call->refused;
    });
}

/// Runs until all calls have ended and nothing is left to do, or nothing happens any more. Counts
/// the exceptions that leave the context.
std::size_t run(World& world) {
    std::size_t escaped = 0;
    for (;;) {
        try {
            while (!all_ended(world) && world.step()) {
            }
            world.settle();
            return escaped;
        } catch (const std::bad_alloc&) {
            ++escaped;
        }
    }
}

/// What must hold once every call of the world has ended.
void check_aftermath(World& world, TimePoint began) {
    for (const auto& call : world.calls) {
        if (call->refused) {
            CHECK(call->completions == 0);
            CHECK(world.executions(call->nonce) == 0);
            continue;
        }
        REQUIRE_MESSAGE(call->outcome, "it never ended");
        CHECK(world.lie(*call) == "");
        if (!*call->outcome) {
            CAPTURE(call->outcome->error().to_string());
            CHECK(call->outcome->error().code() != Errc{});
        }
    }
    CHECK(world.clock->now() - began < std::chrono::seconds{31});
    world.heal();
    // A failed token fetch is remembered for a while.
    world.clock->advance(std::chrono::minutes{2});
    const auto next = world.call();
    REQUIRE(next->outcome);
    CHECK_MESSAGE(*next->outcome, next->outcome->error().to_string());
    CHECK(world.lie(*next) == "");
    world.client.reset();
    world.settle();
    CHECK(world.net.open() == 0);
}

/// Runs the scenario once for each of its allocations, or for every `stride`th, which fails, with
/// `count - 1` more behind it.
Tally sweep(const Scenario& scenario, std::size_t count, std::size_t stride) {
    Tally tally;
    if (is_full() || only()) stride = 1;
    std::size_t number = only().value_or(seed() % stride);
    for (bool more = true; more; number += stride) {
        CAPTURE(scenario.name);
        CAPTURE(number);
        CAPTURE(count);
        std::vector<std::shared_ptr<World::Call>> calls;
        {
            auto world = scenario.make();
            world->calls.clear();
            const TimePoint began = world->clock->now();
            {
                const FailingAllocations failing{number, count};
                scenario.start(*world);
                tally.escaped += run(*world);
                const FailingAllocations::Spared spared;
                more = FailingAllocations::seen() > number && !only();
            }
            ++tally.runs;
            for (const auto& call : world->calls) {
                const bool failed = call->outcome && !*call->outcome;
                if (failed) ++tally.errors[call->outcome->error().to_string()];
                tally.calls_failed += failed ? 1U : 0U;
            }
            calls = world->calls;
            check_aftermath(*world, began);
        }
        // Nobody else has a call any more.
        for (const auto& call : calls)
            CHECK(call.use_count() == 1);
    }
    return tally;
}

void report(const std::string& name, const Tally& tally) {
    if (std::getenv("CLARIFY_TEST_VERBOSE") == nullptr) return;
    std::cout << name << ": " << tally.runs << " runs, " << tally.calls_failed << " calls failed, "
              << tally.escaped << " exceptions\n";
    for (const auto& [text, times] : tally.errors)
        std::cout << "    " << times << " x " << text << '\n';
}

}  // namespace

TEST_CASE("sweep: each allocation fails once") {
    std::size_t runs = 0;
    for (const Scenario& scenario : all_scenarios()) {
        const Tally tally = sweep(scenario, 1, 1);
        report(scenario.name, tally);
        runs += tally.runs;
    }
    MESSAGE("allocations failed: ", runs);
}
