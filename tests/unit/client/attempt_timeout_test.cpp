// SPDX-License-Identifier: BSL-1.0
// The limit of one attempt, in virtual time: what is cut, what follows it, and what is told of it.

#include <clarify/client_options.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <doctest/doctest.h>
#include <support/scripted_bench.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace attempt_timeout_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
using support::rpc_path;
using support::ScriptedBench;

namespace {

CallOptions for_call(bool idempotent, std::chrono::milliseconds timeout = 30s) {
    CallOptions options{timeout};
    options.idempotent = idempotent;
    return options;
}

/// When the requests began, since the clock did.
std::vector<Clock::duration> begun(const ScriptedBench& bench) {
    std::vector<Clock::duration> times;
    for (const RecordedRequest& request : bench.server.requests(rpc_path))
        times.push_back(request.began - (bench.clock->now() - bench.clock->elapsed()));
    return times;
}

}  // namespace

TEST_CASE("attempt limit: silence costs what may be executed twice one attempt, not the call") {
    ScriptedBench bench;
    bench.server.on(rpc_path).then(hang()).then(reply_result("1").after(5s));
    const auto outcome = bench.call("m", for_call(true));
    CHECK(outcome.has_value());
    CHECK(bench.clock->elapsed() == 22s);
    CHECK(begun(bench) == std::vector<Clock::duration>{0s, 17s});
    CHECK(bench.waits == std::vector<Clock::duration>{0s});
    const auto requests = bench.server.requests(rpc_path);
    CHECK_FALSE(requests[0].fresh_connection);
    CHECK(requests[0].ended);
    CHECK(requests[1].fresh_connection);
    CHECK(requests[1].deadline == requests[0].deadline);
}

TEST_CASE("attempt limit: what may not be executed twice keeps the whole limit of the call") {
    ScriptedBench bench;
    bench.server.on(rpc_path).then(reply_result("1").after(29s)).then(hang());
    CHECK(bench.call("m", for_call(false)).has_value());
    CHECK(bench.clock->elapsed() == 29s);
    const auto outcome = bench.call("m", for_call(false));
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code() == Errc::timeout);
    CHECK(outcome.error().fate() == Fate::unknown);
    CHECK(outcome.error().attempts() == 1);
    CHECK(bench.clock->elapsed() == 59s);
    CHECK(bench.server.count(rpc_path) == 2);
}

TEST_CASE("attempt limit: what was not sent at all may be sent again by anybody") {
    ScriptedBench bench;
    bench.server.on(rpc_path).then(hang(Phase::tls)).then(reply_result("1"));
    CHECK(bench.call("m", for_call(false)).has_value());
    CHECK(bench.clock->elapsed() == 17s);

    bench.server.on(rpc_path).then(hang(Phase::tls)).then(hang(Phase::connect));
    const auto outcome = bench.call("m", for_call(false));
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code() == Errc::timeout);
    CHECK(outcome.error().phase() == Phase::connect);
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(outcome.error().attempts() == 2);
}

TEST_CASE("attempt limit: the fate speaks for the attempts that were cut, too") {
    ScriptedBench bench;
    bench.server.on(rpc_path).then(hang()).then(hang(Phase::connect));
    const auto outcome = bench.call("m", for_call(true));
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code() == Errc::timeout);
    CHECK(outcome.error().phase() == Phase::connect);
    CHECK(outcome.error().fate() == Fate::unknown);
    CHECK(outcome.error().attempts() == 2);
    CHECK(bench.clock->elapsed() == 30s);
}

TEST_CASE("attempt limit: each attempt has one, but the last, which keeps the rest of the call") {
    ScriptedBench bench;
    bench.server.on(rpc_path).always(hang());
    CHECK_FALSE(bench.call("m", for_call(true, 100s)).has_value());
    CHECK(begun(bench) == std::vector<Clock::duration>{0s, 17s, 34s});
    CHECK(bench.clock->elapsed() == 100s);
}

TEST_CASE("attempt limit: waiting for a connection is not a part of an attempt") {
    ScriptedBench bench;
    bench.server.on(rpc_path).then(hang().after(20s, Phase::queue)).then(reply_result("1"));
    CHECK(bench.call("m", for_call(true, 60s)).has_value());
    CHECK(begun(bench) == std::vector<Clock::duration>{0s, 37s});
}

TEST_CASE("attempt limit: an answer that is slow, but in time, is taken") {
    ScriptedBench bench;
    bench.server.on(rpc_path).then(reply_result("1").after(17s - 1ms));
    CHECK(bench.call("m", for_call(true)).has_value());
    CHECK(bench.server.count(rpc_path) == 1);
    // And one within the limit of a call that is shorter.
    bench.server.on(rpc_path).then(hang());
    CHECK_FALSE(bench.call("m", for_call(true, 10s)).has_value());
    CHECK(bench.clock->elapsed() == 27s - 1ms);
}

TEST_CASE("attempt limit: the time for a token does not count, that for the answer does") {
    ScriptedBench bench;
    bench.server.on(support::token_path).then(reply_token("slow", 1h).after(9s));
    bench.server.on(rpc_path).then(hang()).then(reply_result("1"));
    CHECK(bench.call("m", for_call(true)).has_value());
    CHECK(begun(bench) == std::vector<Clock::duration>{9s, 26s});
}

TEST_CASE("attempt limit: a call may be cancelled in the attempt that follows one that was cut") {
    ScriptedBench bench;
    bench.server.on(rpc_path).always(hang());
    boost::asio::cancellation_signal signal;
    const auto outcome = bench.start("clarify.selectItems", signal.slot());
    bench.clock->run_for(bench.context, 20s);
    REQUIRE(bench.server.count(rpc_path) == 2);
    CHECK_FALSE(outcome->has_value());
    signal.emit(boost::asio::cancellation_type::terminal);
    bench.clock->run_for(bench.context, 1ms);
    REQUIRE(outcome->has_value());
    CHECK((*outcome)->error().code() == Errc::cancelled);
    CHECK((*outcome)->error().fate() == Fate::unknown);
    CHECK(bench.server.in_flight() == 0);
}

TEST_CASE("attempt limit: for ever means the limit of the call, and nothing else is too long") {
    ClientOptions options;
    options.attempt_timeout = (std::chrono::milliseconds::max)();
    ScriptedBench bench{options};
    bench.server.on(rpc_path).always(hang());
    CHECK_FALSE(bench.call("m", for_call(true)).has_value());
    CHECK(bench.server.count(rpc_path) == 1);
    CHECK(bench.clock->elapsed() == 30s);
    options.attempt_timeout = 0ms;
    CHECK_THROWS_AS(options.check(), std::invalid_argument);
}

}  // namespace attempt_timeout_test
