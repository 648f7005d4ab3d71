// SPDX-License-Identifier: BSL-1.0
// Client certificates, revocation lists and pins.

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/pki.hpp>
#include <support/tls_scene.hpp>

#include <string>
#include <vector>

namespace tls_identity_test {

namespace {

namespace pki = support::pki;
using clarify::Errc;
using clarify::Reason;
using clarify::Revocation;
using clarify::Secret;
using support::TlsCaller;
using support::TlsServer;

/// A server that lets nobody in without a certificate of `authority`.
pki::TlsContext demanding(const pki::Identity& shown, const pki::Identity& authority) {
    auto context = pki::server(shown);
    SSL_CTX* const native = context->native_handle();
    X509_STORE_add_cert(SSL_CTX_get_cert_store(native), authority.certificate());
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return context;
}

}  // namespace

TEST_CASE("TLS: a client shows its certificate, with those above it, to a server that asks") {
    const auto root = pki::Identity::self_signed();
    const auto people = pki::Identity::self_signed(pki::authority("people"));
    const auto client =
        people.issue(pki::authority("team")).issue(pki::leaf().usage("clientAuth").names({}));
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto context = demanding(root.issue(), people);
        SSL_CTX_set_max_proto_version(context->native_handle(), version);
        TlsServer server{context};
        clarify::ClientOptions options = TlsCaller::options(root.certificate_pem());
        options.http.tls.client_certificate_pem = client.chain_pem();
        options.http.tls.client_key_pem = Secret{client.key_pem("open")};
        options.http.tls.client_key_passphrase = Secret{"open"};
        TlsCaller caller{server.port(), options};
        const auto outcome = caller.call();
        CHECK_MESSAGE(outcome.has_value(), outcome.error());
    }
}

TEST_CASE("TLS: a server that wants a certificate and gets none refuses the client for good") {
    const auto root = pki::Identity::self_signed();
    {
        const auto context = demanding(root.issue(), root);
        SSL_CTX_set_max_proto_version(context->native_handle(), TLS1_2_VERSION);
        TlsServer server{context};
        support::check_refused(
            server, TlsCaller::options(root.certificate_pem()), Reason::handshake);
    }
    // In TLS 1.3 the client has finished before the server looks, and may have sent its request.
    TlsServer server{demanding(root.issue(), root)};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
    const auto outcome = caller.call();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().attempts() == 1);
    CHECK(server.await_closed());
    CHECK(server.raw().ledger().bytes() == 0);
}

TEST_CASE("TLS: revoked certificates are refused, and lists are wanted where they are required") {
    const auto root = pki::Identity::self_signed(pki::authority("root"));
    const auto middle = root.issue(pki::authority("middle"));
    const auto leaf = middle.issue();
    const auto stranger = pki::Identity::self_signed(pki::authority("middle"));
    const std::string of_root = root.crl_pem({});
    const std::string of_middle = middle.crl_pem({});
    struct Row {
        const char* what;
        std::string lists;
        Reason required;
        Reason best_effort;
    };
    const std::vector<Row> rows{
        {"all fresh, none revoked", of_root + of_middle, Reason::none, Reason::none},
        {"leaf revoked", of_root + middle.crl_pem({leaf}), Reason::revoked, Reason::revoked},
        {"intermediate revoked",
         root.crl_pem({middle}) + of_middle,
         Reason::revoked,
         Reason::revoked},
        {"another revoked", of_root + middle.crl_pem({middle.issue()}), Reason::none, Reason::none},
        {"none for the leaf", of_root, Reason::revocation_unknown, Reason::none},
        {"none for the intermediate", of_middle, Reason::revocation_unknown, Reason::none},
        {"stale",
         of_root + middle.crl_pem({}, pki::expired),
         Reason::revocation_unknown,
         Reason::none},
        {"from the future",
         of_root + middle.crl_pem({}, pki::not_yet),
         Reason::revocation_unknown,
         Reason::none},
        {"stale, and revoked",
         of_root + middle.crl_pem({leaf}, pki::expired),
         Reason::revocation_unknown,
         Reason::revoked},
        {"stale, and the intermediate revoked",
         root.crl_pem({middle}, pki::expired) + of_middle,
         Reason::revocation_unknown,
         Reason::revoked},
        {"by another key of that name",
         of_root + stranger.crl_pem({leaf}, pki::valid, true),
         Reason::revocation_unknown,
         Reason::none},
        {"by the key that is named, leaf revoked",
         of_root + middle.crl_pem({leaf}, pki::valid, true),
         Reason::revoked,
         Reason::revoked},
        {"signed by another",
         of_root + stranger.crl_pem({}),
         Reason::revocation_unknown,
         Reason::revocation_unknown},
    };
    for (const Row& row : rows) {
        for (const Revocation mode : {Revocation::required, Revocation::best_effort}) {
            INFO(row.what << ", " << static_cast<int>(mode));
            TlsServer server{pki::server(leaf)};
            clarify::ClientOptions options = TlsCaller::options(root.certificate_pem());
            options.http.tls.crl_pem = row.lists;
            options.http.tls.revocation = mode;
            const Reason reason = mode == Revocation::required ? row.required : row.best_effort;
            if (reason == Reason::none) {
                TlsCaller caller{server.port(), options};
                const auto outcome = caller.call();
                CHECK_MESSAGE(outcome.has_value(), outcome.error());
            } else {
                support::check_refused(server, options, reason);
            }
        }
    }
}

TEST_CASE("TLS: overlooking a missing list overlooks nothing else") {
    const auto root = pki::Identity::self_signed(pki::authority("root"));
    const auto other = pki::Identity::self_signed(pki::authority("other"));
    clarify::ClientOptions options = TlsCaller::options(root.certificate_pem());
    options.http.tls.crl_pem = other.crl_pem({});
    options.http.tls.revocation = Revocation::best_effort;
    TlsServer late{pki::server(root.issue(pki::leaf().in(pki::expired)))};
    support::check_refused(late, options, Reason::cert_time);
    TlsServer named{pki::server(root.issue(pki::leaf().names({"DNS:other.example"})))};
    support::check_refused(named, options, Reason::host_mismatch);
    TlsServer unknown{pki::server(other.issue())};
    support::check_refused(unknown, options, Reason::untrusted);
}

TEST_CASE("TLS: without lists nobody asks whether a certificate is revoked") {
    const auto root = pki::Identity::self_signed();
    TlsServer server{pki::server(root.issue())};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
    CHECK(caller.call());
    CHECK_FALSE(server.hellos().at(0).has(TLSEXT_TYPE_status_request));
}

TEST_CASE("TLS: a pinned key anywhere in the verified chain is enough") {
    const auto root = pki::Identity::self_signed(pki::authority("root"));
    const auto middle = root.issue(pki::authority("middle"));
    const auto leaf = middle.issue();
    const auto spare = pki::Identity::self_signed();
    for (const pki::Identity& pinned : {leaf, middle, root}) {
        TlsServer server{pki::server(leaf)};
        clarify::ClientOptions options = TlsCaller::options(root.certificate_pem());
        options.http.tls.pins = {spare.pin(), pinned.pin()};
        TlsCaller caller{server.port(), options};
        const auto outcome = caller.call();
        CHECK_MESSAGE(outcome.has_value(), outcome.error());
    }
}

TEST_CASE("TLS: a chain without a pinned key is refused, also one that shows it for nothing") {
    const auto root = pki::Identity::self_signed();
    const auto leaf = root.issue();
    const auto pinned = pki::Identity::self_signed(pki::authority("pinned"));
    clarify::ClientOptions options = TlsCaller::options(root.certificate_pem());
    options.http.tls.pins = {pinned.pin()};
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const std::string& chain :
             {leaf.certificate_pem(), leaf.certificate_pem() + pinned.certificate_pem()}) {
            const auto context = pki::server(leaf, chain);
            SSL_CTX_set_max_proto_version(context->native_handle(), version);
            TlsServer server{context};
            support::check_refused(server, options, Reason::pin_mismatch);
        }
    }
}

TEST_CASE("TLS: a pin replaces no other check") {
    const auto root = pki::Identity::self_signed();
    const auto stranger = pki::Identity::self_signed(pki::authority("stranger"));
    const auto refuse = [&](const pki::Identity& leaf, Reason reason) {
        clarify::ClientOptions options = TlsCaller::options(root.certificate_pem());
        options.http.tls.pins = {leaf.pin()};
        TlsServer server{pki::server(leaf)};
        support::check_refused(server, options, reason);
    };
    refuse(stranger.issue(), Reason::untrusted);
    refuse(root.issue(pki::leaf().names({"DNS:other.example"})), Reason::host_mismatch);
    refuse(root.issue(pki::leaf().in(pki::expired)), Reason::cert_time);
}

TEST_CASE("TLS: pins and verification hold for a context of the application's as well") {
    const auto root = pki::Identity::self_signed();
    const auto stranger = pki::Identity::self_signed(pki::authority("stranger"));
    const auto leaf = root.issue();
    clarify::ClientOptions options = TlsCaller::options({});
    options.http.tls.context =
        std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client);
    SSL_CTX* const native = options.http.tls.context->native_handle();
    X509_STORE_add_cert(SSL_CTX_get_cert_store(native), root.certificate());
    {
        options.http.tls.pins = {stranger.pin()};
        TlsServer server{pki::server(leaf)};
        support::check_refused(server, options, Reason::pin_mismatch);
    }
    {
        options.http.tls.pins = {leaf.pin()};
        TlsServer server{pki::server(leaf)};
        TlsCaller caller{server.port(), options};
        CHECK(caller.call());
    }
    // Says yes to everything.
    options.http.tls.pins.clear();
    SSL_CTX_set_verify(native, SSL_VERIFY_NONE, [](int, X509_STORE_CTX*) { return 1; });
    {
        TlsServer server{pki::server(stranger.issue())};
        support::check_refused(server, options, Reason::untrusted);
    }
    TlsServer server{pki::server(root.issue(pki::leaf().names({"DNS:other.example"})))};
    support::check_refused(server, options, Reason::host_mismatch);
}

}  // namespace tls_identity_test
