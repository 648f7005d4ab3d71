// SPDX-License-Identifier: BSL-1.0
// When calls wait for a token that a test hands out, and what becomes of those that it refuses.

#include <clarify/rpc_client.hpp>
#include <clarify/testing/fake_token_source.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include "support/text_codec.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fake_token_source_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using Outcome = Result<std::string>;

/// A client whose every reply is the token that it was called with.
struct Bench {
    explicit Bench(FakeTokenSource source = {}) : tokens(source) {
        ClientOptions options;
        options.clock = clock;
        server.always([](const RecordedRequest& request) {
            return reply_result('"' + std::string{request.header("Authorization")} + '"');
        });
        client.emplace(
            context.get_executor(),
            Url::parse("https://api.example/v1/rpc").value(),
            server,
            tokens,
            options);
    }

    Outcome call() { return clock->run(context, client->call("m")); }
    std::shared_ptr<std::optional<Outcome>> start(asio::cancellation_slot slot = {}) {
        auto outcome = std::make_shared<std::optional<Outcome>>();
        client->async_call(
            "m", no_params, asio::bind_cancellation_slot(slot, [outcome](Outcome got) {
                outcome->emplace(std::move(got));
            }));
        return outcome;
    }

    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    FakeTokenSource tokens;
    std::optional<RpcClient<ScriptedBackend, FakeTokenSource, support::TextCodec>> client;
};

}  // namespace

TEST_CASE("FakeTokenSource: gives numbered tokens, each until it is lost") {
    Bench bench;
    CHECK(bench.tokens.token().empty());
    CHECK(bench.call().value() == R"("Bearer token-1")");
    CHECK(bench.call().value() == R"("Bearer token-1")");
    CHECK(bench.tokens.token() == "token-1");
    CHECK(bench.tokens.fetches() == 1);
    CHECK(bench.tokens.authorized() == 1);
    bench.tokens.revoke();
    CHECK(bench.tokens.token().empty());
    CHECK(bench.call().value() == R"("Bearer token-2")");
    CHECK(bench.tokens.fetches() == 2);
    CHECK(bench.tokens.rejections() == 0);
}

TEST_CASE("FakeTokenSource: gives the token that it is told to, without a fetch") {
    Bench bench{FakeTokenSource{"mine"}};
    CHECK(bench.call().value() == R"("Bearer mine")");
    bench.tokens.set("other");
    CHECK(bench.call().value() == R"("Bearer other")");
    CHECK(bench.tokens.fetches() == 0);
    bench.tokens.revoke();
    CHECK(bench.call().value() == R"("Bearer token-1")");
}

TEST_CASE("FakeTokenSource: a fetch takes the time it is told to, once for all calls") {
    Bench bench;
    bench.tokens.delay(5s);
    asio::cancellation_signal signal;
    const auto first = bench.start(signal.slot());
    std::vector<std::shared_ptr<std::optional<Outcome>>> others;
    for (int i = 0; i != 10; ++i)
        others.push_back(bench.start());
    bench.clock->run_for(bench.context, 4s);
    CHECK(bench.tokens.authorized() == 11);
    CHECK(bench.tokens.fetches() == 1);
    signal.emit(asio::cancellation_type::terminal);
    bench.clock->run_for(bench.context, 0s);
    REQUIRE(first->has_value());
    CHECK((*first)->error().code() == Errc::cancelled);
    bench.clock->run_for(bench.context, 999ms);
    CHECK(bench.server.requests().empty());
    bench.clock->run_for(bench.context, 1ms);
    CHECK(bench.server.requests().size() == 10);
    bench.clock->run(bench.context);
    for (const auto& call : others) {
        REQUIRE(call->has_value());
        CHECK((*call)->has_value());
    }
    CHECK(bench.tokens.fetches() == 1);
}

TEST_CASE("FakeTokenSource: fails as it is told to, until it recovers") {
    Bench bench;
    bench.tokens.fail(Error{Errc::token, Reason::denied, "no"}.set_fate(Fate::unknown));
    for (int i = 0; i != 2; ++i) {
        const Outcome outcome = bench.call();
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::token);
        CHECK(outcome.error().reason() == Reason::denied);
        CHECK(outcome.error().phase() == Phase::token);
        CHECK(outcome.error().fate() == Fate::unsent);
    }
    CHECK(bench.tokens.fetches() == 2);
    bench.tokens.recover();
    CHECK(bench.call().has_value());
}

TEST_CASE("FakeTokenSource: a token that the server rejects is replaced, once") {
    Bench bench;
    bench.server.then(reply(401));
    CHECK(bench.call().value() == R"("Bearer token-2")");
    CHECK(bench.tokens.rejections() == 1);
    bench.server.then(reply(401), 2);
    const Outcome outcome = bench.call();
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::auth);
    // The new one is refused like the old one was: that is the method's fault, and the token is kept.
    CHECK(bench.tokens.rejections() == 2);
    CHECK(bench.tokens.token() == "token-3");
}

TEST_CASE("FakeTokenSource: a fetch that is cut short ends with the client") {
    Bench bench;
    bench.tokens.delay(5s);
    const auto call = bench.start();
    bench.clock->run_for(bench.context, 1s);
    bench.client.reset();
    CHECK(bench.clock->run(bench.context) == Halt::finished);
    REQUIRE(call->has_value());
    CHECK((*call)->error().code() == Errc::closed);
    CHECK(bench.clock->elapsed() == 1s);
    CHECK(bench.tokens.token().empty());
}

}  // namespace fake_token_source_test
