// SPDX-License-Identifier: BSL-1.0
// A throw-away certificate authority for servers that live as long as one test.

#ifndef CLARIFY_TESTING_DETAIL_CERTIFICATE_HPP
#define CLARIFY_TESTING_DETAIL_CERTIFICATE_HPP

#include <clarify/testing/detail/secrets.hpp>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace clarify::testing::detail {

struct IssuedDeleter {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};

using PrivateKey = std::unique_ptr<EVP_PKEY, IssuedDeleter>;
using Certificate = std::unique_ptr<X509, IssuedDeleter>;

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

[[noreturn]] inline void throw_openssl_error(const char* step) {
    std::array<char, 256> reason{};
    ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
    throw std::runtime_error(std::string{step} + ": " + reason.data());
}

inline void check_openssl(bool ok, const char* step) {
    if (!ok) throw_openssl_error(step);
}

inline PrivateKey make_private_key() {
    PrivateKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    check_openssl(key != nullptr, "generate key");
    return key;
}

template <class Write>
std::string to_pem(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), &BIO_free_all);
    check_openssl(bio != nullptr && write(bio.get()) == 1, "write PEM");
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

inline std::string to_pem(X509* certificate) {
    return to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

inline void set_random_serial(X509* certificate) {
    std::array<unsigned char, 16> bytes{};
    fill_random(bytes);
    // Positive, never short.
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 0x40U);
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(
        BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr), &BN_free);
    check_openssl(
        number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)),
        "set serial number");
}

inline void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), &X509_EXTENSION_free);
    check_openssl(
        extension && X509_add_ext(certificate, extension.get(), -1) == 1,
        "add certificate extension");
}

/// A version 3 certificate without extensions and signature.
inline Certificate make_unsigned(
    EVP_PKEY* key, const std::string& common_name, const CertificateRequest& validity) {
    using std::chrono::system_clock;
    Certificate certificate(X509_new());
    check_openssl(certificate != nullptr, "create certificate");
    X509* const raw = certificate.get();
    set_random_serial(raw);
    const auto* name = reinterpret_cast<const unsigned char*>(common_name.c_str());
    check_openssl(
        X509_set_version(raw, X509_VERSION_3) == 1 && X509_set_pubkey(raw, key) == 1 &&
            ASN1_TIME_set(X509_getm_notBefore(raw), system_clock::to_time_t(validity.not_before)) &&
            ASN1_TIME_set(X509_getm_notAfter(raw), system_clock::to_time_t(validity.not_after)) &&
            X509_NAME_add_entry_by_txt(
                X509_get_subject_name(raw), "CN", MBSTRING_UTF8, name, -1, -1, 0) == 1,
        "fill in certificate");
    return certificate;
}

inline CertificateAuthority::CertificateAuthority()
    : key_(make_private_key()),
      // A random part in the name keeps the roots of two emulators apart in one trust store.
      certificate_(make_unsigned(
          key_.get(), "Clarify emulator root " + random_hex(4), CertificateRequest())) {
    X509* const raw = certificate_.get();
    check_openssl(X509_set_issuer_name(raw, X509_get_subject_name(raw)) == 1, "set issuer");
    add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_extension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(raw, raw, NID_subject_key_identifier, "hash");
    add_extension(raw, raw, NID_authority_key_identifier, "keyid:always");
    check_openssl(X509_sign(raw, key_.get(), EVP_sha256()) > 0, "sign root certificate");
}

inline std::string CertificateAuthority::certificate_pem() const {
    return to_pem(certificate_.get());
}

inline IssuedCertificate CertificateAuthority::issue(const CertificateRequest& request) const {
    const PrivateKey key = make_private_key();
    const Certificate leaf = make_unsigned(key.get(), "Clarify emulator", request);
    X509* const raw = leaf.get();
    X509* const root = certificate_.get();
    check_openssl(X509_set_issuer_name(raw, X509_get_subject_name(root)) == 1, "set issuer");
    add_extension(raw, root, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(raw, root, NID_key_usage, "critical,digitalSignature");
    add_extension(raw, root, NID_ext_key_usage, "serverAuth");
    add_extension(raw, root, NID_subject_key_identifier, "hash");
    add_extension(raw, root, NID_authority_key_identifier, "keyid:always");
    std::string names;
    for (const std::string& name : request.subject_alt_names)
        names += (names.empty() ? "" : ",") + name;
    if (!names.empty()) add_extension(raw, root, NID_subject_alt_name, names);
    check_openssl(X509_sign(raw, key_.get(), EVP_sha256()) > 0, "sign server certificate");
    return {to_pem(raw), to_pem([&](BIO* bio) {
                return PEM_write_bio_PrivateKey(
                    bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
            })};
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_CERTIFICATE_HPP
