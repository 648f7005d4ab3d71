// SPDX-License-Identifier: BSL-1.0
// What calls see of a token endpoint that fails, and how often it is asked.

#include "token_bench.hpp"

#include <doctest/doctest.h>
#include <support/scripted_bench.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace auth_token_faults_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
using namespace std::string_view_literals;
using support::find_canary;
using support::TokenBench;

namespace {

/// Every form of an error, for a search of secrets.
std::string all_text(const Error& error) {
    std::string text = error.to_string() + '\n' + std::string{error.message()};
    if (const HttpFailure* http = error.http()) {
        text +=
            '\n' + http->body_excerpt + http->traceparent + http->www_authenticate + http->location;
    }
    return text;
}

void check_failure(const TokenBench::Outcome& outcome, Reason reason) {
    REQUIRE(outcome.has_error());
    const Error& error = outcome.error();
    CHECK(error.code() == Errc::token);
    CHECK_MESSAGE(error.reason() == reason, error);
    CHECK(error.phase() == Phase::token);
    CHECK(error.fate() == Fate::unsent);
    CHECK(error.attempts() == 0);
    CHECK(find_canary(all_text(error)) == "");
    if (const HttpFailure* http = error.http()) CHECK(http->body_excerpt.empty());
}

/// What a backend says where a proxy opens no tunnel.
Error proxy_refusal(
    unsigned status, std::optional<std::chrono::milliseconds> retry_after = std::nullopt) {
    HttpFailure failure;
    failure.status = status;
    failure.retry_after = retry_after;
    Error error{Errc::proxy, Reason::refused, "the proxy opened no tunnel"};
    return error.set_phase(Phase::proxy).set_fate(Fate::unsent).set_http(std::move(failure));
}

}  // namespace

TEST_CASE("token faults: a denial ends all calls with one request, and rests before the next") {
    struct Row {
        unsigned status;
        std::string body;
        std::string_view named;
    };
    std::vector<Row> rows;
    for (const unsigned status : {400U, 401U, 403U, 404U}) {
        for (const std::string_view code :
             {"invalid_request"sv,
              "invalid_client"sv,
              "invalid_grant"sv,
              "unauthorized_client"sv,
              "unsupported_grant_type"sv,
              "invalid_scope"sv}) {
            rows.push_back({status, R"({"error":")" + std::string{code} + R"("})", code});
        }
        rows.push_back({status, "", ""});
        rows.push_back({status, "<html>canary-secret</html>", ""});
        rows.push_back({status, R"({"error":"bad\ncode"})", ""});
        rows.push_back({status, R"({"error":"the secret canary-secret is unknown"})", ""});
        rows.push_back({status, R"({"error":"x","error_description":"canary-secret"})", "x"});
    }
    for (const Row& row : rows) {
        CAPTURE(row.body);
        TokenBench bench;
        bench.tokens().then(reply(row.status, row.body).after(1s)).always(issue_tokens(1h));
        const auto calls = bench.start_many(20);
        bench.pass(1s);
        for (const auto& call : calls) {
            REQUIRE(call->outcome.has_value());
            check_failure(*call->outcome, Reason::denied);
            const std::string message{call->outcome->error().message()};
            std::string expected = "the token endpoint answered HTTP " + std::to_string(row.status);
            if (!row.named.empty()) expected += ", error " + std::string{row.named};
            CHECK(message == expected);
        }
        CHECK(bench.fetches() == 1);
        bench.pass(990ms);
        check_failure(bench.call(), Reason::denied);
        CHECK(bench.fetches() == 1);
        CHECK(bench.sends() == 0);
        bench.pass(200ms);
        CHECK(bench.call().has_value());
        CHECK(bench.fetches() == 2);
    }
}

TEST_CASE("token faults: what is no token is a bad response that is neither kept nor shown") {
    const std::string good = R"({"access_token":"canary-token"})";
    std::string deep = R"({"access_token":"canary-token","x":)";
    deep += std::string(100, '[') + std::string(100, ']') + '}';
    for (const std::string& body : {
             std::string{"<html>canary-token</html>"},
             std::string{"access_token=canary-token&token_type=bearer"},
             '[' + good + ']',
             good.substr(0, good.size() - 1),
             good.substr(0, good.size() - 4),
             std::string{},
             std::string{R"({"error":"invalid_client"})"},
             std::string{R"({"error":"invalid_client","access_token":"canary-token"})"},
             good.substr(0, good.size() - 1) + R"(,"x":")" + std::string(65'536, 'x') + R"("})",
             deep,
             R"({"access_token":"canary-token)" + std::string(8'192, 'x') + R"("})",
             std::string{R"({"access_token":"canary-token\r\nX-Injected: 1"})"},
             std::string{R"({"access_token":"canary-token "})"},
             std::string{R"({"access_token":"canary-token\u0000"})"},
         }) {
        CAPTURE(body.substr(0, 80));
        TokenBench bench;
        bench.tokens().then(reply(200, body)).always(issue_tokens(1h));
        check_failure(bench.call(), Reason::bad_response);
        CHECK(bench.fetches() == 1);
        // Still nothing that could be sent.
        check_failure(bench.call(), Reason::bad_response);
        CHECK(bench.fetches() == 1);
        CHECK(bench.sends() == 0);
        bench.pass(1100ms);
        CHECK(bench.call().has_value());
        CHECK(
            bench.server.requests(TokenBench::rpc_path).at(0).header("Authorization") ==
            "Bearer token-1");
    }
}

TEST_CASE("token faults: a failure that may pass is tried thrice, with random waits between") {
    struct Row {
        Answer answer;
        Errc code;
        Clock::duration most;
    };
    std::vector<Clock::duration> spans;
    for (const Row& row : {
             Row{reply(500), Errc::token, 300ms},
             Row{reply(502, "<html>canary-secret</html>"), Errc::token, 300ms},
             Row{reply(504), Errc::token, 300ms},
             Row{reply(429), Errc::token, 3s},
             Row{reply(503), Errc::token, 3s},
             Row{fail(Errc::connect, Reason::refused), Errc::connect, 300ms},
             Row{fail(Errc::io, Reason::reset), Errc::io, 300ms},
             Row{fail(Errc::tls, Reason::reset), Errc::tls, 300ms},
             Row{fail(Errc::resolve, Reason::temporary), Errc::resolve, 300ms},
             Row{fail(Errc::proxy, Reason::reset), Errc::proxy, 300ms},
             Row{fail(proxy_refusal(502)), Errc::proxy, 300ms},
         }) {
        TokenBench bench;
        bench.tokens().always(row.answer);
        const auto calls = bench.start_many(50);
        CHECK(bench.clock->run_until(
            bench.context, [&] { return calls.back()->outcome.has_value(); }, 30s));
        CHECK(bench.fetches() == 3);
        CHECK(bench.failures.size() == 1);
        for (const auto& call : calls) {
            const Error& error = call->outcome->error();
            CHECK(error.code() == row.code);
            CHECK(error.fate() == Fate::unsent);
            CHECK(error.to_string() == calls.front()->outcome->error().to_string());
        }
        const auto requests = bench.server.requests(TokenBench::token_path);
        spans.push_back(requests.at(2).began - requests.at(0).began);
        CHECK(spans.back() < row.most);
        // Nothing follows during the pause.
        CHECK(bench.call().has_error());
        CHECK(bench.fetches() == 3);
        CHECK(bench.sends() == 0);
    }
    std::sort(spans.begin(), spans.end());
    CHECK(std::adjacent_find(spans.begin(), spans.end()) == spans.end());
}

TEST_CASE("token faults: an endpoint that is asked too often gets ten times the wait") {
    const auto span_after = [](unsigned status) {
        ClientOptions options;
        options.retry.seed = 7;
        support::ScriptedBench bench{options};
        bench.server.on(support::token_path).then(reply(status), 2).always(issue_tokens(1h));
        bench.server.on(support::rpc_path).always(reply_result("1"));
        CHECK(bench.call("m").has_value());
        const auto requests = bench.server.requests(support::token_path);
        return requests.at(2).began - requests.at(0).began;
    };
    const Clock::duration usual = span_after(500);
    CHECK(usual > 1ms);
    for (const unsigned status : {429U, 503U}) {
        CHECK(span_after(status) > 9 * usual);
        CHECK(span_after(status) < 11 * usual);
    }
}

TEST_CASE("token faults: a fetch ends with its own thirty seconds, retries included") {
    TokenBench bench{5min};
    bench.tokens().then(reply(500).after(14s), 2).always(hang());
    const auto call = bench.start(5min);
    bench.pass(29'900ms);
    CHECK_FALSE(call->outcome.has_value());
    CHECK(bench.fetches() == 3);
    bench.pass(200ms);
    REQUIRE(call->outcome.has_value());
    CHECK(call->outcome->error().code() == Errc::timeout);
    CHECK(call->outcome->error().phase() == Phase::token);
    CHECK(call->outcome->error().fate() == Fate::unsent);
    CHECK(bench.server.in_flight() == 0);
}

TEST_CASE("token faults: a fetch that has no time for another attempt waits for none") {
    TokenBench bench{5min};
    bench.tokens().always(fail(Errc::io, Reason::reset).after(30s - 1us));
    const TimePoint begun = bench.clock->now();
    const auto call = bench.start(5min);
    bench.pass(1min);
    REQUIRE(call->outcome.has_value());
    CHECK(call->outcome->error().code() == Errc::io);
    CHECK(call->ended == begun + 30s - 1us);
    CHECK(bench.fetches() == 1);
}

TEST_CASE("token faults: the wait that the endpoint asks for binds every later call") {
    for (const unsigned status : {429U, 503U}) {
        TokenBench bench;
        bench.tokens().then(reply(status).header("Retry-After", "20")).always(issue_tokens(1h));
        const auto patient = bench.start_many(10, 25s);
        const auto hasty = bench.start_many(10, 19s);
        bench.pass(1ms);
        // Those who cannot live to see it are told at once, the others wait for it.
        for (const auto& call : hasty) {
            REQUIRE(call->outcome.has_value());
            check_failure(*call->outcome, Reason::throttled);
            CHECK(call->outcome->error().http()->retry_after == 20s);
        }
        for (int second = 0; second != 19; ++second) {
            const TimePoint asked = bench.clock->now();
            const auto late = bench.start(500ms);
            bench.pass(1s);
            REQUIRE(late->outcome.has_value());
            check_failure(*late->outcome, Reason::throttled);
            CHECK(late->ended == asked);
            CHECK(bench.fetches() == 1);
        }
        bench.pass(2s);
        for (const auto& call : patient) {
            REQUIRE(call->outcome.has_value());
            CHECK(call->outcome->has_value());
        }
        CHECK(bench.fetches() == 2);
        const auto requests = bench.server.requests(TokenBench::token_path);
        CHECK(requests.at(1).began - requests.at(0).began >= 20s);
    }
}

TEST_CASE("token faults: the wait that a proxy asks for binds later calls too") {
    TokenBench bench;
    bench.tokens().then(fail(proxy_refusal(503, 20s))).always(issue_tokens(1h));
    const auto patient = bench.start(25s);
    bench.pass(10s);
    const auto hasty = bench.start(5s);
    bench.pass(1ms);
    REQUIRE(hasty->outcome.has_value());
    CHECK(hasty->outcome->error().code() == Errc::proxy);
    CHECK(hasty->outcome->error().http()->retry_after == 20s);
    CHECK(bench.fetches() == 1);
    bench.pass(11s);
    REQUIRE(patient->outcome.has_value());
    CHECK(patient->outcome->has_value());
    CHECK(bench.fetches() == 2);

    TokenBench refused;
    refused.tokens().always(fail(proxy_refusal(403)));
    CHECK(refused.call().error().http_status() == 403);
    CHECK(refused.fetches() == 1);
}

TEST_CASE("token faults: a thousand waiting calls get the one failure at one time") {
    TokenBench bench;
    bench.tokens().always(reply(500).after(2s));
    const auto calls = bench.start_many(1'000);
    CHECK(bench.clock->run_until(
        bench.context, [&] { return calls.back()->outcome.has_value(); }, 30s));
    const TimePoint ended = calls.back()->ended;
    for (const auto& call : calls) {
        REQUIRE(call->outcome.has_value());
        CHECK(call->outcome->error().to_string() == calls[0]->outcome->error().to_string());
        CHECK(call->ended == ended);
    }
    CHECK(bench.fetches() == 3);
    for (int i = 0; i != 99; ++i) {
        CHECK(bench.start_many(10).size() == 10);
        bench.pass(10ms);
    }
    CHECK(bench.fetches() == 3);
}

TEST_CASE("token faults: a call whose time is up tells where the token request was") {
    for (const Phase step :
         {Phase::queue,
          Phase::resolve,
          Phase::connect,
          Phase::proxy,
          Phase::tls,
          Phase::write,
          Phase::first_byte,
          Phase::head,
          Phase::body}) {
        CAPTURE(to_string(step));
        // First the limit of the call, then that of the fetch.
        for (const auto limit : {5s, 120s}) {
            TokenBench bench{limit};
            bench.tokens().always(hang(step));
            const TokenBench::Outcome outcome = bench.call();
            REQUIRE(outcome.has_error());
            const Error& error = outcome.error();
            CHECK(error.code() == Errc::timeout);
            CHECK(error.phase() == Phase::token);
            CHECK(error.fate() == Fate::unsent);
            CHECK(error.token_step() == step);
            const std::string named = "phase token (" + std::string{to_string(step)} + ")";
            CHECK_MESSAGE(error.to_string().find(named) != std::string::npos, error);
        }
    }
}

TEST_CASE("token faults: between two token requests a call whose time is up tells of the pause") {
    TokenBench bench{3s};
    bench.tokens().then(reply(503).after(2999ms)).always(hang());
    const TokenBench::Outcome outcome = bench.call();
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::timeout);
    CHECK(outcome.error().token_step() == Phase::backoff);
    // One that was cancelled for another reason says nothing of it.
    TokenBench closing;
    closing.tokens().always(hang());
    const auto pending = closing.start(20s);
    closing.pass(1s);
    closing.client->close();
    closing.pass(1s);
    REQUIRE(pending->outcome.has_value());
    CHECK(pending->outcome->error().code() == Errc::closed);
    CHECK_FALSE(pending->outcome->error().token_step().has_value());
}

}  // namespace auth_token_faults_test
