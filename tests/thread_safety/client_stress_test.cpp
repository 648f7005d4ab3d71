// SPDX-License-Identifier: BSL-1.0
// One client, many threads, and everything that can happen to a call at the same time; made for
// TSan.

#include <clarify/auth/client_credentials.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/emulator.hpp>

#include "../support/raw_server.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using Outcome = clarify::Result<std::string>;
using StressClient =
    clarify::RpcClient<clarify::BeastBackend, clarify::CredentialsAuth, support::TextCodec>;

/// A call that saves a signal of its own, and that may be cancelled from its own strand.
struct Attempt : std::enable_shared_from_this<Attempt> {
    Attempt(boost::asio::thread_pool& pool, std::string given)
        : signal_name(std::move(given)), strand(boost::asio::make_strand(pool)), timer(strand) {}

    void start(
        StressClient& client,
        const std::string& integration,
        std::atomic<int>& begun,
        std::atomic<int>& ended,
        std::optional<std::chrono::microseconds> cancel_after) {
        const std::string params = R"({"integration":")" + integration +
            R"(","signalsByInput":{")" + signal_name + R"(":{"name":"x"}}})";
        boost::asio::post(
            strand, [self = shared_from_this(), params, &client, &begun, &ended, cancel_after] {
                clarify::CallOptions options{60s};
                client.async_call(
                    "integration.saveSignals",
                    params,
                    options,
                    boost::asio::bind_cancellation_slot(
                        self->signal.slot(),
                        boost::asio::bind_executor(self->strand, [self, &ended](Outcome result) {
                            ++self->completions;
                            self->outcome.emplace(std::move(result));
                            self->timer.cancel();
                            ++ended;
                        })));
                ++begun;
                if (!cancel_after) return;
                self->timer.expires_after(*cancel_after);
                self->timer.async_wait([self](boost::system::error_code ec) {
                    if (!ec) self->signal.emit(boost::asio::cancellation_type::terminal);
                });
            });
    }

    std::string signal_name;
    /// Written on the strand only.
    int completions = 0;
    std::optional<Outcome> outcome;

    boost::asio::strand<boost::asio::thread_pool::executor_type> strand;
    boost::asio::cancellation_signal signal;
    boost::asio::steady_timer timer;
};

/// What must be true of a call, seen from both ends, once all is over.
void check_ended(const Attempt& attempt, const clarify::testing::Emulator& emulator) {
    CAPTURE(attempt.signal_name);
    REQUIRE(attempt.completions == 1);
    const auto saved = emulator.signal_id(attempt.signal_name);
    const Outcome& outcome = *attempt.outcome;
    if (outcome) {
        REQUIRE(saved);
        // Its own signal and its only one, which it alone has made.
        CHECK(
            *outcome ==
            R"({"signalsByInput":{")" + attempt.signal_name + R"(":{"id":")" + *saved +
                R"(","created":true,"updated":false}}})");
    } else if (outcome.error().fate() == Fate::unsent) {
        CHECK_MESSAGE(!saved, outcome.error());
    }
}

}  // namespace

TEST_CASE(
    "RpcClient: calls, cancellations, revocations and destruction on eight threads end each call "
    "once") {
    constexpr int calls = 400;
    clarify::testing::EmulatorOptions emulator_options;
    emulator_options.tls = false;
    clarify::testing::Emulator emulator{emulator_options};
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    REQUIRE(credentials.has_value());
    boost::asio::thread_pool pool{8};
    clarify::ClientOptions options;
    options.retry.base = 1ms;
    std::minstd_rand random{42};
    std::vector<std::shared_ptr<Attempt>> attempts;
    for (int round = 0; round != 5; ++round) {
        auto client = std::make_unique<StressClient>(pool.get_executor(), *credentials, options);
        std::atomic<int> begun = 0;
        std::atomic<int> ended = 0;
        const auto until = std::chrono::steady_clock::now() + 60s;
        // As many as that; the tokens are revoked meanwhile, now and then.
        const auto await = [&](const std::atomic<int>& count, int least) {
            int next_revocation = ended + calls / 3;
            while (count < least && std::chrono::steady_clock::now() < until) {
                if (ended >= next_revocation) {
                    emulator.revoke_tokens();
                    next_revocation += calls / 3;
                }
                std::this_thread::yield();
            }
        };
        for (int i = 0; i != calls; ++i) {
            // Every other call is left alone, or the machine would have to be fast for one to
            // succeed.
            std::optional<std::chrono::microseconds> cancel_after;
            if (i % 2 == 0) cancel_after.emplace(std::uniform_int_distribution{0, 40000}(random));
            attempts.push_back(std::make_shared<Attempt>(
                pool, "call_" + std::to_string(round) + '_' + std::to_string(i)));
            attempts.back()->start(*client, credentials->integration(), begun, ended, cancel_after);
        }
        // Every other round ends with the client rather than with its calls.
        if (round % 2 == 0) {
            await(begun, calls);
            await(ended, calls * 3 / 4);
            client.reset();
        }
        await(ended, calls);
        REQUIRE(ended == calls);
    }
    // A handler that runs twice has done so by now.
    pool.join();

    std::map<std::string, int> ends;
    for (const auto& attempt : attempts) {
        CHECK(attempt.use_count() == 1);
        check_ended(*attempt, emulator);
        const Outcome& outcome = *attempt->outcome;
        ++ends[outcome ? "ok" : std::string{to_string(outcome.error().code())}];
    }
    std::string tally;
    for (const auto& [end, times] : ends)
        tally += ' ' + end + ' ' + std::to_string(times);
    MESSAGE("ends:", tally);
    CHECK(ends["ok"] > 0);
    CHECK(ends["cancelled"] > 0);
    CHECK(ends["closed"] > 0);
    // None was executed twice: each execution has made a signal.
    CHECK(emulator.stats().methods["integration.saveSignals"] == emulator.signal_count());
    CHECK(emulator.signal_count() >= static_cast<std::size_t>(ends["ok"]));
}
