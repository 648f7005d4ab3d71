// SPDX-License-Identifier: BSL-1.0
// Client certificates, revocation lists and pins of CurlBackend.

#include <clarify/http/curl_backend.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/pki.hpp>
#include <support/tls_scene.hpp>

#include <string>
#include <vector>

namespace curl_tls_options_test {

namespace {

namespace pki = support::pki;
using clarify::Errc;
using clarify::Reason;
using clarify::Revocation;
using clarify::Secret;
using support::TlsServer;
using CurlTlsCaller = support::BasicTlsCaller<clarify::CurlBackend>;

void check_curl_refuses(TlsServer& server, const clarify::ClientOptions& options, Reason reason) {
    support::check_refused<clarify::CurlBackend>(server, options, reason);
}

void check_curl_accepts(TlsServer& server, const clarify::ClientOptions& options) {
    CurlTlsCaller caller{server.port(), options};
    const auto outcome = caller.call();
    CHECK_MESSAGE(outcome.has_value(), outcome.error());
}

}  // namespace

TEST_CASE("CurlBackend: a client certificate is shown, with those above it") {
    const auto root = pki::Identity::self_signed();
    const auto client = root.issue(pki::authority("team")).issue(pki::leaf().usage("clientAuth"));
    const auto context = pki::server(root.issue());
    SSL_CTX* const native = context->native_handle();
    X509_STORE_add_cert(SSL_CTX_get_cert_store(native), root.certificate());
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    TlsServer server{context};
    auto options = CurlTlsCaller::options(root.certificate_pem());
    options.http.tls.client_certificate_pem = client.chain_pem();
    options.http.tls.client_key_pem = Secret{client.key_pem("open")};
    options.http.tls.client_key_passphrase = Secret{"open"};
    check_curl_accepts(server, options);

    options.http.tls.client_key_pem = Secret{root.key_pem()};
    CurlTlsCaller caller{server.port(), options};
    const auto outcome = caller.call();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code() == Errc::bad_config);
    CHECK(outcome.error().reason() == Reason::file);
}

TEST_CASE("CurlBackend: revocation lists are obeyed") {
    const auto root = pki::Identity::self_signed();
    const auto leaf = root.issue();
    auto options = CurlTlsCaller::options(root.certificate_pem());
    const auto with = [&](const std::string& lists, Revocation mode) -> clarify::ClientOptions& {
        options.http.tls.crl_pem = lists;
        options.http.tls.revocation = mode;
        return options;
    };
    const std::string fresh = root.crl_pem({});
    const std::string stale = root.crl_pem({}, pki::expired);
    const std::string revoking = root.crl_pem({leaf}, pki::expired);
    {
        TlsServer server{pki::server(leaf)};
        check_curl_accepts(server, with(fresh, Revocation::required));
        check_curl_accepts(server, with(stale, Revocation::best_effort));
    }
    {
        TlsServer server{pki::server(leaf)};
        check_curl_refuses(server, with(stale, Revocation::required), Reason::revocation_unknown);
    }
    {
        TlsServer server{pki::server(leaf)};
        check_curl_refuses(server, with(revoking, Revocation::best_effort), Reason::revoked);
    }
    TlsServer server{pki::server(leaf)};
    check_curl_refuses(server, with(root.crl_pem({leaf}), Revocation::required), Reason::revoked);
}

TEST_CASE("CurlBackend: the server's own key is the one that must be pinned") {
    const auto root = pki::Identity::self_signed();
    const auto leaf = root.issue();
    const auto spare = pki::Identity::self_signed();
    auto options = CurlTlsCaller::options(root.certificate_pem());
    {
        TlsServer server{pki::server(leaf)};
        options.http.tls.pins = {spare.pin(), leaf.pin()};
        check_curl_accepts(server, options);
    }
    for (const pki::Identity& other : {spare, root}) {
        TlsServer server{pki::server(leaf)};
        options.http.tls.pins = {other.pin()};
        check_curl_refuses(server, options, Reason::pin_mismatch);
    }
    TlsServer server{pki::server(pki::Identity::self_signed(pki::authority("stranger")).issue())};
    check_curl_refuses(server, options, Reason::untrusted);
}

}  // namespace curl_tls_options_test
