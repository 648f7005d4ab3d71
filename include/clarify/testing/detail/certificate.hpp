// SPDX-License-Identifier: BSL-1.0
// A throw-away certificate authority for servers that live as long as one test.

#ifndef CLARIFY_TESTING_DETAIL_CERTIFICATE_HPP
#define CLARIFY_TESTING_DETAIL_CERTIFICATE_HPP

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace clarify::testing::detail {

struct OpensslDeleter {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};

using PrivateKey = std::unique_ptr<EVP_PKEY, OpensslDeleter>;
using Certificate = std::unique_ptr<X509, OpensslDeleter>;

/// What a server certificate should say. The default is a valid certificate of this machine.
struct CertificateRequest {
    CertificateRequest()
        : not_before(std::chrono::system_clock::now() - std::chrono::hours{24}),
          not_after(std::chrono::system_clock::now() + std::chrono::hours{24 * 30}) {}

    /// Subject alternative names in OpenSSL's notation: `DNS:localhost`, `IP:127.0.0.1`.
    std::vector<std::string> subject_alt_names{"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
    std::chrono::system_clock::time_point not_before;
    std::chrono::system_clock::time_point not_after;
};

/// A leaf certificate with its key, both as PEM text.
struct IssuedCertificate {
    std::string certificate_pem;
    std::string private_key_pem;
};

/** An authority with a fresh EC P-256 key and a self-signed root, valid from yesterday for 30 days.

    @par Errors
    The constructor and `issue` throw std::runtime_error with OpenSSL's reason.
    @par Thread safety
    Distinct objects: safe. Shared objects: const members are safe.
*/
class CertificateAuthority {
public:
    CertificateAuthority();

    /// The root certificate, which a client must trust, as PEM text.
    std::string certificate_pem() const;

    /// Signs a server certificate with a fresh key.
    IssuedCertificate issue(const CertificateRequest& request = CertificateRequest()) const;

private:
    PrivateKey key_;
    Certificate certificate_;
};

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/impl/certificate.hpp>

#endif  // CLARIFY_TESTING_DETAIL_CERTIFICATE_HPP
