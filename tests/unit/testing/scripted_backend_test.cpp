// SPDX-License-Identifier: BSL-1.0
// What a script answers, and when, and what a client makes of it.

#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scripted_backend_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

constexpr std::string_view call_body =
    R"({"jsonrpc":"2.0","method":"clarify.insert","id":7,"params":{"data":[1, 2]}})";

/// One exchange, with all that a client keeps for it.
struct Exchange {
    Url url = Url::parse("https://api.example/v1/rpc").value();
    std::vector<HeaderView> headers{{"Authorization", "Bearer t"}};
    HttpRequest request;
    HttpResponse response;
    HttpProgress progress;
    asio::cancellation_signal signal;
    std::optional<Result<void>> outcome;
    std::exception_ptr thrown;

    bool done() const { return outcome || thrown; }
    const Error& error() {
        REQUIRE(outcome);
        REQUIRE(outcome->has_error());
        kept = outcome->error();
        return kept;
    }
    Error kept;
};

struct Bench {
    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;

    std::unique_ptr<Exchange> begin(
        std::string_view body = call_body, Clock::duration limit = 30s) {
        auto one = std::make_unique<Exchange>();
        one->request.url = &one->url;
        one->request.headers = one->headers;
        one->request.body = body;
        one->request.deadline = clock->now() + limit;
        asio::co_spawn(
            clock->executor(context),
            server.post(one->request, one->response, one->progress),
            asio::bind_cancellation_slot(
                one->signal.slot(),
                [one = one.get()](std::exception_ptr thrown, Result<void> outcome) {
                    one->thrown = std::move(thrown);
                    if (!one->thrown) one->outcome = std::move(outcome);
                }));
        return one;
    }
    std::unique_ptr<Exchange> run(std::string_view body = call_body) {
        auto one = begin(body);
        CHECK(clock->run(context) == Halt::finished);
        REQUIRE(one->done());
        return one;
    }
};

}  // namespace

TEST_CASE("ScriptedBackend: answers in the order of the script, then for always") {
    Bench bench;
    bench.server.then(reply(201, "one")).then(reply(202, "two"), 2).always(reply(203, "rest"));
    for (const unsigned status : {201U, 202U, 202U, 203U, 203U}) {
        const auto one = bench.run();
        CHECK(one->outcome->has_value());
        CHECK(one->response.status == status);
    }
    CHECK(bench.server.requests().size() == 5);
}

TEST_CASE("ScriptedBackend: a request that nothing is scripted for fails and says so") {
    Bench bench;
    bench.server.then(reply(200));
    bench.run();
    const auto one = bench.run();
    CHECK(one->error().code() == Errc::internal);
    CHECK(one->error().message() == "no answer is scripted for request 2 (/v1/rpc)");
    CHECK(one->error().fate() == Fate::unsent);
}

TEST_CASE("ScriptedBackend: each path has a script of its own") {
    Bench bench;
    bench.server.on("/v1/rpc").then(reply(200, "rpc"));
    bench.server.always(reply(200, "other"));
    CHECK(bench.server.on("/v1/rpc").left() == 1);
    CHECK(bench.run()->response.body == "rpc");
    CHECK(bench.server.on("/v1/rpc").left() == 0);
    // A path with a script does not fall back on the others'.
    CHECK(bench.run()->error().code() == Errc::internal);
    auto token = bench.begin();
    CHECK(bench.server.count("/v1/rpc") == 2);
    token->url = Url::parse("https://api.example/token").value();
    bench.clock->run(bench.context);
    CHECK(token->response.body == "other");
    CHECK(bench.server.requests("/token").size() == 1);
    CHECK(bench.server.count("/nowhere") == 0);
}

TEST_CASE("ScriptedBackend: wraps results and errors into the envelope of the request") {
    Bench bench;
    bench.server.then(reply_result(R"({"total":1})"), 3);
    auto one = bench.run();
    CHECK(one->response.body == R"({"jsonrpc":"2.0","id":7,"result":{"total":1}})");
    CHECK(one->response.content_type == "application/json");
    one = bench.run(R"([{"id":1},{"method":"note"},{"id":"x"}])");
    CHECK(
        one->response.body ==
        R"([{"jsonrpc":"2.0","id":1,"result":{"total":1}},{"jsonrpc":"2.0","id":"x","result":{"total":1}}])");
    one = bench.run(R"({"jsonrpc":"2.0","method":"note"})");
    CHECK(one->response.status == 204);
    CHECK(one->response.body.empty());
    bench.server.then(reply_error(-32602, "say \"please\"", R"({"trace":"t"})"));
    bench.server.then(reply_error(-32603, "no"));
    one = bench.run();
    CHECK(
        one->response.body ==
        R"({"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"say \"please\"","data":{"trace":"t"}}})");
    one = bench.run();
    CHECK(
        one->response.body == R"({"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"no"}})");
}

TEST_CASE("ScriptedBackend: issues tokens") {
    Bench bench;
    bench.server.then(reply_token("abc", 60s)).always(issue_tokens(1h));
    CHECK(
        bench.run()->response.body ==
        R"({"access_token":"abc","token_type":"Bearer","expires_in":60})");
    CHECK(
        bench.run()->response.body ==
        R"({"access_token":"token-1","token_type":"Bearer","expires_in":3600})");
    CHECK(
        bench.run()->response.body ==
        R"({"access_token":"token-2","token_type":"Bearer","expires_in":3600})");
}

TEST_CASE("ScriptedBackend: a function decides by the request, and its answer may be changed") {
    Bench bench;
    bench.server.then(Answer{[](const RecordedRequest& request) {
                          return reply_result(request.params()).after(1s);
                      }}.after(2s)
                          .header("Retry-After", "5"));
    const auto one = bench.run();
    CHECK(one->response.body == R"({"jsonrpc":"2.0","id":7,"result":{"data":[1, 2]}})");
    CHECK(one->response.retry_after == "5");
    CHECK(bench.clock->elapsed() == 3s);
}

TEST_CASE("ScriptedBackend: gives the headers that a client reads, and no others") {
    Bench bench;
    bench.server.then(reply(200, "x")
                          .header("content-type", "text/plain")
                          .header("DATE", "d")
                          .header("Location", "l")
                          .header("Retry-After", "r")
                          .header("TraceParent", "t")
                          .header("WWW-Authenticate", "w")
                          .header("Set-Cookie", "c"));
    const auto one = bench.run();
    CHECK(one->response.content_type == "text/plain");
    CHECK(one->response.date == "d");
    CHECK(one->response.location == "l");
    CHECK(one->response.retry_after == "r");
    CHECK(one->response.traceparent == "t");
    CHECK(one->response.www_authenticate == "w");
}

TEST_CASE("ScriptedBackend: records what was sent") {
    Bench bench;
    bench.server.always(reply(200, "x"));
    bench.clock->advance(5s);
    const TimePoint began = bench.clock->now();
    bench.run();
    REQUIRE(bench.server.requests().size() == 1);
    const RecordedRequest& one = bench.server.requests().front();
    CHECK(one.number == 1);
    CHECK(one.url == "https://api.example/v1/rpc");
    CHECK(one.path == "/v1/rpc");
    CHECK(one.header("authorization") == "Bearer t");
    CHECK(one.header("Accept").empty());
    CHECK(one.body == call_body);
    CHECK(one.method() == "clarify.insert");
    CHECK(one.params() == R"({"data":[1, 2]})");
    CHECK(one.began == began);
    CHECK(one.deadline == began + 30s);
    CHECK(one.max_response_body == std::size_t{16} << 20U);
    CHECK_FALSE(one.fresh_connection);
    CHECK(one.phase == Phase::body);
    CHECK(one.sent);
    CHECK(one.answered);
    CHECK(one.ended);
    CHECK(RecordedRequest{}.method().empty());
    CHECK(RecordedRequest{}.params().empty());
}

TEST_CASE("ScriptedBackend: a failure has the phase and the fate of its kind") {
    struct Row {
        Errc code;
        Phase phase;
        Fate fate;
    };
    const std::vector<Row> rows{
        {Errc::resolve, Phase::resolve, Fate::unsent},
        {Errc::connect, Phase::connect, Fate::unsent},
        {Errc::proxy, Phase::proxy, Fate::unsent},
        {Errc::tls, Phase::tls, Fate::unsent},
        {Errc::overloaded, Phase::queue, Fate::unsent},
        {Errc::io, Phase::first_byte, Fate::unknown},
        {Errc::timeout, Phase::first_byte, Fate::unknown},
        {Errc::framing, Phase::head, Fate::unknown},
        {Errc::too_large, Phase::body, Fate::unknown}};
    for (const Row& row : rows) {
        CAPTURE(to_string(row.code));
        Bench bench;
        bench.server.then(fail(row.code, Reason::reset));
        const auto one = bench.run();
        CHECK(one->error().code() == row.code);
        CHECK(one->error().reason() == Reason::reset);
        CHECK(one->error().phase() == row.phase);
        CHECK(one->error().fate() == row.fate);
        CHECK(one->progress.phase == row.phase);
        CHECK(one->progress.sent == (row.fate == Fate::unknown));
        CHECK_FALSE(bench.server.requests().front().answered);
    }
}

TEST_CASE("ScriptedBackend: a failure can be put elsewhere, but not where it would be a lie") {
    Bench bench;
    bench.server.then(fail(Errc::io, Reason::reset).at(Phase::connect));
    Error stale{Errc::io, Reason::stale, "gone"};
    stale.set_phase(Phase::write).set_fate(Fate::unsent);
    bench.server.then(fail(stale));
    auto one = bench.run();
    CHECK(one->error().phase() == Phase::connect);
    CHECK(one->error().fate() == Fate::unsent);
    one = bench.run();
    CHECK(one->error().message() == "gone");
    CHECK(one->error().fate() == Fate::unsent);
    CHECK_FALSE(one->progress.sent);
    CHECK_FALSE(bench.server.requests().back().sent);
    CHECK_THROWS_AS(fail(stale.set_phase(Phase::head)), std::invalid_argument);
    CHECK_THROWS_AS(fail(stale.set_fate(Fate::answered)), std::invalid_argument);
    CHECK_THROWS_AS(
        fail(stale.set_phase(Phase::tls).set_fate(Fate::unknown)), std::invalid_argument);
    CHECK_THROWS_AS(hang(Phase::token), std::invalid_argument);
    CHECK_THROWS_AS(reply(200).after(1s, Phase::decode), std::invalid_argument);
    CHECK_THROWS_AS(fail(Errc::io).at(Phase::backoff), std::invalid_argument);
}

TEST_CASE("ScriptedBackend: an exception leaves post in the phase it is put in") {
    Bench bench;
    bench.server.then(raise(std::make_exception_ptr(std::runtime_error{"bang"}), Phase::tls));
    bench.server.then([](const RecordedRequest&) -> Answer { throw std::runtime_error{"bang"}; });
    for (const Phase phase : {Phase::tls, Phase::queue}) {
        const auto one = bench.run();
        REQUIRE(one->thrown);
        CHECK_THROWS_WITH(std::rethrow_exception(one->thrown), "bang");
        CHECK(one->progress.phase == phase);
        CHECK_FALSE(one->progress.sent);
        CHECK(bench.server.requests().back().ended);
    }
}

TEST_CASE("ScriptedBackend: hangs in any phase until it is cancelled there") {
    for (const Phase phase : clarify::testing::detail::script_phases) {
        CAPTURE(to_string(phase));
        Bench bench;
        bench.server.then(hang(phase)).then(reply(200));
        const auto one = bench.begin();
        CHECK(bench.clock->run_for(bench.context, 29s) == Halt::time_up);
        CHECK_FALSE(one->done());
        const bool sent = phase >= Phase::write;
        CHECK(one->progress.phase == phase);
        CHECK(one->progress.sent == sent);
        CHECK(bench.server.in_flight() == 1);
        const auto other = bench.begin();
        bench.clock->run_for(bench.context, 0s);
        one->signal.emit(asio::cancellation_type::terminal);
        CHECK(bench.clock->run(bench.context) == Halt::finished);
        CHECK(one->error().code() == Errc::cancelled);
        CHECK(one->error().phase() == phase);
        CHECK(one->error().fate() == (sent ? Fate::unknown : Fate::unsent));
        CHECK(other->outcome->has_value());
        CHECK(bench.server.in_flight() == 0);
        CHECK(bench.server.most_in_flight() == 2);
    }
}

TEST_CASE("ScriptedBackend: a standstill ends at the deadline") {
    Bench bench;
    bench.server.then(hang(Phase::head));
    const auto one = bench.run();
    CHECK(one->error().code() == Errc::timeout);
    CHECK(one->error().phase() == Phase::head);
    CHECK(one->error().fate() == Fate::unknown);
    CHECK(bench.clock->elapsed() == 30s);
}

TEST_CASE("ScriptedBackend: takes the time it is told to, phase by phase") {
    Bench bench;
    bench.server.then(reply(200)
                          .after(1s, Phase::resolve)
                          .after(2s, Phase::proxy)
                          .after(4s, Phase::body)
                          .after(8s));
    const auto one = bench.begin();
    const std::vector<std::pair<Phase, Clock::duration>> way{
        {Phase::resolve, 1s}, {Phase::proxy, 2s}, {Phase::first_byte, 8s}, {Phase::body, 4s}};
    for (const auto& [phase, span] : way) {
        bench.clock->run_for(bench.context, span - 1ms);
        CHECK(one->progress.phase == phase);
        CHECK_FALSE(one->done());
        bench.clock->run_for(bench.context, 1ms);
    }
    CHECK(one->outcome->has_value());
    CHECK(bench.clock->elapsed() == 15s);
}

TEST_CASE("ScriptedBackend: counts what the client thinks of its connections") {
    Bench bench;
    bench.server.always(reply(200, "x"));
    bench.run()->response.lease.keep();
    bench.run()->response.lease.discard();
    bench.run()->response.clear();
    bench.server.then(fail(Errc::io));
    bench.run();
    CHECK(bench.server.kept() == 1);
    CHECK(bench.server.dropped() == 2);
    ScriptedBackend copy = bench.server;
    CHECK_FALSE(bench.server.closed());
    copy.close();
    copy.close();
    CHECK(bench.server.closed());
}

TEST_CASE("ScriptedBackend: refuses a body above the limit") {
    Bench bench;
    bench.server.always(reply(200, "12345"));
    auto one = bench.begin();
    one->request.max_response_body = 4;
    bench.clock->run(bench.context);
    CHECK(one->error().code() == Errc::too_large);
    CHECK(one->error().reason() == Reason::body);
    CHECK(one->error().phase() == Phase::body);
    CHECK(one->error().fate() == Fate::unknown);
    CHECK(one->response.body.empty());
    one = bench.begin();
    one->request.max_response_body = 5;
    bench.clock->run(bench.context);
    CHECK(one->response.body == "12345");
}

TEST_CASE("ScriptedBackend: a context that is destroyed takes its exchanges with it") {
    ScriptedBackend server;
    std::unique_ptr<Exchange> one;
    {
        Bench bench;
        bench.server.then(hang());
        server = bench.server;
        one = bench.begin();
        bench.clock->run_for(bench.context, 1s);
        CHECK(server.in_flight() == 1);
    }
    CHECK_FALSE(one->done());
    CHECK(server.in_flight() == 0);
    CHECK(server.requests().front().ended);
}

}  // namespace scripted_backend_test
