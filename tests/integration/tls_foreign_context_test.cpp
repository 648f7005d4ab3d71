// SPDX-License-Identifier: BSL-1.0
// Nothing that a context of the application's has can switch verification off.

#include <boost/asio/ssl/context.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <support/pki.hpp>
#include <support/tls_scene.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tls_foreign_context_test {

namespace {

namespace pki = support::pki;
using clarify::Reason;
using support::TlsCaller;
using support::TlsServer;

using Context = std::shared_ptr<boost::asio::ssl::context>;

/// One that trusts `root`.
Context context_with(const pki::Identity& root) {
    auto context =
        std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client);
    SSL_CTX* const native = context->native_handle();
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(native), root.certificate());
    return context;
}

clarify::ClientOptions with(const Context& context) {
    clarify::ClientOptions options = TlsCaller::options("");
    options.http.tls.context = context;
    return options;
}

int say_yes(int, X509_STORE_CTX* verification) {
    X509_STORE_CTX_set_error(verification, X509_V_OK);
    return 1;
}

/// The ways of an application to have every chain accepted.
struct Trick {
    const char* name;
    std::function<void(SSL_CTX*)> play;
};

std::vector<Trick> tricks() {
    return {
        {"no verification", [](SSL_CTX* c) { SSL_CTX_set_verify(c, SSL_VERIFY_NONE, nullptr); }},
        {"a verify callback that says yes",
         [](SSL_CTX* c) {
             SSL_CTX_set_verify(c, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
         }},
        {"a verify callback that clears the error",
         [](SSL_CTX* c) { SSL_CTX_set_verify(c, SSL_VERIFY_PEER, &say_yes); }},
        {"a certificate verify callback",
         [](SSL_CTX* c) {
             SSL_CTX_set_cert_verify_callback(
                 c, [](X509_STORE_CTX* v, void*) { return say_yes(1, v); }, nullptr);
         }},
        {"a verify callback of the store",
         [](SSL_CTX* c) { X509_STORE_set_verify_cb(SSL_CTX_get_cert_store(c), &say_yes); }},
        {"a verify function of the store",
         [](SSL_CTX* c) {
             X509_STORE_set_verify(
                 SSL_CTX_get_cert_store(c), [](X509_STORE_CTX* v) { return say_yes(1, v); });
         }},
        {"all of them, and a store of its own",
         [](SSL_CTX* c) {
             X509_STORE* const store = X509_STORE_new();
             X509_STORE_set_verify_cb(store, &say_yes);
             X509_STORE_set_check_issued(store, [](X509_STORE_CTX*, X509*, X509*) { return 1; });
             X509_STORE_set_get_issuer(store, [](X509** issuer, X509_STORE_CTX*, X509* of) {
                 X509_up_ref(of);
                 *issuer = of;
                 return 1;
             });
             SSL_CTX_set0_verify_cert_store(c, store);
             SSL_CTX_set_verify(c, SSL_VERIFY_PEER, &say_yes);
         }},
    };
}

void check_refuses_each_trick(
    const pki::Identity& root, const pki::Identity& shown, Reason reason) {
    for (const Trick& trick : tricks()) {
        INFO(trick.name);
        const Context context = context_with(root);
        trick.play(context->native_handle());
        TlsServer server{pki::server(shown)};
        support::check_refused(server, with(context), reason);
    }
}

}  // namespace

TEST_CASE("TLS: a context whose callbacks accept everything accepts no stranger") {
    const auto root = pki::Identity::self_signed();
    check_refuses_each_trick(root, pki::Identity::self_signed(pki::leaf()), Reason::untrusted);
    check_refuses_each_trick(root, pki::Identity::self_signed().issue(), Reason::untrusted);
}

TEST_CASE("TLS: a context whose callbacks accept everything keeps to names, times and purposes") {
    const auto root = pki::Identity::self_signed();
    for (const Trick& trick : tricks()) {
        // A store of its own has no roots.
        if (std::string{trick.name}.starts_with("all")) continue;
        INFO(trick.name);
        const auto refused = [&](const pki::Spec& spec, Reason reason) {
            const Context context = context_with(root);
            trick.play(context->native_handle());
            TlsServer server{pki::server(root.issue(spec))};
            support::check_refused(server, with(context), reason);
        };
        refused(pki::leaf().names({"DNS:other.example"}), Reason::host_mismatch);
        refused(pki::leaf().in(pki::expired), Reason::cert_time);
        refused(pki::leaf().usage("clientAuth"), Reason::untrusted);
    }
}

TEST_CASE("TLS: the parameters of a context cannot overlook what is wrong") {
    const auto root = pki::Identity::self_signed();
    const auto expired = root.issue(pki::leaf().in(pki::expired));
    const auto refused = [&](const pki::Identity& shown,
                             Reason reason,
                             const std::function<void(SSL_CTX*, X509_STORE*)>& adjust) {
        const Context context = context_with(root);
        adjust(context->native_handle(), SSL_CTX_get_cert_store(context->native_handle()));
        TlsServer server{pki::server(shown)};
        support::check_refused(server, with(context), reason);
    };
    refused(expired, Reason::cert_time, [](SSL_CTX* c, X509_STORE*) {
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c), X509_V_FLAG_NO_CHECK_TIME);
    });
    refused(expired, Reason::cert_time, [](SSL_CTX* c, X509_STORE*) {
        X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(c), 960'000'000);
    });
    refused(
        root.issue(pki::leaf().usage("clientAuth")),
        Reason::untrusted,
        [](SSL_CTX* c, X509_STORE*) {
            SSL_CTX_set_purpose(c, X509_PURPOSE_ANY);
            SSL_CTX_set_trust(c, X509_TRUST_DEFAULT);
        });
    refused(
        root.issue(pki::leaf().key(pki::KeyKind::rsa_1024)),
        Reason::weak,
        [](SSL_CTX* c, X509_STORE*) {
            SSL_CTX_set_security_level(c, 0);
            SSL_CTX_set_security_callback(
                c, [](const SSL*, const SSL_CTX*, int, int, int, void*, void*) { return 1; });
        });
    const auto revoked = root.issue();
    refused(revoked, Reason::revoked, [&](SSL_CTX*, X509_STORE* store) {
        const std::string text = root.crl_pem({revoked});
        BIO* const bio = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
        X509_CRL* const list = PEM_read_bio_X509_CRL(bio, nullptr, nullptr, nullptr);
        X509_STORE_add_crl(store, list);
        X509_CRL_free(list);
        BIO_free(bio);
        X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
        X509_STORE_set_check_revocation(store, [](X509_STORE_CTX*) { return 1; });
    });
}

TEST_CASE("TLS: a context that allows every cipher gets none that keeps no secret") {
    const auto root = pki::Identity::self_signed();
    const auto leaf = root.issue(pki::leaf()
                                     .key(pki::KeyKind::rsa_2048)
                                     .key_usage("critical,digitalSignature,keyEncipherment"));
    const Context context = context_with(root);
    SSL_CTX_set_cipher_list(context->native_handle(), "ALL:COMPLEMENTOFALL:@SECLEVEL=0");
    SSL_CTX_set_security_level(context->native_handle(), 0);
    for (const char* const ciphers :
         {"AECDH-AES128-SHA",
          "NULL-SHA256",
          "ECDHE-RSA-NULL-SHA",
          "AES128-SHA",
          "AES128-GCM-SHA256",
          "ECDHE-RSA-AES128-SHA"}) {
        INFO(ciphers);
        const auto served = pki::server(leaf);
        SSL_CTX_set_max_proto_version(served->native_handle(), TLS1_2_VERSION);
        REQUIRE(
            SSL_CTX_set_cipher_list(
                served->native_handle(), (std::string{ciphers} + ":@SECLEVEL=0").c_str()) == 1);
        TlsServer server{served};
        support::check_refused(server, with(context), Reason::weak);
        // The client's own context refuses them as well.
        TlsServer again{served};
        support::check_refused(again, TlsCaller::options(root.certificate_pem()), Reason::weak);
    }
    const auto served = pki::server(leaf);
    SSL_CTX_set_max_proto_version(served->native_handle(), TLS1_2_VERSION);
    // The server would rather have the first.
    SSL_CTX_set_options(served->native_handle(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_cipher_list(served->native_handle(), "AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256");
    TlsServer server{served, &TlsServer::answer_with_number};
    TlsCaller caller{server.port(), with(context)};
    CHECK(caller.call());
}

TEST_CASE("TLS: a context without a strong cipher of TLS 1.2 still has TLS 1.3") {
    const auto root = pki::Identity::self_signed();
    const Context context = context_with(root);
    SSL_CTX_set_cipher_list(context->native_handle(), "ECDHE-ECDSA-AES128-SHA");
    {
        TlsServer server{pki::server(root.issue()), &TlsServer::answer_with_number};
        TlsCaller caller{server.port(), with(context)};
        CHECK(caller.call());
        CHECK(server.version() == "TLSv1.3");
    }
    const auto served = pki::server(root.issue());
    SSL_CTX_set_max_proto_version(served->native_handle(), TLS1_2_VERSION);
    TlsServer server{served};
    support::check_refused(server, with(context), Reason::protocol);
}

TEST_CASE("TLS: an intermediate may be the end of a chain where a context says so") {
    const auto root = pki::Identity::self_signed();
    const auto middle = root.issue(pki::authority("middle"));
    const Context context = context_with(middle);
    X509_STORE_set_flags(
        SSL_CTX_get_cert_store(context->native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
    TlsServer server{pki::server(middle.issue()), &TlsServer::answer_with_number};
    auto options = with(context);
    options.http.tls.pins = {middle.pin()};
    TlsCaller caller{server.port(), options};
    const auto outcome = caller.call();
    CHECK_MESSAGE(outcome.has_value(), outcome.error());
}

}  // namespace tls_foreign_context_test
