// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/encoding.hpp>

#include "pki.hpp"

#include <boost/asio/buffer.hpp>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <string_view>

namespace support::pki {
namespace {

using clarify::testing::detail::add_extension;
using clarify::testing::detail::check_openssl;
using clarify::testing::detail::set_random_serial;
using clarify::testing::detail::to_pem;

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

Owned<BIGNUM> number(unsigned long value = 0) {
    Owned<BIGNUM> out{BN_new(), [](BIGNUM* which) { BN_free(which); }};
    check_openssl(out && BN_set_word(out.get(), value) == 1, "make a number");
    return out;
}

EVP_PKEY* key_from(const char* type, int selection, OSSL_PARAM_BLD* builder) {
    const Owned<OSSL_PARAM> parameters{
        OSSL_PARAM_BLD_to_param(builder), [](OSSL_PARAM* which) { OSSL_PARAM_free(which); }};
    const Owned<EVP_PKEY_CTX> maker{
        EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr),
        [](EVP_PKEY_CTX* which) { EVP_PKEY_CTX_free(which); }};
    EVP_PKEY* key = nullptr;
    check_openssl(
        EVP_PKEY_fromdata_init(maker.get()) == 1 &&
            EVP_PKEY_fromdata(maker.get(), &key, selection, parameters.get()) == 1,
        "make a key of numbers");
    return key;
}

/// An RSA key of 16,384 bits, made of many small primes: two large ones would take minutes to find.
EVP_PKEY* make_huge_key() {
    const Owned<BN_CTX> scratch{BN_CTX_new(), [](BN_CTX* which) { BN_CTX_free(which); }};
    const auto modulus = number(1);
    const auto totient = number(1);
    const auto exponent = number(RSA_F4);
    const auto secret = number();
    const auto prime = number();
    constexpr int size = 16'384;
    bool fine = scratch != nullptr;
    for (int tries = 0; fine && BN_num_bits(modulus.get()) < size; ++tries) {
        // A product of n and m bits has n + m or one less. So the last factor, which must fill up the
        // rest, is tried with one bit more every other time.
        const int left = size - BN_num_bits(modulus.get());
        const int bits = left >= 1024 ? 512 : left + tries % 2;
        fine = BN_generate_prime_ex(prime.get(), bits, 0, nullptr, nullptr, nullptr) == 1;
        const auto product = number();
        fine = fine && BN_mul(product.get(), modulus.get(), prime.get(), scratch.get()) == 1;
        if (left < 1024 && BN_num_bits(product.get()) != size) continue;
        fine = fine && BN_copy(modulus.get(), product.get()) != nullptr &&
            BN_sub_word(prime.get(), 1) == 1 &&
            BN_mul(totient.get(), totient.get(), prime.get(), scratch.get()) == 1;
    }
    fine = fine &&
        BN_mod_inverse(secret.get(), exponent.get(), totient.get(), scratch.get()) != nullptr;
    const Owned<OSSL_PARAM_BLD> builder{
        OSSL_PARAM_BLD_new(), [](OSSL_PARAM_BLD* which) { OSSL_PARAM_BLD_free(which); }};
    fine = fine && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_D, secret.get());
    check_openssl(fine, "make a huge key");
    return key_from("RSA", EVP_PKEY_KEYPAIR, builder.get());
}

std::shared_ptr<EVP_PKEY> make_key(KeyKind kind) {
    EVP_PKEY* key = nullptr;
    switch (kind) {
        case KeyKind::ec_p256:
            key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
            break;
        case KeyKind::rsa_1024:
            key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024});
            break;
        case KeyKind::rsa_2048:
            key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
            break;
        case KeyKind::rsa_16384: {
            // One for all who want one: it takes a second to find.
            static const std::shared_ptr<EVP_PKEY> huge{make_huge_key(), &EVP_PKEY_free};
            return huge;
        }
    }
    check_openssl(key != nullptr, "make a key");
    return {key, &EVP_PKEY_free};
}

void set_window(ASN1_TIME* from, ASN1_TIME* until, Window window) {
    check_openssl(
        ASN1_TIME_set_string_X509(from, window.from) == 1 &&
            ASN1_TIME_set_string_X509(until, window.until) == 1,
        "set a validity");
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
    if (!value.empty()) add_extension(certificate, issuer, nid, value);
}

const EVP_MD* digest_of(const std::string& name) {
    const EVP_MD* const digest = EVP_get_digestbyname(name.c_str());
    check_openssl(digest != nullptr, "find a digest");
    return digest;
}

}  // namespace

Spec authority(std::string name) {
    return leaf()
        .called(std::move(name))
        .names({})
        .usage("")
        .key_usage("critical,keyCertSign,cRLSign")
        .constraints("critical,CA:TRUE");
}

Identity Identity::make(const Spec& spec, const Identity* issuer) {
    Identity out;
    out.key_ = make_key(spec.key_kind);
    out.certificate_ = {X509_new(), &X509_free};
    X509* const raw = out.certificate();
    check_openssl(raw != nullptr, "make a certificate");
    set_random_serial(raw);
    const auto* name = reinterpret_cast<const unsigned char*>(spec.common_name.c_str());
    X509* const above = issuer == nullptr ? raw : issuer->certificate();
    check_openssl(
        X509_set_version(raw, X509_VERSION_3) == 1 && X509_set_pubkey(raw, out.key()) == 1 &&
            X509_NAME_add_entry_by_txt(
                X509_get_subject_name(raw), "CN", MBSTRING_UTF8, name, -1, -1, 0) == 1 &&
            X509_set_issuer_name(raw, X509_get_subject_name(above)) == 1,
        "fill in a certificate");
    set_window(X509_getm_notBefore(raw), X509_getm_notAfter(raw), spec.window);

    extend(raw, above, NID_basic_constraints, spec.basic_constraints);
    extend(raw, above, NID_key_usage, spec.plain_usage);
    extend(raw, above, NID_ext_key_usage, spec.extended_usage);
    extend(raw, above, NID_subject_key_identifier, "hash");
    extend(raw, above, NID_authority_key_identifier, "keyid:always");
    extend(raw, above, NID_name_constraints, spec.name_constraints);
    std::string alternatives;
    for (const std::string& alternative : spec.alternatives)
        alternatives += (alternatives.empty() ? "" : ",") + alternative;
    extend(raw, above, NID_subject_alt_name, alternatives);
    extend(raw, above, NID_netscape_comment, std::string(spec.padding, 'x'));

    EVP_PKEY* const signer = issuer == nullptr ? out.key() : issuer->key();
    check_openssl(
        X509_sign(raw, signer, digest_of(spec.signature_digest)) > 0, "sign a certificate");
    if (issuer != nullptr) out.issuer_ = std::make_shared<const Identity>(*issuer);
    return out;
}

Identity Identity::self_signed(const Spec& spec) { return make(spec, nullptr); }

Identity Identity::issue(const Spec& spec) const { return make(spec, this); }

std::string Identity::certificate_pem() const { return to_pem(certificate()); }

std::string Identity::chain_pem() const {
    std::string out = certificate_pem();
    for (auto above = issuer_; above && above->issuer_; above = above->issuer_)
        out += above->certificate_pem();
    return out;
}

std::string Identity::key_pem(const std::string& passphrase) const {
    return to_pem([&](BIO* bio) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(passphrase.data());
        return PEM_write_bio_PrivateKey(
            bio,
            key(),
            passphrase.empty() ? nullptr : EVP_aes_256_cbc(),
            bytes,
            static_cast<int>(passphrase.size()),
            nullptr,
            nullptr);
    });
}

std::string Identity::pin() const {
    unsigned char* bytes = nullptr;
    const int size = i2d_PUBKEY(key(), &bytes);
    check_openssl(size > 0, "write a public key");
    std::array<unsigned char, 32> digest{};
    const bool fine =
        EVP_Digest(
            bytes, static_cast<std::size_t>(size), digest.data(), nullptr, EVP_sha256(), nullptr) ==
        1;
    OPENSSL_free(bytes);
    check_openssl(fine, "digest a public key");
    std::string out = "sha256/";
    clarify::detail::append_base64(
        out, {reinterpret_cast<const char*>(digest.data()), digest.size()});
    return out;
}

std::string Identity::crl_pem(
    std::initializer_list<Identity> revoked, Window fresh, bool with_key_identifier) const {
    const Owned<X509_CRL> list{X509_CRL_new(), [](X509_CRL* which) { X509_CRL_free(which); }};
    const Owned<ASN1_TIME> from{ASN1_TIME_new(), [](ASN1_TIME* which) { ASN1_TIME_free(which); }};
    const Owned<ASN1_TIME> until{ASN1_TIME_new(), [](ASN1_TIME* which) { ASN1_TIME_free(which); }};
    set_window(from.get(), until.get(), fresh);
    check_openssl(
        list && X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
            X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate())) == 1 &&
            X509_CRL_set1_lastUpdate(list.get(), from.get()) == 1 &&
            X509_CRL_set1_nextUpdate(list.get(), until.get()) == 1,
        "fill in a list");
    for (const Identity& which : revoked) {
        X509_REVOKED* const entry = X509_REVOKED_new();
        check_openssl(
            entry != nullptr &&
                X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(which.certificate())) ==
                    1 &&
                X509_REVOKED_set_revocationDate(entry, from.get()) == 1 &&
                X509_CRL_add0_revoked(list.get(), entry) == 1,
            "revoke a certificate");
    }
    if (with_key_identifier) {
        const Owned<AUTHORITY_KEYID> own{
            AUTHORITY_KEYID_new(), [](AUTHORITY_KEYID* which) { AUTHORITY_KEYID_free(which); }};
        own->keyid = ASN1_OCTET_STRING_dup(X509_get0_subject_key_id(certificate()));
        check_openssl(
            own->keyid != nullptr &&
                X509_CRL_add1_ext_i2d(
                    list.get(), NID_authority_key_identifier, own.get(), 0, X509V3_ADD_DEFAULT) ==
                    1,
            "say whose list it is");
    }
    check_openssl(
        X509_CRL_sort(list.get()) == 1 && X509_CRL_sign(list.get(), key(), EVP_sha256()) > 0,
        "sign a list");
    return to_pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

TlsContext server(const Identity& identity, const std::string& chain) {
    namespace ssl = boost::asio::ssl;
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* const native = context->native_handle();
    SSL_CTX_set_security_level(native, 0);
    // Larger than any client accepts.
    SSL_CTX_set_max_cert_list(native, 16 << 20U);
    context->use_certificate_chain(
        boost::asio::buffer(chain.empty() ? identity.chain_pem() : chain));
    check_openssl(SSL_CTX_use_PrivateKey(native, identity.key()) == 1, "use a key");
    return context;
}

void use_small_group(const TlsContext& context) {
    const Owned<OSSL_PARAM_BLD> builder{
        OSSL_PARAM_BLD_new(), [](OSSL_PARAM_BLD* which) { OSSL_PARAM_BLD_free(which); }};
    const Owned<BIGNUM> prime{
        BN_get_rfc2409_prime_1024(nullptr), [](BIGNUM* which) { BN_free(which); }};
    const auto generator = number(2);
    check_openssl(
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_FFC_P, prime.get()) == 1 &&
            OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_FFC_G, generator.get()) == 1,
        "describe a group");
    EVP_PKEY* const group = key_from("DH", EVP_PKEY_KEY_PARAMETERS, builder.get());
    SSL_CTX* const native = context->native_handle();
    check_openssl(
        SSL_CTX_set_max_proto_version(native, TLS1_2_VERSION) == 1 &&
            SSL_CTX_set_cipher_list(native, "DHE:@SECLEVEL=0") == 1 &&
            SSL_CTX_set0_tmp_dh_pkey(native, group) == 1,
        "use a group");
}

}  // namespace support::pki
