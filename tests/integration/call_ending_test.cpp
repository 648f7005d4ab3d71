// SPDX-License-Identifier: BSL-1.0
// How a deadline, a cancellation or the end of the client ends a call.

#include "raw_caller.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

using namespace raw_caller;

TEST_CASE("RpcClient: the deadline ends a call in any phase and names it") {
    struct Row {
        const char* name;
        RawServer::Script script;
        Phase phase;
        Fate fate;
    };
    const std::vector<Row> rows{
        {"silent", [](RawPeer& peer) { peer.drain(); }, Phase::first_byte, Fate::unknown},
        {"half a head",
         [](RawPeer& peer) {
             peer.read();
             peer.send("HTTP/1.1 200 OK\r\nContent-");
             peer.drain();
         },
         Phase::head,
         Fate::unknown},
        {"half a body",
         [](RawPeer& peer) {
             peer.read();
             peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
             peer.drain();
         },
         Phase::body,
         Fate::unknown},
    };
    for (const Row& row : rows) {
        CAPTURE(row.name);
        RawServer server{row.script};
        Caller caller{server};
        const auto begun = std::chrono::steady_clock::now();
        const Outcome outcome = caller.call(clarify::CallOptions{200ms});
        const auto took = std::chrono::steady_clock::now() - begun;
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code() == Errc::timeout);
        CHECK(outcome.error().phase() == row.phase);
        CHECK(outcome.error().fate() == row.fate);
        CHECK(took >= 200ms);
        CHECK(took < 2s);
    }
}

TEST_CASE("RpcClient: cancellation ends a call promptly, with the fate its progress deserves") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (++requests == 1) {
                peer.drain();
                return;
            }
            peer.result(*request, "1");
        }
    }};
    Caller caller{server};
    boost::asio::cancellation_signal signal;
    std::optional<Outcome> outcome;
    caller.client.async_call(
        "test.method",
        "{}",
        boost::asio::bind_cancellation_slot(
            signal.slot(), [&](Outcome result) { outcome.emplace(std::move(result)); }));
    boost::asio::steady_timer timer{caller.context, 50ms};
    SUBCASE("terminal closes the connection") {
        timer.async_wait([&](auto) { signal.emit(boost::asio::cancellation_type::terminal); });
    }
    SUBCASE("partial does so too") {
        timer.async_wait([&](auto) { signal.emit(boost::asio::cancellation_type::partial); });
    }
    caller.context.run();
    REQUIRE(outcome);
    CHECK(outcome->error().code() == Errc::cancelled);
    CHECK(outcome->error().fate() == Fate::unknown);
    CHECK(outcome->error().phase() == Phase::first_byte);
    // The connection is gone, and the next call gets its own answer on a new one.
    CHECK(caller.call().value() == "1");
    CHECK(server.connections() == 2);
}

TEST_CASE("RpcClient: total cancellation has no effect once the request is written") {
    RawServer server{[](RawPeer& peer) {
        while (const auto request = peer.read()) {
            std::this_thread::sleep_for(100ms);
            peer.result(*request, "1");
        }
    }};
    Caller caller{server};
    boost::asio::cancellation_signal signal;
    std::optional<Outcome> outcome;
    caller.client.async_call(
        "test.method",
        "{}",
        boost::asio::bind_cancellation_slot(
            signal.slot(), [&](Outcome result) { outcome.emplace(std::move(result)); }));
    boost::asio::steady_timer timer{caller.context, 30ms};
    timer.async_wait([&](auto) { signal.emit(boost::asio::cancellation_type::total); });
    caller.context.run();
    REQUIRE(outcome);
    CHECK(outcome->has_value());
}

TEST_CASE("RpcClient: destroying the client ends its calls with closed, each once") {
    RawServer server{[](RawPeer& peer) { peer.drain(); }};
    boost::asio::io_context context;
    clarify::ClientOptions options = quick_options();
    options.http.max_connections = 4;
    auto client = std::make_unique<RawClient>(
        context.get_executor(),
        *clarify::Url::parse(server.origin() + "/rpc"),
        clarify::BeastBackend{options.http},
        clarify::NoAuth{},
        options);
    int closed = 0;
    for (int i = 0; i != 100; ++i) {
        client->async_call("test.method", "{}", [&](const Outcome& outcome) {
            CHECK(outcome.error().code() == Errc::closed);
            ++closed;
        });
    }
    boost::asio::steady_timer timer{context, 50ms};
    timer.async_wait([&](auto) { client.reset(); });
    const auto begun = std::chrono::steady_clock::now();
    context.run();
    CHECK(closed == 100);
    CHECK(std::chrono::steady_clock::now() - begun < 2s);
}
