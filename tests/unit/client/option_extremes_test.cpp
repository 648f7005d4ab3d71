// SPDX-License-Identifier: BSL-1.0
// Every option at the ends of its range: the longest time means for ever, and nothing overflows.

#include <clarify/api/detail/data_plan.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/credentials.hpp>
#include <clarify/json/boost_json_codec.hpp>

#include <doctest/doctest.h>
#include <support/extremes.hpp>
#include <support/scripted_bench.hpp>
#include <support/temporary_file.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace client_option_extremes_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;
using support::below_zero;
using support::for_ever;
using support::largest;
using support::rpc_path;
using support::ScriptedBench;
using support::token_path;

namespace {

template <class Span>
struct Member {
    const char* name;
    Span& (*of)(ClientOptions&);
    /// May it be zero?
    bool zero = true;
};

const std::vector<Member<milliseconds>> in_milliseconds{
    {"call_timeout", [](ClientOptions& o) -> milliseconds& { return o.call_timeout; }, false},
    {"attempt_timeout", [](ClientOptions& o) -> milliseconds& { return o.attempt_timeout; }, false},
    {"retry.base", [](ClientOptions& o) -> milliseconds& { return o.retry.base; }},
    {"retry.throttled_base",
     [](ClientOptions& o) -> milliseconds& { return o.retry.throttled_base; }},
    {"retry.cap", [](ClientOptions& o) -> milliseconds& { return o.retry.cap; }},
    {"retry.longest_retry_after",
     [](ClientOptions& o) -> milliseconds& { return o.retry.longest_retry_after; }},
    {"idle_timeout", [](ClientOptions& o) -> milliseconds& { return o.http.idle_timeout; }},
    {"connection_lifetime",
     [](ClientOptions& o) -> milliseconds& { return o.http.connection_lifetime; },
     false},
    {"connect_timeout",
     [](ClientOptions& o) -> milliseconds& { return o.http.connect_timeout; },
     false},
    {"address_timeout",
     [](ClientOptions& o) -> milliseconds& { return o.http.address_timeout; },
     false},
    {"connect_stagger",
     [](ClientOptions& o) -> milliseconds& { return o.http.connect_stagger; },
     false},
    {"tls_timeout", [](ClientOptions& o) -> milliseconds& { return o.http.tls_timeout; }, false},
    {"proxy_timeout",
     [](ClientOptions& o) -> milliseconds& { return o.http.proxy_timeout; },
     false},
    {"unacknowledged_timeout",
     [](ClientOptions& o) -> milliseconds& { return o.http.unacknowledged_timeout; }},
    {"token.fetch_timeout",
     [](ClientOptions& o) -> milliseconds& { return o.token.fetch_timeout; },
     false}};

const std::vector<Member<seconds>> in_seconds{
    {"tls.session_lifetime",
     [](ClientOptions& o) -> seconds& { return o.http.tls.session_lifetime; }},
    {"token.times.renewal_margin",
     [](ClientOptions& o) -> seconds& { return o.token.times.renewal_margin; }},
    {"token.times.default_lifetime",
     [](ClientOptions& o) -> seconds& { return o.token.times.default_lifetime; },
     false},
    {"token.times.longest_pause",
     [](ClientOptions& o) -> seconds& { return o.token.times.longest_pause; },
     false},
    {"token.times.first_pause",
     [](ClientOptions& o) -> seconds& {
         // Not longer than the longest one.
         o.token.times.longest_pause = (seconds::max)();
         return o.token.times.first_pause;
     },
     false}};

std::string objection(const ClientOptions& options) {
    try {
        options.check();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return {};
}

CallOptions repeatable() {
    CallOptions options;
    options.idempotent = true;
    return options;
}

/// A client meets all that its times are for: failures, throttling, a wait that is asked for, a token
/// that is refused, one without a life, and two days without a call.
void live(const ClientOptions& options) {
    ScriptedBench bench{options, "https://api.example", options.token};
    const Answer token = reply(200, R"({"access_token":"a-token"})");
    bench.server.on(token_path).then(reply(500)).then(token).always(issue_tokens(1h));
    bench.server.on(rpc_path)
        .then(reply(500))
        .then(reply(429).header("Retry-After", "7"))
        .then(reply_result("1"))
        .then(reply(401))
        .always(reply_result("1"));
    CHECK(bench.call("m", repeatable()).has_value());
    REQUIRE(bench.waits.size() == 2);
    CHECK(bench.waits[0] >= 0s);
    CHECK(bench.waits[1] >= 7s);
    CHECK(bench.call("m", repeatable()).has_value());
    CHECK(bench.server.count(token_path) == 3);
    bench.clock->run_for(bench.context, 48h);
    CHECK(bench.call("m", repeatable()).has_value());
    // Nobody waits for the end of time.
    CHECK(bench.clock->elapsed() < 49h);
    bench.client.reset();
    bench.clock->run(bench.context);
}

ClientOptions patient() {
    ClientOptions options;
    options.call_timeout = 1h;
    options.token.fetch_timeout = 1h;
    return options;
}

}  // namespace

TEST_CASE("extremes: each time of a client may be as long as can be said, and means for ever") {
    for (const auto& member : in_milliseconds) {
        CAPTURE(member.name);
        for (const milliseconds value : for_ever<milliseconds>()) {
            CAPTURE(value.count());
            ClientOptions options = patient();
            member.of(options) = value;
            CHECK(objection(options) == "");
            // As for the window of the waits, its cap counts; without one the wait may be any.
            live(options);
        }
    }
    for (const auto& member : in_seconds) {
        CAPTURE(member.name);
        for (const seconds value : for_ever<seconds>()) {
            CAPTURE(value.count());
            ClientOptions options = patient();
            member.of(options) = value;
            CHECK(objection(options) == "");
            live(options);
        }
    }
}

TEST_CASE("extremes: all times for ever at once, but for the waits that have nothing above them") {
    ClientOptions options;
    for (const auto& member : in_milliseconds)
        member.of(options) = (milliseconds::max)();
    for (const auto& member : in_seconds)
        member.of(options) = (seconds::max)();
    options.retry.base = 100ms;
    options.retry.throttled_base = 1s;
    CHECK(objection(options) == "");
    live(options);
}

TEST_CASE("extremes: a time below its range is refused with its name") {
    for (const auto& member : in_milliseconds) {
        CAPTURE(member.name);
        ClientOptions options;
        member.of(options) = 0ms;
        CHECK(objection(options).empty() == member.zero);
        for (const milliseconds value : below_zero<milliseconds>()) {
            member.of(options) = value;
            CHECK(objection(options).starts_with(member.name));
        }
    }
    for (const auto& member : in_seconds) {
        CAPTURE(member.name);
        ClientOptions options;
        member.of(options) = 0s;
        CHECK(objection(options).empty() == member.zero);
        for (const seconds value : below_zero<seconds>()) {
            member.of(options) = value;
            CHECK(objection(options).starts_with(member.name));
        }
    }
}

TEST_CASE("extremes: numbers without an upper end may be the largest there is") {
    ClientOptions options = patient();
    options.max_request_body = options.max_response_body = options.max_json_memory = largest;
    options.http.max_connections = options.http.max_waiting = largest;
    options.http.max_response_fields = largest;
    options.http.max_interim_responses = (std::numeric_limits<unsigned>::max)();
    options.http.tls.max_sessions = largest;
    options.retry.attempts = options.retry.budget = (std::numeric_limits<unsigned>::max)();
    options.token.attempts = (std::numeric_limits<unsigned>::max)();
    CHECK(objection(options) == "");
    live(options);
    // What nothing heals is sent until the deadline.
    options.call_timeout = 200s;
    options.retry.base = options.retry.cap = 1s;
    ScriptedBench bench{options};
    bench.server.on(rpc_path).always(reply(500));
    const auto outcome = bench.call("m", repeatable());
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().attempts() > 100);
}

TEST_CASE("extremes: a call whose own limit has run out is not sent, and says so") {
    std::vector<milliseconds> spans = below_zero<milliseconds>();
    spans.push_back(0ms);
    for (const milliseconds span : spans) {
        CAPTURE(span.count());
        ScriptedBench bench;
        const auto check = [&](const Error& error) {
            CHECK(error.code() == Errc::timeout);
            CHECK(error.reason() == Reason::none);
            CHECK(error.phase() == Phase::queue);
            CHECK(error.fate() == Fate::unsent);
            CHECK(error.attempts() == 0);
        };
        check(bench.call("m", CallOptions{span}).error());
        const auto notified = bench.clock->run(
            bench.context, bench.client->notify("m", no_params, CallOptions{span}));
        check(notified.error());
        auto batch = bench.client->make_batch();
        batch.call("m");
        const auto called = bench.clock->run(
            bench.context, bench.client->call_batch(std::move(batch), CallOptions{span}));
        check(called.error());
        CHECK(bench.server.requests().empty());
        CHECK(bench.clock->elapsed() == 0s);
        // What could never be sent is the call's fault all the same.
        CHECK(bench.call("", CallOptions{span}).error().code() == Errc::bad_argument);
    }
    ScriptedBench bench;
    bench.server.on(rpc_path).always(reply_result("1"));
    for (const milliseconds span : for_ever<milliseconds>())
        CHECK(bench.call("m", CallOptions{span}).has_value());
    CHECK(bench.call("m", CallOptions{1ms}).has_value());
}

TEST_CASE("extremes: a graceful end takes any limit") {
    for (const milliseconds limit : for_ever<milliseconds>()) {
        ScriptedBench bench;
        bench.server.on(rpc_path).always(reply_result("1").after(1h));
        const auto pending = bench.start("m");
        CHECK(bench.clock->run(bench.context, bench.client->drain(limit)).has_value());
        CHECK(pending->has_value());
    }
    for (const milliseconds limit : below_zero<milliseconds>()) {
        ScriptedBench bench;
        bench.server.on(rpc_path).always(hang());
        const auto pending = bench.start("m");
        CHECK(bench.clock->run(bench.context, bench.client->drain(limit)).has_error());
        CHECK(bench.clock->elapsed() == 0s);
    }
}

TEST_CASE("extremes: a sum of a time and a span stays within time") {
    using clarify::detail::clock_span;
    using clarify::detail::doubled;
    using clarify::detail::time_after;
    constexpr TimePoint least = (TimePoint::min)();
    constexpr TimePoint most = (TimePoint::max)();
    for (const TimePoint now : {least, TimePoint{-1h}, TimePoint{}, TimePoint{1'000h}, most}) {
        const TimePoint end = now < TimePoint{} ? now + (Clock::duration::max)() : most;
        CHECK(time_after(now, (seconds::max)()) == end);
        for (const milliseconds span : for_ever<milliseconds>())
            CHECK((now == most || time_after(now, span) > now));
        for (const milliseconds span : below_zero<milliseconds>())
            CHECK((now == least || time_after(now, span) < now));
        CHECK(time_after(now, 0s) == now);
        CHECK(time_after(now, (Clock::duration::min)()) <= now);
    }
    CHECK(time_after(TimePoint{}, 1h) == TimePoint{1h});
    CHECK(clock_span(-1s) == -1s);
    CHECK(clock_span((seconds::max)()) == (Clock::duration::max)());
    CHECK(clock_span((seconds::min)()) == (Clock::duration::min)());
    CHECK(doubled((Clock::duration::max)()) == (Clock::duration::max)());
    CHECK(doubled(1s) == 2s);
}

TEST_CASE("extremes: a codec takes the largest limit of memory, and refuses none") {
    JsonCodecOptions options;
    options.max_parse_memory = largest;
    CHECK(BoostJsonCodec{options}.decode<std::vector<std::string>>(R"(["a","b"])")->size() == 2);
    options.max_parse_memory = 0;
    CHECK_THROWS_AS(BoostJsonCodec{options}, std::invalid_argument);
    options = JsonCodecOptions{};
    for (const std::size_t depth : {std::size_t{0}, std::size_t{1'025}, largest}) {
        options.max_depth = depth;
        CHECK_THROWS_AS(BoostJsonCodec{options}, std::invalid_argument);
    }
}

TEST_CASE("extremes: a stream of data takes any first window") {
    using std::chrono::microseconds;
    const Timestamp from = Timestamp::from_microseconds(0);
    std::vector<microseconds> windows = for_ever<microseconds>();
    for (const microseconds window : below_zero<microseconds>())
        windows.push_back(window);
    windows.push_back(0us);
    windows.push_back(1us);
    for (const microseconds window : windows) {
        CAPTURE(window.count());
        clarify::detail::DataPlan::Limits limits;
        limits.first_window = window;
        limits.values = largest;
        limits.items = largest;
        clarify::detail::DataPlan plan{
            from, from + std::chrono::hours{24 * 365}, 3, std::nullopt, limits};
        Timestamp reached = from;
        std::size_t pieces = 0;
        while (const auto piece = plan.next()) {
            REQUIRE(piece->from == reached);
            REQUIRE(piece->to > piece->from);
            reached = piece->to;
            plan.arrived(*piece, 0);
            REQUIRE(++pieces < 100);
        }
        CHECK(reached == from + std::chrono::hours{24 * 365});
    }
}

TEST_CASE("extremes: a credentials file may have any largest size") {
    const std::string text =
        R"({"apiUrl":"https://api.example/v1/","integration":"i",)"
        R"("credentials":{"type":"basic-auth","clientId":"u","clientSecret":"password"}})";
    const support::TemporaryFile file{text};
    using Shared = Credentials::SharedFile;
    const auto read = [&](std::size_t size) {
        return Credentials::from_file(file.path(), Shared::warn, size);
    };
    for (const std::size_t size : {text.size(), text.size() + 1, largest / 2, largest - 1, largest})
        CHECK(read(size).has_value());
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, text.size() - 1})
        CHECK(read(size).error().reason() == Reason::file);
}

}  // namespace client_option_extremes_test
