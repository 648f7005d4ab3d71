// SPDX-License-Identifier: BSL-1.0
// Calls that a server refuses for their own sake, beside calls that it serves: none of these fails.

#include <doctest/doctest.h>
#include <support/scripted_bench.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace rejected_calls_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;

namespace {

using support::rpc_path;
using support::ScriptedBench;
using support::token_path;

/// Refuses all that mentions what is forbidden, and serves everything else.
Answer refuse_forbidden(const RecordedRequest& request) {
    const bool bad = request.body.find("forbidden") != std::string::npos;
    return bad ? reply(401) : reply_result("1");
}

/// All that a caller may choose of a call, with something forbidden in it.
class Mischief {
public:
    explicit Mischief(ScriptedBench& bench) : bench_(bench) {}

    /// Each way is refused with the server's own 401.
    void act(unsigned way) {
        switch (way % 5) {
            case 0:
                return check(bench_.call("forbidden.here"));
            case 1:
                return check(bench_.call("forbidden." + std::to_string(++names_)));
            case 2:
                return check(bench_.clock->run(
                    bench_.context,
                    bench_.client->call("good.0", boost::json::value{{"what", "forbidden"}})));
            case 3:
                return check(bench_.clock->run(
                    bench_.context, bench_.client->notify("forbidden.notification")));
            default: {
                auto batch = bench_.client->make_batch();
                batch.call("good.0");
                batch.call("forbidden.here");
                return check(bench_.clock->run(bench_.context, bench_.client->call_batch(batch)));
            }
        }
    }

private:
    template <class T>
    static void check(const Result<T>& outcome) {
        REQUIRE(outcome.has_error());
        CHECK_MESSAGE(outcome.error().code() == Errc::auth, outcome.error().to_string());
        CHECK(outcome.error().http_status() == 401);
        CHECK(outcome.error().phase() == Phase::reply);
        CHECK(outcome.error().attempts() <= 2);
    }

    ScriptedBench& bench_;
    std::size_t names_ = 0;
};

/// A call, a notification or a batch that the server has nothing against.
bool is_served(ScriptedBench& bench, unsigned which) {
    const std::string method = "good." + std::to_string(which % 8);
    switch (which % 3) {
        case 0:
            return bench.call(method).has_value();
        case 1:
            return bench.clock->run(bench.context, bench.client->notify(method)).has_value();
        default: {
            auto batch = bench.client->make_batch();
            batch.call(method);
            batch.call("good.0");
            return bench.clock->run(bench.context, bench.client->call_batch(batch)).has_value();
        }
    }
}

}  // namespace

TEST_CASE("rejected calls: three calls of a refused method in eight seconds fail none of eighty") {
    ScriptedBench bench;
    bench.server.on(rpc_path).always(&refuse_forbidden);
    std::size_t good = 0;
    for (int tenth = 0; tenth != 80; ++tenth) {
        if (bench.call("good.one").has_value()) ++good;
        bench.clock->run_for(bench.context, 50ms);
        if (tenth == 10 || tenth == 30 || tenth == 50)
            CHECK(bench.call("forbidden.here").error().http_status() == 401);
        bench.clock->run_for(bench.context, 50ms);
    }
    CHECK(good == 80);
    CHECK(bench.server.count(token_path) == 2);
}

TEST_CASE("rejected calls: one in thirty thousand, whichever it is, fails none of the others") {
    ScriptedBench bench;
    std::size_t seen = 0;
    bench.server.on(rpc_path).always([&seen](const RecordedRequest&) {
        return ++seen % 30'000 == 0 ? reply(401) : reply_result("1");
    });
    std::size_t good = 0;
    constexpr std::size_t calls = 65'000;
    for (std::size_t done = 0; done != calls; done += 100) {
        for (int i = 0; i != 100; ++i) {
            bench.client->async_call("m", no_params, [&good](const ScriptedBench::Outcome& got) {
                if (got) ++good;
            });
        }
        bench.clock->run_for(bench.context, 10ms);
    }
    bench.clock->run(bench.context);
    CHECK(good == calls);
    CHECK(bench.server.count(token_path) == 3);
}

TEST_CASE("rejected calls: whatever a caller chooses, others are served, and tokens are few") {
    for (std::uint32_t seed = 1; seed != 13; ++seed) {
        CAPTURE(seed);
        std::minstd_rand random{seed};
        const auto below = [&random](unsigned bound) {
            return static_cast<unsigned>(random() / 7) % bound;
        };
        ScriptedBench bench;
        bench.server.on(rpc_path).always(&refuse_forbidden);
        Mischief mischief{bench};
        // One kind only, or all of them; seldom or often; before the first good call, or after it.
        const unsigned kind = below(6);
        const unsigned pace = 1U << below(6);
        if (seed % 2 == 0) CHECK(is_served(bench, 0));
        const TimePoint end = bench.clock->now() + 5min;
        while (bench.clock->now() < end) {
            if (below(pace + 4) < 4) mischief.act(kind == 5 ? below(5) : kind);
            if (below(8) < pace) {
                const bool served = is_served(bench, below(24));
                REQUIRE(served);
            }
            bench.clock->run_for(bench.context, std::chrono::milliseconds{1 + below(400)});
        }
        // 1 + 2 + 4 + ... + 32 s, and one a minute; a few before anything was served.
        CHECK(bench.server.count(token_path) <= 14);
    }
}

TEST_CASE("rejected calls: a 403 is no word about the token") {
    ScriptedBench bench;
    bench.server.on(rpc_path).always([](const RecordedRequest& request) {
        const bool bad = request.body.find("forbidden") != std::string::npos;
        return bad ? reply(403) : reply_result("1");
    });
    for (int i = 0; i != 20; ++i) {
        CHECK(bench.call("forbidden.here").error().code() == Errc::status);
        CHECK(bench.call("good").has_value());
    }
    CHECK(bench.server.count(token_path) == 1);
}

TEST_CASE("rejected calls: a revocation is healed while others are refused for their own sake") {
    ScriptedBench bench;
    std::string revoked;
    bench.server.on(rpc_path).always([&revoked](const RecordedRequest& request) {
        if (request.header("Authorization") == revoked) return reply(401);
        return refuse_forbidden(request);
    });
    Mischief mischief{bench};
    for (int round = 0; round != 40; ++round) {
        for (int i = 0; i != 5; ++i) {
            CHECK(bench.call("good.0").has_value());
            CHECK(bench.call("good.1").has_value());
            mischief.act(round % 2 == 0 ? 0 : 1);
            bench.clock->run_for(bench.context, 100ms);
        }
        revoked = bench.server.requests().back().header("Authorization");
        CHECK(bench.call("good.1").has_value());
    }
}

}  // namespace rejected_calls_test
