// SPDX-License-Identifier: BSL-1.0
// Tests of the throw-away certificate authority, with OpenSSL's own verification.

#include <clarify/testing/detail/certificate.hpp>

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

namespace certificate_test {

using namespace clarify::testing::detail;

namespace {

Certificate parse(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free_all);
    return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

/// Verifies a server certificate and returns OpenSSL's code, X509_V_OK for a good one.
int verify(const std::string& leaf_pem, const std::string& root_pem) {
    const Certificate leaf = parse(leaf_pem);
    const Certificate root = parse(root_pem);
    const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(
        X509_STORE_new(), &X509_STORE_free);
    X509_STORE_add_cert(store.get(), root.get());
    const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(
        X509_STORE_CTX_new(), &X509_STORE_CTX_free);
    X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
    X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context.get()), X509_V_FLAG_X509_STRICT);
    X509_verify_cert(context.get());
    return X509_STORE_CTX_get_error(context.get());
}

}  // namespace

TEST_CASE("CertificateAuthority: a server certificate verifies strictly against its root") {
    const CertificateAuthority authority;
    const IssuedCertificate issued = authority.issue();

    CHECK(verify(issued.certificate_pem, authority.certificate_pem()) == X509_V_OK);
    CHECK(issued.private_key_pem.find("BEGIN PRIVATE KEY") != std::string::npos);
    const Certificate leaf = parse(issued.certificate_pem);
    CHECK(X509_check_host(leaf.get(), "localhost", 0, 0, nullptr) == 1);
    CHECK(X509_check_ip_asc(leaf.get(), "127.0.0.1", 0) == 1);
    CHECK(X509_check_ip_asc(leaf.get(), "::1", 0) == 1);
    CHECK(X509_check_host(leaf.get(), "example.com", 0, 0, nullptr) == 0);
}

TEST_CASE("CertificateAuthority: a root does not verify another's certificate") {
    const CertificateAuthority authority;
    const CertificateAuthority other;
    CHECK(verify(authority.issue().certificate_pem, other.certificate_pem()) != X509_V_OK);
}

TEST_CASE("CertificateAuthority: issues expired and future certificates") {
    const CertificateAuthority authority;
    const auto now = std::chrono::system_clock::now();
    CertificateRequest request;
    request.not_after = now - std::chrono::minutes{1};
    CHECK(
        verify(authority.issue(request).certificate_pem, authority.certificate_pem()) ==
        X509_V_ERR_CERT_HAS_EXPIRED);
    request.not_before = now + std::chrono::hours{1};
    request.not_after = now + std::chrono::hours{2};
    CHECK(
        verify(authority.issue(request).certificate_pem, authority.certificate_pem()) ==
        X509_V_ERR_CERT_NOT_YET_VALID);
}

TEST_CASE("CertificateAuthority: names are those that were asked for") {
    const CertificateAuthority authority;
    CertificateRequest request;
    request.subject_alt_names = {"DNS:*.example.com"};
    const Certificate leaf = parse(authority.issue(request).certificate_pem);
    CHECK(X509_check_host(leaf.get(), "api.example.com", 0, 0, nullptr) == 1);
    CHECK(X509_check_host(leaf.get(), "localhost", 0, 0, nullptr) == 0);
}

TEST_CASE("CertificateAuthority: a name in the wrong notation is an error") {
    const CertificateAuthority authority;
    CertificateRequest request;
    request.subject_alt_names = {"IP:not-an-address"};
    CHECK_THROWS_AS(authority.issue(request), std::runtime_error);
}

}  // namespace certificate_test
