// SPDX-License-Identifier: BSL-1.0
// What happens at the same moment: each call ends once, in a way that is true, round after round.

#include <clarify/auth/client_credentials.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>
#include <support/text_codec.hpp>

#include <array>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace races_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using Outcome = Result<std::string>;
using TestClient = RpcClient<ScriptedBackend, ClientCredentials, support::TextCodec>;

struct Bench {
    Bench() {
        ClientOptions options;
        options.clock = clock;
        options.retry.attempts = 1;
        server.on("/token").always(issue_tokens(24h));
        ClientCredentialsConfig config{
            Url::parse("https://api.example/token").value(), "id", Secret{"secret"}};
        client.emplace(
            context.get_executor(),
            Url::parse("https://api.example/rpc").value(),
            server,
            ClientCredentials{std::move(config)},
            std::move(options));
    }

    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    std::optional<TestClient> client;
};

/// One call at a time whose reply, deadline and cancellations come within the same few milliseconds.
struct Rounds {
    std::minstd_rand random{20'240'607};
    std::size_t succeeded = 0;
    std::size_t timed_out = 0;
    std::size_t cancelled = 0;
    std::size_t closed = 0;

    std::chrono::milliseconds moment() {
        return std::chrono::milliseconds{std::uniform_int_distribution<int>{1, 3}(random)};
    }

    /// Returns whether the round went as it must.
    bool play(Bench& bench, int cancellations, bool close) {
        const std::chrono::milliseconds replied = moment();
        const std::chrono::milliseconds deadline = moment();
        bench.server.on("/rpc") = Script{}.always(reply_result("1").after(replied));
        asio::cancellation_signal signal;
        std::optional<Outcome> outcome;
        int ended = 0;
        bench.client->async_call(
            "m",
            "{}",
            CallOptions{deadline},
            asio::bind_cancellation_slot(signal.slot(), [&](Outcome got) {
                ++ended;
                outcome.emplace(std::move(got));
            }));
        Timer first{bench.clock->executor(bench.context), bench.clock->now() + moment()};
        Timer second{bench.clock->executor(bench.context), bench.clock->now() + moment()};
        std::array<Timer*, 2> timers{&first, &second};
        for (int i = 0; i != cancellations; ++i) {
            timers[static_cast<std::size_t>(i)]->async_wait(
                [&](boost::system::error_code) { signal.emit(asio::cancellation_type::terminal); });
        }
        if (close) first.async_wait([&](boost::system::error_code) { bench.client->close(); });
        const TimePoint began = bench.clock->now();
        bench.clock->run(bench.context);
        if (ended != 1 || bench.server.in_flight() != 0) return false;
        const RecordedRequest& request = bench.server.requests().back();
        if (outcome->has_value()) {
            ++succeeded;
            return request.answered && **outcome == "1" && replied <= deadline;
        }
        const Error error = outcome->error();
        // Whose reply had been read was not given up for something that came at the same moment.
        if (request.path == "/rpc" && request.answered) return false;
        if (request.path == "/rpc" && request.began >= began) {
            if ((error.fate() == Fate::unknown) != request.sent) return false;
        }
        switch (error.code()) {
            case Errc::timeout:
                ++timed_out;
                return true;
            case Errc::cancelled:
                ++cancelled;
                return cancellations != 0;
            case Errc::closed:
                ++closed;
                return close;
            default:
                return false;
        }
    }
};

}  // namespace

TEST_CASE("races: reply, deadline and cancellations in one moment give one outcome each") {
    Rounds rounds;
    // More on demand.
    const char* const asked = std::getenv("CLARIFY_TEST_ROUNDS");
    const int many = asked != nullptr ? std::atoi(asked) : 25'000;
    int wrong = 0;
    std::optional<Bench> bench;
    for (int round = 0; round != many; ++round) {
        // A script remembers its requests, so it is renewed now and then.
        if (round % 1'000 == 0) bench.emplace();
        if (!rounds.play(*bench, round % 3, false)) ++wrong;
    }
    CHECK(wrong == 0);
    const auto few = static_cast<std::size_t>(many / 20);
    CHECK(rounds.succeeded > few);
    CHECK(rounds.timed_out > few);
    CHECK(rounds.cancelled > few);
}

TEST_CASE("races: a client that is closed just as its call ends") {
    Rounds rounds;
    int wrong = 0;
    for (int round = 0; round != 3'000; ++round) {
        Bench bench;
        bench.clock->run(bench.context);
        if (!rounds.play(bench, round % 2 == 0 ? 0 : 2, true)) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(rounds.closed > 100);
    CHECK(rounds.succeeded > 100);
}

TEST_CASE("races: a client destroyed with a thousand calls in every phase, also by one of them") {
    for (const bool by_handler : {false, true}) {
        CAPTURE(by_handler);
        Bench bench;
        constexpr std::size_t many = 1'000;
        Script& script = bench.server.on("/rpc");
        const auto& phases = clarify::testing::detail::script_phases;
        // The first round gets the token, the others hang wherever a call can.
        for (std::size_t i = 0; i != many; ++i)
            script.then(hang(phases[i % phases.size()]));
        std::deque<std::optional<Outcome>> outcomes(many + 2);
        std::size_t ended = 0;
        const auto start = [&](std::size_t at) {
            bench.client->async_call("m", "{}", [&, at](Outcome outcome) {
                ++ended;
                CHECK_FALSE(outcomes[at].has_value());
                outcomes[at].emplace(std::move(outcome));
                if (at == many) bench.client.reset();
            });
        };
        for (std::size_t i = 0; i != many; ++i)
            start(i);
        bench.clock->run_for(bench.context, 1s);
        CHECK(ended == 0);
        if (by_handler) {
            script.then(reply_result("1").after(10ms));
            start(many);
            bench.clock->run_for(bench.context, 1s);
        } else {
            bench.client.reset();
            bench.clock->run_for(bench.context, 1ms);
        }
        CHECK(ended == many + (by_handler ? 1 : 0));
        for (std::size_t i = 0; i != many; ++i) {
            REQUIRE(outcomes[i].has_value());
            REQUIRE(outcomes[i]->has_error());
            const Error& error = outcomes[i]->error();
            CHECK(error.code() == Errc::closed);
            const bool sent = clarify::testing::detail::is_sent_in(phases[i % phases.size()]);
            CHECK(error.fate() == (sent ? Fate::unknown : Fate::unsent));
        }
        CHECK(bench.server.in_flight() == 0);
        CHECK(bench.server.closed());
    }
}

TEST_CASE("races: calls that end at once, one started by the other, grow no stack") {
    Bench bench;
    bench.client->close();
    bench.clock->run(bench.context);
    constexpr int many = 100'000;
    int ended = 0;
    const char* lowest = nullptr;
    const char* highest = nullptr;
    std::function<void()> next = [&] {
        bench.client->async_call("m", "{}", [&](const Outcome& outcome) {
            const char here = 0;
            const char* const at = &here;
            if (lowest == nullptr || std::less<>{}(at, lowest)) lowest = at;
            if (highest == nullptr || std::less<>{}(highest, at)) highest = at;
            if (outcome || outcome.error().code() != Errc::closed) return;
            if (++ended != many) next();
        });
    };
    next();
    bench.context.restart();
    bench.context.run();
    CHECK(ended == many);
    CHECK(highest - lowest < 65'536);
}

}  // namespace races_test
