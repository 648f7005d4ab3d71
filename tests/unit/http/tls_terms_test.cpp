// SPDX-License-Identifier: BSL-1.0
// What is asked of a peer once the handshake is over.

#include <clarify/http/detail/tls/tls_context.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/pki.hpp>
#include <support/tls_pair.hpp>

#include <memory>
#include <string>

namespace tls_terms_test {

namespace pki = support::pki;
using clarify::Reason;
using clarify::Url;
using clarify::detail::TlsTerms;
using support::TlsPair;

namespace {

std::unique_ptr<TlsTerms> terms(const std::string& pin = {}) {
    clarify::TlsOptions options;
    options.ca_pem = pki::Identity::self_signed().certificate_pem();
    if (!pin.empty()) options.pins = {pin};
    auto made = TlsTerms::make(options);
    REQUIRE(made);
    return std::move(*made);
}

Reason verdict(const TlsTerms& terms, SSL* ssl, const std::string& host) {
    const auto outcome = terms.check(ssl, Url::parse("https://" + host + "/").value());
    if (outcome) return Reason::none;
    CHECK(outcome.error().code() == clarify::Errc::tls);
    CHECK(outcome.error().fate() == clarify::Fate::unsent);
    return outcome.error().reason();
}

}  // namespace

TEST_CASE("TlsTerms: a resumed session must be one of the host that is called") {
    const auto leaf =
        pki::Identity::self_signed(pki::leaf().names({"DNS:a.example", "IP:192.0.2.1"}));
    const auto server = pki::server(leaf);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto session = TlsPair{server, version}.session();
        TlsPair pair{server, version, session.get()};
        REQUIRE(SSL_session_reused(pair.client()) == 1);
        SSL_set_verify_result(pair.client(), X509_V_OK);
        const auto all = terms();
        CHECK(verdict(*all, pair.client(), "a.example") == Reason::none);
        CHECK(verdict(*all, pair.client(), "a.example.") == Reason::none);
        CHECK(verdict(*all, pair.client(), "b.example") == Reason::host_mismatch);
        CHECK(verdict(*all, pair.client(), "b.example.") == Reason::host_mismatch);
        CHECK(verdict(*all, pair.client(), "192.0.2.1") == Reason::none);
        CHECK(verdict(*all, pair.client(), "192.0.2.2") == Reason::host_mismatch);
        // What was not verified when it was made is not verified by resuming it.
        SSL_set_verify_result(pair.client(), X509_V_ERR_CERT_HAS_EXPIRED);
        CHECK(verdict(*all, pair.client(), "a.example") == Reason::cert_time);
    }
}

TEST_CASE("prepare_tls: a dot at the end of a host name is not part of SNI") {
    boost::asio::ssl::context context{boost::asio::ssl::context::tls_client};
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl{
        SSL_new(context.native_handle()), &SSL_free};
    REQUIRE(clarify::detail::prepare_tls(ssl.get(), *Url::parse("https://a.example./")));
    CHECK(std::string{SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name)} == "a.example");
}

TEST_CASE("TlsTerms: a chain that nobody verified has no pinned key") {
    const auto leaf = pki::Identity::self_signed(pki::leaf().names({"DNS:a.example"}));
    TlsPair pair{pki::server(leaf), TLS1_3_VERSION};
    const auto pinned = terms(leaf.pin());
    SSL_set_verify_result(pair.client(), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
    CHECK(verdict(*pinned, pair.client(), "a.example") == Reason::untrusted);
    const auto other = terms(pki::Identity::self_signed().pin());
    SSL_set_verify_result(pair.client(), X509_V_OK);
    CHECK(verdict(*other, pair.client(), "a.example") == Reason::pin_mismatch);
}

}  // namespace tls_terms_test
