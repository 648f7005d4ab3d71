// SPDX-License-Identifier: BSL-1.0
// Nobody is trusted by mistake: certificates, names and protocol versions.

#include <clarify/auth/bearer_token.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/raw_server.hpp"
#include "../support/run.hpp"
#include "../support/text_codec.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <string>

namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using clarify::testing::detail::CertificateAuthority;
using clarify::testing::detail::CertificateRequest;
using support::RawPeer;
using support::RawServer;
using Outcome = clarify::Result<std::string>;
using TlsClient =
    clarify::RpcClient<clarify::BeastBackend, clarify::BearerToken, support::TextCodec>;

/// One server with a certificate, and what a client that trusts `trusted` makes of it.
struct Scene {
    Scene(
        const CertificateAuthority& authority,
        const CertificateRequest& request,
        std::function<void(boost::asio::ssl::context&)> adjust = {})
        : tls(support::tls_server(authority.issue(request))), server([this](RawPeer& peer) {
              peer.begin_tls(*tls);
              while (const auto got = peer.read()) {
                  ++requests;
                  peer.result(*got, "1");
              }
          }) {
        if (adjust) adjust(*tls);
    }

    Outcome call(const std::string& ca_pem, const std::string& host = "127.0.0.1") {
        boost::asio::io_context context;
        clarify::ClientOptions options;
        options.call_timeout = 5s;
        options.retry.base = 1ms;
        options.http.tls.ca_pem = ca_pem;
        const std::string url = "https://" + host + ":" + std::to_string(server.port()) + "/rpc";
        TlsClient client{
            context.get_executor(),
            *clarify::Url::parse(url),
            clarify::BeastBackend{options.http},
            clarify::BearerToken{clarify::Secret{"canary-token"}},
            options};
        return support::run(context, client.call("m", "{}"));
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

TEST_CASE("TLS: a certificate for the address or the name is accepted") {
    const CertificateAuthority authority;
    Scene scene{authority, names({"IP:127.0.0.1", "DNS:localhost"})};
    CHECK(scene.call(authority.certificate_pem()));
    CHECK(scene.call(authority.certificate_pem(), "localhost"));
    CHECK(scene.requests == 2);
}

TEST_CASE("TLS: an address needs an address in the certificate, a name needs a name") {
    const CertificateAuthority authority;
    {
        Scene scene{authority, names({"DNS:localhost", "DNS:127.0.0.1"})};
        scene.check_refused(scene.call(authority.certificate_pem()), Reason::host_mismatch);
    }
    {
        Scene scene{authority, names({"IP:127.0.0.1", "DNS:other.example"})};
        scene.check_refused(
            scene.call(authority.certificate_pem(), "localhost"), Reason::host_mismatch);
    }
    {
        Scene scene{authority, names({"IP:127.0.0.2"})};
        scene.check_refused(scene.call(authority.certificate_pem()), Reason::host_mismatch);
    }
}

TEST_CASE("TLS: a certificate out of its time is refused") {
    const CertificateAuthority authority;
    const auto now = std::chrono::system_clock::now();
    {
        CertificateRequest expired;
        expired.not_before = now - std::chrono::hours{48};
        expired.not_after = now - std::chrono::hours{24};
        Scene scene{authority, expired};
        scene.check_refused(scene.call(authority.certificate_pem()), Reason::cert_time);
    }
    {
        CertificateRequest early;
        early.not_before = now + std::chrono::hours{24};
        early.not_after = now + std::chrono::hours{48};
        Scene scene{authority, early};
        scene.check_refused(scene.call(authority.certificate_pem()), Reason::cert_time);
    }
}

TEST_CASE("TLS: an unknown authority is refused, also with the system's trust store") {
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

TEST_CASE("TLS: versions before 1.2 are refused") {
    const CertificateAuthority authority;
    Scene scene{authority, CertificateRequest{}, [](boost::asio::ssl::context& context) {
                    SSL_CTX_set_security_level(context.native_handle(), 0);
                    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_VERSION);
                    SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_1_VERSION);
                }};
    scene.check_refused(scene.call(authority.certificate_pem()), Reason::protocol);
}

TEST_CASE("TLS: a peer that speaks something else is a failed handshake") {
    RawServer server{[](RawPeer& peer) {
        peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        peer.drain();
    }};
    boost::asio::io_context context;
    clarify::ClientOptions options;
    options.call_timeout = 5s;
    TlsClient client{
        context.get_executor(),
        *clarify::Url::parse(server.origin("https") + "/rpc"),
        clarify::BeastBackend{options.http},
        clarify::BearerToken{clarify::Secret{"canary-token"}},
        options};
    const Outcome outcome = support::run(context, client.call("m", "{}"));
    CHECK(outcome.error().code() == Errc::tls);
    CHECK(outcome.error().reason() == Reason::handshake);
    CHECK(outcome.error().attempts() == 1);
}

TEST_CASE("TLS: a handshake that stalls ends at its own limit") {
    RawServer server{[](RawPeer& peer) { peer.drain(); }};
    boost::asio::io_context context;
    clarify::ClientOptions options;
    options.call_timeout = 5s;
    options.http.tls_timeout = 100ms;
    options.retry.attempts = 1;
    TlsClient client{
        context.get_executor(),
        *clarify::Url::parse(server.origin("https") + "/rpc"),
        clarify::BeastBackend{options.http},
        clarify::BearerToken{clarify::Secret{"canary-token"}},
        options};
    const auto begun = std::chrono::steady_clock::now();
    const Outcome outcome = support::run(context, client.call("m", "{}"));
    CHECK(outcome.error().code() == Errc::timeout);
    CHECK(outcome.error().phase() == Phase::tls);
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(std::chrono::steady_clock::now() - begun < 3s);
}

TEST_CASE(
    "TLS: a CA file that cannot be used is a configuration error, before any secret is sent") {
    const CertificateAuthority authority;
    Scene scene{authority, CertificateRequest{}};
    boost::asio::io_context context;
    clarify::ClientOptions options;
    options.http.tls.ca_file = "/no/such/ca.pem";
    const std::string url = "https://127.0.0.1:" + std::to_string(scene.server.port()) + "/rpc";
    TlsClient client{
        context.get_executor(),
        *clarify::Url::parse(url),
        clarify::BeastBackend{options.http},
        clarify::BearerToken{clarify::Secret{"canary-token"}},
        options};
    const Outcome outcome = support::run(context, client.call("m", "{}"));
    CHECK(outcome.error().code() == Errc::bad_config);
    CHECK(outcome.error().reason() == Reason::file);
    CHECK(outcome.error().fate() == Fate::unsent);
}
