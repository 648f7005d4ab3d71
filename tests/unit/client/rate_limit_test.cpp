// SPDX-License-Identifier: BSL-1.0
// Calls that keep to a server's rate limits, in virtual time.

#include <clarify/auth/no_auth.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rate_limit_test {

using namespace clarify;
using namespace clarify::testing;
using clarify::detail::TokenBucket;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using Outcome = Result<boost::json::value>;
using TestClient = RpcClient<ScriptedBackend, NoAuth, BoostJsonCodec>;

CallOptions limited() {
    CallOptions options;
    options.rate_limited = true;
    return options;
}

/// A client of a server that answers everything at once, on a clock of its own.
struct Bench {
    explicit Bench(ClientOptions options = {}) {
        options.clock = clock;
        options.observer = [this](const Event& event) {
            if (event.kind != EventKind::rate_limited) return;
            waits.push_back(event.elapsed);
            if (event.error != nullptr) given_up.push_back(event.error->code());
        };
        server.on("/rpc").always(reply_result("1"));
        client.emplace(
            context.get_executor(),
            Url::parse("http://localhost/rpc").value(),
            server,
            NoAuth{},
            std::move(options));
    }
    std::shared_ptr<std::optional<Outcome>> start(
        std::string_view method,
        CallOptions options = limited(),
        asio::cancellation_slot slot = {}) {
        auto outcome = std::make_shared<std::optional<Outcome>>();
        client->async_call(
            method,
            no_params,
            std::move(options),
            asio::bind_cancellation_slot(
                slot, [outcome](Outcome got) { outcome->emplace(std::move(got)); }));
        return outcome;
    }
    /// When the requests for a method were sent, since the clock began.
    std::vector<std::chrono::milliseconds> sent(std::string_view method) const {
        std::vector<std::chrono::milliseconds> times;
        for (const RecordedRequest& request : server.requests("/rpc")) {
            if (request.method() != method) continue;
            times.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(
                request.began - (clock->now() - clock->elapsed())));
        }
        return times;
    }

    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    std::vector<Clock::duration> waits;
    /// Why those did that gave up waiting.
    std::vector<Errc> given_up;
    std::optional<TestClient> client;
};

using Times = std::vector<std::chrono::milliseconds>;

}  // namespace

TEST_CASE(
    "TokenBucket: in no window of time more tokens are given than the rate and the burst allow") {
    std::mt19937 random{7};
    for (const unsigned burst : {1U, 2U, 10U}) {
        TokenBucket bucket{100ms, burst};
        TimePoint now{};
        std::deque<TimePoint> given;
        std::size_t total = 0;
        for (int i = 0; i != 20'000; ++i) {
            now += std::chrono::milliseconds{random() % 120};
            CHECK_EQ(bucket.ready() <= now, TokenBucket{bucket}.take(now));
            if (!bucket.take(now)) continue;
            ++total;
            given.push_back(now);
            while (now - given.front() >= 1s)
                given.pop_front();
            CHECK(given.size() <= 10 + burst);
        }
        // And none is lost: there was always more demand than the rate allows.
        if (burst == 10)
            CHECK(total + 1 >= static_cast<std::size_t>(now.time_since_epoch() / 100ms));
    }
}

TEST_CASE("rate limit: calls wait in the order in which they came, each a turn after the other") {
    Bench bench;
    std::vector<std::shared_ptr<std::optional<Outcome>>> calls;
    for (int i = 0; i != 4; ++i)
        calls.push_back(bench.start("integration.insert"));
    // Another method, in either spelling of its name, has a limit of its own.
    for (int i = 0; i != 12; ++i)
        calls.push_back(bench.start(i % 2 == 0 ? "admin.selectSignals" : "admin.signals.select"));
    bench.clock->run(bench.context);
    for (const auto& call : calls) {
        REQUIRE(call->has_value());
        CHECK((*call)->has_value());
    }
    CHECK(bench.sent("integration.insert") == Times{0ms, 1s, 2s, 3s});
    CHECK(bench.sent("admin.selectSignals") == Times{0ms, 0ms, 0ms, 0ms, 0ms, 100ms});
    CHECK(bench.sent("admin.signals.select") == Times{0ms, 0ms, 0ms, 0ms, 0ms, 200ms});
    CHECK(bench.waits == std::vector<Clock::duration>{100ms, 200ms, 1s, 2s, 3s});
}

TEST_CASE("rate limit: after a pause nobody waits, and what was not used is not saved up") {
    Bench bench;
    for (const int pause : {0, 5, 5}) {
        bench.clock->run_for(bench.context, std::chrono::seconds{pause});
        bench.start("clarify.dataFrame");
        bench.start("clarify.dataFrame");
        bench.clock->run(bench.context);
    }
    CHECK(bench.sent("clarify.dataFrame") == Times{0ms, 1s, 6s, 7s, 12s, 13s});
}

TEST_CASE("rate limit: calls that do not ask for it, and methods without one, do not wait") {
    Bench bench;
    for (int i = 0; i != 3; ++i) {
        bench.start("integration.insert", CallOptions{});
        bench.start("other.method");
    }
    bench.clock->run(bench.context);
    CHECK(bench.sent("integration.insert") == Times{0ms, 0ms, 0ms});
    CHECK(bench.sent("other.method") == Times{0ms, 0ms, 0ms});
    CHECK(bench.waits.empty());
}

TEST_CASE("rate limit: an empty list turns it off, another one replaces it") {
    ClientOptions off;
    off.rate_limits.clear();
    Bench free{off};
    ClientOptions other;
    other.rate_limits = {{{"m"}, 4}};
    Bench bound{other};
    for (Bench* const bench : {&free, &bound}) {
        for (int i = 0; i != 3; ++i) {
            bench->start("m");
            bench->start("integration.insert");
        }
        bench->clock->run(bench->context);
    }
    CHECK(free.sent("m") == Times{0ms, 0ms, 0ms});
    CHECK(free.sent("integration.insert") == Times{0ms, 0ms, 0ms});
    CHECK(bound.sent("m") == Times{0ms, 250ms, 500ms});
    CHECK(bound.sent("integration.insert") == Times{0ms, 0ms, 0ms});
}

TEST_CASE("rate limit: a repetition waits for its turn as well") {
    ClientOptions options;
    options.retry.base = 1ms;
    Bench bench{options};
    bench.server.on("/rpc").then(reply(503), 2);
    bench.start("integration.insert");
    bench.start("integration.insert");
    bench.clock->run(bench.context);
    const Times sent = bench.sent("integration.insert");
    CHECK(sent == Times{0ms, 1s, 2s, 3s});
}

TEST_CASE("rate limit: whose turn cannot come in time is refused at once, unsent, and told when") {
    Bench bench;
    const TimePoint start = bench.clock->now();
    const auto first = bench.start("integration.insert");
    CallOptions brief = limited();
    brief.timeout = 500ms;
    const auto second = bench.start("integration.insert", brief);
    brief.timeout = 1s;
    const auto third = bench.start("integration.insert", brief);
    const auto fourth = bench.start("integration.insert");
    brief.timeout = 2s;
    const auto fifth = bench.start("integration.insert", brief);
    bench.clock->run_for(bench.context, 0s);
    for (const auto& [late, turn] : {std::pair{second, 1s}, {third, 1s}, {fifth, 2s}}) {
        REQUIRE(late->has_value());
        REQUIRE((*late)->has_error());
        const Error& error = (*late)->error();
        CHECK(error.code() == Errc::overloaded);
        CHECK(error.reason() == Reason::rate_limit);
        CHECK(error.phase() == Phase::queue);
        CHECK(error.fate() == Fate::unsent);
        CHECK(error.attempts() == 0);
        CHECK(error.turn() == start + turn);
    }
    CHECK(bench.waits.empty());
    bench.clock->run(bench.context);
    CHECK(first->value().has_value());
    CHECK(fourth->value().has_value());
    CHECK(bench.sent("integration.insert") == Times{0ms, 1s});
}

TEST_CASE("rate limit: a limit that begins with the turn lets a call wait for longer than that") {
    Bench bench;
    CallOptions brief = limited();
    brief.timeout = 500ms;
    brief.timeout_from_turn = true;
    std::vector<std::shared_ptr<std::optional<Outcome>>> calls;
    for (int i = 0; i != 3; ++i)
        calls.push_back(bench.start("integration.insert", brief));
    bench.clock->run(bench.context);
    for (const auto& call : calls) {
        REQUIRE(call->has_value());
        CHECK((*call)->has_value());
    }
    CHECK(bench.sent("integration.insert") == Times{0ms, 1s, 2s});
}

TEST_CASE("rate limit: a limit that begins with the turn ends who gets no answer then") {
    ClientOptions rare;
    rare.rate_limits = {{{"integration.insert"}, 1.0 / 60}};
    // Also where that is later than when an attempt is looked at, or earlier.
    for (const auto limit : {500ms, 20'000ms}) {
        CAPTURE(limit.count());
        Bench bench{rare};
        bench.server.on("/rpc").then(reply_result("1")).then(hang());
        CallOptions options = limited();
        options.timeout = limit;
        options.timeout_from_turn = true;
        options.attempts = 1;
        bench.start("integration.insert", options);
        const auto second = bench.start("integration.insert", options);
        bench.clock->run_for(bench.context, 60s + limit - 1ms);
        CHECK_FALSE(second->has_value());
        bench.clock->run_for(bench.context, 1ms);
        REQUIRE(second->has_value());
        CHECK((*second)->error().code() == Errc::timeout);
        CHECK((*second)->error().fate() == Fate::unknown);
    }
}

TEST_CASE("rate limit: the wait of a repetition stops such a limit as well") {
    ClientOptions options;
    options.retry.base = 1ms;
    Bench bench{options};
    bench.server.on("/rpc").then(reply(503));
    CallOptions brief = limited();
    brief.timeout = 500ms;
    brief.timeout_from_turn = true;
    const auto outcome = bench.start("integration.insert", brief);
    bench.clock->run(bench.context);
    CHECK(outcome->value().has_value());
    CHECK(bench.sent("integration.insert") == Times{0ms, 1s});
}

TEST_CASE(
    "rate limit: a deadline, a scope and a cancellation count while such a limit stands still") {
    Bench bench;
    bench.start("integration.insert");
    CallOptions options = limited();
    options.timeout = 500ms;
    options.timeout_from_turn = true;
    CallOptions until = options;
    until.deadline = bench.clock->now() + 900ms;
    const auto late = bench.start("integration.insert", until);
    CallOptions in_scope = options;
    in_scope.scope.emplace(bench.clock->now() + 900ms);
    const auto late_too = bench.start("integration.insert", in_scope);
    asio::cancellation_signal signal;
    const auto given_up = bench.start("integration.insert", options, signal.slot());
    bench.clock->run_for(bench.context, 800ms);
    for (const auto& call : {late, late_too}) {
        REQUIRE(call->has_value());
        CHECK((*call)->error().reason() == Reason::rate_limit);
        CHECK((*call)->error().turn() == bench.clock->now() + 200ms);
    }
    CHECK_FALSE(given_up->has_value());
    signal.emit(asio::cancellation_type::terminal);
    bench.clock->run_for(bench.context, 0ms);
    REQUIRE(given_up->has_value());
    CHECK((*given_up)->error().code() == Errc::cancelled);
    CHECK((*given_up)->error().fate() == Fate::unsent);
}

TEST_CASE("rate limit: who takes no turn makes room, and every wait is told") {
    Bench bench;
    bench.start("integration.insert");
    asio::cancellation_signal signal;
    const auto given_up = bench.start("integration.insert", limited(), signal.slot());
    const auto other = bench.start("integration.insert");
    bench.clock->run_for(bench.context, 300ms);
    signal.emit(asio::cancellation_type::terminal);
    bench.clock->run_for(bench.context, 0ms);
    CHECK(bench.waits == std::vector<Clock::duration>{300ms});
    CHECK(bench.given_up == std::vector<Errc>{Errc::cancelled});
    // One may come in time that could not have before.
    CallOptions brief = limited();
    brief.timeout = 2s;
    const auto late = bench.start("integration.insert", brief);
    bench.clock->run(bench.context);
    CHECK(other->value().has_value());
    CHECK(late->value().has_value());
    CHECK(bench.sent("integration.insert") == Times{0ms, 1s, 2s});
    CHECK(bench.waits == std::vector<Clock::duration>{300ms, 1s, 1700ms});
    CHECK(bench.given_up.size() == 1);
}

TEST_CASE("rate limit: a repetition whose turn would come too late is not made") {
    ClientOptions options;
    options.retry.base = 1ms;
    Bench bench{options};
    bench.server.on("/rpc").then(reply(503));
    CallOptions brief = limited();
    brief.timeout = 500ms;
    const auto outcome = bench.start("integration.insert", brief);
    bench.clock->run(bench.context);
    REQUIRE(outcome->value().has_error());
    CHECK(outcome->value().error().reason() == Reason::rate_limit);
    CHECK(outcome->value().error().attempts() == 1);
    // The attempt that was made may have been executed.
    CHECK(outcome->value().error().fate() == Fate::unknown);
    CHECK(bench.clock->elapsed() < 100ms);
}

TEST_CASE("TokenBucket: the turn of each in a line is known when it comes") {
    std::mt19937 random{11};
    for (const unsigned burst : {1U, 3U, 10U}) {
        TokenBucket bucket{100ms, burst};
        TimePoint now{1h};
        for (int i = 0; i != 2'000; ++i) {
            now += std::chrono::milliseconds{random() % 500};
            TokenBucket line = bucket;
            TimePoint at = now;
            for (std::size_t before = 0; before != 15; ++before) {
                at = (std::max)(at, line.ready());
                REQUIRE(bucket.ready_after(before, now) == at);
                REQUIRE(line.take(at));
            }
            bucket.take(now);
        }
        CHECK(
            bucket.ready_after((std::numeric_limits<std::size_t>::max)(), now) == TimePoint::max());
    }
}

TEST_CASE("rate limit: a call may be cancelled at the head of the line and behind it") {
    for (const std::size_t which : {std::size_t{1}, std::size_t{2}}) {
        CAPTURE(which);
        Bench bench;
        std::deque<asio::cancellation_signal> signals(4);
        std::vector<std::shared_ptr<std::optional<Outcome>>> calls;
        for (asio::cancellation_signal& signal : signals)
            calls.push_back(bench.start("integration.insert", limited(), signal.slot()));
        bench.clock->run_for(bench.context, 300ms);
        signals[which].emit(asio::cancellation_type::total);
        bench.clock->run_for(bench.context, 0ms);
        REQUIRE(calls[which]->has_value());
        CHECK((*calls[which])->error().code() == Errc::cancelled);
        CHECK((*calls[which])->error().fate() == Fate::unsent);
        bench.clock->run(bench.context);
        CHECK(bench.sent("integration.insert") == Times{0ms, 1s, 2s});
    }
}

TEST_CASE(
    "rate limit: the place is handed on though its new owner is cancelled in the same moment") {
    Bench bench;
    std::deque<asio::cancellation_signal> signals(4);
    std::vector<std::shared_ptr<std::optional<Outcome>>> calls;
    for (asio::cancellation_signal& signal : signals)
        calls.push_back(bench.start("integration.insert", limited(), signal.slot()));
    bench.clock->run_for(bench.context, 300ms);
    signals[1].emit(asio::cancellation_type::terminal);
    signals[2].emit(asio::cancellation_type::terminal);
    bench.clock->run(bench.context);
    CHECK((*calls[1])->error().code() == Errc::cancelled);
    CHECK((*calls[2])->error().code() == Errc::cancelled);
    CHECK((*calls[3])->has_value());
    CHECK(bench.sent("integration.insert") == Times{0ms, 1s});
}

TEST_CASE("rate limit: closing the client ends those who wait") {
    Bench bench;
    std::vector<std::shared_ptr<std::optional<Outcome>>> calls;
    for (int i = 0; i != 5; ++i)
        calls.push_back(bench.start("integration.insert"));
    bench.clock->run_for(bench.context, 100ms);
    bench.client->close();
    bench.clock->run(bench.context);
    for (std::size_t i = 1; i != calls.size(); ++i) {
        REQUIRE(calls[i]->has_value());
        CHECK((*calls[i])->error().code() == Errc::closed);
        CHECK((*calls[i])->error().fate() == Fate::unsent);
    }
    CHECK(bench.clock->elapsed() < 1s);
}

TEST_CASE("rate limit: the context may be destroyed while calls wait") {
    for (const auto pause : {0ms, 300ms, 1300ms}) {
        auto bench = std::make_unique<Bench>();
        std::vector<std::shared_ptr<std::optional<Outcome>>> calls;
        for (int i = 0; i != 5; ++i)
            calls.push_back(bench->start("integration.insert"));
        bench->clock->run_for(bench->context, pause);
        // The client is destroyed before the context, both with calls on them.
        bench.reset();
        for (const auto& call : calls)
            CHECK(call.use_count() == 1);
    }
}

TEST_CASE("rate limit: impossible ones are refused") {
    for (const RateLimit& limit :
         {RateLimit{{"m"}, 0},
          RateLimit{{"m"}, -1},
          RateLimit{{"m"}, 1e9},
          RateLimit{{"m"}, 1, 0}}) {
        ClientOptions options;
        options.rate_limits = {limit};
        CHECK_THROWS_AS(Bench{options}, std::invalid_argument);
    }
}

}  // namespace rate_limit_test
