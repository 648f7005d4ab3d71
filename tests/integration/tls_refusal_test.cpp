// SPDX-License-Identifier: BSL-1.0
// Peers that must not be believed: certificates, names, keys and protocol versions.

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/pki.hpp>
#include <support/tls_scene.hpp>

#include <functional>
#include <string>
#include <vector>

namespace tls_refusal_test {

namespace {

namespace pki = support::pki;
using clarify::Reason;
using support::TlsCaller;
using support::TlsServer;

/// What a server shows, and why it is refused by a client that trusts the root.
struct Row {
    const char* what;
    pki::TlsContext server;
    Reason reason;
    std::string host = "localhost";
};

void check_rows(const pki::Identity& root, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        INFO(row.what);
        TlsServer server{row.server};
        support::check_refused(
            server, TlsCaller::options(root.certificate_pem()), row.reason, row.host);
    }
}

void check_accepted(
    const pki::Identity& root, const pki::TlsContext& context, const std::string& host) {
    TlsServer server{context};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem()), host};
    const auto outcome = caller.call();
    CHECK_MESSAGE(outcome.has_value(), outcome.error());
}

}  // namespace

TEST_CASE("TLS: a certificate out of its time is refused, wherever it stands in the chain") {
    const auto root = pki::Identity::self_signed();
    const auto late = root.issue(pki::authority("late").in(pki::expired));
    const auto early = root.issue(pki::authority("early").in(pki::not_yet));
    check_rows(
        root,
        {{"expired", pki::server(root.issue(pki::leaf().in(pki::expired))), Reason::cert_time},
         {"not yet", pki::server(root.issue(pki::leaf().in(pki::not_yet))), Reason::cert_time},
         {"expired intermediate", pki::server(late.issue()), Reason::cert_time},
         {"early intermediate", pki::server(early.issue()), Reason::cert_time}});
    check_accepted(root, pki::server(root.issue(pki::authority("good")).issue()), "localhost");
}

TEST_CASE("TLS: a certificate of another host is refused") {
    const auto root = pki::Identity::self_signed();
    const auto with = [&](std::vector<std::string> names) {
        return pki::server(root.issue(pki::leaf().names(std::move(names)).called("localhost")));
    };
    check_rows(
        root,
        {{"another", with({"DNS:other.example"}), Reason::host_mismatch},
         {"only in the common name", with({}), Reason::host_mismatch},
         {"with something in front", with({"DNS:xlocalhost"}), Reason::host_mismatch},
         {"below it", with({"DNS:*.localhost"}), Reason::host_mismatch},
         {"a wildcard for all", with({"DNS:*"}), Reason::host_mismatch},
         {"part of a label", with({"DNS:local*"}), Reason::host_mismatch},
         {"an address", with({"IP:127.0.0.1"}), Reason::host_mismatch}});
    check_accepted(root, with({"DNS:other.example", "DNS:LocalHost"}), "localhost");
}

TEST_CASE("TLS: a wrong name ends the handshake, before anything is shown to the server") {
    struct Wrong {
        std::string host;
        std::string name;
    };
    const auto root = pki::Identity::self_signed();
    for (const Wrong& row :
         {Wrong{"localhost", "DNS:other.example"}, Wrong{"127.0.0.1", "IP:127.0.0.2"}}) {
        CAPTURE(row.host);
        TlsServer server{pki::server(root.issue(pki::leaf().names({row.name})))};
        TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem()), row.host};
        support::check_refusal(caller.call(), Reason::host_mismatch, row.host);
        CHECK(server.await_closed());
        // No handshake has succeeded on its side.
        CHECK(server.version().empty());
    }
}

TEST_CASE("TLS: an address needs that address in the certificate, and is not sent as a name") {
    const auto root = pki::Identity::self_signed();
    const auto with = [&](std::vector<std::string> names) {
        return pki::server(root.issue(pki::leaf().names(std::move(names)).called("127.0.0.1")));
    };
    const std::string v4 = "127.0.0.1";
    check_rows(
        root,
        {{"none", with({}), Reason::host_mismatch, v4},
         {"another", with({"IP:127.0.0.2"}), Reason::host_mismatch, v4},
         {"as a name", with({"DNS:127.0.0.1"}), Reason::host_mismatch, v4},
         {"a wildcard", with({"DNS:*.0.0.1"}), Reason::host_mismatch, v4},
         {"the other family", with({"IP:::1"}), Reason::host_mismatch, v4},
         {"mapped", with({"IP:::ffff:127.0.0.1"}), Reason::host_mismatch, v4}});

    for (const auto& [address, name] : std::vector<std::pair<std::string, std::string>>{
             {"127.0.0.1", "IP:127.0.0.1"}, {"::1", "IP:::1"}}) {
        CAPTURE(address);
        TlsServer server{with({name}), &TlsServer::answer_with_number, address};
        const std::string host = address == "::1" ? "[::1]" : address;
        TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem()), host};
        const auto outcome = caller.call();
        REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
        CHECK_FALSE(server.hellos().at(0).server_name);
    }
    TlsServer server{with({"DNS:localhost"})};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
    CHECK(caller.call());
    CHECK(server.hellos().at(0).server_name == "localhost");
}

TEST_CASE("TLS: a chain that does not lead to a trusted authority is refused") {
    const auto root = pki::Identity::self_signed(pki::authority("root"));
    const auto stranger = pki::Identity::self_signed(pki::authority("stranger"));
    const auto impostor = pki::Identity::self_signed(pki::authority("root"));
    const auto middle = root.issue(pki::authority("middle"));
    const auto narrow =
        root.issue(pki::authority("narrow").only_names("permitted;DNS:inside.example"));
    const auto shallow =
        root.issue(pki::authority("shallow").constraints("critical,CA:TRUE,pathlen:0"));
    const auto deep = shallow.issue(pki::authority("deep")).issue();
    const auto leaf = middle.issue();
    const auto with_usage = [&](const char* usage) {
        return pki::server(root.issue(pki::leaf().usage(usage)));
    };
    check_rows(
        root,
        {{"self-signed", pki::server(pki::Identity::self_signed(pki::leaf())), Reason::untrusted},
         {"unknown root", pki::server(stranger.issue()), Reason::untrusted},
         {"a root of the same name", pki::server(impostor.issue()), Reason::untrusted},
         {"missing intermediate", pki::server(leaf, leaf.certificate_pem()), Reason::untrusted},
         {"a leaf that signs", pki::server(middle.issue().issue()), Reason::untrusted},
         {"for clients only", with_usage("clientAuth"), Reason::untrusted},
         {"for code only", with_usage("codeSigning"), Reason::untrusted},
         {"outside its names", pki::server(narrow.issue()), Reason::untrusted},
         {"too deep", pki::server(deep), Reason::untrusted}});
    const auto inside = narrow.issue(pki::leaf().names({"DNS:localhost"}));
    check_rows(root, {{"the name outside", pki::server(inside), Reason::untrusted}});
    check_accepted(root, pki::server(leaf), "localhost");
    check_accepted(root, with_usage("serverAuth,clientAuth"), "localhost");
    check_accepted(root, with_usage(""), "localhost");

    TlsServer server{pki::server(stranger.issue())};
    support::check_refused(server, TlsCaller::options({}), Reason::untrusted);
}

TEST_CASE("TLS: weak keys, signatures, parameters and versions are refused") {
    using pki::KeyKind;
    const auto root = pki::Identity::self_signed();
    const auto rsa_root = pki::Identity::self_signed(pki::authority().key(KeyKind::rsa_2048));
    const auto weak_middle = root.issue(pki::authority("small").key(KeyKind::rsa_1024));
    const auto rsa = root.issue(pki::leaf().key(KeyKind::rsa_2048));
    const auto adjusted = [&](const std::function<void(SSL_CTX*)>& adjust) {
        const auto context = pki::server(rsa);
        adjust(context->native_handle());
        return context;
    };
    const auto up_to = [&](int first, int last) {
        return adjusted([=](SSL_CTX* context) {
            SSL_CTX_set_min_proto_version(context, first);
            SSL_CTX_set_max_proto_version(context, last);
        });
    };
    const auto only = [&](const char* ciphers) {
        return adjusted([=](SSL_CTX* context) {
            SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
            CHECK(SSL_CTX_set_cipher_list(context, ciphers) == 1);
        });
    };
    const auto small_group = pki::server(rsa);
    pki::use_small_group(small_group);
    const auto signed_with = [&](const char* digest) {
        return pki::server(root.issue(pki::leaf().digest(digest)));
    };
    check_rows(
        root,
        {{"RSA 1024", pki::server(root.issue(pki::leaf().key(KeyKind::rsa_1024))), Reason::weak},
         {"intermediate RSA 1024", pki::server(weak_middle.issue()), Reason::weak},
         {"SHA-1", signed_with("SHA1"), Reason::weak},
         {"TLS 1.0", up_to(TLS1_VERSION, TLS1_VERSION), Reason::protocol},
         {"TLS 1.1", up_to(TLS1_1_VERSION, TLS1_1_VERSION), Reason::protocol},
         {"no encryption", only("eNULL:@SECLEVEL=0"), Reason::weak},
         {"anonymous", only("aNULL:@SECLEVEL=0"), Reason::weak},
         {"a group of 1024 bits", small_group, Reason::weak}});
    check_rows(
        rsa_root, {{"MD5", pki::server(rsa_root.issue(pki::leaf().digest("MD5"))), Reason::weak}});

    TlsServer server{up_to(TLS1_2_VERSION, TLS1_3_VERSION)};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
    CHECK(caller.call());
    CHECK(server.version() == "TLSv1.3");
    check_accepted(root, up_to(TLS1_2_VERSION, TLS1_2_VERSION), "localhost");
}

TEST_CASE("TLS: the protocol is HTTP/1.1 or nobody's choice") {
    const auto root = pki::Identity::self_signed();
    static std::string choice;
    const auto choose = [](SSL*,
                           const unsigned char** out,
                           unsigned char* size,
                           const unsigned char*,
                           unsigned,
                           void*) {
        *out = reinterpret_cast<const unsigned char*>(choice.data());
        *size = static_cast<unsigned char>(choice.size());
        return choice.empty() ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK;
    };
    const auto choosing = [&] {
        auto context = pki::server(root.issue());
        SSL_CTX_set_alpn_select_cb(context->native_handle(), choose, nullptr);
        return context;
    };
    for (const char* name : {"h2", "http/1.0", "", "HTTP/1.1"}) {
        choice = name;
        check_rows(root, {{name, choosing(), Reason::alpn}});
    }
    choice = "http/1.1";
    check_accepted(root, choosing(), "localhost");
    check_accepted(root, pki::server(root.issue()), "localhost");
    TlsServer server{pki::server(root.issue())};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
    CHECK(caller.call());
    CHECK(server.hellos().at(0).alpn == "\x08http/1.1");
    // Neither stapled answers nor early data.
    CHECK_FALSE(server.hellos().at(0).has(TLSEXT_TYPE_status_request));
    CHECK_FALSE(server.hellos().at(0).has(TLSEXT_TYPE_early_data));
}

}  // namespace tls_refusal_test
