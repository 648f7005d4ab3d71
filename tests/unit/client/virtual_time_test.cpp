// SPDX-License-Identifier: BSL-1.0
// Deadlines, waits and renewals of a client whose clock is set by hand.

#include <clarify/auth/bearer_token.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>
#include <support/scripted_bench.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace virtual_time_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using support::rpc_path;
using support::token_path;
using Bench = support::ScriptedBench;
using Outcome = Bench::Outcome;

constexpr std::string_view idempotent = "clarify.selectItems";
constexpr std::string_view unknown = "other.method";

}  // namespace

TEST_CASE("virtual time: a day of calls needs a token an hour, and none of them fails") {
    Bench bench;
    // Tokens and replies take their time, so that renewals and calls overlap.
    bench.server.on(token_path).always(issue_tokens(1h).after(2s));
    bench.server.on(rpc_path).always(reply_result("true").after(300ms));
    int failed = 0;
    constexpr int minutes = 24 * 60;
    std::optional<TimePoint> previous;
    for (int i = 0; i != minutes; ++i) {
        const TimePoint started = bench.clock->now();
        if (previous) CHECK(started == *previous + 1min);
        previous = started;
        const Outcome outcome = bench.call(unknown);
        if (!outcome) ++failed;
        // Only the very first call waits for a token.
        CHECK(bench.clock->now() - started <= (i == 0 ? 2'301ms : 301ms));
        bench.clock->run_for(bench.context, started + 1min - bench.clock->now());
    }
    CHECK(failed == 0);
    CHECK(bench.clock->elapsed() == 24h);
    CHECK(bench.server.count(rpc_path) == minutes);
    CHECK(bench.server.count(token_path) >= 24);
    CHECK(bench.server.count(token_path) <= 26);
    // No call was sent with a token that had expired.
    const std::vector<RecordedRequest> tokens = bench.server.requests(token_path);
    for (const RecordedRequest& request : bench.server.requests(rpc_path)) {
        const std::string header{request.header("Authorization")};
        REQUIRE(header.starts_with("Bearer token-"));
        const RecordedRequest& fetch = tokens.at(std::stoul(header.substr(13)) - 1);
        CHECK(request.began - fetch.began < 1h);
    }
}

TEST_CASE("virtual time: a call ends exactly at its deadline, wherever it hangs") {
    for (const Phase phase : clarify::testing::detail::script_phases) {
        CAPTURE(to_string(phase));
        Bench bench;
        bench.server.on(rpc_path).always(hang(phase));
        const Outcome outcome = bench.call(idempotent);
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::timeout);
        CHECK(outcome.error().phase() == phase);
        CHECK(outcome.error().fate() == (phase >= Phase::write ? Fate::unknown : Fate::unsent));
        CHECK(bench.clock->elapsed() == 30s);
        // The limit of an attempt is up before, unless it never left the line.
        CHECK(bench.server.count(rpc_path) == (phase == Phase::queue ? 1 : 2));
        CHECK(bench.server.in_flight() == 0);
    }
}

TEST_CASE("virtual time: a call's own timeout counts, also while it waits for a token") {
    Bench bench;
    bench.server.on(token_path).then(hang(Phase::tls)).always(issue_tokens(1h));
    const Outcome outcome = bench.call(idempotent, CallOptions{1234ms});
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::timeout);
    CHECK(outcome.error().phase() == Phase::token);
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(bench.clock->elapsed() == 1234ms);
    CHECK(bench.server.count(rpc_path) == 0);
}

TEST_CASE("virtual time: the longest timeout there is ends no call") {
    Bench bench;
    bench.server.on(rpc_path).always(reply_result("1").after(2h));
    const Outcome outcome = bench.call(unknown, CallOptions{std::chrono::milliseconds::max()});
    CHECK(outcome.has_value());
    CHECK(bench.clock->elapsed() == 2h);
}

TEST_CASE("virtual time: a server that asks for patience is given it") {
    Bench bench;
    bench.server.on(rpc_path)
        .then(reply(429).header("Retry-After", "20"))
        .always(reply_result("1"));
    const Outcome outcome = bench.call(unknown);
    CHECK(outcome.has_value());
    CHECK(bench.clock->elapsed() >= 20s);
    CHECK(bench.clock->elapsed() < 21s);
    CHECK(bench.waits == std::vector<Clock::duration>{20s});
    CHECK(
        bench.server.requests(rpc_path).at(1).began >=
        bench.server.requests(rpc_path).at(0).began + 20s);
}

TEST_CASE("virtual time: a wait that the deadline does not allow ends the call at once") {
    Bench bench;
    bench.server.on(rpc_path).always(reply(503).header("Retry-After", "31"));
    const Outcome outcome = bench.call(idempotent);
    REQUIRE(outcome.has_error());
    REQUIRE(outcome.error().http() != nullptr);
    CHECK(outcome.error().http()->retry_after == 31s);
    CHECK(bench.clock->elapsed() == 0s);
}

TEST_CASE("virtual time: failures are retried after random waits that double and are capped") {
    ClientOptions options;
    options.retry.attempts = 10;
    options.retry.base = 1s;
    options.retry.cap = 4s;
    options.retry.budget = 0;
    options.call_timeout = std::chrono::minutes{5};
    Bench bench{options};
    bench.server.on(rpc_path)
        .then(fail(Errc::connect, Reason::refused), 9)
        .always(reply_result("1"));
    const Outcome outcome = bench.call(unknown);
    CHECK(outcome.has_value());
    REQUIRE(bench.waits.size() == 9);
    Clock::duration sum{};
    for (std::size_t i = 0; i != bench.waits.size(); ++i) {
        const Clock::duration window = std::min<Clock::duration>(4s, 1s * (1 << i));
        CHECK(bench.waits[i] >= 0s);
        CHECK(bench.waits[i] < window);
        sum += bench.waits[i];
    }
    // The clock moved by the waits and by nothing else.
    CHECK(bench.clock->elapsed() >= sum);
    CHECK(bench.clock->elapsed() <= sum + 200ms);
}

TEST_CASE("virtual time: a call is cancelled in the middle of a long wait") {
    Bench bench;
    bench.server.on(rpc_path).always(reply(503).header("Retry-After", "25"));
    asio::cancellation_signal signal;
    const auto outcome = bench.start(idempotent, signal.slot());
    bench.clock->run_for(bench.context, 10s);
    CHECK_FALSE(outcome->has_value());
    signal.emit(asio::cancellation_type::total);
    bench.clock->run_until(bench.context, [&] { return outcome->has_value(); });
    REQUIRE(outcome->has_value());
    CHECK((*outcome)->error().code() == Errc::cancelled);
    CHECK((*outcome)->error().phase() == Phase::backoff);
    CHECK(bench.clock->elapsed() == 10s);
}

TEST_CASE("virtual time: a lost connection is repeated only where that can do no harm") {
    Bench bench;
    bench.server.on(rpc_path).always(fail(Errc::io, Reason::truncated));
    const Outcome once = bench.call(unknown);
    REQUIRE(once.has_error());
    CHECK(once.error().fate() == Fate::unknown);
    CHECK(once.error().attempts() == 1);
    const Outcome thrice = bench.call(idempotent);
    CHECK(thrice.error().attempts() == 3);
    CHECK(bench.server.count(rpc_path) == 4);
}

TEST_CASE("virtual time: many calls share one token and finish together") {
    Bench bench;
    bench.server.on(token_path).always(issue_tokens(1h).after(5s));
    bench.server.on(rpc_path).always(reply_result("1").after(1s));
    constexpr std::size_t many = 1'000;
    std::vector<std::shared_ptr<std::optional<Outcome>>> calls;
    for (std::size_t i = 0; i != many; ++i)
        calls.push_back(bench.start(unknown));
    CHECK(bench.clock->run(bench.context) == Halt::finished);
    for (const auto& call : calls) {
        REQUIRE(call->has_value());
        CHECK((*call)->has_value());
    }
    CHECK(bench.server.count(token_path) == 1);
    CHECK(bench.server.most_in_flight() == many);
    CHECK(bench.server.kept() == many + 1);
    CHECK(bench.server.dropped() == 0);
    CHECK(bench.clock->elapsed() >= 6s);
    // The client's own timer runs out, and nothing else.
    CHECK(bench.clock->elapsed() <= 6s + 200ms);
}

TEST_CASE("virtual time: a revoked token costs one repetition and one fetch") {
    Bench bench;
    bench.server.on(rpc_path).always([](const RecordedRequest& request) {
        const bool revoked = request.header("Authorization") == "Bearer token-1";
        return revoked ? reply(401).header("WWW-Authenticate", "Bearer") : reply_result("1");
    });
    const Outcome outcome = bench.call(unknown);
    CHECK(outcome.has_value());
    CHECK(bench.server.count(token_path) == 2);
    CHECK(bench.server.count(rpc_path) == 2);
}

TEST_CASE("virtual time: closing the client ends what waits, without time passing") {
    Bench bench;
    bench.server.on(token_path).always(hang());
    const auto outcome = bench.start(unknown);
    bench.clock->run_for(bench.context, 1s);
    bench.client.reset();
    CHECK(bench.clock->run(bench.context) == Halt::finished);
    REQUIRE(outcome->has_value());
    CHECK((*outcome)->error().code() == Errc::closed);
    CHECK(bench.clock->elapsed() == 1s);
    CHECK(bench.server.closed());
    CHECK(bench.server.in_flight() == 0);
}

}  // namespace virtual_time_test
