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
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>

namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using Outcome = clarify::Result<std::string>;
using StressClient =
    clarify::RpcClient<clarify::BeastBackend, clarify::CredentialsAuth, support::TextCodec>;

/// A call that may be cancelled from its own strand, at a random moment.
struct Attempt : std::enable_shared_from_this<Attempt> {
    explicit Attempt(boost::asio::thread_pool& pool)
        : strand(boost::asio::make_strand(pool)), timer(strand) {}

    void start(
        StressClient& client,
        std::atomic<int>& begun,
        std::atomic<int>& ended,
        std::chrono::microseconds cancel_after) {
        boost::asio::post(
            strand, [self = shared_from_this(), &client, &begun, &ended, cancel_after] {
                clarify::CallOptions options{2s};
                client.async_call(
                    "clarify.selectItems",
                    "{}",
                    options,
                    boost::asio::bind_cancellation_slot(
                        self->signal.slot(),
                        boost::asio::bind_executor(self->strand, [self, &ended](const Outcome&) {
                            ++ended;
                            self->timer.cancel();
                        })));
                ++begun;
                self->timer.expires_after(cancel_after);
                self->timer.async_wait([self](boost::system::error_code ec) {
                    if (!ec) self->signal.emit(boost::asio::cancellation_type::terminal);
                });
            });
    }

    boost::asio::strand<boost::asio::thread_pool::executor_type> strand;
    boost::asio::cancellation_signal signal;
    boost::asio::steady_timer timer;
};

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
    for (int round = 0; round != 5; ++round) {
        auto client = std::make_unique<StressClient>(pool.get_executor(), *credentials, options);
        std::atomic<int> begun = 0;
        std::atomic<int> ended = 0;
        for (int i = 0; i != calls; ++i) {
            const std::chrono::microseconds cancel_after{
                std::uniform_int_distribution<int>{0, 40000}(random)};
            std::make_shared<Attempt>(pool)->start(*client, begun, ended, cancel_after);
            if (i % 100 == 50) emulator.revoke_tokens();
        }
        const auto until = std::chrono::steady_clock::now() + 60s;
        // Every other round ends with the client rather than with its calls.
        if (round % 2 == 0) {
            while (begun < calls && std::chrono::steady_clock::now() < until)
                std::this_thread::yield();
            client.reset();
        }
        while (ended < calls && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();
        CHECK(ended == calls);
    }
    pool.join();
}
