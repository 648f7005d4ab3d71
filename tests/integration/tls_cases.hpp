// SPDX-License-Identifier: BSL-1.0
// Whom a client trusts, whichever backend carries its calls: the cases that BeastBackend and
// CurlBackend have in common.

#ifndef CLARIFY_TESTS_INTEGRATION_TLS_CASES_HPP
#define CLARIFY_TESTS_INTEGRATION_TLS_CASES_HPP

#include <clarify/auth/bearer_token.hpp>
#include <clarify/rpc_client.hpp>

#include "caller.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tls_cases {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using clarify::testing::detail::CertificateAuthority;
using clarify::testing::detail::CertificateRequest;
using support::Outcome;
using support::RawPeer;
using support::RawServer;

inline clarify::ClientOptions tls_options(const std::string& ca_pem) {
    clarify::ClientOptions options = support::quick_options();
    options.http.tls.ca_pem = ca_pem;
    return options;
}

/// A call with a token, by a client of its own.
template <class Backend>
Outcome call(const std::string& url, const clarify::ClientOptions& options) {
    using Client = clarify::RpcClient<Backend, clarify::BearerToken, support::TextCodec>;
    boost::asio::io_context context;
    Client client{
        context.get_executor(),
        *clarify::Url::parse(url),
        Backend{options.http},
        clarify::BearerToken{clarify::Secret{"canary-token"}},
        options};
    return support::run(context, client.call("m", "{}"));
}

/// One server with a certificate, and what a client makes of it.
template <class Backend>
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
        return tls_cases::call<Backend>(url(host), tls_options(ca_pem));
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

inline CertificateRequest names(std::vector<std::string> alternatives) {
    CertificateRequest request;
    request.subject_alt_names = std::move(alternatives);
    return request;
}

/// A certificate for the address or the name is accepted.
template <class Backend>
void address_or_name_is_accepted() {
    const CertificateAuthority authority;
    Scene<Backend> scene{authority, names({"IP:127.0.0.1", "DNS:localhost"})};
    CHECK(scene.call(authority.certificate_pem()));
    CHECK(scene.call(authority.certificate_pem(), "localhost"));
    CHECK(scene.requests == 2);
}

/// An address needs an address in the certificate, a name needs a name.
template <class Backend>
void wrong_names_are_refused() {
    const CertificateAuthority authority;
    {
        Scene<Backend> scene{authority, names({"DNS:localhost", "DNS:127.0.0.1"})};
        scene.check_refused(scene.call(authority.certificate_pem()), Reason::host_mismatch);
    }
    {
        Scene<Backend> scene{authority, names({"IP:127.0.0.1", "DNS:other.example"})};
        scene.check_refused(
            scene.call(authority.certificate_pem(), "localhost"), Reason::host_mismatch);
    }
    {
        Scene<Backend> scene{authority, names({"IP:127.0.0.2"})};
        scene.check_refused(scene.call(authority.certificate_pem()), Reason::host_mismatch);
    }
}

/// A certificate out of its time is refused.
template <class Backend>
void times_are_kept() {
    const CertificateAuthority authority;
    const auto now = std::chrono::system_clock::now();
    CertificateRequest expired;
    expired.not_before = now - std::chrono::hours{48};
    expired.not_after = now - std::chrono::hours{24};
    CertificateRequest early;
    early.not_before = now + std::chrono::hours{24};
    early.not_after = now + std::chrono::hours{48};
    for (const CertificateRequest& request : {expired, early}) {
        Scene<Backend> scene{authority, request};
        scene.check_refused(scene.call(authority.certificate_pem()), Reason::cert_time);
    }
}

/// An unknown authority is refused, also with the system's trust store.
template <class Backend>
void unknown_authority_is_refused() {
    const CertificateAuthority authority;
    const CertificateAuthority other;
    for (const std::string& trusted : {other.certificate_pem(), std::string{}}) {
        Scene<Backend> scene{authority, CertificateRequest{}};
        scene.check_refused(scene.call(trusted), Reason::untrusted);
    }
}

/// Versions before 1.2 are refused.
template <class Backend>
void old_versions_are_refused() {
    const CertificateAuthority authority;
    Scene<Backend> scene{authority, CertificateRequest{}, [](boost::asio::ssl::context& context) {
                             SSL_CTX* const native = context.native_handle();
                             SSL_CTX_set_security_level(native, 0);
                             SSL_CTX_set_min_proto_version(native, TLS1_VERSION);
                             SSL_CTX_set_max_proto_version(native, TLS1_1_VERSION);
                         }};
    scene.check_refused(scene.call(authority.certificate_pem()), Reason::protocol);
}

/// A peer that speaks something else is a failed handshake.
template <class Backend>
void peer_speaks_no_tls() {
    RawServer server{[](RawPeer& peer) {
        peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        peer.drain();
    }};
    const Outcome outcome = call<Backend>(server.origin("https") + "/rpc", tls_options(""));
    REQUIRE_FALSE(outcome);
    CHECK_MESSAGE(outcome.error().code() == Errc::tls, outcome.error());
    CHECK_MESSAGE(outcome.error().reason() == Reason::handshake, outcome.error());
    CHECK(outcome.error().phase() == Phase::tls);
    CHECK(outcome.error().attempts() == 1);
}

/// A handshake that stalls ends at its own limit, be that shorter or longer than that of connecting.
template <class Backend>
void handshake_stalls() {
    struct Limits {
        std::chrono::milliseconds tls;
        std::chrono::milliseconds connect;
    };
    for (const Limits limits : {Limits{100ms, 60s}, Limits{400ms, 200ms}}) {
        CAPTURE(limits.tls.count());
        RawServer server{[](RawPeer& peer) { peer.drain(); }};
        clarify::ClientOptions options = tls_options("");
        options.retry.attempts = 1;
        options.http.tls_timeout = limits.tls;
        options.http.connect_timeout = limits.connect;
        const auto begun = std::chrono::steady_clock::now();
        const Outcome outcome = call<Backend>(server.origin("https") + "/rpc", options);
        const auto took = std::chrono::steady_clock::now() - begun;
        REQUIRE_FALSE(outcome);
        CHECK_MESSAGE(outcome.error().code() == Errc::timeout, outcome.error());
        CHECK(outcome.error().phase() == Phase::tls);
        CHECK(outcome.error().fate() == Fate::unsent);
        CHECK(took >= limits.tls);
        CHECK(took < 5s);
    }
}

/// A CA that cannot be used is a configuration error, before any secret is sent.
template <class Backend>
void unusable_ca_is_an_error() {
    const CertificateAuthority authority;
    Scene<Backend> scene{authority, CertificateRequest{}};
    clarify::ClientOptions missing = tls_options("");
    missing.http.tls.ca_file = "/no/such/ca.pem";
    clarify::ClientOptions other_file = tls_options("");
    other_file.http.tls.ca_file = "/etc/passwd";
    for (const clarify::ClientOptions& options :
         {missing, other_file, tls_options("not a certificate")}) {
        CAPTURE(options.http.tls.ca_file);
        const Outcome outcome = call<Backend>(scene.url(), options);
        REQUIRE_FALSE(outcome);
        CHECK_MESSAGE(outcome.error().code() == Errc::bad_config, outcome.error());
        CHECK(outcome.error().reason() == Reason::file);
        CHECK(outcome.error().fate() == Fate::unsent);
        CHECK(scene.requests == 0);
    }
}

}  // namespace tls_cases

#endif  // CLARIFY_TESTS_INTEGRATION_TLS_CASES_HPP
