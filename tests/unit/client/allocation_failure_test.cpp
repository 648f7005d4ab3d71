// SPDX-License-Identifier: BSL-1.0
// Every allocation of a scenario fails once: each call still ends exactly once, nothing is lost, and
// the client goes on.

#include <clarify/auth/client_credentials.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/allocations.hpp>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace allocation_failure_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using support::FailingAllocations;

namespace {

using Outcome = Result<boost::json::value>;
using TestClient = RpcClient<ScriptedBackend, ClientCredentials, BoostJsonCodec>;

/// What became of one call.
struct Call {
    bool begun = false;
    int ended = 0;
    std::optional<Outcome> outcome;
};

struct Bench {
    Bench() {
        ClientOptions options;
        options.clock = clock;
        options.call_timeout = 3s;
        options.observer = [this](const Event&) { ++events; };
        server.on("/token").always(issue_tokens(1h));
        server.on("/rpc").always(reply_result("[1,2,3]").after(10ms));
        ClientCredentialsConfig config{
            Url::parse("https://api.example/token").value(), "id", Secret{"secret"}};
        client.emplace(
            context.get_executor(),
            Url::parse("https://api.example/rpc").value(),
            server,
            ClientCredentials{std::move(config)},
            std::move(options));
    }
    // Without it, what a failing test leaves behind would be destroyed with a client gone.
    ~Bench() { client.reset(); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    /// A call that could not be begun, for want of memory, throws, and has no outcome.
    std::shared_ptr<Call> start(asio::cancellation_slot slot = {}) {
        std::shared_ptr<Call> call;
        {
            const FailingAllocations::Spared spared;
            call = std::make_shared<Call>();
            calls.push_back(call);
        }
        try {
            CallOptions options;
            options.idempotent = true;
            client->async_call(
                "some.method.of.the.server",
                boost::json::value{1},
                std::move(options),
                asio::bind_cancellation_slot(slot, [call](Outcome outcome) {
                    const FailingAllocations::Spared spared;
                    ++call->ended;
                    call->outcome.emplace(std::move(outcome));
                }));
            call->begun = true;
        } catch (const std::bad_alloc&) {
            call->begun = false;
        }
        return call;
    }
    /// Runs to the end of all calls, but not for ever. Asio itself lets go of an exception where it
    /// has no memory to resume what waits.
    void run() {
        for (int turn = 0; turn != 25; ++turn) {
            try {
                if (clock->run_for(context, 10min) == Halt::finished) return;
            } catch (const std::bad_alloc&) {
                ++escaped;
            }
        }
    }

    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    std::vector<std::shared_ptr<Call>> calls;
    int events = 0;
    int escaped = 0;
    std::optional<TestClient> client;
};

struct Tally {
    std::size_t runs = 0;
    std::size_t failed = 0;
    std::size_t escaped = 0;
};

/// Runs `scenario` once for each of its allocations, which fails, with `count - 1` more behind it.
Tally sweep(const std::function<void(Bench&)>& scenario, std::size_t count = 1) {
    Tally tally;
    for (std::size_t number = 0;; ++number) {
        CAPTURE(number);
        std::optional<Bench> bench{std::in_place};
        std::size_t seen = 0;
        {
            const FailingAllocations failing{number, count};
            scenario(*bench);
            bench->run();
            const FailingAllocations::Spared spared;
            seen = FailingAllocations::seen();
        }
        ++tally.runs;
        tally.escaped += static_cast<std::size_t>(bench->escaped);
        for (const std::shared_ptr<Call>& call : bench->calls) {
            REQUIRE(call->ended == (call->begun ? 1 : 0));
            if (!call->begun || call->outcome->has_value()) continue;
            ++tally.failed;
            const Error& error = call->outcome->error();
            CAPTURE(error.to_string());
            CHECK(error.code() != Errc{});
            // No doubt where nothing was sent.
            if (bench->server.count("/rpc") == 0) CHECK(error.fate() == Fate::unsent);
        }
        CHECK(bench->server.in_flight() == 0);
        // The client is as good as before, if it was not closed.
        if (bench->client && !bench->server.closed()) {
            bench->clock->advance(2min);
            bench->server.on("/rpc") = Script{}.always(reply_result("true"));
            const auto next = bench->start();
            bench->run();
            REQUIRE(next->ended == 1);
            CHECK(next->outcome->has_value());
        }
        // Nothing else owns a call any more.
        std::vector<std::weak_ptr<Call>> left{bench->calls.begin(), bench->calls.end()};
        bench.reset();
        for (const auto& call : left)
            REQUIRE(call.expired());
        if (number >= seen) break;
    }
    return tally;
}

void check(const char* name, const std::function<void(Bench&)>& scenario) {
    for (const std::size_t count : {1U, 20U}) {
        CAPTURE(name);
        CAPTURE(count);
        const Tally tally = sweep(scenario, count);
        if (std::getenv("CLARIFY_TEST_VERBOSE") != nullptr) {
            std::cout << name << ": " << tally.runs << " runs, " << tally.failed
                      << " calls failed, " << tally.escaped << " exceptions\n";
        }
        CHECK(tally.runs > 20);
        CHECK(tally.failed > 0);
        // Asio lets an exception out of run() where it cannot get a completion to its executor.
        CHECK((count == 1 || tally.escaped == 0));
    }
}

}  // namespace

TEST_CASE("out of memory: a first call, with its token") {
    check("first call", [](Bench& bench) { bench.start(); });
}

TEST_CASE("out of memory: several calls that wait for one token") {
    check("several calls", [](Bench& bench) {
        for (int i = 0; i != 4; ++i)
            bench.start();
    });
}

TEST_CASE("out of memory: repetitions, a token refused, a reply that is an error") {
    check("repetitions", [](Bench& bench) {
        {
            const FailingAllocations::Spared spared;
            bench.server.on("/rpc")
                .then(reply(503).header("Retry-After", "1"))
                .then(reply(401))
                .always(reply_error(-32000, "an error of the server's own", R"({"a":1})"));
        }
        bench.start();
    });
}

TEST_CASE("out of memory: a call that ends at its deadline") {
    check("deadline", [](Bench& bench) {
        {
            const FailingAllocations::Spared spared;
            bench.server.on("/rpc").then(hang()).then(hang());
        }
        bench.start();
        bench.start();
    });
}

TEST_CASE("out of memory: a call that is cancelled") {
    check("cancelled", [](Bench& bench) {
        {
            const FailingAllocations::Spared spared;
            bench.server.on("/rpc").then(hang());
        }
        asio::cancellation_signal signal;
        bench.start(signal.slot());
        try {
            bench.clock->run_for(bench.context, 200ms);
            signal.emit(asio::cancellation_type::terminal);
        } catch (const std::bad_alloc&) {
            ++bench.escaped;
        }
        bench.run();
    });
}

TEST_CASE(
    "out of memory: a client that is closed, and one that is destroyed, with calls in flight") {
    const auto hanging = [](Bench& bench) {
        {
            const FailingAllocations::Spared spared;
            bench.server.on("/rpc").always(hang());
        }
        for (int i = 0; i != 3; ++i)
            bench.start();
        try {
            bench.clock->run_for(bench.context, 200ms);
        } catch (const std::bad_alloc&) {
            ++bench.escaped;
        }
    };
    check("closed", [&](Bench& bench) {
        hanging(bench);
        bench.client->close();
    });
    check("destroyed", [&](Bench& bench) {
        hanging(bench);
        bench.client.reset();
    });
    check("drained", [&](Bench& bench) {
        hanging(bench);
        try {
            bench.client->close(500ms);
        } catch (const std::bad_alloc&) {
            bench.client->close();
        }
    });
}

}  // namespace allocation_failure_test
