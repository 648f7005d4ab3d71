// SPDX-License-Identifier: BSL-1.0
// Certificates, keys and lists that options name: what is read, and what is said of those that
// cannot be.

#include <clarify/http/detail/tls/tls_context.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/ssl/context.hpp>

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <support/pki.hpp>
#include <support/temporary_file.hpp>
#include <sys/stat.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tls_material_test {

namespace pki = support::pki;
using clarify::Errc;
using clarify::HttpOptions;
using clarify::Reason;
using clarify::Secret;
using clarify::TlsOptions;
using clarify::detail::make_tls_context;
using clarify::detail::parse_pin;
using clarify::detail::read_tls_material;
using support::TemporaryFile;

namespace {

/// The options are a configuration error that names `name`, and repeats nothing of any content.
void check_unusable(const TlsOptions& options, const std::string& name, const std::string& why) {
    for (int i = 0; i != 2; ++i) {
        const auto outcome = i == 0 ? [&]() -> clarify::Result<void> {
            const auto read = read_tls_material(options);
            return read ? clarify::Result<void>{} : clarify::Result<void>{read.error()};
        }()
            : [&]() -> clarify::Result<void> {
                  const auto made = make_tls_context(options);
                  return made ? clarify::Result<void>{} : clarify::Result<void>{made.error()};
              }();
        REQUIRE_FALSE(outcome);
        const clarify::Error& error = outcome.error();
        CHECK(error.code() == Errc::bad_config);
        CHECK(error.reason() == Reason::file);
        CHECK(error.fate() == clarify::Fate::unsent);
        const std::string text = error.to_string();
        CHECK_MESSAGE(text.find(name) != std::string::npos, text);
        CHECK_MESSAGE(text.find(why) != std::string::npos, text);
        CHECK(text.find("canary") == std::string::npos);
        CHECK(text.find("MII") == std::string::npos);
        CHECK(text.find("-----") == std::string::npos);
        CHECK(ERR_peek_error() == 0);
    }
}

/// The certificate as PEM, with one byte of its DER changed: the last of the first `begin` in it.
std::string spoilt_pem(X509* certificate, const std::string& begin) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate, &bytes);
    REQUIRE(size > 0);
    std::string der{reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size)};
    OPENSSL_free(bytes);
    const std::size_t at = der.find(begin);
    REQUIRE(at != std::string::npos);
    der[at + begin.size() - 1] = static_cast<char>(der[at + begin.size() - 1] + 1);
    // Nothing is decoded here: what is in the lines is for the reader to find.
    std::string base64(der.size() * 2, '\0');
    const int length = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(base64.data()),
        reinterpret_cast<const unsigned char*>(der.data()),
        size);
    base64.resize(static_cast<std::size_t>(length));
    std::string pem = "-----BEGIN CERTIFICATE-----\n";
    for (std::size_t i = 0; i < base64.size(); i += 64)
        pem += base64.substr(i, 64) + "\n";
    return pem + "-----END CERTIFICATE-----\n";
}

}  // namespace

TEST_CASE("TlsOptions: a certificate and its key may come as files, texts or one file") {
    const auto root = pki::Identity::self_signed();
    const auto middle = root.issue(pki::authority("middle"));
    const auto leaf = middle.issue();
    const TemporaryFile certificate{leaf.chain_pem()};
    const TemporaryFile key{leaf.key_pem()};
    const TemporaryFile both{leaf.key_pem() + leaf.chain_pem()};
    const std::string passphrase = "canary-passphrase";

    TlsOptions options;
    SUBCASE("files") {
        options.client_certificate_file = certificate.path();
        options.client_key_file = key.path();
    }
    SUBCASE("texts") {
        options.client_certificate_pem = leaf.chain_pem();
        options.client_key_pem = Secret{leaf.key_pem()};
    }
    SUBCASE("one file") { options.client_certificate_file = both.path(); }
    SUBCASE("an encrypted key") {
        options.client_certificate_file = certificate.path();
        options.client_key_pem = Secret{leaf.key_pem(passphrase)};
        options.client_key_passphrase = Secret{passphrase};
    }
    SUBCASE("a passphrase that is not needed") {
        options.client_certificate_file = both.path();
        options.client_key_passphrase = Secret{passphrase};
    }
    options.check();
    const auto material = read_tls_material(options);
    REQUIRE_MESSAGE(material.has_value(), material.error());
    CHECK(material->certificates.size() == 2);
    CHECK(EVP_PKEY_eq(material->key.get(), leaf.key()) == 1);
    CHECK(make_tls_context(options));
}

TEST_CASE("TlsOptions: a key that is another's, encrypted or no key at all is named, not shown") {
    const auto root = pki::Identity::self_signed();
    const auto leaf = root.issue();
    const std::string strange = root.issue().key_pem();
    const std::string locked = leaf.key_pem("canary-passphrase");
    TlsOptions options;
    options.client_certificate_pem = leaf.chain_pem();
    const auto try_file = [&](const std::string& content, const std::string& why) {
        const TemporaryFile file{content};
        options.client_key_file = file.path();
        options.client_key_pem = {};
        check_unusable(options, file.path(), why);
        options.client_key_file.clear();
        options.client_key_pem = Secret{content};
        if (!content.empty()) check_unusable(options, "client_key_pem", why);
    };
    try_file(strange, "does not fit");
    try_file("canary", "no key");
    try_file("-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n", "no key");
    try_file(leaf.certificate_pem(), "no key");
    try_file(locked, "passphrase is missing");
    options.client_key_passphrase = Secret{"canary"};
    try_file(locked, "passphrase is wrong");
    options.client_key_passphrase = Secret{std::string(5000, 'x')};
    try_file(locked, "passphrase is wrong");
}

TEST_CASE("TlsOptions: a file that cannot be used is named, and never waited for") {
    struct Member {
        const char* what;
        std::function<void(TlsOptions&, const std::string&)> set;
    };
    const auto leaf = pki::Identity::self_signed();
    const auto key = leaf.key_pem();
    const std::vector<Member> members{
        {"ca_file", [](TlsOptions& o, const std::string& path) { o.ca_file = path; }},
        {"crl_file", [](TlsOptions& o, const std::string& path) { o.crl_file = path; }},
        {"client_certificate_file",
         [&](TlsOptions& o, const std::string& path) {
             o.client_certificate_file = path;
             o.client_key_pem = Secret{key};
         }},
        {"client_key_file", [&](TlsOptions& o, const std::string& path) {
             o.client_certificate_pem = leaf.certificate_pem();
             o.client_key_file = path;
         }}};
    const TemporaryFile pipe{""};
    std::remove(pipe.path().c_str());
    REQUIRE(::mkfifo(pipe.path().c_str(), 0600) == 0);
    const TemporaryFile empty{""};
    const TemporaryFile other{"canary\n"};
    const TemporaryFile broken{
        "-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n"
        "-----BEGIN X509 CRL-----\ncanary\n-----END X509 CRL-----\n"};
    for (const Member& member : members) {
        INFO(member.what);
        for (const std::string& path :
             {std::string{"/no/such/file.pem"},
              std::string{"/"},
              std::string{"/dev/zero"},
              pipe.path(),
              empty.path(),
              other.path(),
              broken.path()}) {
            TlsOptions options;
            member.set(options, path);
            options.check();
            check_unusable(options, path, "");
        }
    }
}

TEST_CASE("TlsOptions: a file that is far larger than its kind needs is refused") {
    const auto leaf = pki::Identity::self_signed();
    const auto blanks = [](std::size_t size) { return std::string(size, '\n'); };
    const std::string certificate = leaf.certificate_pem();
    const std::string key = leaf.key_pem();
    TlsOptions options;
    SUBCASE("a CA file") {
        const TemporaryFile file{certificate + blanks(std::size_t{8} << 20U)};
        options.ca_file = file.path();
        check_unusable(options, file.path(), "is too large");
    }
    SUBCASE("a client certificate") {
        const TemporaryFile file{certificate + blanks(std::size_t{1} << 20U)};
        options.client_certificate_file = file.path();
        options.client_key_pem = Secret{key};
        check_unusable(options, file.path(), "is too large");
    }
    SUBCASE("a client key") {
        const TemporaryFile file{key + blanks(std::size_t{64} << 10U)};
        options.client_certificate_pem = certificate;
        options.client_key_file = file.path();
        check_unusable(options, file.path(), "is too large");
    }
}

TEST_CASE("TlsOptions: one broken certificate or list among good ones is not passed over") {
    const auto root = pki::Identity::self_signed();
    const std::string broken_certificate =
        "-----BEGIN CERTIFICATE-----\nTUlJQmNhbmFyeQ==\n-----END CERTIFICATE-----\n";
    const std::string broken_list =
        "-----BEGIN X509 CRL-----\nTUlJQmNhbmFyeQ==\n-----END X509 CRL-----\n";
    TlsOptions options;
    options.ca_pem = root.certificate_pem() + broken_certificate;
    check_unusable(options, "ca_pem", "no certificate");
    options.ca_pem = root.certificate_pem();
    options.crl_pem = root.crl_pem({}) + broken_list;
    check_unusable(options, "crl_pem", "no revocation list");
    options.crl_pem = root.crl_pem({});
    CHECK(make_tls_context(options));
    options.crl_pem.clear();
    options.client_key_pem = Secret{root.key_pem()};
    options.client_certificate_pem = root.certificate_pem() + broken_certificate;
    check_unusable(options, "client_certificate_pem", "no certificate");
}

TEST_CASE("TlsOptions: a CA whose key or extensions cannot be decoded is a configuration error") {
    // OpenSSL reads such a certificate, and trusts nothing that it has signed.
    const auto root = pki::Identity::self_signed();
    const std::string point = "\x03\x42" + std::string{"\0\x04", 2};
    const std::string constraints = "\x04\x05\x30";
    for (const std::string& begin : {point, constraints}) {
        TlsOptions options;
        options.ca_pem = spoilt_pem(root.certificate(), begin);
        const auto made = make_tls_context(options);
        REQUIRE_FALSE(made);
        CHECK(made.error().code() == Errc::bad_config);
        CHECK(made.error().reason() == Reason::file);
        CHECK(ERR_peek_error() == 0);
    }
}

TEST_CASE("TlsOptions: a client certificate that is too weak is a configuration error") {
    const auto weak =
        pki::Identity::self_signed(pki::leaf().key(pki::KeyKind::rsa_1024).usage("clientAuth"));
    TlsOptions options;
    options.client_certificate_pem = weak.certificate_pem();
    options.client_key_pem = Secret{weak.key_pem()};
    const auto made = make_tls_context(options);
    REQUIRE_FALSE(made);
    CHECK(made.error().code() == Errc::bad_config);
    CHECK(made.error().reason() == Reason::file);
}

TEST_CASE("TlsOptions: members that do not go together are named") {
    const std::string pin = "sha256/" + std::string(43, 'A') + "=";
    struct Row {
        const char* named;
        std::function<void(TlsOptions&)> set;
    };
    const auto own = [](TlsOptions& o) {
        o.context = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls);
    };
    for (const Row& row : std::vector<Row>{
             {"ca_file", [&](TlsOptions& o) { own(o), o.ca_file = "a"; }},
             {"ca_file", [&](TlsOptions& o) { own(o), o.ca_pem = "a"; }},
             {"client_certificate",
              [&](TlsOptions& o) { own(o), o.client_certificate_file = "a"; }},
             {"crl_file", [&](TlsOptions& o) { own(o), o.crl_file = "a"; }},
             {"crl_pem", [&](TlsOptions& o) { own(o), o.crl_pem = "a"; }},
             {"client_certificate_file",
              [](TlsOptions& o) { o.client_certificate_file = o.client_certificate_pem = "a"; }},
             {"client_key_file",
              [](TlsOptions& o) {
                  o.client_certificate_file = o.client_key_file = "a";
                  o.client_key_pem = Secret{"a"};
              }},
             {"client_key_file", [](TlsOptions& o) { o.client_key_file = "a"; }},
             {"client_certificate_pem", [](TlsOptions& o) { o.client_certificate_pem = "a"; }},
             {"session_lifetime",
              [](TlsOptions& o) { o.session_lifetime = std::chrono::seconds{-1}; }},
             {"pins", [](TlsOptions& o) { o.pins = {"sha256/AAAA"}; }},
             {"pins", [&](TlsOptions& o) {
                  o.pins = {pin, ""};
              }}}) {
        INFO(row.named);
        HttpOptions options;
        row.set(options.tls);
        std::string text;
        try {
            options.check();
        } catch (const std::invalid_argument& error) {
            text = error.what();
        }
        CHECK_MESSAGE(text.find(row.named) != std::string::npos, text);
    }
    HttpOptions options;
    own(options.tls);
    options.tls.pins = {pin};
    CHECK_NOTHROW(options.check());
}

TEST_CASE("TLS: a list that is there is not overlooked, though OpenSSL says it is missing") {
    const auto root = pki::Identity::self_signed(pki::authority("root"));
    const auto leaf = root.issue();
    const auto namesake = pki::Identity::self_signed(pki::authority("root"));
    const auto other = pki::Identity::self_signed(pki::authority("other"));
    const auto is_overlooked = [&](const std::string& lists) {
        TlsOptions options;
        options.ca_pem = root.certificate_pem();
        options.crl_pem = lists;
        options.revocation = clarify::Revocation::best_effort;
        const auto context = make_tls_context(options).value();
        X509_STORE* const store = SSL_CTX_get_cert_store(context->native_handle());
        const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> verification{
            X509_STORE_CTX_new(), &X509_STORE_CTX_free};
        REQUIRE(X509_STORE_CTX_init(verification.get(), store, leaf.certificate(), nullptr) == 1);
        // What is asked where no memory was left to look for the list of the last certificate.
        X509_STORE_CTX_set_verify_cb(verification.get(), [](int fine, X509_STORE_CTX* at) {
            if (fine != 1 || X509_STORE_CTX_get_error_depth(at) != 0) return fine;
            X509_STORE_CTX_set_error(at, X509_V_ERR_UNABLE_TO_GET_CRL);
            return clarify::detail::overlook_missing_lists(0, at);
        });
        return X509_verify_cert(verification.get()) == 1;
    };
    CHECK_FALSE(is_overlooked(root.crl_pem({})));
    CHECK_FALSE(is_overlooked(root.crl_pem({}, pki::valid, true)));
    CHECK_FALSE(is_overlooked(other.crl_pem({}) + root.crl_pem({leaf})));
    CHECK(is_overlooked(other.crl_pem({})));
    CHECK(is_overlooked(namesake.crl_pem({leaf}, pki::valid, true)));
}

TEST_CASE("parse_pin: reads sha256/ and the base64 of 32 bytes, and nothing else") {
    const auto identity = pki::Identity::self_signed();
    CHECK(parse_pin(identity.pin()));
    const auto pin = parse_pin("sha256/AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eH/8=");
    REQUIRE(pin);
    CHECK((*pin)[0] == 1);
    CHECK((*pin)[30] == 31);
    CHECK((*pin)[31] == 255);
    const std::string digest = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eH/";
    for (const std::string& text :
         {std::string{},
          digest + "8=",
          "sha256//" + digest + "8=",
          "SHA256/" + digest + "8=",
          "sha1/" + digest + "8=",
          "sha256/" + digest + "8",
          "sha256/" + digest + "88",
          "sha256/" + digest + "9=",
          "sha256/" + digest + "==",
          "sha256/" + digest + "8= ",
          "sha256/" + std::string(43, '-') + "=",
          "sha256/-" + digest.substr(1) + "8="}) {
        INFO(text);
        CHECK_FALSE(parse_pin(text));
    }
}

}  // namespace tls_material_test
