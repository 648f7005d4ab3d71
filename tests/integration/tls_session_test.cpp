// SPDX-License-Identifier: BSL-1.0
// TLS sessions are resumed where they may be, and nowhere else; connections end politely.

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/pki.hpp>
#include <support/tls_scene.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tls_session_test {

namespace {

namespace pki = support::pki;
using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Reason;
using support::RawPeer;
using support::RawServer;
using support::TlsCaller;
using support::TlsServer;

/// Answers one call and ends the connection.
void answer_once(RawPeer& peer) {
    if (const auto request = peer.read()) peer.result(*request, "1", "Connection: close\r\n");
}

pki::TlsContext server_of(const pki::Identity& identity, int version) {
    auto context = pki::server(identity);
    SSL_CTX_set_max_proto_version(context->native_handle(), version);
    static const unsigned char id[] = "tests";
    SSL_CTX_set_session_id_context(context->native_handle(), id, sizeof id);
    return context;
}

/// Two servers that take each other's tickets, as those behind one load balancer do.
void share_tickets(const pki::TlsContext& a, const pki::TlsContext& b) {
    unsigned char keys[80] = {1, 2, 3};
    const auto size = SSL_CTX_get_tlsext_ticket_keys(a->native_handle(), nullptr, 0);
    REQUIRE(size <= static_cast<long>(sizeof keys));
    for (const auto& context : {a, b})
        CHECK(SSL_CTX_set_tlsext_ticket_keys(context->native_handle(), keys, size) == 1);
}

constexpr int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

}  // namespace

TEST_CASE("TLS sessions: the next connection resumes, and says so") {
    const auto root = pki::Identity::self_signed();
    for (const int version : versions) {
        for (const bool tickets : {true, false}) {
            INFO(version << ' ' << tickets);
            const auto context = server_of(root.issue(), version);
            if (!tickets) SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_TICKET);
            TlsServer server{context, &answer_once};
            TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
            for (int i = 0; i != 4; ++i) {
                const auto outcome = caller.call();
                REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
            }
            CHECK(caller.resumed == std::vector<bool>{false, true, true, true});
            CHECK(server.resumed() == 3);
            CHECK(server.hellos().size() == 4);
            for (const support::ClientHello& hello : server.hellos())
                CHECK_FALSE(hello.has(TLSEXT_TYPE_early_data));
        }
    }
}

TEST_CASE("TLS sessions: a server that invites early data gets none") {
    const auto root = pki::Identity::self_signed();
    const auto context = server_of(root.issue(), TLS1_3_VERSION);
    SSL_CTX_set_max_early_data(context->native_handle(), 16384);
    TlsServer server{context, &answer_once};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
    CHECK(caller.call());
    CHECK(caller.call());
    CHECK(server.resumed() == 1);
    for (const support::ClientHello& hello : server.hellos())
        CHECK_FALSE(hello.has(TLSEXT_TYPE_early_data));
}

TEST_CASE("TLS sessions: none goes to another host or port, or to another client") {
    const auto root = pki::Identity::self_signed();
    for (const int version : versions) {
        INFO(version);
        const auto first = server_of(root.issue(), version);
        const auto second = server_of(root.issue(), version);
        share_tickets(first, second);
        TlsServer server{first, &answer_once};
        TlsServer other{second, &answer_once};
        const auto options = TlsCaller::options(root.certificate_pem());
        clarify::BeastBackend backend{options.http};
        boost::asio::io_context context;
        const auto post = [&](const TlsServer& to, const std::string& host) {
            const auto url =
                *clarify::Url::parse("https://" + host + ":" + std::to_string(to.port()) + "/");
            clarify::HttpRequest request;
            request.url = &url;
            request.body = "{}";
            clarify::HttpResponse response;
            clarify::HttpProgress progress;
            const auto outcome = support::run(context, backend.post(request, response, progress));
            CHECK_MESSAGE(outcome.has_value(), outcome.error());
        };
        post(server, "localhost");
        post(server, "127.0.0.1");
        CHECK(server.resumed() == 0);
        post(other, "localhost");
        CHECK(other.resumed() == 0);
        // All the same, the server would have taken it.
        post(server, "localhost");
        CHECK(server.resumed() == 1);

        TlsCaller caller{server.port(), options};
        CHECK(caller.call());
        CHECK(caller.resumed == std::vector<bool>{false});
    }
}

TEST_CASE("TLS sessions: clients that show other certificates, or trust others, share none") {
    const auto root = pki::Identity::self_signed();
    const auto person = [&](const std::string& name) {
        return root.issue(pki::leaf().called(name).names({}).usage("clientAuth"));
    };
    for (const int version : versions) {
        INFO(version);
        // Whoever comes is let in, and their certificate noted.
        const auto context = server_of(root.issue(), version);
        SSL_CTX_set_verify(
            context->native_handle(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
        std::mutex mutex;
        std::vector<std::string> shown;
        RawServer server{[&](RawPeer& peer) {
            SSL* const ssl = peer.begin_tls(*context);
            std::string name = SSL_session_reused(ssl) == 1 ? "again " : "";
            if (X509* const certificate = SSL_get0_peer_certificate(ssl)) {
                char text[64] = "";
                X509_NAME_get_text_by_NID(
                    X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
                name += text;
            }
            {
                const std::lock_guard lock{mutex};
                shown.push_back(name);
            }
            answer_once(peer);
            SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN);
        }};
        const auto options_of = [&](const std::string& name) {
            auto options = TlsCaller::options(root.certificate_pem());
            if (name.empty()) return options;
            const auto identity = person(name);
            options.http.tls.client_certificate_pem = identity.certificate_pem();
            options.http.tls.client_key_pem = clarify::Secret{identity.key_pem()};
            return options;
        };
        TlsCaller one{server.port(), options_of("one")};
        TlsCaller two{server.port(), options_of("two")};
        TlsCaller nobody{server.port(), options_of("")};
        TlsCaller stranger{
            server.port(), TlsCaller::options(pki::Identity::self_signed().certificate_pem())};
        for (int i = 0; i != 2; ++i) {
            for (TlsCaller* const caller : {&one, &two, &nobody}) {
                const auto outcome = caller->call();
                REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
            }
            // What others know of the server is not taken for a reason to trust it.
            support::check_refusal(stranger.call(), Reason::untrusted);
        }
        for (const TlsCaller* const caller : {&one, &two, &nobody})
            CHECK(caller->resumed == std::vector<bool>{false, true});
        const std::lock_guard lock{mutex};
        CHECK(
            shown ==
            std::vector<std::string>{"one", "two", "", "again one", "again two", "again "});
    }
}

TEST_CASE("TLS sessions: clients with one context of the application's share none") {
    const auto root = pki::Identity::self_signed();
    for (const int version : versions) {
        TlsServer server{server_of(root.issue(), version), &answer_once};
        auto options = TlsCaller::options({});
        options.http.tls.context =
            std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client);
        X509_STORE_add_cert(
            SSL_CTX_get_cert_store(options.http.tls.context->native_handle()), root.certificate());
        TlsCaller one{server.port(), options};
        TlsCaller two{server.port(), options};
        for (int i = 0; i != 2; ++i) {
            CHECK(one.call());
            CHECK(two.call());
        }
        CHECK(one.resumed == std::vector<bool>{false, true});
        CHECK(two.resumed == std::vector<bool>{false, true});
    }
}

TEST_CASE("TLS sessions: a server that is not accepted leaves none behind") {
    const auto root = pki::Identity::self_signed();
    const auto pinned = pki::Identity::self_signed();
    for (const int version : versions) {
        TlsServer server{server_of(root.issue(), version), &answer_once};
        auto options = TlsCaller::options(root.certificate_pem());
        options.http.tls.pins = {pinned.pin()};
        TlsCaller caller{server.port(), options};
        for (int i = 0; i != 3; ++i)
            support::check_refusal(caller.call(), Reason::pin_mismatch);
        CHECK(server.resumed() == 0);
        CHECK(server.await_closed());
        CHECK(server.raw().ledger().bytes() == 0);
    }
}

TEST_CASE("TLS sessions: pins and names were checked for what is resumed") {
    const auto root = pki::Identity::self_signed();
    const auto leaf = root.issue();
    TlsServer server{server_of(leaf, TLS1_3_VERSION), &answer_once};
    auto options = TlsCaller::options(root.certificate_pem());
    options.http.tls.pins = {leaf.pin()};
    TlsCaller caller{server.port(), options};
    CHECK(caller.call());
    CHECK(caller.call());
    CHECK(caller.resumed == std::vector<bool>{false, true});
}

TEST_CASE("TLS sessions: a server that has forgotten them shakes hands in full") {
    const auto root = pki::Identity::self_signed();
    for (const int version : versions) {
        const auto context = server_of(root.issue(), version);
        TlsServer server{context, &answer_once};
        TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
        CHECK(caller.call());
        unsigned char keys[80] = {9};
        const auto size = SSL_CTX_get_tlsext_ticket_keys(context->native_handle(), nullptr, 0);
        CHECK(SSL_CTX_set_tlsext_ticket_keys(context->native_handle(), keys, size) == 1);
        CHECK(caller.call());
        CHECK(caller.call());
        CHECK(caller.resumed == std::vector<bool>{false, false, true});
        CHECK(server.connections() == 3);
    }
}

TEST_CASE("TLS sessions: a server that breaks off when it is offered one gets a full handshake") {
    const auto root = pki::Identity::self_signed();
    for (const int version : versions) {
        for (const bool reset : {false, true}) {
            INFO(version << ' ' << reset);
            const auto context = server_of(root.issue(), version);
            TlsServer server{context, &answer_once};
            server.refuse_offered_sessions(reset);
            TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
            for (int i = 0; i != 3; ++i) {
                const auto outcome = caller.call();
                REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
            }
            CHECK(caller.resumed == std::vector<bool>{false, false, false});
            // The second and the third call needed two connections each.
            CHECK(server.connections() == 5);
            CHECK(server.raw().ledger().request_count() == 3);
        }
    }
}

TEST_CASE("TLS sessions: one with which a handshake failed is not offered again") {
    const auto root = pki::Identity::self_signed();
    const auto context = server_of(root.issue(), TLS1_2_VERSION);
    TlsServer server{context, &answer_once};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
    REQUIRE(caller.call());
    server.refuse_offered_sessions(false);
    // Nor does the server give out another, which would take its place.
    SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
    for (int i = 0; i != 2; ++i)
        REQUIRE(caller.call());
    // Only the first of these two needed two connections.
    CHECK(server.connections() == 4);
}

TEST_CASE(
    "TLS sessions: one of TLS 1.3 is used once, also where the server gives no other for it") {
    const auto root = pki::Identity::self_signed();
    const auto context = server_of(root.issue(), TLS1_3_VERSION);
    TlsServer server{context, &answer_once};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
    CHECK(caller.call());
    CHECK(SSL_CTX_set_num_tickets(context->native_handle(), 0) == 1);
    CHECK(caller.call());
    CHECK(caller.call());
    CHECK(caller.resumed == std::vector<bool>{false, true, false});
}

TEST_CASE("TLS sessions: they can be switched off") {
    const auto root = pki::Identity::self_signed();
    TlsServer server{server_of(root.issue(), TLS1_3_VERSION), &answer_once};
    auto options = TlsCaller::options(root.certificate_pem());
    SUBCASE("by their number") { options.http.tls.max_sessions = 0; }
    SUBCASE("by their life") { options.http.tls.session_lifetime = 0s; }
    TlsCaller caller{server.port(), options};
    CHECK(caller.call());
    CHECK(caller.call());
    CHECK(caller.resumed == std::vector<bool>{false, false});
    CHECK(server.resumed() == 0);
}

TEST_CASE("TLS sessions: a context of the application's resumes as well, and stays as it was") {
    const auto root = pki::Identity::self_signed();
    TlsServer server{server_of(root.issue(), TLS1_3_VERSION), &answer_once};
    auto options = TlsCaller::options({});
    options.http.tls.context =
        std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client);
    SSL_CTX* const native = options.http.tls.context->native_handle();
    X509_STORE_add_cert(SSL_CTX_get_cert_store(native), root.certificate());
    const auto mode = SSL_CTX_get_session_cache_mode(native);
    TlsCaller caller{server.port(), options};
    CHECK(caller.call());
    CHECK(caller.call());
    CHECK(caller.resumed == std::vector<bool>{false, true});
    CHECK(SSL_CTX_get_session_cache_mode(native) == mode);
    CHECK((SSL_CTX_sess_get_new_cb(native) == nullptr));
    CHECK(SSL_CTX_sess_number(native) == 0);
}

TEST_CASE("TLS: closing an idle connection says so to the server, and waits for nothing") {
    const auto root = pki::Identity::self_signed();
    for (const int version : versions) {
        std::atomic<bool> polite = false;
        TlsServer server{server_of(root.issue(), version), [&](RawPeer& peer) {
                             const auto request = peer.read();
                             if (!request) return;
                             peer.result(*request, "1");
                             // Reads the end, and does not answer it.
                             peer.read();
                             polite = peer.ended_cleanly();
                         }};
        {
            TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
            CHECK(caller.call());
        }
        CHECK(server.await_closed());
        CHECK(polite);
    }
}

TEST_CASE("TLS: a peer that has stopped reading does not hold up a close") {
    const auto root = pki::Identity::self_signed();
    TlsServer server{server_of(root.issue(), TLS1_3_VERSION), [&](RawPeer& peer) {
                         const auto request = peer.read();
                         if (request) peer.result(*request, "1");
                         peer.await_release();
                     }};
    const auto begun = std::chrono::steady_clock::now();
    {
        TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
        CHECK(caller.call());
    }
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
    server.raw().ledger().release();
}

}  // namespace tls_session_test
