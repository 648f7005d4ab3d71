// SPDX-License-Identifier: BSL-1.0
// Peers that say something before they have got all of a large request, over real sockets.

#include <clarify/testing/detail/certificate.hpp>

#include "raw_caller.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace early_reply_test {

using namespace raw_caller;
using clarify::testing::detail::CertificateAuthority;
using clarify::testing::detail::CertificateRequest;
using clarify::testing::detail::tls_server;

namespace {

/// Parameters of so many bytes.
std::string params_of(std::size_t size) { return "{\"a\":\"" + std::string(size - 8, 'x') + "\"}"; }

/// More than all buffers between two sockets take.
const std::string huge = params_of(std::size_t{15} << 20U);

void await_end(RawPeer& peer) { peer.await_release(); }
void answer(RawPeer& peer) {
    while (const auto request = peer.read())
        peer.result(*request, std::to_string(request->body.size()));
}

/// A client, and a peer that begins each connection with `greeting`, before it reads anything, and
/// goes on as `then` says; from the connection `healthy_from` on it just answers.
struct Scene {
    explicit Scene(bool with_tls, std::string greeting, std::function<void(RawPeer&)> then)
        : tls(with_tls ? issue(authority) : nullptr),
          server([this, greeting = std::move(greeting), then = std::move(then)](RawPeer& peer) {
              if (tls) peer.begin_tls(*tls);
              if (peer.number() >= healthy_from) return answer(peer);
              if (!greeting.empty()) peer.send(greeting);
              then(peer);
          }) {
        clarify::ClientOptions options = quick_options();
        options.call_timeout = 20s;
        options.retry.throttled_base = 1ms;
        options.http.tls.ca_pem = authority.certificate_pem();
        options.http.observer = [this](const clarify::Event& event) {
            if (event.kind == clarify::EventKind::connection_closed) ++closed;
        };
        caller.emplace(server.origin(tls ? "https" : "http") + "/v1/rpc", options);
    }

    static std::shared_ptr<boost::asio::ssl::context> issue(const CertificateAuthority& authority) {
        CertificateRequest request;
        request.subject_alt_names = {"IP:127.0.0.1"};
        return tls_server(authority.issue(request));
    }

    Outcome call(const std::string& params, clarify::CallOptions options = {}) {
        return support::run(
            caller->context, caller->client.call("test.method", params, std::move(options)));
    }

    CertificateAuthority authority;
    std::shared_ptr<boost::asio::ssl::context> tls;
    std::atomic<int> healthy_from = 1'000;
    RawServer server;
    /// Connections that the client has given up.
    int closed = 0;
    std::optional<Caller> caller;
};

}  // namespace

TEST_CASE("BeastBackend: a refusal is read while the request goes out, and ends it") {
    for (const bool with_tls : {false, true}) {
        for (const bool idempotent : {false, true}) {
            CAPTURE(with_tls);
            Scene scene{with_tls, with_body("413 Too Large", "", "too large"), &await_end};
            clarify::CallOptions options;
            options.idempotent = idempotent;
            const Outcome outcome = scene.call(huge, options);
            REQUIRE_FALSE(outcome);
            const clarify::Error& error = outcome.error();
            CHECK_MESSAGE(error.code() == Errc::status, error);
            CHECK(error.http_status() == 413);
            CHECK(error.fate() == Fate::answered);
            CHECK(error.attempts() == 1);
            CHECK(scene.closed == 1);
            // What is left of the request never becomes part of another.
            scene.healthy_from = 2;
            CHECK(scene.call("{}"));
            CHECK(scene.server.connections() == 2);
        }
    }
}

TEST_CASE("BeastBackend: a refusal that lets anybody try again is taken as one") {
    for (const char* status : {"429 Too Many", "408 Timeout"}) {
        CAPTURE(status);
        Scene scene{false, with_body(status, "", ""), &await_end};
        scene.healthy_from = 2;
        const Outcome outcome = scene.call(huge);
        REQUIRE_MESSAGE(outcome, outcome.error());
        CHECK(scene.server.connections() == 2);
        CHECK(scene.server.ledger().request_count() == 1);
    }
}

TEST_CASE("BeastBackend: what comes before the final reply does not end the request") {
    for (const bool with_tls : {false, true}) {
        CAPTURE(with_tls);
        Scene scene{with_tls, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n", &answer};
        const Outcome outcome = scene.call(huge);
        REQUIRE_MESSAGE(outcome, outcome.error());
        CHECK(scene.server.ledger().requests().at(0).request.body.size() > huge.size());
        // Large requests that are read to their end leave the connection as it was.
        for (int i = 0; i != 20; ++i)
            CHECK(scene.call(params_of(std::size_t{1} << 20U)));
        CHECK(scene.server.connections() == 1);
    }
}

TEST_CASE("BeastBackend: when all of a request is out, a reply that has begun is where it was") {
    Scene scene{false, "HTTP/1.1 200 OK\r\n", [](RawPeer& peer) {
                    peer.read();
                    peer.await_release();
                }};
    const Outcome outcome = scene.call(huge, clarify::CallOptions{2s});
    REQUIRE_FALSE(outcome);
    CHECK_MESSAGE(outcome.error().code() == Errc::timeout, outcome.error());
    CHECK(outcome.error().phase() == Phase::head);
}

TEST_CASE("BeastBackend: a peer that ends its side without a reply is not sent the rest") {
    struct Row {
        void (*then)(RawPeer&);
        std::string_view outcome;
    };
    for (const Row& row :
         {Row{[](RawPeer& peer) {
                  peer.finish_sending();
                  peer.await_release();
              },
              "io[truncated]"},
          Row{[](RawPeer& peer) {
                  std::this_thread::sleep_for(20ms);
                  peer.reset();
              },
              "io[reset]"}}) {
        CAPTURE(row.outcome);
        Scene scene{false, "", row.then};
        const Outcome outcome = scene.call(huge);
        CHECK(kind(outcome) == row.outcome);
        CHECK(outcome.error().phase() == Phase::write);
        CHECK(outcome.error().fate() == Fate::unknown);
        CHECK(outcome.error().attempts() == 1);
        CHECK(scene.server.connections() == 1);
    }
}

TEST_CASE("BeastBackend: a request that nobody takes ends by its deadline or when cancelled") {
    for (const bool with_tls : {false, true}) {
        CAPTURE(with_tls);
        Scene scene{with_tls, "", &await_end};
        const Outcome late = scene.call(huge, clarify::CallOptions{500ms});
        REQUIRE_FALSE(late);
        CHECK_MESSAGE(late.error().code() == Errc::timeout, late.error());
        CHECK(late.error().phase() == Phase::write);
        CHECK(late.error().fate() == Fate::unknown);

        boost::asio::cancellation_signal signal;
        std::optional<Outcome> cancelled;
        scene.caller->client.async_call<std::string>(
            "test.method",
            huge,
            boost::asio::bind_cancellation_slot(
                signal.slot(), [&](Outcome outcome) { cancelled.emplace(std::move(outcome)); }));
        boost::asio::steady_timer timer{scene.caller->context, 500ms};
        timer.async_wait([&](auto) { signal.emit(boost::asio::cancellation_type::terminal); });
        scene.caller->context.restart();
        const auto begun = std::chrono::steady_clock::now();
        scene.caller->context.run();
        REQUIRE(cancelled);
        REQUIRE_FALSE(*cancelled);
        CHECK(cancelled->error().code() == Errc::cancelled);
        CHECK(cancelled->error().phase() == Phase::write);
        CHECK(cancelled->error().fate() == Fate::unknown);
        CHECK(std::chrono::steady_clock::now() - begun < 5s);
    }
}

TEST_CASE("BeastBackend: large requests from several threads harm each other in no way") {
    std::atomic<int> served = 0;
    CertificateAuthority authority;
    const auto tls = Scene::issue(authority);
    RawServer server{[&](RawPeer& peer) {
        peer.begin_tls(*tls);
        // Each call has a connection of its own, and every third refuses at once what it gets.
        if (peer.number() % 3 == 0) {
            // The system may have taken all of the request already: then nothing else keeps the
            // client from sending another to a peer that reads no more.
            peer.send(with_body("413 Too Large", "Connection: close\r\n", ""));
            return peer.await_release();
        }
        const auto request = peer.read();
        if (!request) return;
        ++served;
        peer.result(*request, std::to_string(request->body.size()), "Connection: close\r\n");
    }};
    clarify::ClientOptions options = quick_options();
    options.call_timeout = 60s;
    options.http.tls.ca_pem = authority.certificate_pem();
    boost::asio::thread_pool threads{4};
    RawClient client{
        threads.get_executor(),
        *clarify::Url::parse(server.origin("https") + "/v1/rpc"),
        clarify::BeastBackend{options.http},
        clarify::NoAuth{},
        options};
    const std::string params = params_of(std::size_t{4} << 20U);
    std::atomic<int> succeeded = 0;
    std::atomic<int> refused = 0;
    for (int i = 0; i != 24; ++i) {
        client.async_call<std::string>("test.method", params, [&](const Outcome& outcome) {
            if (outcome) ++succeeded;
            if (!outcome && outcome.error().http_status() == 413) ++refused;
        });
    }
    threads.join();
    CHECK(succeeded + refused == 24);
    CHECK(succeeded == served);
    CHECK(refused > 0);
}

}  // namespace early_reply_test
