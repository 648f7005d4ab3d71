// SPDX-License-Identifier: BSL-1.0
// How a TLS context is made, a connection set up, and its peer checked.

#ifndef CLARIFY_HTTP_DETAIL_TLS_IMPL_TLS_CONTEXT_HPP
#define CLARIFY_HTTP_DETAIL_TLS_IMPL_TLS_CONTEXT_HPP

#include <clarify/http/detail/tls/tls_ciphers.hpp>
#include <clarify/http/detail/tls/tls_context.hpp>
#include <clarify/http/detail/tls/tls_failure.hpp>
#include <clarify/http/detail/tls/tls_material.hpp>
#include <clarify/http/detail/tls/tls_verify.hpp>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

inline Result<void> load_system_roots(SSL_CTX* context, std::span<const char* const> files) {
    for (const char* const file : files) {
        ERR_clear_error();
        if (SSL_CTX_load_verify_file(context, file) == 1) return {};
        check_openssl_memory();
    }
    ERR_clear_error();
    return no_roots_error(files);
}

inline Result<void> load_roots(SSL_CTX* context, const TlsMaterial& material) {
    if (material.roots.empty()) {
        const Result<void> loaded = load_system_roots(context, system_root_files());
        if (!loaded) return loaded;
    }
    X509_STORE* const store = SSL_CTX_get_cert_store(context);
    for (const auto& root : material.roots) {
        // A key or an extension that could not be decoded stays so.
        if (X509_get0_pubkey(root.get()) == nullptr ||
            (X509_get_extension_flags(root.get()) & EXFLAG_INVALID) != 0 ||
            X509_STORE_add_cert(store, root.get()) != 1) {
            return unusable_material("OpenSSL refuses a certificate of the CA");
        }
    }
    // OpenSSL reads the extensions of a certificate when it needs them first, and keeps for good that
    // it could not: a shortage of memory in one handshake would be the end of that root.
    const STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(store);
    for (int i = 0; i != sk_X509_OBJECT_num(objects); ++i) {
        X509* const root = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (root != nullptr && X509_check_purpose(root, -1, 0) != 1) check_openssl_memory();
    }
    ERR_clear_error();
    return {};
}

inline Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(
    const TlsOptions& options) {
    namespace ssl = boost::asio::ssl;
    ERR_clear_error();
    // Asio would go on with a null context where there is no memory for one.
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> made{
        SSL_CTX_new(TLS_client_method()), &SSL_CTX_free};
    if (!made) throw std::bad_alloc{};
    auto context = std::make_shared<ssl::context>(made.get());
    SSL_CTX* const native = made.release();
    SSL_CTX_set_security_level(native, 2);
    if (SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(native, 0) != 1 ||
        SSL_CTX_set_cipher_list(native, tls12_ciphers) != 1 ||
        SSL_CTX_set_ciphersuites(native, tls13_ciphers) != 1) {
        return unusable_material("OpenSSL has none of the versions or ciphers that are allowed");
    }
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    // The longest chains in use have four or five certificates; each more costs the client time.
    SSL_CTX_set_verify_depth(native, 16);
    SSL_CTX_set_max_cert_list(native, 100L << 10U);
    SSL_CTX_set_keylog_callback(native, nullptr);

    const Result<TlsMaterial> material = read_tls_material(options);
    if (!material) return material.error();
    if (Result<void> loaded = load_roots(native, *material); !loaded) return loaded.error();
    if (!use_tls_material(native, *material)) {
        return unusable_material("OpenSSL refuses the client certificate or a revocation list");
    }
    return context;
}

/// Ends a connection whose server asks to renegotiate: OpenSSL only says no, and would go on. What
/// is read from then on is the end.
inline void end_at_renegotiation(const SSL* ssl, int where, int value) {
    if (const auto own = SSL_CTX_get_info_callback(SSL_get_SSL_CTX(ssl))) own(ssl, where, value);
    if (where == SSL_CB_WRITE_ALERT && (value & 0xFF) == SSL_AD_NO_RENEGOTIATION) {
        SSL_set_shutdown(const_cast<SSL*>(ssl), SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
    }
}

/// For a connection at rest: the same, and any alert ends it. OpenSSL passes over those that say they
/// are only warnings.
inline void end_at_alert(const SSL* ssl, int where, int value) {
    end_at_renegotiation(ssl, where, value);
    if (where == SSL_CB_READ_ALERT)
        SSL_set_shutdown(const_cast<SSL*>(ssl), SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
}

/// `SSL_set_tlsext_host_name`, whose macro has a cast that projects forbid themselves.
inline int set_server_name(SSL* ssl, const std::string& name) {
    return static_cast<int>(SSL_ctrl(
        ssl,
        SSL_CTRL_SET_TLSEXT_HOSTNAME,
        TLSEXT_NAMETYPE_host_name,
        const_cast<char*>(name.c_str())));
}

inline bool prepare_tls(SSL* ssl, const Url& origin) {
    // No callback: one that the context has is kept.
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    if (SSL_get_min_proto_version(ssl) < TLS1_2_VERSION &&
        SSL_set_min_proto_version(ssl, TLS1_2_VERSION) != 1) {
        return false;
    }
    SSL_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // The last would take a connection that was cut for one that has ended.
    SSL_clear_options(
        ssl,
        SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION | SSL_OP_LEGACY_SERVER_CONNECT |
            SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_set_info_callback(ssl, &end_at_renegotiation);
    // Asio has OpenSSL free its 34 KB of buffers after each message and allocate them for the next.
    SSL_clear_mode(ssl, SSL_MODE_RELEASE_BUFFERS);

    X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(parameters, host_flags);
    const std::string host = origin.server_name();
    if (origin.is_ip_literal()) {
        if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) != 1) return false;
    } else {
        // Nothing but a shortage of memory speaks against a name that a URL can have.
        if (X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size()) != 1 ||
            set_server_name(ssl, host) != 1) {
            throw std::bad_alloc{};
        }
    }
    static constexpr std::string_view alpn{"\x08http/1.1"};
    return SSL_set_alpn_protos(
               ssl,
               reinterpret_cast<const unsigned char*>(alpn.data()),
               static_cast<unsigned>(alpn.size())) == 0;
}

/// Does the certificate name the host? OpenSSL asks this of a chain, but of no resumed session; and
/// where it has no memory to copy the name for that, it forgets to ask.
inline bool names_host(X509* certificate, const Url& origin) {
    const std::string host = origin.server_name();
    if (certificate == nullptr) return false;
    if (origin.is_ip_literal()) return X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
    return X509_check_host(certificate, host.data(), host.size(), host_flags, nullptr) == 1;
}

inline bool has_pin(X509* certificate, const std::vector<Pin>& pins) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes);
    if (size <= 0) return false;
    Pin digest{};
    const bool fine =
        EVP_Digest(
            bytes, static_cast<std::size_t>(size), digest.data(), nullptr, EVP_sha256(), nullptr) ==
        1;
    OPENSSL_free(bytes);
    return fine && std::find(pins.begin(), pins.end(), digest) != pins.end();
}

/// In the chain as it was verified, not as the peer sent it: a peer may send certificates that prove
/// nothing.
inline bool chain_has_pin(const STACK_OF(X509) * chain, const std::vector<Pin>& pins) {
    for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
        if (has_pin(sk_X509_value(chain, i), pins)) return true;
    }
    return false;
}

// --- Terms --------------------------------------------------------------------------------------

inline ForeignTerms foreign_terms(const SSL_CTX* context) {
    // What OpenSSL judges by has no name, but every new context has it.
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> fresh{
        SSL_CTX_new(TLS_client_method()), &SSL_CTX_free};
    if (!fresh) throw std::bad_alloc{};
    return {strong_tls12_ciphers(context), SSL_CTX_get_security_callback(fresh.get())};
}

inline TlsTerms::TlsTerms(
    const TlsOptions& options, std::shared_ptr<boost::asio::ssl::context> context)
    : context_(std::move(context)), sessions_(options.max_sessions, options.session_lifetime) {
    if (options.context) foreign_ = foreign_terms(context_->native_handle());
    for (const std::string& text : options.pins)
        pins_.push_back(parse_pin(text).value());
}

inline Result<std::unique_ptr<TlsTerms>> TlsTerms::make(const TlsOptions& options) {
    auto context = options.context;
    if (!context) {
        Result<std::shared_ptr<boost::asio::ssl::context>> made = make_tls_context(options);
        // OpenSSL does not always say that it was short of memory. What is really wrong with the
        // options is wrong again.
        if (!made) made = make_tls_context(options);
        if (!made) return made.error();
        context = std::move(*made);
    }
    return std::unique_ptr<TlsTerms>{new TlsTerms{options, std::move(context)}};
}

inline bool TlsTerms::prepare(SSL* ssl, const Url& origin) const {
    if (!prepare_tls(ssl, origin)) return false;
    if (!foreign_) return true;
    // A key that both sides know proves no certificate.
    SSL_set_psk_client_callback(ssl, nullptr);
    SSL_set_psk_use_session_callback(ssl, nullptr);
    SSL_set_security_callback(ssl, foreign_->judge);
    if (SSL_get_security_level(ssl) < 2) SSL_set_security_level(ssl, 2);
    if (foreign_->ciphers.empty()) {
        return SSL_get_min_proto_version(ssl) >= TLS1_3_VERSION ||
            SSL_set_min_proto_version(ssl, TLS1_3_VERSION) == 1;
    }
    return SSL_set_cipher_list(ssl, foreign_->ciphers.c_str()) == 1;
}

inline Result<void> TlsTerms::check(SSL* ssl, const Url& origin) const {
    const long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) {
        return verdict_error(verdict, origin);
    }
    X509* const peer = SSL_get0_peer_certificate(ssl);
    if (peer == nullptr) return tls_error(Reason::untrusted, origin, "there is no certificate");
    if (!is_strong(SSL_get_current_cipher(ssl))) {
        return tls_error(Reason::weak, origin, "the cipher is too weak");
    }
    const bool resumed = SSL_session_reused(ssl) == 1;
    CertificateStack verified;
    if (foreign_) {
        Result<CertificateStack> again = verify_without_callbacks(ssl, origin);
        if (!again) return again.error();
        verified = std::move(*again);
    }
    if (!names_host(peer, origin)) {
        return tls_error(
            Reason::host_mismatch,
            origin,
            resumed ? "the session is that of another host" : "hostname mismatch");
    }
    // A session was kept after its chain had been verified and its keys had been found pinned.
    const auto* const chain = verified ? verified.get() : SSL_get0_verified_chain(ssl);
    if (!resumed && !pins_.empty() && !chain_has_pin(chain, pins_)) {
        return tls_error(
            Reason::pin_mismatch, origin, "no key in the certificate chain matches a pin");
    }
    return {};
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_TLS_IMPL_TLS_CONTEXT_HPP
