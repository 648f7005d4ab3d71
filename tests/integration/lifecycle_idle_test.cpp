// SPDX-License-Identifier: BSL-1.0
// Connections that nobody uses: when they are closed, and what that costs.

#include <clarify/auth/no_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/raw_server.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lifecycle_idle_test {

namespace {

using namespace std::chrono_literals;
using clarify::Clock;
using support::RawPeer;
using support::RawServer;

using Outcome = clarify::Result<std::string>;
using IdleClient = clarify::RpcClient<clarify::BeastBackend, clarify::NoAuth, support::TextCodec>;

/// A client whose connection events are counted, on a context that somebody else keeps running.
struct Scene {
    Scene(const RawServer& server, std::chrono::milliseconds idle) {
        clarify::ClientOptions options;
        options.http.idle_timeout = idle;
        options.http.observer = [this](const clarify::Event& event) {
            if (event.kind == clarify::EventKind::connection_opened) ++opened;
            if (event.kind == clarify::EventKind::connection_closed) ++closed;
        };
        client.emplace(
            context.get_executor(),
            clarify::Url::parse(server.origin() + "/rpc").value(),
            clarify::BeastBackend{options.http},
            clarify::NoAuth{},
            options);
    }

    /// Several calls at once, to their end.
    void call(int count) {
        int ended = 0;
        for (int i = 0; i != count; ++i) {
            client->async_call("m", "{}", [&](const Outcome& outcome) {
                CHECK(outcome.has_value());
                ++ended;
            });
        }
        run_until([&] { return ended == count; });
        CHECK(ended == count);
    }
    /// Runs the context, which has other things to do, until `done()`, but not for ever.
    template <class Done>
    bool run_until(Done done) {
        const auto work = boost::asio::make_work_guard(context);
        const auto until = Clock::now() + 30s;
        context.restart();
        while (!done() && Clock::now() < until)
            context.run_one_for(20ms);
        return done();
    }

    boost::asio::io_context context;
    int opened = 0;
    int closed = 0;
    std::optional<IdleClient> client;
};

}  // namespace

TEST_CASE("idle connections: closed when their time is up, without another call") {
    RawServer server{support::answer_all("1")};
    Scene scene{server, 150ms};
    scene.call(3);
    const int opened = scene.opened;
    CHECK(opened >= 1);
    const auto began = Clock::now();
    CHECK(scene.run_until([&] { return scene.closed == opened; }));
    CHECK(Clock::now() - began >= 100ms);
    CHECK(scene.run_until([&] { return server.ledger().closed_by_client() != 0; }));
    // The next call opens another.
    scene.call(1);
    CHECK(scene.opened == opened + 1);
    CHECK(scene.run_until([&] { return scene.closed == opened + 1; }));
}

TEST_CASE("idle connections: one that is used now and then stays open") {
    RawServer server{support::answer_all("1")};
    Scene scene{server, 1500ms};
    const auto began = Clock::now();
    while (Clock::now() - began < 3s) {
        scene.call(1);
        const auto pause = Clock::now() + 100ms;
        scene.run_until([&] { return Clock::now() >= pause; });
    }
    CHECK(scene.opened == 1);
    CHECK(scene.closed == 0);
}

TEST_CASE("idle connections: one that the peer has closed is noticed at the next tidying up") {
    // Ends its first connection behind the reply, without saying so.
    std::atomic<int> served{0};
    RawServer server{[&served](RawPeer& peer) {
        while (const auto request = peer.read()) {
            peer.result(*request, "1", peer.number() == 2 ? "Keep-Alive: timeout=2\r\n" : "");
            if (peer.number() == 1 && ++served == 1) peer.finish_sending();
        }
    }};
    Scene scene{server, 30s};
    // The second connection's time is up after a second; the first one's would be after thirty.
    int ended = 0;
    for (int i = 0; i != 2; ++i)
        scene.client->async_call("m", "{}", [&](const Outcome&) { ++ended; });
    CHECK(scene.run_until([&] { return ended == 2; }));
    const auto began = Clock::now();
    CHECK(scene.run_until([&] { return scene.closed == scene.opened; }));
    CHECK(Clock::now() - began < 20s);
}

TEST_CASE("idle connections: the context ends soon after the last call all the same") {
    RawServer server{support::answer_all("1")};
    Scene scene{server, 60s};
    for (int round = 0; round != 3; ++round) {
        bool ended = false;
        scene.client->async_call("m", "{}", [&](const Outcome& outcome) {
            CHECK(outcome.has_value());
            ended = true;
        });
        const auto began = Clock::now();
        scene.context.restart();
        scene.context.run();
        CHECK(ended);
        CHECK(Clock::now() - began < 20s);
    }
    CHECK(scene.opened == 1);
    CHECK(scene.closed == 0);
}

TEST_CASE(
    "idle connections: a graceful close closes them at once, and the others when they are free") {
    std::atomic<int> slow{0};
    RawServer server{[&slow](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body.find("slow") != std::string::npos) {
                ++slow;
                peer.await_release();
            }
            peer.result(*request, "1");
        }
    }};
    Scene scene{server, 60s};
    scene.call(3);
    bool slow_ended = false;
    scene.client->async_call("slow", "{}", [&](const Outcome& outcome) {
        CHECK(outcome.has_value());
        slow_ended = true;
    });
    CHECK(scene.run_until([&] { return slow == 1; }));
    std::optional<clarify::Result<void>> drained;
    scene.client->async_drain(20s, [&](clarify::Result<void> outcome) { drained = outcome; });
    CHECK(scene.run_until([&] { return scene.closed == scene.opened - 1; }));
    CHECK_FALSE(slow_ended);
    CHECK_FALSE(drained.has_value());
    server.ledger().release();
    CHECK(scene.run_until([&] { return drained.has_value(); }));
    CHECK(slow_ended);
    CHECK(drained->has_value());
    CHECK(scene.closed == scene.opened);
}

TEST_CASE("idle connections: a graceful close under load ends by its limit") {
    RawServer server{[](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->body.find("never") != std::string::npos) peer.await_release();
            peer.result(*request, "1");
        }
    }};
    Scene scene{server, 60s};
    int ended = 0;
    int closed = 0;
    for (int i = 0; i != 200; ++i) {
        // A few calls of no end leave the connections to the others.
        scene.client->async_call(i % 50 == 0 ? "never" : "m", "{}", [&](const Outcome& outcome) {
            ++ended;
            if (outcome.has_error()) {
                CHECK(outcome.error().code() == clarify::Errc::closed);
                ++closed;
            }
        });
    }
    const auto began = Clock::now();
    std::optional<clarify::Result<void>> drained;
    int ended_before = 0;
    scene.client->async_drain(1s, [&](clarify::Result<void> outcome) {
        drained = outcome;
        ended_before = ended;
    });
    CHECK(scene.run_until([&] { return drained.has_value(); }));
    const auto took = Clock::now() - began;
    CHECK(took >= 900ms);
    CHECK(took < 3s);  // on a machine that has other things to do
    CHECK(ended_before == 200);
    CHECK(closed == 4);
    REQUIRE(drained->has_error());
    CHECK(drained->error().code() == clarify::Errc::timeout);
}

}  // namespace lifecycle_idle_test
