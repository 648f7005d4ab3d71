// SPDX-License-Identifier: BSL-1.0
// What a TLS server says beside its replies: its own business is read, all else costs the connection.

#include <clarify/http/beast_backend.hpp>

#include "tls_leftover_cases.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/pki.hpp>
#include <support/raw_server.hpp>
#include <support/tls_scene.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace tls_at_rest_test {

namespace {

namespace pki = support::pki;
using namespace std::chrono_literals;
using support::RawPeer;
using support::TlsCaller;
using support::TlsServer;

/// What the server says after each of its replies, before the next call is made.
using Aside = std::function<void(RawPeer&)>;

struct AtRest {
    AtRest(int version, Aside say)
        : root(pki::Identity::self_signed()),
          aside(std::move(say)),
          server(of_version(version), [this](RawPeer& peer) { serve(peer); }),
          caller(server.port(), TlsCaller::options(root.certificate_pem())) {}

    pki::TlsContext of_version(int version) const {
        auto context = pki::server(root.issue());
        SSL_CTX_set_min_proto_version(context->native_handle(), version);
        SSL_CTX_set_max_proto_version(context->native_handle(), version);
        return context;
    }
    void serve(RawPeer& peer) {
        while (const auto request = peer.read()) {
            peer.result(*request, std::to_string(peer.number()));
            try {
                aside(peer);
            } catch (...) {
                ++said;
                throw;
            }
            ++said;
        }
    }
    /// A call, and what the server says after it: the number of the connection that it went over.
    std::string call() {
        const int before = said;
        const auto outcome = caller.call();
        REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
        while (said == before)
            std::this_thread::sleep_for(1ms);
        return *outcome;
    }

    pki::Identity root;
    Aside aside;
    std::atomic<int> said{0};
    TlsServer server;
    TlsCaller caller;
};

void say_ticket(RawPeer& peer) {
    REQUIRE(SSL_new_session_ticket(peer.tls()) == 1);
    peer.send_tls();
}

void say_key(RawPeer& peer, int kind) {
    REQUIRE(SSL_key_update(peer.tls(), kind) == 1);
    peer.send_tls();
}

/// Sends bytes beside the TLS connection.
void send_raw(RawPeer& peer, std::string_view bytes) {
    boost::asio::write(peer.socket(), boost::asio::buffer(bytes.data(), bytes.size()));
}

}  // namespace

TEST_CASE("TLS at rest: session tickets are read, and the connection kept") {
    for (const int tickets : {1, 5}) {
        AtRest scene{TLS1_3_VERSION, [&](RawPeer& peer) {
                         for (int i = 0; i != tickets; ++i)
                             say_ticket(peer);
                     }};
        for (int i = 0; i != 4; ++i)
            CHECK(scene.call() == "1");
        CHECK(scene.server.connections() == 1);
    }
}

TEST_CASE(
    "TLS at rest: a key update is read, answered if that is asked for, and the connection kept") {
    for (const int kind : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
        AtRest scene{TLS1_3_VERSION, [&](RawPeer& peer) {
                         say_key(peer, kind);
                         say_ticket(peer);
                         say_key(peer, kind);
                     }};
        for (int i = 0; i != 4; ++i)
            CHECK(scene.call() == "1");
        CHECK(scene.server.connections() == 1);
    }
}

TEST_CASE("TLS at rest: anything else ends the connection, whatever comes with it") {
    const std::string forged =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    const Aside asides[] = {
        [&](RawPeer& peer) { peer.send(forged); },
        [&](RawPeer& peer) { peer.send("x"); },
        [&](RawPeer& peer) {
            say_ticket(peer);
            peer.send(forged);
        },
        [&](RawPeer& peer) {
            peer.send(forged);
            say_ticket(peer);
        },
        [](RawPeer& peer) {
            say_ticket(peer);
            SSL_shutdown(peer.tls());
            say_ticket(peer);
        },
        // The beginning of a record, and a record that is none.
        [](RawPeer& peer) { send_raw(peer, "\x17\x03\x03"); },
        [](RawPeer& peer) { send_raw(peer, "HTTP/1.1 204 No Content\r\n\r\n"); },
        // More tickets than anybody needs.
        [](RawPeer& peer) {
            for (int i = 0; i != 500; ++i)
                say_ticket(peer);
        }};
    int number = 0;
    for (const Aside& aside : asides) {
        INFO(number++);
        AtRest scene{TLS1_3_VERSION, aside};
        for (const char* const connection : {"1", "2", "3"})
            CHECK(scene.call() == connection);
        CHECK(scene.server.connections() == 3);
    }
}

TEST_CASE("TLS at rest: under TLS 1.2 unasked data and a wish to renegotiate end the connection") {
    const Aside asides[] = {
        [](RawPeer& peer) { peer.send("x"); },
        [](RawPeer& peer) {
            REQUIRE(SSL_renegotiate(peer.tls()) == 1);
            peer.send_tls();
        }};
    for (const Aside& aside : asides) {
        AtRest scene{TLS1_2_VERSION, aside};
        for (const char* const connection : {"1", "2", "3"})
            CHECK(scene.call() == connection);
    }
}

TEST_CASE("TLS at rest: what comes in one segment with a reply is no answer to the next request") {
    tls_cases::unasked_in_one_segment<clarify::BeastBackend>();
}

TEST_CASE("TLS at rest: a ticket in one segment with a reply costs nothing") {
    const auto root = pki::Identity::self_signed();
    const auto script = [](RawPeer& peer) {
        while (const auto request = peer.read()) {
            tls_cases::put_into_segment(peer, tls_cases::with_length(*request, "\"one\""));
            REQUIRE(SSL_new_session_ticket(peer.tls()) == 1);
            peer.send_tls();
        }
    };
    TlsServer server{pki::server(root.issue()), script};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
    for (int i = 0; i != 3; ++i)
        CHECK(caller.call().value() == "\"one\"");
    CHECK(server.connections() == 1);
}

}  // namespace tls_at_rest_test
