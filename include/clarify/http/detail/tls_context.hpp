// SPDX-License-Identifier: BSL-1.0
// One TLS context a client: whom to trust, what to speak, and why a handshake failed.

#ifndef CLARIFY_HTTP_DETAIL_TLS_CONTEXT_HPP
#define CLARIFY_HTTP_DETAIL_TLS_CONTEXT_HPP

#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace clarify::detail {

/** Makes a context with TLS 1.2 or newer, security level 2 and the configured trust.

    Everything that a system-wide OpenSSL configuration could weaken is set here again.

    @par Errors
    `Errc::bad_config`: `file` where `ca_file` cannot be read or holds no certificate, `no_roots`
    where the system's trust store is not found; the message lists the places that were tried.
*/
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const TlsOptions& options);

/// Sets up one connection: who the peer must be (RFC 9525), SNI for names, ALPN, and the least that
/// is demanded of a context that is not ours.
bool prepare_tls(SSL* ssl, const Url& origin);

/// Why a handshake failed, from OpenSSL's verdict on the certificate and the error of the
/// operation.
Error tls_failure(SSL* ssl, boost::system::error_code ec, const Url& origin);

inline bool load_system_roots(SSL_CTX* context, std::string& tried) {
    // OpenSSL's own place first; then where distributions keep their bundles, for an OpenSSL that
    // was built with another prefix.
    const std::array<const char*, 6> files{
        X509_get_default_cert_file(),
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/usr/local/share/certs/ca-root-nss.crt"};
    for (const char* file : files) {
        ERR_clear_error();
        if (SSL_CTX_load_verify_file(context, file) == 1) return true;
        tried += tried.empty() ? "" : ", ";
        tried += file;
    }
    ERR_clear_error();
    return false;
}

inline Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(
    const TlsOptions& options) {
    namespace ssl = boost::asio::ssl;
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    SSL_CTX* const native = context->native_handle();
    SSL_CTX_set_security_level(native, 2);
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(native, 0);
    SSL_CTX_set_cipher_list(native, "HIGH:!aNULL:!eNULL:!PSK:!SRP:!3DES:!MD5");
    SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_keylog_callback(native, nullptr);

    boost::system::error_code ec;
    if (!options.ca_file.empty()) {
        context->load_verify_file(options.ca_file, ec);
        if (ec) {
            return Error{
                Errc::bad_config,
                Reason::file,
                "the CA file " + options.ca_file + " has no certificate that can be read"}
                .set_cause(ec)
                .set_phase(Phase::tls);
        }
    }
    if (!options.ca_pem.empty()) {
        context->add_certificate_authority(boost::asio::buffer(options.ca_pem), ec);
        if (ec) {
            return Error{
                Errc::bad_config, Reason::file, "the CA text has no certificate that can be read"}
                .set_cause(ec)
                .set_phase(Phase::tls);
        }
    }
    if (options.ca_file.empty() && options.ca_pem.empty()) {
        std::string tried;
        if (!load_system_roots(native, tried)) {
            return Error{
                Errc::bad_config,
                Reason::no_roots,
                "no trust store was found; tried " + tried +
                    ". Install ca-certificates, or name a CA file"}
                .set_phase(Phase::tls);
        }
    }
    return context;
}

inline bool prepare_tls(SSL* ssl, const Url& origin) {
    // No callback: one that the context has is kept.
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    if (SSL_get_min_proto_version(ssl) < TLS1_2_VERSION &&
        SSL_set_min_proto_version(ssl, TLS1_2_VERSION) != 1) {
        return false;
    }
    SSL_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // Asio has OpenSSL free its 34 KB of buffers after each message and allocate them for the next.
    SSL_clear_mode(ssl, SSL_MODE_RELEASE_BUFFERS);

    X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl);
    // A wildcard stands for one whole label, and the common name counts for nothing.
    X509_VERIFY_PARAM_set_hostflags(
        parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    const std::string& host = origin.host();
    if (origin.is_ip_literal()) {
        if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) != 1) return false;
    } else {
        if (X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size()) != 1) return false;
        if (SSL_set_tlsext_host_name(ssl, host.c_str()) != 1) return false;
    }
    static constexpr std::string_view alpn{"\x08http/1.1"};
    return SSL_set_alpn_protos(
               ssl,
               reinterpret_cast<const unsigned char*>(alpn.data()),
               static_cast<unsigned>(alpn.size())) == 0;
}

inline Error tls_failure(SSL* ssl, boost::system::error_code ec, const Url& origin) {
    const auto make = [&](Reason reason, std::string why) {
        Error error{Errc::tls, reason, origin.host() + ": " + std::move(why)};
        return error.set_cause(ec).set_phase(Phase::tls).set_fate(Fate::unsent);
    };
    const long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) {
        const std::string why = X509_verify_cert_error_string(verdict);
        switch (verdict) {
            case X509_V_ERR_CERT_HAS_EXPIRED:
            case X509_V_ERR_CERT_NOT_YET_VALID:
                return make(Reason::cert_time, why);
            case X509_V_ERR_HOSTNAME_MISMATCH:
            case X509_V_ERR_IP_ADDRESS_MISMATCH:
                return make(Reason::host_mismatch, why);
            case X509_V_ERR_CERT_REVOKED:
                return make(Reason::revoked, why);
            case X509_V_ERR_EE_KEY_TOO_SMALL:
            case X509_V_ERR_CA_KEY_TOO_SMALL:
            case X509_V_ERR_CA_MD_TOO_WEAK:
                return make(Reason::weak, why);
            default:
                return make(Reason::untrusted, why);
        }
    }
    if (ec.category() == boost::asio::error::get_ssl_category()) {
        switch (ERR_GET_REASON(static_cast<unsigned long>(ec.value()))) {
            case SSL_R_UNSUPPORTED_PROTOCOL:
            case SSL_R_WRONG_SSL_VERSION:
            case SSL_R_VERSION_TOO_LOW:
            case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
                return make(Reason::protocol, "no common protocol version");
            case SSL_R_DH_KEY_TOO_SMALL:
            case SSL_R_WRONG_SIGNATURE_TYPE:
            case SSL_R_EE_KEY_TOO_SMALL:
            case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
                return make(Reason::weak, "too weak");
            default:
                return make(Reason::handshake, "the TLS handshake failed");
        }
    }
    // The peer went away in the middle: unlike the cases above, this may pass.
    return make(Reason::reset, "the connection ended during the TLS handshake");
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_TLS_CONTEXT_HPP
