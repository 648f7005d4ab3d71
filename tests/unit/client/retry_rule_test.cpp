// SPDX-License-Identifier: BSL-1.0
// What a whole client makes of replies that ask for patience or refuse its token, in virtual time.

#include <doctest/doctest.h>
#include <support/scripted_bench.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace retry_rule_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;

namespace {

using support::rpc_path;
using support::token_path;
using Outcome = support::ScriptedBench::Outcome;

constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";

struct Bench : support::ScriptedBench {
    using ScriptedBench::ScriptedBench;
    Outcome call(bool idempotent = false) {
        CallOptions options;
        options.idempotent = idempotent;
        return ScriptedBench::call("m", std::move(options));
    }
};

Answer asks_for(unsigned status, std::string retry_after) {
    return reply(status)
        .header("Retry-After", std::move(retry_after))
        .header("Date", std::string{date});
}

/// The first wait after a 429 with this field; negative where the call was not repeated.
Clock::duration wait_after(std::string retry_after) {
    Bench bench;
    bench.server.on(rpc_path).then(asks_for(429, std::move(retry_after))).always(reply_result("1"));
    const Outcome outcome = bench.call();
    CHECK(outcome.has_value() == !bench.waits.empty());
    return bench.waits.empty() ? Clock::duration{-1} : bench.waits.front();
}

}  // namespace

TEST_CASE("retry rule: Retry-After in seconds, or as a date by the reply's own clock, is obeyed") {
    CHECK(wait_after("7") == 7s);
    CHECK(wait_after("007") == 7s);
    CHECK(wait_after("Sun, 06 Nov 1994 08:49:44 GMT") == 7s);
    CHECK(wait_after("29") == 29s);
}

TEST_CASE("retry rule: a Retry-After that is no time, or has passed, leaves the own wait") {
    for (const char* field :
         {"0",
          "-5",
          "abc",
          "1e9",
          "1.5",
          "7, 9",
          "",
          "Sun, 06 Nov 1994 08:49:30 GMT",
          "Sun, 99 Nov 1994 08:49:44 GMT"}) {
        CAPTURE(field);
        const Clock::duration wait = wait_after(field);
        CHECK(wait >= 0s);
        CHECK(wait < 1s);
    }
}

TEST_CASE("retry rule: a wait that is too long ends the call at once, and is reported") {
    struct Row {
        std::string field;
        std::chrono::milliseconds reported;
    };
    for (const Row& row :
         {Row{"31", 31s},
          Row{"1000000000", 24h},
          Row{std::string(500, '9'), 24h},
          Row{"Sun, 06 Nov 2094 08:49:44 GMT", 24h}}) {
        CAPTURE(row.field);
        Bench bench;
        bench.server.on(rpc_path).always(asks_for(429, row.field));
        const Outcome outcome = bench.call();
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::status);
        CHECK(outcome.error().attempts() == 1);
        REQUIRE(outcome.error().http() != nullptr);
        CHECK(outcome.error().http()->retry_after == row.reported);
        CHECK(bench.clock->elapsed() == 0s);
    }
}

TEST_CASE("retry rule: too many requests are repeated for any call, failures for idempotent ones") {
    struct Row {
        unsigned status;
        bool idempotent;
        std::size_t sends;
    };
    for (const Row& row :
         {Row{429, false, 3},
          Row{429, true, 3},
          Row{421, false, 3},
          Row{503, false, 1},
          Row{503, true, 3},
          Row{500, false, 1},
          Row{502, true, 3},
          Row{504, true, 3},
          Row{408, true, 1},
          Row{501, true, 1},
          Row{505, true, 1}}) {
        CAPTURE(row.status);
        CAPTURE(row.idempotent);
        Bench bench;
        bench.server.on(rpc_path).always(reply(row.status));
        const Outcome outcome = bench.call(row.idempotent);
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().http_status() == row.status);
        CHECK(outcome.error().fate() == Fate::answered);
        CHECK(outcome.error().attempts() == row.sends);
        CHECK(bench.server.count(rpc_path) == row.sends);
        // A complete reply leaves its connection good, and the token too.
        CHECK(bench.server.dropped() == 0);
        CHECK(bench.server.count(token_path) == 1);
    }
}

TEST_CASE("retry rule: the last reply is the one reported") {
    Bench bench;
    bench.server.on(rpc_path)
        .then(reply(503, "first"))
        .then(fail(Errc::connect, Reason::refused))
        .always(reply(502, "<html>third\n"));
    const Outcome outcome = bench.call(true);
    REQUIRE(outcome.has_error());
    REQUIRE(outcome.error().http() != nullptr);
    CHECK(outcome.error().http()->status == 502);
    CHECK(outcome.error().http()->body_excerpt.find("third") != std::string::npos);
    CHECK(outcome.error().attempts() == 3);
}

TEST_CASE("retry rule: what an earlier attempt may have done is not forgotten") {
    Bench bench;
    bench.server.on(rpc_path).then(reply(503)).always(fail(Errc::connect, Reason::refused));
    const Outcome outcome = bench.call(true);
    CHECK(outcome.error().code() == Errc::connect);
    CHECK(outcome.error().fate() == Fate::unknown);
    // A refusal did nothing.
    Bench refused;
    refused.server.on(rpc_path).then(reply(429)).always(fail(Errc::connect, Reason::refused));
    CHECK(refused.call().error().fate() == Fate::unsent);
}

TEST_CASE("retry rule: an outage uses up the budget, and success restores it") {
    Bench bench;
    bench.server.on(rpc_path).always(fail(Errc::connect, Reason::refused));
    std::size_t sends = 0;
    for (int i = 0; i != 100; ++i) {
        CHECK(bench.call().has_error());
        bench.clock->run_for(bench.context, 1s);
    }
    sends = bench.server.count(rpc_path);
    // Three for each call at first; one each once half of the tokens are gone.
    CHECK(sends >= 100 + 30);
    CHECK(sends <= 100 + 50);
    bench.server.on(rpc_path).always(reply_result("1"));
    for (int i = 0; i != 600; ++i)
        REQUIRE(bench.call().has_value());
    bench.server.on(rpc_path).always(fail(Errc::connect, Reason::refused));
    CHECK(bench.call().error().attempts() == 3);
}

TEST_CASE("retry rule: a server that hangs costs the budget too") {
    ClientOptions options;
    options.retry.budget = 4;
    Bench bench{options};
    bench.server.on(rpc_path).then(hang(), 3).always(fail(Errc::connect, Reason::refused));
    for (int i = 0; i != 3; ++i)
        CHECK(bench.call().error().code() == Errc::timeout);
    CHECK(bench.call().error().attempts() == 1);
}

TEST_CASE("retry rule: calls and token fetches repeat the same statuses") {
    const auto sends = [](std::string_view path, const Answer& answer) {
        Bench bench;
        bench.server.on(rpc_path).always(reply_result("1"));
        bench.server.on(path).always(answer);
        CHECK(bench.call(true).has_error());
        return bench.server.count(path);
    };
    for (unsigned status = 100; status != 600; ++status) {
        CAPTURE(status);
        // A call has another token to try with.
        if (status != 401)
            CHECK(sends(rpc_path, reply(status)) == sends(token_path, reply(status)));
        HttpFailure refusal;
        refusal.status = status;
        Error refused{Errc::proxy, Reason::refused};
        refused.set_phase(Phase::proxy).set_http(std::move(refusal));
        CHECK(sends(rpc_path, fail(refused)) == sends(token_path, fail(refused)));
    }
    for (const Errc code :
         {Errc::resolve, Errc::connect, Errc::tls, Errc::proxy, Errc::io, Errc::framing}) {
        for (const Reason reason :
             {Reason::none, Reason::temporary, Reason::reset, Reason::stale}) {
            CAPTURE(to_string(code));
            CAPTURE(to_string(reason));
            CHECK(sends(rpc_path, fail(code, reason)) == sends(token_path, fail(code, reason)));
        }
    }
}

TEST_CASE("retry rule: a stale connection is replaced at once, for a token too") {
    Bench bench;
    bench.server.on(rpc_path).then(fail(Errc::io, Reason::stale)).always(reply_result("1"));
    bench.server.on(token_path).then(fail(Errc::io, Reason::stale)).always(issue_tokens(1h));
    CHECK(bench.call(true).has_value());
    CHECK(bench.clock->elapsed() == 0s);
    for (const std::string_view path : {rpc_path, token_path}) {
        const std::vector<RecordedRequest> requests = bench.server.requests(path);
        REQUIRE(requests.size() == 2);
        CHECK_FALSE(requests[0].fresh_connection);
        CHECK(requests[1].fresh_connection);
    }
}

TEST_CASE("rejected tokens: a thousand calls in flight when it is revoked cost one fetch") {
    Bench bench;
    bench.server.on(rpc_path).always([](const RecordedRequest& request) {
        const bool revoked = request.header("Authorization") == "Bearer token-1";
        // They learn of it one after the other, some long after the new token is there.
        return (revoked ? reply(401) : reply_result("1"))
            .after(std::chrono::milliseconds{1 + request.number % 97});
    });
    int succeeded = 0;
    constexpr int many = 1'000;
    for (int i = 0; i != many; ++i) {
        bench.client->async_call("m", no_params, [&](const Outcome& outcome) {
            if (outcome) ++succeeded;
        });
    }
    bench.clock->run(bench.context);
    CHECK(succeeded == many);
    CHECK(bench.server.count(token_path) == 2);
    CHECK(bench.server.count(rpc_path) == 2 * many);
}

TEST_CASE("rejected tokens: the same text handed out again ends the call after the second try") {
    Bench bench;
    bench.server.on(token_path).always(reply_token("same", 1h));
    bench.server.on(rpc_path).always(reply(401));
    const Outcome outcome = bench.call(true);
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::auth);
    CHECK(outcome.error().reason() == Reason::rejected);
    CHECK(bench.server.count(rpc_path) <= 2);
    CHECK(bench.server.count(token_path) <= 2);
}

TEST_CASE("rejected tokens: another one is no reason to send a request once more than allowed") {
    for (const unsigned before : {429U, 503U}) {
        Bench bench;
        bench.server.on(rpc_path)
            .then(reply(before))
            .then(reply(before))
            .then(reply(401))
            .always(reply_result("1"));
        const Outcome outcome = bench.call(before == 503);
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::auth);
        CHECK(outcome.error().attempts() == 3);
        CHECK(bench.server.count(rpc_path) == 3);
        // The token is gone all the same.
        CHECK(bench.call().has_value());
        CHECK(bench.server.count(token_path) == 2);
    }
    ClientOptions once;
    once.retry.attempts = 1;
    Bench bench{once};
    bench.server.on(rpc_path).then(reply(401)).then(reply_result("1")).always(reply(503));
    CHECK(bench.call(true).has_value());
    CHECK(bench.server.count(rpc_path) == 2);
    CHECK_FALSE(bench.call(true).has_value());
    CHECK(bench.server.count(rpc_path) == 3);
}

TEST_CASE("rejected tokens: a server that refuses all of them costs a fetch a pause, and heals") {
    Bench bench;
    bench.server.on(rpc_path).always(reply(401));
    // Ten calls a second for ten minutes.
    for (int i = 0; i != 6'000; ++i) {
        const Outcome outcome = bench.call();
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::auth);
        CHECK(outcome.error().reason() == Reason::rejected);
        bench.clock->run_for(bench.context, 100ms);
    }
    const std::vector<RecordedRequest> fetches = bench.server.requests(token_path);
    // 1, 2, 4, ... 32, 60, 60, ... seconds between them.
    CHECK(fetches.size() >= 10);
    CHECK(fetches.size() <= 18);
    for (std::size_t i = 2; i != fetches.size(); ++i) {
        CAPTURE(i);
        CHECK(
            fetches[i].began - fetches[i - 1].began >=
            std::min<Clock::duration>(1s * (1 << (i - 2)), 60s));
    }
    bench.server.on(rpc_path).always(reply_result("1"));
    const TimePoint healed = bench.clock->now();
    while (!bench.call() && bench.clock->now() - healed < 5min)
        bench.clock->run_for(bench.context, 100ms);
    CHECK(bench.clock->now() - healed <= 61s);
    CHECK(bench.call().has_value());
}

TEST_CASE("rejected tokens: a token that is revoked after every third call fails no call") {
    Bench bench;
    std::map<std::string, int> served;
    bench.server.on(rpc_path).always([&](const RecordedRequest& request) {
        return ++served[std::string{request.header("Authorization")}] > 3 ? reply(401)
                                                                          : reply_result("1");
    });
    for (int i = 0; i != 300; ++i)
        REQUIRE(bench.call().has_value());
    CHECK(bench.server.count(token_path) == 100);
    CHECK(bench.server.count(rpc_path) == 399);
    // At once, each time.
    CHECK(bench.clock->elapsed() == 0s);
}

TEST_CASE("rejected tokens: a 401 now and then costs no other call, however many are under way") {
    Bench bench;
    bench.server.on(rpc_path).always([](const RecordedRequest& request) {
        return (request.number % 500 == 499 ? reply(401) : reply_result("1"))
            .after(std::chrono::milliseconds{1 + request.number % 7});
    });
    std::size_t succeeded = 0;
    constexpr std::size_t waves = 30;
    for (std::size_t wave = 0; wave != waves; ++wave) {
        for (int i = 0; i != 100; ++i) {
            bench.client->async_call("m", no_params, [&](const Outcome& outcome) {
                if (outcome) ++succeeded;
            });
        }
        bench.clock->run_for(bench.context, 20ms);
    }
    bench.clock->run(bench.context);
    CHECK(succeeded == waves * 100);
    CHECK(bench.server.count(token_path) <= 1 + bench.server.count(rpc_path) / 500);
}

TEST_CASE("rejected tokens: methods that are always refused fail alone, and cost few tokens") {
    struct Row {
        int bad;
        Clock::duration good_each;
        std::size_t most_tokens;
    };
    for (const Row& row : {Row{1, 100ms, 2}, Row{3, 100ms, 4}, Row{1, 45s, 12}, Row{3, 45s, 12}}) {
        for (const bool bad_first : {false, true}) {
            CAPTURE(row.bad);
            CAPTURE(bad_first);
            Bench bench;
            bench.server.on(rpc_path).always([](const RecordedRequest& request) {
                const bool bad = request.body.find("forbidden") != std::string::npos;
                return bad ? reply(401) : reply_result("1");
            });
            // Whatever else is asked for, a method that comes first may be the only one there is.
            if (bad_first) CHECK(bench.ScriptedBench::call("forbidden.0").has_error());
            TimePoint next_good = bench.clock->now();
            std::size_t good = 0;
            const TimePoint end = bench.clock->now() + 2min;
            while (bench.clock->now() < end) {
                if (bench.clock->now() >= next_good) {
                    next_good += row.good_each;
                    const auto outcome =
                        bench.ScriptedBench::call("good." + std::to_string(++good % 64));
                    REQUIRE(outcome.has_value());
                }
                for (int i = 0; i != row.bad; ++i) {
                    const auto outcome =
                        bench.ScriptedBench::call("forbidden." + std::to_string(i));
                    REQUIRE(outcome.has_error());
                    CHECK(outcome.error().code() == Errc::auth);
                    CHECK(outcome.error().http_status() == 401);
                    CHECK(outcome.error().attempts() <= 2);
                }
                bench.clock->run_for(bench.context, 200ms);
            }
            CHECK(bench.server.count(token_path) <= row.most_tokens + (bad_first ? 1 : 0));
        }
    }
}

TEST_CASE("rejected tokens: sixty-four calls at a time go on beside one that is refused") {
    Bench bench;
    bench.server.on(rpc_path).always([](const RecordedRequest& request) {
        const bool bad = request.body.find("forbidden") != std::string::npos;
        return (bad ? reply(401) : reply_result("1"))
            .after(std::chrono::milliseconds{1 + request.number % 13});
    });
    std::size_t good = 0;
    std::size_t bad = 0;
    constexpr std::size_t waves = 50;
    for (std::size_t wave = 0; wave != waves; ++wave) {
        bench.client->async_call("forbidden.here", no_params, [&](const Outcome& outcome) {
            if (!outcome && outcome.error().http_status() == 401) ++bad;
        });
        for (int i = 0; i != 64; ++i) {
            bench.client->async_call(
                "good." + std::to_string(i), no_params, [&](const Outcome& outcome) {
                    if (outcome) ++good;
                });
        }
        bench.clock->run_for(bench.context, 5ms);
    }
    bench.clock->run(bench.context);
    CHECK(good == waves * 64);
    CHECK(bad == waves);
    CHECK(bench.server.count(token_path) == 2);
}

TEST_CASE("rejected tokens: a server that refuses all after it has served heals by itself") {
    Bench bench;
    bool refusing = false;
    // What was issued before it healed stays refused.
    std::string last_refused;
    bench.server.on(rpc_path).always([&](const RecordedRequest& request) {
        const std::string sent{request.header("Authorization")};
        if (refusing) last_refused = sent;
        return refusing || sent == last_refused ? reply(401) : reply_result("1");
    });
    for (const char* method : {"a", "b", "c"})
        CHECK(bench.ScriptedBench::call(method).has_value());
    refusing = true;
    for (int i = 0; i != 1'000; ++i) {
        for (const char* method : {"a", "b", "c"})
            CHECK(bench.ScriptedBench::call(method).error().code() == Errc::auth);
        bench.clock->run_for(bench.context, 300ms);
    }
    // 1 + 2 + ... + 32 s, and one a minute, over five minutes.
    CHECK(bench.server.count(token_path) <= 16);
    refusing = false;
    const TimePoint healed = bench.clock->now();
    while (!bench.ScriptedBench::call("a") && bench.clock->now() - healed < 5min)
        bench.clock->run_for(bench.context, 100ms);
    CHECK(bench.clock->now() - healed <= 121s);
    for (const char* method : {"a", "b", "c"})
        CHECK(bench.ScriptedBench::call(method).has_value());
}

TEST_CASE("retry: with a seed the waits are the same each time") {
    const auto waits = [](std::optional<std::uint32_t> seed) {
        ClientOptions options;
        options.retry.attempts = 8;
        options.retry.seed = seed;
        options.call_timeout = 5min;
        Bench bench{std::move(options)};
        bench.server.on(rpc_path).always(reply(503));
        CHECK_FALSE(bench.call(true).has_value());
        REQUIRE(bench.waits.size() == 7);
        return bench.waits;
    };
    CHECK(waits(7) == waits(7));
    CHECK(waits(7) != waits(8));
    CHECK(waits(std::nullopt) != waits(std::nullopt));
}

}  // namespace retry_rule_test
