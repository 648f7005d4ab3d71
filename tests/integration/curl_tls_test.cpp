// SPDX-License-Identifier: BSL-1.0
// Whom CurlBackend trusts, and what it says of those it does not.

#include "../support/temporary_directory.hpp"
#include "curl_caller.hpp"
#include "tls_cases.hpp"
#include "tls_leftover_cases.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>

namespace curl_tls_test {

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
using tls_cases::tls_options;
using Scene = tls_cases::Scene<clarify::CurlBackend>;

Outcome call(const std::string& url, const clarify::ClientOptions& options) {
    return tls_cases::call<clarify::CurlBackend>(url, options);
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

TEST_CASE("CurlBackend: what comes in one segment with a reply is no answer to the next request") {
    tls_cases::unasked_in_one_segment<clarify::CurlBackend>();
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

TEST_CASE("CurlBackend: a certificate for the address or the name is accepted") {
    tls_cases::address_or_name_is_accepted<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: an address needs an address in the certificate, a name needs a name") {
    tls_cases::wrong_names_are_refused<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: a certificate out of its time is refused") {
    tls_cases::times_are_kept<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: an unknown authority is refused, also with the system's trust store") {
    tls_cases::unknown_authority_is_refused<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: TLS before 1.2 is refused") {
    tls_cases::old_versions_are_refused<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: a peer that speaks something else is a failed handshake") {
    tls_cases::peer_speaks_no_tls<clarify::CurlBackend>();
}

TEST_CASE("CurlBackend: a handshake that stalls ends at its own limit") {
    tls_cases::handshake_stalls<clarify::CurlBackend>();
}

TEST_CASE(
    "CurlBackend: a CA that cannot be used is a configuration error, before any secret is sent") {
    tls_cases::unusable_ca_is_an_error<clarify::CurlBackend>();
}

}  // namespace curl_tls_test
