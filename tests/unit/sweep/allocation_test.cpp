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

namespace allocation_test {

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

/// What must hold once every call of the world has ended, of which some failed as `is_true` allows.
void check_aftermath(
    const Scenario& scenario, World& world, TimePoint began, bool (*is_true)(const Error&)) {
    for (const auto& call : world.calls) {
        if (call->refused) {
            CHECK(call->completions == 0);
            CHECK(world.executions(call->nonce) == 0);
            continue;
        }
        REQUIRE_MESSAGE(call->outcome, "it never ended");
        CHECK(world.lie(*call) == "");
        if (scenario.ends_so(*call->outcome)) continue;
        REQUIRE_FALSE(*call->outcome);
        CAPTURE(call->outcome->error().to_string());
        CHECK(is_true(call->outcome->error()));
    }
    CHECK(world.clock->now() - began < std::chrono::seconds{31});
    world.heal();
    // A failed token fetch is remembered for a while.
    world.clock->advance(std::chrono::minutes{2});
    const auto next = world.call();
    REQUIRE(next->outcome);
    CHECK_MESSAGE(*next->outcome, next->outcome->error().to_string());
    CHECK(world.lie(*next) == "");
    // Its connection falls idle, and its time is up.
    world.clock->advance(std::chrono::minutes{2});
    world.settle();
    CHECK(world.net.open() == 0);
    world.client.reset();
    world.settle();
}

/// What is made to fail.
struct Shortage {
    Allocator of = Allocator::cpp;
    /// How many allocations in a row.
    std::size_t count = 1;
    /// Each of so many is the first of them, which ones says the seed, and so is each of the last
    /// `all_of_last`.
    std::size_t stride = 1;
    std::size_t all_of_last = 0;
    bool (*is_true)(const Error&) = [](const Error& error) {
        return error.code() == Errc::internal && error.reason() == Reason::resource;
    };

    bool includes(std::size_t number, std::size_t all) const {
        if (const auto one = only()) return number == *one;
        return is_full() || number % stride == seed() % stride || number + all_of_last >= all;
    }
};

/// Runs the scenario in `world`, where allocation `number` fails. Returns how many there were, and
/// adds the exceptions that leave the context.
std::size_t run(
    const Scenario& scenario,
    World& world,
    const Shortage& shortage,
    std::size_t number,
    std::size_t& escaped) {
    world.calls.clear();
    const FailingAllocations failing{number, shortage.count, shortage.of};
    scenario.start(world);
    escaped += run(world);
    const FailingAllocations::Spared spared;
    return FailingAllocations::seen();
}

/// Runs the scenario once for each allocation that the shortage includes.
Tally sweep(const Scenario& scenario, const Shortage& shortage) {
    Tally tally;
    const std::size_t all =
        run(scenario, *scenario.make(), shortage, FailingAllocations::none, tally.escaped);
    for (std::size_t number = 0; number != all; ++number) {
        if (!shortage.includes(number, all)) continue;
        CAPTURE(scenario.name);
        CAPTURE(number);
        CAPTURE(shortage.count);
        CAPTURE(seed());
        std::vector<std::shared_ptr<World::Call>> calls;
        {
            auto world = scenario.make();
            const TimePoint began = world->clock->now();
            run(scenario, *world, shortage, number, tally.escaped);
            ++tally.runs;
            for (const auto& call : world->calls) {
                const bool failed = call->outcome && !scenario.ends_so(*call->outcome);
                if (failed) ++tally.errors[call->outcome->error().to_string()];
                tally.calls_failed += failed ? 1U : 0U;
            }
            calls = world->calls;
            check_aftermath(scenario, *world, began, shortage.is_true);
        }
        // Nobody else has a call any more.
        for (const auto& call : calls)
            CHECK(call.use_count() == 1);
    }
    return tally;
}

/// All scenarios, and what became of them.
Tally sweep(const std::vector<Scenario>& scenarios, const Shortage& shortage) {
    Tally all;
    for (const Scenario& scenario : scenarios) {
        const Tally tally = sweep(scenario, shortage);
        all.runs += tally.runs;
        all.calls_failed += tally.calls_failed;
        all.escaped += tally.escaped;
        if (std::getenv("CLARIFY_TEST_VERBOSE") == nullptr) continue;
        std::cout << scenario.name << ": " << tally.runs << " runs, " << tally.calls_failed
                  << " calls failed, " << tally.escaped << " exceptions\n";
        for (const auto& [text, times] : tally.errors)
            std::cout << "    " << times << " x " << text << '\n';
    }
    return all;
}

}  // namespace

TEST_CASE("sweep: each allocation fails once") {
    const Tally tally = sweep(all_scenarios(), {});
    MESSAGE("allocations failed: ", tally.runs);
    CHECK((only() || tally.calls_failed > tally.runs / 2));
}

TEST_CASE("sweep: twenty allocations of the library's in a row fail") {
    Shortage shortage;
    shortage.count = 20;
    const Tally tally = sweep(all_scenarios(), shortage);
    MESSAGE("allocations failed: ", tally.runs);
    CHECK((only() || tally.calls_failed > tally.runs / 2));
    // Asio alone lets an exception out of run(): where it has no memory to get a completion to its
    // executor. It does not fail here.
    CHECK(tally.escaped == 0);
}

namespace {

/// OpenSSL often says something else of a shortage, and may well take a peer for one that it is not.
/// But it never says that the configuration is at fault, nor is an error called unsent that was not.
bool is_true_of_openssl(const Error& error) {
    switch (error.code()) {
        case Errc::internal:
            return error.reason() == Reason::resource;
        case Errc::tls:
            return error.fate() == Fate::unsent;
        case Errc::io:
            return error.fate() == Fate::unknown;
        default:
            return false;
    }
}

}  // namespace

TEST_CASE("sweep: each allocation of OpenSSL fails once") {
    REQUIRE(counts_openssl());
    WorldOptions options;
    options.client = narrow();
    const auto call = [](World& on) { return on.start(false); };
    const auto cold = [options] { return std::make_unique<World>(options); };
    const auto warm = [options] {
        auto made = std::make_unique<World>(options);
        made->call();
        return made;
    };
    const auto resumed = [warm] {
        auto made = warm();
        made->clock->advance(std::chrono::minutes{2});
        made->settle();
        return made;
    };
    // What OpenSSL makes once for the program is not made to fail.
    warm();
    Shortage shortage;
    shortage.of = Allocator::openssl;
    shortage.is_true = &is_true_of_openssl;
    shortage.stride = 31;
    shortage.all_of_last = 32;
    const Tally tally =
        sweep({{"cold", cold, call}, {"warm", warm, call}, {"resumed", resumed, call}}, shortage);
    MESSAGE("allocations failed: ", tally.runs);
    CHECK((only() || tally.calls_failed > tally.runs / 4));
    CHECK(tally.escaped == 0);
}

TEST_CASE("sweep: whatever allocation of OpenSSL fails, no peer is taken for one that it is not") {
    REQUIRE(counts_openssl());
    World{}.call();
    Shortage shortage;
    shortage.of = Allocator::openssl;
    shortage.stride = 31;
    // Among them is all that verifies.
    shortage.all_of_last = 96;
    const auto call = [](World& on) { return on.start(true); };
    WorldOptions unknown;
    unknown.trusted = false;
    WorldOptions misnamed;
    misnamed.host = "other.example";
    WorldOptions revoked;
    revoked.revoked = true;
    WorldOptions revoked_at_best = revoked;
    revoked_at_best.client.http.tls.revocation = Revocation::best_effort;
    const auto scenario_of = [&](const char* name, const WorldOptions& options) {
        return Scenario{name, [options] { return std::make_unique<World>(options); }, call};
    };
    for (const Scenario& scenario :
         {scenario_of("of an unknown authority", unknown),
          scenario_of("of another name", misnamed),
          scenario_of("revoked", revoked),
          scenario_of("revoked, lists at best effort", revoked_at_best)}) {
        std::size_t escaped = 0;
        std::size_t runs = 0;
        const std::size_t all =
            run(scenario, *scenario.make(), shortage, FailingAllocations::none, escaped);
        for (std::size_t number = 0; number != all; ++number) {
            if (!shortage.includes(number, all)) continue;
            CAPTURE(scenario.name);
            CAPTURE(number);
            CAPTURE(seed());
            const auto world = scenario.make();
            run(scenario, *world, shortage, number, escaped);
            ++runs;
            REQUIRE(world->calls.front()->outcome);
            CHECK_FALSE(*world->calls.front()->outcome);
            // Nor later.
            world->clock->advance(std::chrono::minutes{2});
            const auto next = world->call();
            REQUIRE(next->outcome);
            CHECK(next->outcome->error().code() == Errc::tls);
            CHECK(world->server->requests().empty());
        }
        CHECK(escaped == 0);
        MESSAGE("allocations failed: ", runs, " of ", all);
    }
}

}  // namespace allocation_test
