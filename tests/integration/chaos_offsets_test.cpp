// SPDX-License-Identifier: BSL-1.0
// Connections that end at every byte of request and reply, in good order and by reset.

#include <clarify/auth/no_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/chaos_proxy.hpp"
#include "../support/raw_server.hpp"
#include "../support/run.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/ssl/context.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>

namespace chaos_offsets_test {

namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using clarify::testing::detail::CertificateAuthority;
using support::ChaosPlan;
using support::ChaosProxy;
using support::RawPeer;
using support::RawServer;
using How = support::ChaosCut::How;
using Client = clarify::RpcClient<clarify::BeastBackend, clarify::NoAuth, support::TextCodec>;
using Outcome = clarify::Result<std::string>;

struct Security {
    // The length of a ticket varies by chance, which would blur the offsets.
    Security() { SSL_CTX_set_num_tickets(server->native_handle(), 0); }

    CertificateAuthority authority;
    std::shared_ptr<boost::asio::ssl::context> server = support::tls_server(authority.issue());
};

/// A server behind a proxy, and a new client for each case.
class Scene {
public:
    explicit Scene(const Security* security = nullptr) : security_(security) {
        options_.call_timeout = 10s;
        options_.retry.base = 1ms;
        // The length of an id varies by chance as well.
        options_.first_id = 1;
        if (security_ != nullptr) options_.http.tls.ca_pem = security_->authority.certificate_pem();
    }

    struct Case {
        Outcome outcome;
        std::size_t arrivals;
        /// The call that follows on the same client.
        bool next_succeeds;
        /// What was passed on for the first call; only where no other followed.
        std::size_t up, down;
    };
    /// Makes a call whose first connection has the plan.
    Case run(const ChaosPlan& plan, bool idempotent = false, bool follow = true) {
        const std::string nonce = "\"nonce\":" + std::to_string(++calls_) + "}";
        proxy_.set_planner(support::chaos_script({plan}));
        const support::ChaosStatistics before = proxy_.statistics();
        boost::asio::io_context context;
        Client client{
            context.get_executor(),
            *clarify::Url::parse(proxy_.origin(security_ != nullptr ? "https" : "http") + "/rpc"),
            clarify::BeastBackend{options_.http},
            clarify::NoAuth{},
            options_};
        clarify::CallOptions call;
        call.idempotent = idempotent;
        Outcome outcome = support::run(context, client.call("test", "{" + nonce, call));
        // It may meet the end of the connection on its way.
        clarify::CallOptions repeatable;
        repeatable.idempotent = true;
        // Handshakes take their time: for TLS, another call once in a while will do.
        const bool skip = !follow || (security_ != nullptr && calls_ % 8 != 0);
        const bool next =
            skip || support::run(context, client.call("test", "{}", repeatable)).has_value();
        // The proxy counts what it has passed on a moment later.
        if (!follow) std::this_thread::sleep_for(100ms);
        const std::size_t up = proxy_.statistics().bytes_up - before.bytes_up;
        const std::size_t down = proxy_.statistics().bytes_down - before.bytes_down;
        client.close();
        context.restart();
        context.run();
        // Whatever was on its way has arrived once the server has left all connections.
        const auto until = std::chrono::steady_clock::now() + 20s;
        while (proxy_.statistics().open != 0 && std::chrono::steady_clock::now() < until)
            std::this_thread::sleep_for(100us);
        return {std::move(outcome), arrivals(nonce), next, up, down};
    }

    /// A call without harm.
    Case measure() { return run({}, false, false); }

private:
    std::size_t arrivals(const std::string& nonce) const {
        const auto all = server_.ledger().requests();
        return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& one) {
            return one.request.body.find(nonce) != std::string::npos;
        }));
    }

    const Security* security_;
    clarify::ClientOptions options_;
    std::size_t calls_ = 1000;
    RawServer server_{[this](RawPeer& peer) {
        if (security_ != nullptr) peer.begin_tls(*security_->server);
        while (const auto request = peer.read())
            peer.result(*request, "1");
    }};
    ChaosProxy proxy_{server_.port()};
};

/// A new scene for every hundred cases, as a scripted server keeps a thread for each connection.
class Scenes {
public:
    explicit Scenes(const Security* security = nullptr) : security_(security) {}

    Scene::Case run(const ChaosPlan& plan, bool idempotent = false) {
        if (count_++ % 100 == 0) scene_ = std::make_unique<Scene>(security_);
        return scene_->run(plan, idempotent);
    }

private:
    const Security* security_;
    std::size_t count_ = 0;
    std::unique_ptr<Scene> scene_;
};

/// The promises that hold wherever a connection ends, for a call that may be executed once.
void check_promises(const Scene::Case& seen) {
    CHECK(seen.next_succeeds);
    CHECK(seen.arrivals <= 1);
    if (seen.outcome) {
        CHECK(seen.arrivals == 1);
        return;
    }
    const clarify::Error& error = seen.outcome.error();
    CHECK_MESSAGE(error.code() == Errc::io, error);
    CHECK_MESSAGE(error.fate() == Fate::unknown, error);
}

/// The same for one that may be executed again: it succeeds on another connection.
void check_repeated(const Scene::Case& seen) {
    CHECK_MESSAGE(seen.outcome, seen.outcome.error());
    CHECK(seen.next_succeeds);
    CHECK(seen.arrivals >= 1);
    CHECK(seen.arrivals <= 2);
}

}  // namespace

TEST_CASE("RpcClient: a connection may end at any byte of the request") {
    const std::size_t length = Scene{}.measure().up;
    REQUIRE(length > 100);
    Scenes scenes;
    for (const How how : {How::fin, How::reset}) {
        for (std::size_t at = 0; at <= length; ++at) {
            const ChaosPlan plan = ChaosPlan::cut_up({how, at});
            CAPTURE(to_string(plan));
            const Scene::Case seen = scenes.run(plan);
            check_promises(seen);
            check_repeated(scenes.run(plan, true));
            // One that ends as it is made may be seen to be dead before the request is sent.
            if (at == 0 && (seen.outcome || seen.arrivals != 0)) continue;
            REQUIRE_FALSE(seen.outcome);
            const clarify::Error& error = seen.outcome.error();
            CHECK(error.attempts() == 1);
            CHECK((error.phase() == Phase::write || error.phase() == Phase::first_byte));
            if (at < length) CHECK(seen.arrivals == 0);
            if (how == How::fin) CHECK_MESSAGE(error.reason() == Reason::truncated, error);
            if (how == How::reset) CHECK_MESSAGE(error.reason() == Reason::reset, error);
        }
    }
}

TEST_CASE("RpcClient: a connection may end at any byte of the reply") {
    const std::size_t length = Scene{}.measure().down;
    REQUIRE(length > 80);
    Scenes scenes;
    for (const How how : {How::fin, How::reset}) {
        std::size_t phases = 0;
        Phase last = Phase::write;
        for (std::size_t at = 0; at <= length; ++at) {
            const ChaosPlan plan = ChaosPlan::cut_down({how, at});
            CAPTURE(to_string(plan));
            const Scene::Case seen = scenes.run(plan);
            check_promises(seen);
            check_repeated(scenes.run(plan, true));
            if (at == 0 && (seen.outcome || seen.arrivals == 0)) continue;
            CHECK(seen.arrivals == 1);
            // Complete or not is all that counts, not what becomes of the connection afterwards.
            REQUIRE(seen.outcome.has_value() == (at == length));
            if (seen.outcome) continue;
            const clarify::Error& error = seen.outcome.error();
            CHECK(error.attempts() == 1);
            CHECK_MESSAGE(
                error.reason() == (how == How::fin ? Reason::truncated : Reason::reset), error);
            CHECK(error.phase() >= last);
            if (error.phase() != last) ++phases;
            last = error.phase();
        }
        // In the head, then in the body.
        CHECK(phases == 2);
    }
}

TEST_CASE("RpcClient: a TLS connection may end at any byte of request and reply") {
    const Security security;
    const Scene::Case whole = Scene{&security}.measure();
    REQUIRE(whole.outcome);
    // A signature in the handshake may be a few bytes shorter or longer from one time to another.
    const std::size_t slack = 8;
    const std::size_t records = 2 * (5 + 1 + 16);
    const std::size_t request = Scene{}.measure().up + records / 2;
    const std::size_t reply = Scene{}.measure().down + records / 2;
    Scenes scenes{&security};
    for (const How how : {How::fin, How::reset}) {
        for (std::size_t at = whole.up - request + 1; at <= whole.up; ++at) {
            const ChaosPlan plan = ChaosPlan::cut_up({how, at});
            CAPTURE(to_string(plan));
            const Scene::Case seen = scenes.run(plan);
            check_promises(seen);
            CHECK_FALSE(seen.outcome);
            if (at < whole.up) CHECK(seen.arrivals == 0);
        }
        for (std::size_t at = whole.down - reply + slack; at < whole.down + slack; ++at) {
            const ChaosPlan plan = ChaosPlan::cut_down({how, at});
            CAPTURE(to_string(plan));
            const Scene::Case seen = scenes.run(plan);
            check_promises(seen);
            CHECK(seen.arrivals == 1);
            if (at < whole.down - slack) CHECK_FALSE(seen.outcome);
        }
    }
}

TEST_CASE("RpcClient: a TLS connection that ends in the handshake costs no call") {
    const Security security;
    const Scene::Case whole = Scene{&security}.measure();
    REQUIRE(whole.outcome);
    const std::size_t request = Scene{}.measure().up + 22;
    Scenes scenes{&security};
    for (const How how : {How::fin, How::reset}) {
        // Every few bytes, so that each flight and its borders are met.
        for (std::size_t at = 0; at < whole.up - request; at += 7) {
            const ChaosPlan plan = ChaosPlan::cut_up({how, at});
            CAPTURE(to_string(plan));
            const Scene::Case seen = scenes.run(plan);
            check_promises(seen);
        }
        for (std::size_t at = 0; at < whole.down; at += 23) {
            const ChaosPlan plan = ChaosPlan::cut_down({how, at});
            CAPTURE(to_string(plan));
            check_promises(scenes.run(plan));
        }
    }
}

}  // namespace chaos_offsets_test
