// SPDX-License-Identifier: BSL-1.0
// How long a context stays for a client behind the last outcome: not at all.

#include <clarify/auth/no_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>

#include "../support/raw_server.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace run_returns_test {

namespace {

using namespace std::chrono_literals;
using clarify::Clock;
using support::RawServer;

using Outcome = clarify::Result<std::string>;
using LateClient = clarify::RpcClient<clarify::BeastBackend, clarify::NoAuth, support::TextCodec>;

std::unique_ptr<LateClient> make_client(
    const boost::asio::any_io_executor& executor, const RawServer& server) {
    return std::make_unique<LateClient>(
        executor,
        clarify::Url::parse(server.origin() + "/rpc").value(),
        clarify::BeastBackend{},
        clarify::NoAuth{});
}

/// How much later than the outcome of a call its context was left; the least of several times, since
/// a loaded machine has other things to do.
struct Lateness {
    void note(Clock::duration span) { least = std::min(least, span); }
    Clock::duration least = Clock::duration::max();
};

/// The time that the watchdog's timer takes to run out is 100 ms.
constexpr auto soon = 30ms;

}  // namespace

TEST_CASE("run: returns with the last outcome, on a context and on strands of it") {
    RawServer server{support::answer_all("1")};
    boost::asio::io_context context;
    const boost::asio::any_io_executor plain = context.get_executor();
    for (const boost::asio::any_io_executor& executor :
         {plain,
          boost::asio::any_io_executor{boost::asio::make_strand(context)},
          boost::asio::any_io_executor{boost::asio::make_strand(plain)}}) {
        const auto client = make_client(executor, server);
        Lateness late;
        for (int call = 0; call != 10; ++call) {
            Clock::time_point ended;
            client->async_call("m", "{}", [&](const Outcome& outcome) {
                CHECK(outcome.has_value());
                ended = Clock::now();
            });
            context.restart();
            context.run();
            late.note(Clock::now() - ended);
        }
        CHECK(late.least < soon);
    }
    // One connection a client: it was kept all the time, and nobody stayed for it.
    CHECK(server.connections() == 3);
}

TEST_CASE("run: returns with the last outcome in several threads, which a new call may meet") {
    RawServer server{support::answer_all("1")};
    boost::asio::io_context context;
    const auto client = make_client(context.get_executor(), server);
    Lateness late;
    for (int round = 0; round != 20; ++round) {
        constexpr int calls = 6;
        std::atomic<int> ended{0};
        std::atomic<Clock::rep> last{0};
        for (int call = 0; call != calls; ++call) {
            client->async_call("m", "{}", [&](const Outcome& outcome) {
                if (outcome) ++ended;
                last = Clock::now().time_since_epoch().count();
            });
        }
        context.restart();
        std::vector<std::thread> threads;
        for (int i = 0; i != 3; ++i)
            threads.emplace_back([&context] { context.run(); });
        for (std::thread& thread : threads)
            thread.join();
        CHECK(ended == calls);
        late.note(Clock::now().time_since_epoch() - Clock::duration{last});
    }
    CHECK(late.least < soon);
}

TEST_CASE("run: a pool of threads is joined with the last outcome") {
    RawServer server{support::answer_all("1")};
    Lateness late;
    for (int round = 0; round != 10; ++round) {
        boost::asio::thread_pool pool{2};
        const auto client = make_client(pool.get_executor(), server);
        std::atomic<Clock::rep> ended{0};
        client->async_call("m", "{}", [&](const Outcome& outcome) {
            if (outcome) ended = Clock::now().time_since_epoch().count();
        });
        pool.join();
        REQUIRE(ended != 0);
        late.note(Clock::now().time_since_epoch() - Clock::duration{ended});
    }
    CHECK(late.least < soon);
}

TEST_CASE("run: returns with the last outcome also where that is a failure, and after a close") {
    RawServer server{[](support::RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body.find("never") != std::string::npos) peer.await_release();
            peer.result(*request, "1");
        }
    }};
    boost::asio::io_context context;
    const auto client = make_client(context.get_executor(), server);
    Lateness late;
    for (int round = 0; round != 3; ++round) {
        clarify::CallOptions options;
        options.timeout = 20ms;
        Clock::time_point ended;
        client->async_call("never", "{}", options, [&](const Outcome& outcome) {
            CHECK(outcome.error().code() == clarify::Errc::timeout);
            ended = Clock::now();
        });
        context.restart();
        context.run();
        late.note(Clock::now() - ended);
    }
    CHECK(late.least < soon);
    client->async_call("m", "{}", [](const Outcome&) {});
    client->close();
    const auto began = Clock::now();
    context.restart();
    context.run();
    CHECK(Clock::now() - began < 20s);
    server.ledger().release();
}

}  // namespace run_returns_test
