// SPDX-License-Identifier: BSL-1.0
// Calls that share a deadline and a cancellation, and deadlines that are times.

#include <clarify/client_options.hpp>
#include <clarify/core/call_scope.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <doctest/doctest.h>
#include <support/scripted_bench.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace call_scope_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
using support::rpc_path;
using support::ScriptedBench;

namespace {

using Outcomes = std::vector<std::shared_ptr<std::optional<ScriptedBench::Outcome>>>;

std::shared_ptr<std::optional<ScriptedBench::Outcome>> start(
    ScriptedBench& bench, CallOptions options) {
    auto outcome = std::make_shared<std::optional<ScriptedBench::Outcome>>();
    bench.client->async_call(
        "m", no_params, std::move(options), [outcome](ScriptedBench::Outcome got) {
            outcome->emplace(std::move(got));
        });
    return outcome;
}

struct Member final : clarify::detail::ScopeMember {
    void scope_cancelled() noexcept override { ++told; }
    int told = 0;
};

}  // namespace

TEST_CASE("CallOptions: a deadline is a time on the client's clock") {
    ScriptedBench bench;
    bench.server.on(rpc_path).always(hang());
    const TimePoint begun = bench.client->now();
    const auto late = bench.call("m", CallOptions{begun + 7s});
    REQUIRE(late.has_error());
    CHECK(late.error().code() == Errc::timeout);
    CHECK(bench.clock->elapsed() == 7s);
    // Longer than calls usually have.
    CHECK(bench.call("m", CallOptions{begun + 100s}).has_error());
    CHECK(bench.clock->elapsed() == 100s);
    // With both the earlier one counts.
    CallOptions both{5s};
    both.deadline = begun + 200s;
    CHECK(bench.call("m", both).has_error());
    CHECK(bench.clock->elapsed() == 105s);
    both.deadline = begun + 108s;
    CHECK(bench.call("m", both).has_error());
    CHECK(bench.clock->elapsed() == 108s);
}

TEST_CASE("CallOptions: a time that has passed is a timeout before anything is sent") {
    ScriptedBench bench;
    const TimePoint now = bench.client->now();
    CallOptions past{now - 1h};
    CallOptions present{now};
    CallOptions negative{-1ms};
    CallOptions nothing{0ms};
    CallOptions scoped{CallScope{now}};
    for (const CallOptions& options : {past, present, negative, nothing, scoped}) {
        const auto outcome = bench.call("m", options);
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::timeout);
        CHECK(outcome.error().phase() == Phase::queue);
        CHECK(outcome.error().fate() == Fate::unsent);
        CHECK(outcome.error().attempts() == 0);
    }
    CHECK(bench.server.requests().empty());
}

TEST_CASE("CallOptions: an awaitable that is begun late may be late") {
    ScriptedBench bench;
    auto call = bench.client->call("m", no_params, CallOptions{bench.client->now() + 1s});
    bench.clock->advance(2s);
    const auto outcome = bench.clock->run(bench.context, std::move(call));
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::timeout);
    CHECK(bench.server.requests().empty());
}

TEST_CASE("CallScope: its calls share a deadline, and keep limits of their own") {
    ScriptedBench bench;
    bench.server.on(rpc_path).always(hang());
    const CallScope scope{bench.client->now() + 10s};
    CallOptions brief{scope};
    brief.timeout = 3s;
    const auto first = start(bench, brief);
    const auto second = start(bench, scope);
    bench.clock->run_for(bench.context, 3s);
    CHECK(first->has_value());
    CHECK_FALSE(second->has_value());
    const auto third = start(bench, scope);
    bench.clock->run_for(bench.context, 7s);
    for (const auto& late : {first, second, third}) {
        REQUIRE(late->has_value());
        CHECK((*late)->error().code() == Errc::timeout);
    }
}

TEST_CASE("CallScope: cancelling ends its calls, and those that are begun later, but no others") {
    ScriptedBench bench;
    bench.server.on(rpc_path).always(hang());
    const CallScope scope;
    const auto other = start(bench, {});
    Outcomes calls;
    for (int i = 0; i != 3; ++i)
        calls.push_back(start(bench, scope));
    bench.clock->run_for(bench.context, 1s);
    CHECK(bench.server.in_flight() == 4);
    CHECK_FALSE(scope.is_cancelled());
    CallScope{scope}.cancel();
    CHECK(scope.is_cancelled());
    bench.clock->run_for(bench.context, 0s);
    for (const auto& call : calls) {
        REQUIRE(call->has_value());
        CHECK((*call)->error().code() == Errc::cancelled);
        CHECK((*call)->error().fate() == Fate::unknown);
    }
    CHECK_FALSE(other->has_value());
    CHECK(bench.server.in_flight() == 1);
    const auto late = start(bench, scope);
    bench.clock->run_for(bench.context, 0s);
    REQUIRE(late->has_value());
    CHECK((*late)->error().code() == Errc::cancelled);
    CHECK((*late)->error().fate() == Fate::unsent);
    CHECK(bench.server.count(rpc_path) == 4);
    scope.cancel();
}

TEST_CASE("CallScope: one that goes lets its calls go on") {
    ScriptedBench bench;
    bench.server.on(rpc_path).always(reply_result("1").after(1s));
    const auto call = start(bench, CallScope{});
    bench.clock->run(bench.context);
    CHECK((*call)->has_value());
}

TEST_CASE("CallScope: what is over takes no room") {
    clarify::detail::ScopeMembers members;
    const auto lasting = std::make_shared<Member>();
    REQUIRE(members.add(lasting));
    for (int i = 0; i != 10'000; ++i)
        REQUIRE(members.add(std::make_shared<Member>()));
    CHECK(members.size() <= 32);
    members.cancel();
    members.cancel();
    CHECK(lasting->told == 1);
    CHECK_FALSE(members.add(lasting));
}

}  // namespace call_scope_test
