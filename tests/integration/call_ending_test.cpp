// SPDX-License-Identifier: BSL-1.0
// How a deadline, a cancellation or the end of the client ends a call.

#include "raw_caller.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace call_ending_test {

using namespace raw_caller;

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

}  // namespace call_ending_test
