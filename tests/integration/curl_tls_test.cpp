// SPDX-License-Identifier: BSL-1.0
// Whom CurlBackend trusts, and what it says of those it does not.

#include <clarify/auth/bearer_token.hpp>

#include "../support/temporary_directory.hpp"
#include "curl_caller.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using clarify::testing::detail::CertificateAuthority;
using clarify::testing::detail::CertificateRequest;
using support::CurlPost;
using support::Outcome;
using support::RawPeer;
using support::RawServer;
using TlsClient =
    clarify::RpcClient<clarify::CurlBackend, clarify::BearerToken, support::TextCodec>;

clarify::ClientOptions tls_options(const std::string& ca_pem) {
    clarify::ClientOptions options = support::quick_options();
    options.http.tls.ca_pem = ca_pem;
    return options;
}

/// A call with a token, by a client of its own.
Outcome call(const std::string& url, const clarify::ClientOptions& options) {
    boost::asio::io_context context;
    TlsClient client{
        context.get_executor(),
        *clarify::Url::parse(url),
        clarify::CurlBackend{options.http},
        clarify::BearerToken{clarify::Secret{"canary-token"}},
        options};
    return support::run(context, client.call("m", "{}"));
}

/// One server with a certificate, and what a client makes of it.
struct Scene {
    Scene(
        const CertificateAuthority& authority,
        const CertificateRequest& request,
        const std::function<void(boost::asio::ssl::context&)>& adjust = {})
        : tls(support::tls_server(authority.issue(request))), server([this](RawPeer& peer) {
              peer.begin_tls(*tls);
              while (const auto got = peer.read()) {
                  ++requests;
                  peer.result(*got, std::to_string(peer.number()));
              }
          }) {
        if (adjust) adjust(*tls);
    }

    std::string url(const std::string& host = "127.0.0.1") const {
        return "https://" + host + ":" + std::to_string(server.port()) + "/rpc";
    }
    Outcome call(const std::string& ca_pem, const std::string& host = "127.0.0.1") {
        return ::call(url(host), tls_options(ca_pem));
    }
    void check_refused(const Outcome& outcome, Reason reason) const {
        REQUIRE_FALSE(outcome);
        CHECK_MESSAGE(outcome.error().code() == Errc::tls, outcome.error());
        CHECK_MESSAGE(outcome.error().reason() == reason, outcome.error());
        CHECK(outcome.error().fate() == Fate::unsent);
        CHECK(outcome.error().phase() == Phase::tls);
        CHECK(outcome.error().attempts() == 1);
        CHECK(requests == 0);
        CHECK(server.connections() == 1);
    }

    std::atomic<int> requests = 0;
    std::shared_ptr<boost::asio::ssl::context> tls;
    RawServer server;
};

CertificateRequest names(std::vector<std::string> alternatives) {
    CertificateRequest request;
    request.subject_alt_names = std::move(alternatives);
    return request;
}

}  // namespace

TEST_CASE("CurlBackend: calls over TLS share a connection") {
    const CertificateAuthority authority;
    Scene scene{authority, CertificateRequest{}};
    const clarify::ClientOptions options = tls_options(authority.certificate_pem());
    boost::asio::io_context context;
    clarify::CurlBackend backend{options.http};
    for (int i = 0; i != 3; ++i) {
        CurlPost post{backend, scene.url()};
        const auto outcome = post.run(context);
        REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
        CHECK(post.response.status == 200);
        post.response.lease.keep();
    }
    CHECK(scene.requests == 3);
    CHECK(scene.server.connections() == 1);
}

TEST_CASE("CurlBackend: the CA may be a text, a file or both") {
    const CertificateAuthority authority;
    const CertificateAuthority other;
    Scene scene{authority, CertificateRequest{}};
    const support::TemporaryDirectory folder;
    clarify::ClientOptions options = tls_options("");
    options.http.tls.ca_file = folder.write("ca.pem", authority.certificate_pem());
    CHECK(call(scene.url(), options));
    options.http.tls.ca_pem = other.certificate_pem();
    CHECK(call(scene.url(), options));
    CHECK(scene.requests == 2);
}

TEST_CASE("CurlBackend: an address needs an address in the certificate, a name needs a name") {
    const CertificateAuthority authority;
    {
        Scene scene{authority, names({"IP:127.0.0.1", "DNS:localhost"})};
        CHECK(scene.call(authority.certificate_pem()));
        CHECK(scene.call(authority.certificate_pem(), "localhost"));
    }
    {
        Scene scene{authority, names({"DNS:localhost", "DNS:127.0.0.1"})};
        scene.check_refused(scene.call(authority.certificate_pem()), Reason::host_mismatch);
    }
    {
        Scene scene{authority, names({"IP:127.0.0.1", "DNS:other.example"})};
        scene.check_refused(
            scene.call(authority.certificate_pem(), "localhost"), Reason::host_mismatch);
    }
}

TEST_CASE("CurlBackend: a certificate out of its time is refused") {
    const CertificateAuthority authority;
    const auto now = std::chrono::system_clock::now();
    CertificateRequest request;
    SUBCASE("expired") {
        request.not_before = now - std::chrono::hours{48};
        request.not_after = now - std::chrono::hours{24};
    }
    SUBCASE("not yet valid") {
        request.not_before = now + std::chrono::hours{24};
        request.not_after = now + std::chrono::hours{48};
    }
    Scene scene{authority, request};
    scene.check_refused(scene.call(authority.certificate_pem()), Reason::cert_time);
}

TEST_CASE("CurlBackend: an unknown authority is refused, also with the system's trust store") {
    const CertificateAuthority authority;
    const CertificateAuthority other;
    {
        Scene scene{authority, CertificateRequest{}};
        scene.check_refused(scene.call(other.certificate_pem()), Reason::untrusted);
    }
    {
        Scene scene{authority, CertificateRequest{}};
        scene.check_refused(scene.call({}), Reason::untrusted);
    }
}

TEST_CASE("CurlBackend: TLS before 1.2 is refused") {
    const CertificateAuthority authority;
    Scene scene{authority, CertificateRequest{}, [](boost::asio::ssl::context& context) {
                    SSL_CTX_set_security_level(context.native_handle(), 0);
                    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_VERSION);
                    SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_1_VERSION);
                }};
    scene.check_refused(scene.call(authority.certificate_pem()), Reason::protocol);
}

TEST_CASE("CurlBackend: a peer that speaks something else is a failed handshake") {
    RawServer server{[](RawPeer& peer) {
        peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        peer.drain();
    }};
    const Outcome outcome = call(server.origin("https") + "/rpc", tls_options(""));
    CHECK_MESSAGE(outcome.error().code() == Errc::tls, outcome.error());
    CHECK_MESSAGE(outcome.error().reason() == Reason::handshake, outcome.error());
    CHECK(outcome.error().phase() == Phase::tls);
    CHECK(outcome.error().attempts() == 1);
}

TEST_CASE("CurlBackend: a peer that goes away inside the handshake may be tried again") {
    RawServer server{[](RawPeer& peer) {
        peer.socket().wait(RawPeer::Socket::wait_read);
        peer.number() == 2 ? peer.reset() : peer.finish_sending();
        if (peer.number() != 2) peer.drain();
    }};
    const Outcome outcome = call(server.origin("https") + "/rpc", tls_options(""));
    CHECK_MESSAGE(outcome.error().code() == Errc::tls, outcome.error());
    CHECK_MESSAGE(outcome.error().reason() == Reason::reset, outcome.error());
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(outcome.error().attempts() == 3);
}

TEST_CASE("CurlBackend: a handshake that stalls ends at its own limit") {
    RawServer server{[](RawPeer& peer) { peer.drain(); }};
    clarify::ClientOptions options = tls_options("");
    options.retry.attempts = 1;
    SUBCASE("shorter than that of connecting") {
        options.http.tls_timeout = 100ms;
        options.http.connect_timeout = 60s;
    }
    SUBCASE("longer than that of connecting") {
        options.http.tls_timeout = 400ms;
        options.http.connect_timeout = 200ms;
    }
    const auto begun = std::chrono::steady_clock::now();
    const Outcome outcome = call(server.origin("https") + "/rpc", options);
    const auto took = std::chrono::steady_clock::now() - begun;
    CHECK_MESSAGE(outcome.error().code() == Errc::timeout, outcome.error());
    CHECK(outcome.error().phase() == Phase::tls);
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(took >= options.http.tls_timeout);
    CHECK(took < 5s);
}

TEST_CASE("CurlBackend: a CA that cannot be used is a configuration error, before any secret") {
    const CertificateAuthority authority;
    Scene scene{authority, CertificateRequest{}};
    clarify::ClientOptions options = tls_options("");
    SUBCASE("no such file") { options.http.tls.ca_file = "/no/such/ca.pem"; }
    SUBCASE("a file of something else") { options.http.tls.ca_file = "/etc/passwd"; }
    SUBCASE("a text of something else") { options.http.tls.ca_pem = "not a certificate"; }
    const Outcome outcome = call(scene.url(), options);
    CHECK_MESSAGE(outcome.error().code() == Errc::bad_config, outcome.error());
    CHECK(outcome.error().reason() == Reason::file);
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(scene.requests == 0);
}

TEST_CASE("CurlBackend: a request on a TLS connection that dies just then goes out once") {
    const CertificateAuthority authority;
    std::atomic<int> requests = 0;
    const auto tls = support::tls_server(authority.issue(CertificateRequest{}));
    RawServer server{[&](RawPeer& peer) {
        peer.begin_tls(*tls);
        while (const auto request = peer.read()) {
            if (++requests == 2) return peer.reset();
            peer.result(*request, "1");
        }
    }};
    boost::asio::io_context context;
    clarify::CurlBackend backend{tls_options(authority.certificate_pem()).http};
    CurlPost first{backend, server.origin("https") + "/"};
    REQUIRE(first.run(context));
    first.response.lease.keep();
    CurlPost second{backend, server.origin("https") + "/"};
    const auto outcome = second.run(context);
    REQUIRE_FALSE(outcome);
    CHECK_MESSAGE(outcome.error().code() == Errc::io, outcome.error());
    CHECK(outcome.error().reason() == Reason::stale);
    CHECK(outcome.error().fate() == Fate::unknown);
    CHECK(requests == 2);
    CHECK(server.connections() == 1);
}

TEST_CASE("CurlBackend: a reply until close that TLS does not end is not whole") {
    const CertificateAuthority authority;
    const auto tls = support::tls_server(authority.issue(CertificateRequest{}));
    RawServer server{[&](RawPeer& peer) {
        peer.begin_tls(*tls);
        if (!peer.read()) return;
        peer.send("HTTP/1.1 200 OK\r\n\r\n{\"half\":");
        peer.finish_sending();
        peer.drain();
    }};
    boost::asio::io_context context;
    clarify::CurlBackend backend{tls_options(authority.certificate_pem()).http};
    CurlPost post{backend, server.origin("https") + "/"};
    const auto outcome = post.run(context);
    REQUIRE_FALSE(outcome);
    CHECK_MESSAGE(outcome.error().code() == Errc::io, outcome.error());
    CHECK_MESSAGE(outcome.error().reason() == Reason::truncated, outcome.error());
    CHECK(outcome.error().fate() == Fate::unknown);
}

TEST_CASE(
    "CurlBackend: bytes behind a reply, in the TLS record that ends it, cost the connection") {
    const CertificateAuthority authority;
    const auto tls = support::tls_server(authority.issue(CertificateRequest{}));
    RawServer server{[&](RawPeer& peer) {
        peer.begin_tls(*tls);
        while (peer.read()) {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\"mi");
            // Apart, so that the rest of the body is asked for by its length.
            std::this_thread::sleep_for(30ms);
            peer.send("ne\"" + support::with_body("200 OK", "", "forged"));
        }
    }};
    boost::asio::io_context context;
    clarify::CurlBackend backend{tls_options(authority.certificate_pem()).http};
    for (int i = 1; i != 4; ++i) {
        CurlPost post{backend, server.origin("https") + "/"};
        const auto outcome = post.run(context);
        REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
        CHECK(post.response.body == "\"mine\"");
        post.response.lease.keep();
        CHECK(server.connections() == i);
    }
}
