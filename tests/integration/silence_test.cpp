// SPDX-License-Identifier: BSL-1.0
// Connections that fall silent while they are at rest: one call is lost to them, not each its own.

#include <clarify/http/beast_backend.hpp>
#include <clarify/http/curl_backend.hpp>

#include "caller.hpp"

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace silence_test {

namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using support::BasicCaller;
using support::Outcome;
using support::RawPeer;
using support::RawServer;

/// From now on, connections up to `silent` take requests and say nothing.
struct Silence {
    std::atomic<int> silent{0};
    RawServer server{[this](RawPeer& peer) {
        while (const auto request = peer.read()) {
            std::this_thread::sleep_for(30ms);
            const bool slow = request->body.find("slow") != std::string::npos;
            if (slow || peer.number() <= silent) continue;
            peer.result(*request, std::to_string(peer.number()));
        }
    }};
};

template <class Backend>
struct Scene : Silence {
    std::vector<Outcome> calls(const std::string& method, int count) {
        clarify::CallOptions options;
        options.timeout = 600ms;
        std::vector<Outcome> outcomes;
        for (int i = 0; i != count; ++i) {
            caller.client.async_call(
                method, "{}", options, [&](Outcome got) { outcomes.push_back(std::move(got)); });
        }
        caller.context.restart();
        caller.context.run();
        return outcomes;
    }
    BasicCaller<Backend> caller{server};
};

template <class Backend>
void one_call_is_lost() {
    Scene<Backend> scene;
    for (const Outcome& outcome : scene.calls("m", 8))
        CHECK(outcome.has_value());
    CHECK(scene.server.connections() == 8);
    scene.silent = 8;
    const Outcome lost = scene.calls("m", 1).at(0);
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code() == Errc::timeout);
    CHECK(lost.error().fate() == Fate::unknown);
    for (int i = 0; i != 4; ++i)
        CHECK(scene.calls("m", 1).at(0).value() == "9");
    CHECK(scene.server.connections() == 9);
}

/// Of what may be executed twice, each call that fell silent goes out once more, on a new connection.
template <class Backend>
void none_is_lost() {
    Silence scene;
    clarify::ClientOptions options = support::quick_options();
    options.attempt_timeout = 400ms;
    BasicCaller<Backend> caller{scene.server, options};
    for (int i = 0; i != 3; ++i)
        CHECK(caller.idempotent_call().has_value());
    CHECK(scene.server.connections() == 1);
    scene.silent = 1;
    const auto began = std::chrono::steady_clock::now();
    const Outcome repeated = caller.idempotent_call();
    CHECK(repeated.value() == "2");
    CHECK(std::chrono::steady_clock::now() - began >= 400ms);
    CHECK(caller.idempotent_call().value() == "2");
    CHECK(scene.server.connections() == 2);
}

template <class Backend>
void slow_methods_cost_little() {
    Scene<Backend> scene;
    for (const Outcome& outcome : scene.calls("m", 4))
        CHECK(outcome.has_value());
    // Each of these is given up with its connection, while the others stay in use.
    for (int i = 0; i != 3; ++i) {
        for (const Outcome& outcome : scene.calls("slow", 1))
            CHECK_FALSE(outcome.has_value());
        for (const Outcome& outcome : scene.calls("m", 4))
            CHECK(outcome.has_value());
    }
    // The four of the beginning, and those that replaced them: all once, then one a time.
    CHECK(scene.server.connections() <= 4 + 4 + 2 * 2);
}

}  // namespace

TEST_CASE("silence: what was at rest is retired with the first connection that fell silent") {
    one_call_is_lost<clarify::BeastBackend>();
    one_call_is_lost<clarify::CurlBackend>();
}

TEST_CASE("silence: what may be executed twice is repeated when the time of its attempt is up") {
    none_is_lost<clarify::BeastBackend>();
    none_is_lost<clarify::CurlBackend>();
}

TEST_CASE("silence: a method that never answers does not empty the pool each time") {
    slow_methods_cost_little<clarify::BeastBackend>();
    slow_methods_cost_little<clarify::CurlBackend>();
}

}  // namespace silence_test
