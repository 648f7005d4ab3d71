// SPDX-License-Identifier: BSL-1.0
// Certificates of every kind, good and bad, with dates that stay what they are.

#ifndef CLARIFY_TESTS_SUPPORT_PKI_HPP
#define CLARIFY_TESTS_SUPPORT_PKI_HPP

#include <clarify/testing/detail/certificate.hpp>

#include <boost/asio/ssl/context.hpp>

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace support::pki {

/// From when until when, as ASN.1 GeneralizedTime. Nothing is relative to the day of the test.
struct Window {
    const char* from;
    const char* until;
};
inline constexpr Window valid{"20000101000000Z", "22000101000000Z"};
inline constexpr Window expired{"20000101000000Z", "20010101000000Z"};
inline constexpr Window not_yet{"21900101000000Z", "22000101000000Z"};

enum class KeyKind { ec_p256, rsa_1024, rsa_2048, rsa_16384 };

/** What a certificate should say, written as a sentence:

    @code
    authority.issue(pki::leaf().names({"DNS:localhost"}).in(pki::expired))
    @endcode
*/
class Spec {
public:
    /// The common name of the subject.
    Spec& called(std::string name) { return set(common_name, std::move(name)); }
    /// Subject alternative names in OpenSSL's notation: `DNS:localhost`, `IP:127.0.0.1`.
    Spec& names(std::vector<std::string> all) { return set(alternatives, std::move(all)); }
    Spec& in(Window when) { return set(window, when); }
    Spec& key(KeyKind kind) { return set(key_kind, kind); }
    /// The digest of the issuer's signature, by OpenSSL's name.
    Spec& digest(std::string name) { return set(signature_digest, std::move(name)); }
    /// Extended key usage in OpenSSL's notation; empty for none.
    Spec& usage(std::string what) { return set(extended_usage, std::move(what)); }
    /// Key usage; empty for none.
    Spec& key_usage(std::string what) { return set(plain_usage, std::move(what)); }
    /// Basic constraints; empty for none.
    Spec& constraints(std::string what) { return set(basic_constraints, std::move(what)); }
    /// Name constraints, such as `permitted;DNS:inside.example`.
    Spec& only_names(std::string what) { return set(name_constraints, std::move(what)); }
    /// A comment of this many bytes.
    Spec& padded(std::size_t bytes) { return set(padding, bytes); }

    std::string common_name = "leaf";
    std::vector<std::string> alternatives{"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
    Window window = valid;
    KeyKind key_kind = KeyKind::ec_p256;
    std::string signature_digest = "SHA256";
    std::string extended_usage = "serverAuth";
    std::string plain_usage = "critical,digitalSignature";
    std::string basic_constraints = "critical,CA:FALSE";
    std::string name_constraints;
    std::size_t padding = 0;

private:
    template <class T, class U>
    Spec& set(T& member, U&& value) {
        member = std::forward<U>(value);
        return *this;
    }
};

/// A server's certificate for this machine.
inline Spec leaf() { return {}; }
/// An authority: a root if it signs itself, else an intermediate.
Spec authority(std::string name = "authority");

/** A certificate with its key and the certificates above it. Cheap to copy.

    @par Errors
    Everything throws `std::runtime_error` with OpenSSL's reason.
*/
class Identity {
public:
    /// Signed by itself.
    static Identity self_signed(const Spec& spec = authority());
    /// Signed by this one, whether or not it has the right to.
    Identity issue(const Spec& spec = leaf()) const;

    std::string certificate_pem() const;
    /// The certificate and those between it and the root, which is left out.
    std::string chain_pem() const;
    /// The key; encrypted where there is a passphrase.
    std::string key_pem(const std::string& passphrase = {}) const;
    /// `sha256/` and the base64 digest of the public key.
    std::string pin() const;
    /// A list of what this authority has revoked, which may say whose key has signed it.
    std::string crl_pem(
        std::initializer_list<Identity> revoked,
        Window fresh = valid,
        bool with_key_identifier = false) const;

    X509* certificate() const noexcept { return certificate_.get(); }
    EVP_PKEY* key() const noexcept { return key_.get(); }

private:
    static Identity make(const Spec& spec, const Identity* issuer);

    std::shared_ptr<EVP_PKEY> key_;
    std::shared_ptr<X509> certificate_;
    std::shared_ptr<const Identity> issuer_;
};

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/** A context of a server that shows `identity`, with the certificates in `chain` if any are given
    instead of those that belong there. It may be as weak as its certificate. */
TlsContext server(const Identity& identity, const std::string& chain = {});

/// Has a server of TLS 1.2 agree on keys by Diffie and Hellman only, in a group of 1024 bits.
void use_small_group(const TlsContext& context);

}  // namespace support::pki

#endif  // CLARIFY_TESTS_SUPPORT_PKI_HPP
