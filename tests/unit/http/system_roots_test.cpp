// SPDX-License-Identifier: BSL-1.0
// Where the system's trust store is looked for.

#include <clarify/http/detail/tls/tls_context.hpp>
#include <clarify/http/detail/tls/tls_material.hpp>
#include <clarify/testing/detail/certificate.hpp>

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <support/pki.hpp>
#include <support/temporary_directory.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace system_roots_test {

namespace pki = support::pki;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using clarify::detail::load_system_roots;
using clarify::detail::system_root_files;

namespace {

struct Context {
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> owner{
        SSL_CTX_new(TLS_client_method()), &SSL_CTX_free};

    SSL_CTX* get() const { return owner.get(); }
    int roots() const {
        return sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(owner.get())));
    }
};

}  // namespace

TEST_CASE("system roots: the first place that has a certificate counts, and no other") {
    const support::TemporaryDirectory folder;
    const std::string missing = (folder / "missing.pem").string();
    const std::string empty = folder.write("empty.pem", "").string();
    const std::string other = folder.write("other.pem", "no certificate\n").string();
    const std::string pem = pki::Identity::self_signed().certificate_pem();
    const std::string good = folder.write("good.pem", pem).string();
    const std::string another = clarify::testing::detail::CertificateAuthority{}.certificate_pem();
    const std::string more = folder.write("more.pem", pem + another).string();
    const std::array<const char*, 5> files{
        missing.c_str(), empty.c_str(), other.c_str(), good.c_str(), more.c_str()};
    const Context context;
    CHECK(load_system_roots(context.get(), files));
    CHECK(context.roots() == 1);
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("system roots: where none is found, the error names every place and a way out") {
    const support::TemporaryDirectory folder;
    const std::string missing = (folder / "missing.pem").string();
    const std::string empty = folder.write("empty.pem", "").string();
    const std::array<const char*, 2> files{missing.c_str(), empty.c_str()};
    const Context context;
    const clarify::Result<void> loaded = load_system_roots(context.get(), files);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code() == Errc::bad_config);
    CHECK(loaded.error().reason() == Reason::no_roots);
    CHECK(loaded.error().phase() == Phase::tls);
    CHECK(loaded.error().fate() == Fate::unsent);
    CHECK(
        loaded.error().message() ==
        "no trust store was found; tried " + missing + ", " + empty +
            ". Install ca-certificates, or name a CA file");
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("system roots: OpenSSL's own place comes first, then those of the distributions") {
    const auto files = system_root_files();
    CHECK(files.front() == std::string{X509_get_default_cert_file()});
    for (const std::string place :
         {"/etc/ssl/certs/ca-certificates.crt",
          "/etc/pki/tls/certs/ca-bundle.crt",
          "/etc/ssl/ca-bundle.pem",
          "/etc/ssl/cert.pem"}) {
        CAPTURE(place);
        CHECK(std::find(files.begin(), files.end(), place) != files.end());
    }
}

}  // namespace system_roots_test
