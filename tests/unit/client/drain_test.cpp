// SPDX-License-Identifier: BSL-1.0
// Closing gracefully: what may finish, what is refused, and when it is over.

#include <clarify/any_client.hpp>
#include <clarify/auth/client_credentials.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace drain_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using Outcome = Result<boost::json::value>;
using TestClient = RpcClient<ScriptedBackend, ClientCredentials, BoostJsonCodec>;

constexpr std::string_view token_path = "/token";
constexpr std::string_view rpc_path = "/rpc";

ClientCredentials make_auth() {
    return ClientCredentials{ClientCredentialsConfig{
        Url::parse("https://api.example/token").value(), "id", Secret{"secret"}}};
}

/// A client of a scripted server on a clock of its own, and when what has ended.
struct Bench {
    Bench() {
        ClientOptions options;
        options.clock = clock;
        server.on(token_path).always(issue_tokens(1h));
        client.emplace(
            context.get_executor(),
            Url::parse("https://api.example/rpc").value(),
            server,
            make_auth(),
            options);
    }

    struct Call {
        std::optional<Outcome> outcome;
        TimePoint ended{};
    };
    std::shared_ptr<Call> start(std::string_view method = "m") {
        auto call = std::make_shared<Call>();
        client->async_call(method, no_params, [this, call](Outcome got) {
            call->outcome.emplace(std::move(got));
            call->ended = clock->now();
            ++ended_calls;
        });
        return call;
    }
    struct Wait {
        std::optional<Result<void>> outcome;
        TimePoint ended{};
        int calls_before = 0;
    };
    std::shared_ptr<Wait> drain(
        std::chrono::milliseconds limit, asio::cancellation_slot slot = {}) {
        auto wait = std::make_shared<Wait>();
        client->async_drain(limit, asio::bind_cancellation_slot(slot, [this, wait](auto outcome) {
                                wait->outcome.emplace(std::move(outcome));
                                wait->ended = clock->now();
                                wait->calls_before = ended_calls;
                            }));
        return wait;
    }

    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    int ended_calls = 0;
    std::optional<TestClient> client;
};

}  // namespace

TEST_CASE("drain: calls in flight finish, and the wait ends with the last of them") {
    Bench bench;
    bench.server.on(rpc_path)
        .then(reply_result("1").after(300ms))
        .always(reply_result("2").after(700ms));
    const TimePoint began = bench.clock->now();
    const auto first = bench.start();
    const auto second = bench.start();
    bench.clock->run_for(bench.context, 100ms);
    const auto wait = bench.drain(5s);
    CHECK(bench.clock->run(bench.context) == Halt::finished);
    REQUIRE(wait->outcome.has_value());
    CHECK(wait->outcome->has_value());
    CHECK(wait->calls_before == 2);
    CHECK(wait->ended == began + 700ms);
    CHECK(first->outcome->has_value());
    CHECK(second->outcome->has_value());
    CHECK(bench.server.closed());
}

TEST_CASE("drain: new calls are refused at once") {
    Bench bench;
    bench.server.on(rpc_path).always(reply_result("1").after(1s));
    const auto before = bench.start();
    bench.clock->run_for(bench.context, 100ms);
    const auto wait = bench.drain(5s);
    const TimePoint drained = bench.clock->now();
    const auto after = bench.start();
    bench.clock->run(bench.context);
    CHECK(before->outcome->has_value());
    REQUIRE(after->outcome.has_value());
    REQUIRE(after->outcome->has_error());
    CHECK(after->outcome->error().code() == Errc::closed);
    CHECK(after->outcome->error().fate() == Fate::unsent);
    CHECK(after->outcome->error().attempts() == 0);
    CHECK(after->ended == drained);
    CHECK(bench.server.count(rpc_path) == 1);
    CHECK(wait->outcome->has_value());
}

TEST_CASE("drain: what has not finished when the time is over ends with closed, and a true fate") {
    Bench bench;
    bench.server.on(rpc_path)
        .then(hang(Phase::connect))
        .then(hang(Phase::body))
        .always(reply_result("1").after(900ms));
    const auto unsent = bench.start();
    const auto sent = bench.start();
    const auto in_time = bench.start();
    bench.clock->run_for(bench.context, 10ms);
    const TimePoint began = bench.clock->now();
    const auto wait = bench.drain(1s);
    bench.clock->run(bench.context);
    CHECK(in_time->outcome->has_value());
    for (const auto& call : {unsent, sent}) {
        REQUIRE(call->outcome.has_value());
        CHECK(call->outcome->error().code() == Errc::closed);
        CHECK(call->ended == began + 1s);
    }
    CHECK(unsent->outcome->error().fate() == Fate::unsent);
    CHECK(sent->outcome->error().fate() == Fate::unknown);
    REQUIRE(wait->outcome.has_value());
    CHECK(wait->outcome->error().code() == Errc::timeout);
    CHECK(wait->calls_before == 3);
    CHECK(wait->ended == began + 1s);
    CHECK(bench.server.in_flight() == 0);
}

TEST_CASE("drain: a call that waits for a token still gets it, and repetitions go on") {
    Bench bench;
    bench.server.on(token_path).always(issue_tokens(1h).after(2s));
    bench.server.on(rpc_path)
        .then(reply(401))
        .then(reply(429).header("Retry-After", "1"))
        .always(reply_result("1"));
    const auto call = bench.start();
    bench.clock->run_for(bench.context, 100ms);
    const auto wait = bench.drain(20s);
    bench.clock->run(bench.context);
    REQUIRE(call->outcome.has_value());
    CHECK(call->outcome->has_value());
    CHECK(bench.server.count(token_path) == 2);
    CHECK(bench.server.count(rpc_path) == 3);
    CHECK(wait->outcome->has_value());
}

TEST_CASE("drain: a client without calls is drained at once, also a second time") {
    Bench bench;
    const auto wait = bench.drain(1h);
    bench.clock->run(bench.context);
    CHECK(wait->outcome->has_value());
    const auto again = bench.drain(1h);
    bench.context.restart();
    bench.clock->run(bench.context);
    CHECK(again->outcome->has_value());
    CHECK(bench.clock->elapsed() == 0s);
    CHECK(bench.server.closed());
}

TEST_CASE("drain: the earliest of several limits counts, and all who wait are told") {
    Bench bench;
    bench.server.on(rpc_path).always(hang());
    const auto call = bench.start();
    bench.clock->run_for(bench.context, 10ms);
    const TimePoint began = bench.clock->now();
    const auto later = bench.drain(20s);
    const auto sooner = bench.drain(2s);
    const auto longest = bench.drain(std::chrono::milliseconds::max());
    bench.clock->run(bench.context);
    for (const auto& wait : {later, sooner, longest}) {
        REQUIRE(wait->outcome.has_value());
        CHECK(wait->outcome->error().code() == Errc::timeout);
        CHECK(wait->ended == began + 2s);
    }
    CHECK(call->outcome->error().code() == Errc::closed);
}

TEST_CASE("drain: closing for good, or destroying the client, ends it at once") {
    for (const bool destroy : {false, true}) {
        CAPTURE(destroy);
        Bench bench;
        bench.server.on(rpc_path).always(hang());
        const auto call = bench.start();
        const auto wait = bench.drain(20s);
        bench.clock->run_for(bench.context, 1s);
        CHECK_FALSE(wait->outcome.has_value());
        if (destroy) {
            bench.client.reset();
        } else {
            bench.client->close();
        }
        bench.clock->run_for(bench.context, 1ms);
        REQUIRE(wait->outcome.has_value());
        CHECK(wait->outcome->error().code() == Errc::closed);
        REQUIRE(call->outcome.has_value());
        CHECK(call->outcome->error().code() == Errc::closed);
    }
}

TEST_CASE("drain: a cancelled wait ends, and the client goes on closing") {
    Bench bench;
    bench.server.on(rpc_path).always(reply_result("1").after(3s));
    const auto call = bench.start();
    asio::cancellation_signal signal;
    const auto wait = bench.drain(5s, signal.slot());
    bench.clock->run_for(bench.context, 1s);
    signal.emit(asio::cancellation_type::total);
    bench.clock->run_for(bench.context, 1ms);
    REQUIRE(wait->outcome.has_value());
    CHECK(wait->outcome->error().code() == Errc::cancelled);
    CHECK_FALSE(bench.server.closed());
    const auto refused = bench.start();
    bench.clock->run(bench.context);
    CHECK(refused->outcome->error().code() == Errc::closed);
    CHECK(call->outcome->has_value());
    CHECK(bench.server.closed());
}

TEST_CASE("drain: close with a limit does the same without waiting") {
    Bench bench;
    bench.server.on(rpc_path).then(reply_result("1").after(1s)).always(hang());
    const auto in_time = bench.start();
    const auto late = bench.start();
    bench.clock->run_for(bench.context, 1ms);
    const TimePoint began = bench.clock->now();
    bench.client->close(2s);
    bench.clock->run(bench.context);
    CHECK(in_time->outcome->has_value());
    CHECK(late->outcome->error().code() == Errc::closed);
    CHECK(late->ended == began + 2s);
    CHECK(bench.server.closed());
}

TEST_CASE("drain: no time at all is like closing") {
    for (const std::chrono::milliseconds limit : {0ms, -5ms, std::chrono::milliseconds::min()}) {
        Bench bench;
        bench.server.on(rpc_path).always(hang());
        const auto call = bench.start();
        const auto wait = bench.drain(limit);
        bench.clock->run_for(bench.context, 1ms);
        REQUIRE(call->outcome.has_value());
        CHECK(call->outcome->error().code() == Errc::closed);
        REQUIRE(wait->outcome.has_value());
        CHECK(wait->outcome->has_error());
    }
}

TEST_CASE("drain: the wait may be awaited, and takes place on the caller's executor") {
    Bench bench;
    bench.server.on(rpc_path).always(reply_result("1").after(2s));
    const auto call = bench.start();
    const Result<void> drained = bench.clock->run(bench.context, bench.client->drain(5s));
    CHECK(drained.has_value());
    CHECK(call->outcome->has_value());
    // Nothing happens to a client whose drain nobody awaits.
    Bench other;
    other.server.on(rpc_path).always(reply_result("1"));
    { auto dropped = other.client->drain(0ms); }
    const auto still = other.start();
    other.clock->run(other.context);
    CHECK(still->outcome->has_value());
}

TEST_CASE("drain: a context that is destroyed takes the wait with it, uncalled") {
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> watch = held;
    bool called = false;
    {
        std::optional<Bench> bench{std::in_place};
        bench->server.on(rpc_path).always(hang());
        bench->start();
        bench->client->async_drain(
            10s, [&called, held = std::move(held)](const Result<void>&) { called = true; });
        bench->clock->run_for(bench->context, 1s);
    }
    CHECK_FALSE(called);
    CHECK(watch.expired());
}

TEST_CASE("drain: a client of any policies passes it on to its backend") {
    struct Draining {
        asio::awaitable<Result<void>> post(
            const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
            return server.post(request, response, progress);
        }
        void close() noexcept { server.close(); }
        void drain() noexcept { ++*drains; }

        ScriptedBackend server;
        std::shared_ptr<int> drains;
    };
    ScriptedBackend server;
    server.on(token_path).always(issue_tokens(1h));
    server.on(rpc_path).always(reply_result("1").after(1s));
    const auto drains = std::make_shared<int>(0);
    asio::io_context context;
    const auto clock = std::make_shared<ManualClock>();
    ClientOptions options;
    options.clock = clock;
    AnyClient client{
        context.get_executor(),
        Url::parse("https://api.example/rpc").value(),
        Draining{server, drains},
        make_auth(),
        options};
    std::optional<Outcome> outcome;
    client.async_call("m", no_params, [&](Outcome got) { outcome.emplace(std::move(got)); });
    clock->run_for(context, 10ms);
    CHECK(*drains == 0);
    const Result<void> drained = clock->run(context, client.drain(5s));
    CHECK(drained.has_value());
    CHECK(*drains == 1);
    REQUIRE(outcome.has_value());
    CHECK(outcome->has_value());
}

}  // namespace drain_test
