// SPDX-License-Identifier: BSL-1.0
// How few tokens a client asks for, and how little its calls notice of it.

#include <clarify/auth/detail/token_cache.hpp>

#include "token_bench.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace token_thrift_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
using clarify::detail::TokenCache;
using support::TokenBench;

namespace {

std::size_t count_failed(const std::vector<std::shared_ptr<TokenBench::Pending>>& calls) {
    return static_cast<std::size_t>(std::count_if(calls.begin(), calls.end(), [](const auto& call) {
        return !call->outcome || call->outcome->has_error();
    }));
}

/// Ten thousand calls a second for `span`.
std::vector<std::shared_ptr<TokenBench::Pending>> rush(TokenBench& bench, Clock::duration span) {
    std::vector<std::shared_ptr<TokenBench::Pending>> calls;
    for (Clock::duration done{}; done < span; done += 1ms) {
        for (int i = 0; i != 10; ++i)
            calls.push_back(bench.start());
        bench.pass(1ms);
    }
    return calls;
}

}  // namespace

TEST_CASE("token thrift: ten thousand calls a second do not notice a renewal") {
    TokenBench bench;
    bench.tokens().always(issue_tokens(3'600s).after(200ms));
    REQUIRE(bench.call().has_value());
    bench.pass(3'539s);
    const auto calls = rush(bench, 1s);
    bench.pass(1s);
    CHECK(calls.size() == 10'000);
    CHECK(count_failed(calls) == 0);
    CHECK(bench.fetches() == 2);
    for (const auto& call : calls)
        CHECK(call->outcome.has_value());
}

TEST_CASE("token thrift: a renewal that fails harms no call until the old token ends") {
    TokenBench bench;
    std::size_t most = 0;
    bench.tokens().then(issue_tokens(3'600s)).always([&](const RecordedRequest&) {
        most = std::max(most, bench.server.in_flight());
        return reply(400).after(300ms);
    });
    const TimePoint begun = bench.clock->now();
    REQUIRE(bench.call().has_value());
    bench.pass(begun + 3'539'800ms - bench.clock->now());
    const auto calls = rush(bench, 400ms);
    for (TimePoint at = bench.clock->now(); at < begun + 3'600s; at += 250ms) {
        CHECK(bench.call().has_value());
        bench.pass(at + 250ms - bench.clock->now());
    }
    CHECK(count_failed(calls) == 0);
    // At 0, after pauses of 1, 2, 4, 8 and 16 s, and perhaps of 32 s.
    CHECK(bench.fetches() >= 1 + 5);
    CHECK(bench.fetches() <= 1 + 7);
    const auto requests = bench.server.requests(TokenBench::token_path);
    for (std::size_t i = 2; i < requests.size(); ++i)
        CHECK(requests[i].began - requests[i - 1].began >= 1s * (1 << (i - 2)) + 300ms);
    for (const RecordedRequest& request : bench.server.requests(TokenBench::rpc_path))
        CHECK(request.header("Authorization") == "Bearer token-1");
    // One renewal at a time, beside at most a few calls.
    CHECK(most <= 2);
    CHECK(bench.call().error().reason() == Reason::denied);
}

TEST_CASE("token thrift: each caller leaves at its own deadline, and the fetch goes on") {
    TokenBench bench;
    bench.tokens().always(issue_tokens(1h).after(29s));
    const TimePoint begun = bench.clock->now();
    // The one that began the fetch is the first to go.
    std::vector<std::shared_ptr<TokenBench::Pending>> calls;
    for (int i = 1; i != 29; ++i)
        calls.push_back(bench.start(1s * i));
    const auto last = bench.start(30s);
    bench.pass(31s);
    for (int i = 1; i != 29; ++i) {
        const TokenBench::Pending& call = *calls[static_cast<std::size_t>(i - 1)];
        REQUIRE(call.outcome.has_value());
        CHECK(call.outcome->error().code() == Errc::timeout);
        CHECK(call.outcome->error().phase() == Phase::token);
        CHECK(call.outcome->error().fate() == Fate::unsent);
        CHECK(call.ended - begun == 1s * i);
    }
    REQUIRE(last->outcome.has_value());
    CHECK(last->outcome->has_value());
    CHECK(bench.fetches() == 1);
}

TEST_CASE("token thrift: an endpoint that hangs does not disturb calls that have a token") {
    TokenBench bench;
    bench.tokens().then(issue_tokens(3'600s)).always(hang());
    const TimePoint begun = bench.clock->now();
    REQUIRE(bench.call().has_value());
    bench.pass(begun + 3'540s - bench.clock->now());
    for (int second = 0; second != 59; ++second) {
        const TimePoint asked = bench.clock->now();
        CHECK(bench.call().has_value());
        CHECK(bench.clock->now() == asked);
        bench.pass(asked + 1s - bench.clock->now());
    }
    // One fetch of thirty seconds, a pause, and the next.
    CHECK(bench.fetches() == 3);
    CHECK(bench.failures.size() == 1);
    CHECK(bench.failures.at(0).code() == Errc::timeout);
}

TEST_CASE("token thrift: a token that lives a second costs a fetch a second, not a fetch a call") {
    TokenBench bench;
    bench.tokens().always(issue_tokens(1s).after(50ms));
    std::vector<std::shared_ptr<TokenBench::Pending>> calls;
    for (int i = 0; i != 10'000; ++i) {
        calls.push_back(bench.start());
        bench.pass(1ms);
    }
    bench.pass(1s);
    CHECK(count_failed(calls) == 0);
    CHECK(bench.fetches() >= 10);
    CHECK(bench.fetches() <= 13);
}

TEST_CASE("token thrift: a token that is dead on arrival is a failure with a pause") {
    TokenBench bench;
    bench.tokens().then(issue_tokens(1s).after(1s)).always(issue_tokens(1s).after(1500ms));
    const auto calls = bench.start_many(100);
    bench.pass(10s);
    for (const auto& call : calls) {
        REQUIRE(call->outcome.has_value());
        CHECK(call->outcome->error().reason() == Reason::bad_expiry);
    }
    CHECK(bench.fetches() == 1);
    // Those who keep asking get it at most after each pause: 1, 2, 4, ... s.
    for (int i = 0; i != 100; ++i) {
        CHECK(bench.call().has_error());
        bench.pass(100ms);
    }
    CHECK(bench.fetches() <= 1 + 4);
    CHECK(bench.sends() == 0);
}

TEST_CASE("token thrift: a hundred days with revocations and outages cost what they must") {
    // The decisions alone: a call each quarter of a second, an issuer that answers at once.
    constexpr std::chrono::seconds life = 3'600s;
    constexpr Clock::duration step = 250ms;
    const TimePoint start{1'000h};
    const TimePoint end = start + 100 * 24h;
    std::minstd_rand random{20260823};
    const auto between = [&](int low, int high) {
        return std::chrono::seconds{std::uniform_int_distribution<int>{low, high}(random)};
    };
    TokenCache cache;
    std::size_t good = 0;
    std::size_t failed = 0;
    std::size_t revocations = 0;
    std::size_t pauses = 0;
    TimePoint revoked_at = start + between(600, 40'000);
    TimePoint outage_begins = start + between(600, 100'000);
    TimePoint outage_ends = outage_begins + between(1, 4'000);
    TimePoint recovered = start;
    std::size_t refused = 0;
    std::size_t refused_without_reason = 0;
    for (TimePoint now = start; now < end; now += step) {
        const bool down = now >= outage_begins && now < outage_ends;
        if (now >= outage_ends) {
            // From 1 s doubling to 60 s, then one a minute; and the one that ends the outage.
            pauses += 7 + static_cast<std::size_t>((outage_ends - outage_begins) / 60s);
            recovered = outage_ends;
            outage_begins = now + between(600, 100'000);
            outage_ends = outage_begins + between(1, 4'000);
        }
        TokenCache::Decision decision = cache.decide(now, now + 30s);
        if (decision.step == TokenCache::Step::use && now >= revoked_at) {
            cache.rejected(cache.header(), now, true);
            ++revocations;
            revoked_at = now + between(600, 40'000);
            decision = cache.decide(now, now + 30s);
        }
        if (decision.step == TokenCache::Step::fetch || decision.renew) {
            cache.fetch_started();
            if (down) {
                cache.failed(Error{Errc::token, Reason::bad_response}, now, std::nullopt);
                ++failed;
            } else {
                cache.fetched(std::make_shared<const Secret>("Bearer t"), now, life);
                ++good;
            }
            decision = cache.decide(now, now + 30s);
        }
        if (decision.step != TokenCache::Step::use) {
            ++refused;
            // An outage, or the pause that it leaves behind.
            if (!down && now - recovered > 60s) ++refused_without_reason;
        }
    }
    const std::size_t lives = static_cast<std::size_t>((end - start) / (life - 60s)) + 1;
    MESSAGE(
        "fetches: " << good << " good, " << failed << " failed; " << lives << " lives, "
                    << revocations << " revocations, " << pauses << " pauses");
    CHECK(good <= lives + revocations);
    CHECK(failed <= pauses);
    CHECK(good + failed <= lives + revocations + pauses);
    CHECK(revocations > 300);
    CHECK(pauses > 1'000);
    CHECK(refused > 0);
    CHECK(refused_without_reason == 0);
}

}  // namespace token_thrift_test
