// SPDX-License-Identifier: BSL-1.0
// How long a Retry-After binds: by which clock, and less where anybody on the way may have said it.

#include <doctest/doctest.h>
#include <support/scripted_bench.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace retry_patience_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;

namespace {

using support::rpc_path;
using support::ScriptedBench;
using support::token_path;

constexpr std::chrono::sys_days today{std::chrono::year{2026} / 11 / 30};
const std::string in_seven_seconds = "Mon, 30 Nov 2026 00:00:07 GMT";
const std::string plain = "http://127.0.0.1";

CallOptions patient(std::chrono::milliseconds timeout) {
    CallOptions options{timeout};
    options.idempotent = true;
    return options;
}

Answer asks_for(unsigned status, std::string retry_after) {
    return reply(status).header("Retry-After", std::move(retry_after));
}

/// What a backend says where a proxy opens no tunnel.
Answer proxy_asks_for(std::chrono::milliseconds wait) {
    HttpFailure failure;
    failure.status = 503;
    failure.retry_after = wait;
    Error error{Errc::proxy, Reason::refused, "the proxy opened no tunnel"};
    return fail(error.set_phase(Phase::proxy).set_http(std::move(failure)));
}

/// The wait of a call before it is sent again, after `answer`; nothing where it is not.
std::optional<Clock::duration> wait_after(
    const Answer& answer, const std::string& origin, ClientOptions options = {}) {
    ScriptedBench bench{std::move(options), origin};
    bench.server.on(rpc_path).then(answer).always(reply_result("1"));
    const auto outcome = bench.call("m", patient(1h));
    CHECK(outcome.has_value() == (bench.waits.size() == 1));
    if (bench.waits.empty()) return std::nullopt;
    return bench.waits.front();
}

}  // namespace

TEST_CASE("patience: a date in a reply without a date is measured against the client's clock") {
    ScriptedBench bench;
    bench.clock->set_wall_time(today);
    bench.server.on(rpc_path)
        .then(asks_for(503, in_seven_seconds))
        .then(asks_for(503, in_seven_seconds).header("Date", "nonsense"))
        .always(reply_result("1"));
    CHECK(bench.call("m", patient(1h)).has_value());
    REQUIRE(bench.waits.size() == 2);
    CHECK(bench.waits[0] == 7s);
    // The second one is past by then: the wait is the client's own.
    CHECK(bench.waits[1] < 1s);
}

TEST_CASE("patience: such a wait is never negative, and never longer than may be waited for") {
    struct Row {
        std::chrono::sys_seconds clock;
        std::chrono::milliseconds wait;
    };
    for (const auto& [clock, wait] :
         {Row{today - 24h, 24h},
          Row{today - 100'000h, 24h},
          Row{today - 60s, 67s},
          Row{today, 7s},
          Row{today + 100'000h, 0ms}}) {
        ScriptedBench bench;
        bench.clock->set_wall_time(clock);
        bench.server.on(rpc_path).always(asks_for(429, in_seven_seconds));
        const auto outcome = bench.call("m", patient(10s));
        REQUIRE(outcome.has_error());
        REQUIRE(outcome.error().http() != nullptr);
        CAPTURE(wait.count());
        if (wait > 60s) CHECK(outcome.error().http()->retry_after == wait);
        CHECK(outcome.error().attempts() == (wait > 10s ? 1 : 3));
        CHECK(bench.clock->elapsed() <= 10s);
    }
}

TEST_CASE("patience: a token endpoint's date is measured against the client's clock, too") {
    ScriptedBench bench;
    bench.clock->set_wall_time(today);
    bench.server.on(rpc_path).always(reply_result("1"));
    bench.server.on(token_path).then(asks_for(503, in_seven_seconds)).always(issue_tokens(1h));
    CHECK(bench.call("m").has_value());
    CHECK(bench.clock->elapsed() == 7s);
    CHECK(bench.server.count(token_path) == 2);
}

TEST_CASE("patience: over plain http, and by a proxy, a call is kept waiting for the cap at most") {
    CHECK(wait_after(asks_for(503, "50"), "https://api.example") == 50s);
    CHECK(wait_after(asks_for(503, "50"), plain) == 20s);
    CHECK(wait_after(asks_for(429, "60"), plain) == 20s);
    CHECK(wait_after(asks_for(503, "7"), plain) == 7s);
    CHECK(wait_after(proxy_asks_for(50s), "https://api.example") == 20s);
    CHECK(wait_after(proxy_asks_for(7s), "https://api.example") == 7s);
    // What is longer than is honoured ends the call as before: it waits for nothing.
    CHECK(wait_after(asks_for(503, "3600"), plain) == std::nullopt);
    CHECK(wait_after(proxy_asks_for(24h), "https://api.example") == std::nullopt);

    ClientOptions options;
    options.retry.cap = 3s;
    options.retry.longest_retry_after = 24h;
    CHECK(wait_after(asks_for(503, "1800"), "https://api.example", options) == 1800s);
    CHECK(wait_after(asks_for(503, "1800"), plain, options) == 3s);
    CHECK(wait_after(proxy_asks_for(24h), "https://api.example", options) == 3s);
    options.retry.longest_retry_after = 0ms;
    CHECK(wait_after(asks_for(503, "1"), plain, options) == std::nullopt);
}

TEST_CASE("patience: over plain http, and by a proxy, fetches rest for their own longest pause") {
    struct Row {
        std::string origin;
        Answer answer;
        std::chrono::seconds rests;
    };
    TokenOptions short_pauses;
    short_pauses.times.longest_pause = 5s;
    for (const TokenOptions& token : {TokenOptions{}, short_pauses}) {
        const std::chrono::seconds most = token.times.longest_pause;
        for (const Row& row :
             {Row{"https://api.example", asks_for(503, "900"), 900s},
              Row{plain, asks_for(503, "900"), most},
              Row{plain, asks_for(429, "99999999"), most},
              Row{plain, asks_for(429, "4"), 4s},
              Row{"https://api.example", proxy_asks_for(24h), most},
              Row{"https://api.example", proxy_asks_for(4s), 4s}}) {
            ScriptedBench bench{{}, row.origin, token};
            bench.server.on(rpc_path).always(reply_result("1"));
            bench.server.on(token_path).then(row.answer).always(issue_tokens(1h));
            CHECK(bench.call("m", CallOptions{1s}).has_error());
            bench.clock->run_for(bench.context, row.rests - 1s - bench.clock->elapsed());
            CHECK(bench.call("m", CallOptions{100ms}).has_error());
            CHECK(bench.server.count(token_path) == 1);
            bench.clock->run_for(bench.context, row.rests - bench.clock->elapsed());
            CHECK(bench.call("m", CallOptions{1s}).has_value());
            CHECK(bench.server.count(token_path) == 2);
        }
    }
}

}  // namespace retry_patience_test
