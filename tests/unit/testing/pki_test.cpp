// SPDX-License-Identifier: BSL-1.0
// The tests' certificates are what they say.

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <support/pki.hpp>

#include <string>

namespace pki_test {

namespace pki = support::pki;

TEST_CASE("Identity: a chain holds the intermediates and leaves the root out") {
    const pki::Identity root = pki::Identity::self_signed();
    const pki::Identity middle = root.issue(pki::authority("middle"));
    const pki::Identity leaf = middle.issue();
    CHECK(leaf.chain_pem() == leaf.certificate_pem() + middle.certificate_pem());
    CHECK(root.chain_pem() == root.certificate_pem());
    CHECK(X509_verify(leaf.certificate(), middle.key()) == 1);
    CHECK(X509_verify(middle.certificate(), root.key()) == 1);
    CHECK(X509_check_ca(middle.certificate()) == 1);
    CHECK(X509_check_ca(leaf.certificate()) == 0);
}

TEST_CASE("Identity: dates, names and keys are those that were asked for") {
    const pki::Identity root = pki::Identity::self_signed();
    const auto expired = root.issue(pki::leaf().in(pki::expired));
    CHECK(X509_cmp_current_time(X509_get0_notAfter(expired.certificate())) == -1);
    const auto early = root.issue(pki::leaf().in(pki::not_yet));
    CHECK(X509_cmp_current_time(X509_get0_notBefore(early.certificate())) == 1);
    const auto named = root.issue(pki::leaf().names({"DNS:a.example"}).called("b.example"));
    CHECK(X509_check_host(named.certificate(), "a.example", 0, 0, nullptr) == 1);
    CHECK(X509_check_host(named.certificate(), "b.example", 0, 0, nullptr) == 0);
    const auto weak = root.issue(pki::leaf().key(pki::KeyKind::rsa_1024).digest("SHA1"));
    CHECK(EVP_PKEY_get_bits(weak.key()) == 1024);
    CHECK(X509_get_signature_nid(weak.certificate()) == NID_ecdsa_with_SHA1);
}

TEST_CASE("Identity: a huge key signs what its public half verifies") {
    const pki::Identity huge =
        pki::Identity::self_signed(pki::authority().key(pki::KeyKind::rsa_16384));
    CHECK(EVP_PKEY_get_bits(huge.key()) == 16384);
    CHECK(X509_verify(huge.certificate(), huge.key()) == 1);
}

TEST_CASE("Identity: a key is encrypted where there is a passphrase") {
    const pki::Identity root = pki::Identity::self_signed();
    CHECK(root.key_pem().find("BEGIN PRIVATE KEY") != std::string::npos);
    CHECK(root.key_pem("open sesame").find("BEGIN ENCRYPTED PRIVATE KEY") != std::string::npos);
    CHECK(root.pin().size() == std::string{"sha256/"}.size() + 44);
}

}  // namespace pki_test
