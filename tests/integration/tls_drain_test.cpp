// SPDX-License-Identifier: BSL-1.0
// A graceful close over TLS: who is in flight, who comes too late, and what the server hears.

#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/executor_work_guard.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/pki.hpp>
#include <support/tls_scene.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace tls_drain_test {

namespace {

namespace pki = support::pki;
using namespace std::chrono_literals;
using clarify::Clock;
using clarify::Errc;
using clarify::Fate;
using clarify::testing::ManualClock;
using support::Outcome;
using support::RawPeer;
using support::TlsCaller;
using support::TlsServer;

/// Answers what is not to be left unanswered, and notes how connections end that nothing is asked on.
struct Scene {
    explicit Scene(int version, std::size_t connections) {
        const auto root = pki::Identity::self_signed();
        auto context = pki::server(root.issue());
        SSL_CTX_set_min_proto_version(context->native_handle(), version);
        SSL_CTX_set_max_proto_version(context->native_handle(), version);
        server.emplace(std::move(context), [this](RawPeer& peer) {
            while (const auto request = peer.read()) {
                if (request->body.find("\"never\"") != std::string::npos) {
                    ++hanging;
                    return peer.await_release();
                }
                peer.result(*request, "1");
            }
            ++(peer.ended_cleanly() ? polite : rude);
        });
        auto options = TlsCaller::options(root.certificate_pem());
        options.clock = clock;
        options.http.max_connections = connections;
        caller.emplace(server->port(), options);
    }
    ~Scene() { server->raw().ledger().release(); }

    /// Runs what there is to do until `done()`, but not for ever; the client's clock stands still.
    bool run_until(const std::function<bool()>& done) {
        const auto work = boost::asio::make_work_guard(caller->context);
        const auto until = Clock::now() + 30s;
        caller->context.restart();
        while (!done() && Clock::now() < until)
            caller->context.run_one_for(10ms);
        return done();
    }
    void start(int count, const std::string& method, const std::function<void(Outcome)>& ended) {
        for (int i = 0; i != count; ++i)
            caller->client.async_call(method, "{}", ended);
    }

    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::atomic<int> hanging{0};
    std::atomic<int> polite{0};
    std::atomic<int> rude{0};
    std::optional<TlsServer> server;
    std::optional<TlsCaller> caller;
};

constexpr int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

}  // namespace

TEST_CASE("TLS: a graceful close under load serves those in flight, and ends at its limit") {
    for (const int version : versions) {
        CAPTURE(version);
        Scene scene{version, 8};
        int ended = 0;
        int failed = 0;
        const auto served = [&](const Outcome& outcome) {
            ++ended;
            if (!outcome) ++failed;
        };
        scene.start(8, "m", served);
        REQUIRE(scene.run_until([&] { return ended == 8; }));
        REQUIRE(scene.server->connections() == 8);
        std::optional<Outcome> stuck[3];
        for (auto& outcome : stuck)
            scene.start(1, "never", [&outcome](Outcome got) { outcome = std::move(got); });
        REQUIRE(scene.run_until([&] { return scene.hanging == 3; }));
        scene.start(200, "m", served);

        const auto began = scene.clock->now();
        std::optional<clarify::Result<void>> drained;
        scene.caller->client.async_drain(
            1s, [&](clarify::Result<void> outcome) { drained = std::move(outcome); });
        std::optional<Outcome> late;
        int ended_before = 0;
        scene.start(1, "late", [&](Outcome outcome) {
            late = std::move(outcome);
            ended_before = ended;
        });
        // Who comes now is refused at once, not behind those in flight.
        REQUIRE(scene.run_until([&] { return late.has_value(); }));
        REQUIRE(late->has_error());
        CHECK(late->error().code() == Errc::closed);
        CHECK(late->error().fate() == Fate::unsent);
        CHECK(ended_before < 208);
        // The connections of those who were served are not kept for the time that is left.
        REQUIRE(scene.run_until([&] { return ended == 208; }));
        CHECK(failed == 0);
        CHECK(scene.run_until([&] { return scene.polite == 5; }));
        CHECK(scene.clock->now() == began);
        scene.clock->advance(999ms);
        scene.run_until([until = Clock::now() + 50ms] { return Clock::now() > until; });
        CHECK_FALSE(drained.has_value());

        scene.clock->advance(1ms);
        REQUIRE(scene.run_until([&] { return drained.has_value(); }));
        REQUIRE(drained->has_error());
        CHECK(drained->error().code() == Errc::timeout);
        for (const auto& outcome : stuck) {
            REQUIRE(outcome.has_value());
            REQUIRE(outcome->has_error());
            CHECK(outcome->error().code() == Errc::closed);
            CHECK(outcome->error().fate() == Fate::unknown);
        }
        CHECK(scene.clock->now() == began + 1s);
        CHECK(scene.rude == 0);
        CHECK(scene.server->connections() == 8);
    }
}

TEST_CASE("TLS: a graceful close without load says so on every connection, and is over at once") {
    for (const int version : versions) {
        CAPTURE(version);
        Scene scene{version, 4};
        int ended = 0;
        scene.start(4, "m", [&](const Outcome& outcome) {
            CHECK(outcome.has_value());
            ++ended;
        });
        REQUIRE(scene.run_until([&] { return ended == 4; }));
        const int connections = scene.server->connections();
        std::optional<clarify::Result<void>> drained;
        scene.caller->client.async_drain(
            1s, [&](clarify::Result<void> outcome) { drained = std::move(outcome); });
        REQUIRE(scene.run_until([&] { return drained.has_value(); }));
        CHECK(drained->has_value());
        CHECK(scene.run_until([&] { return scene.polite == connections; }));
        CHECK(scene.rude == 0);
        CHECK(scene.clock->elapsed() == 0s);
    }
}

}  // namespace tls_drain_test
