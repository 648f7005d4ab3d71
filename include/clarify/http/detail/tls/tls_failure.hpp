// SPDX-License-Identifier: BSL-1.0
// Why a handshake failed, from what OpenSSL knows.

#ifndef CLARIFY_HTTP_DETAIL_TLS_TLS_FAILURE_HPP
#define CLARIFY_HTTP_DETAIL_TLS_TLS_FAILURE_HPP

#include <clarify/core/error.hpp>
#include <clarify/core/url.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/error_code.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <string>
#include <utility>

namespace clarify::detail {

/// The reason for a verdict on a certificate that is not `X509_V_OK`.
inline Reason verdict_reason(long verdict) noexcept {
    switch (verdict) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return Reason::cert_time;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return Reason::host_mismatch;
        case X509_V_ERR_CERT_REVOKED:
            return Reason::revoked;
        case X509_V_ERR_UNABLE_TO_GET_CRL:
        case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
        case X509_V_ERR_CRL_NOT_YET_VALID:
        case X509_V_ERR_CRL_HAS_EXPIRED:
        case X509_V_ERR_CRL_SIGNATURE_FAILURE:
        case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
        case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
        case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
        case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
        case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
        case X509_V_ERR_DIFFERENT_CRL_SCOPE:
        case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
            return Reason::revocation_unknown;
        case X509_V_ERR_EE_KEY_TOO_SMALL:
        case X509_V_ERR_CA_KEY_TOO_SMALL:
        case X509_V_ERR_CA_MD_TOO_WEAK:
            return Reason::weak;
        default:
            return Reason::untrusted;
    }
}

/// A failed handshake, for the reason given.
inline Error tls_error(Reason reason, const Url& origin, const std::string& why) {
    Error error{Errc::tls, reason, origin.host() + ": " + why};
    return error.set_phase(Phase::tls).set_fate(Fate::unsent);
}

/// What to do about a certificate that nobody vouches for.
inline constexpr const char* untrusted_advice =
    ": if the server has a certificate authority of its own, name that in TlsOptions::ca_file";

/// What OpenSSL's verdict on the certificates comes to.
inline Error verdict_error(long verdict, const Url& origin) {
    const Reason reason = verdict_reason(verdict);
    std::string why = X509_verify_cert_error_string(verdict);
    if (reason == Reason::untrusted) why += untrusted_advice;
    return tls_error(reason, origin, why);
}

/// The reason and the words for an error of OpenSSL's.
inline std::pair<Reason, const char*> alert_reason(const SSL* ssl, int error) noexcept {
    const OSSL_HANDSHAKE_STATE state = SSL_get_state(ssl);
    switch (error) {
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_WRONG_SSL_VERSION:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            return {Reason::protocol, "no common protocol version"};
        case SSL_R_DH_KEY_TOO_SMALL:
        case SSL_R_WRONG_SIGNATURE_TYPE:
        case SSL_R_EE_KEY_TOO_SMALL:
        case SSL_R_CA_KEY_TOO_SMALL:
        case SSL_R_CA_MD_TOO_WEAK:
        case SSL_R_WRONG_CIPHER_RETURNED:
        case SSL_R_UNKNOWN_CIPHER_RETURNED:
        case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
        case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
            return {Reason::weak, "a key, a certificate or a cipher is too weak"};
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
            // As an answer to the first message it says that the server found nothing acceptable in
            // all that is offered (RFC 8446 section 6.2), which is all that is not weak.
            if (state == TLS_ST_CW_CLNT_HELLO) {
                return {Reason::weak, "the server finds no parameters that are strong enough"};
            }
            return {Reason::handshake, "the server broke off the TLS handshake"};
        case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
            return {Reason::alpn, "the server does not speak HTTP/1.1"};
        case SSL_R_EXCESSIVE_MESSAGE_SIZE:
            if (state == TLS_ST_CR_CERT) {
                return {Reason::untrusted, "the certificates are larger than the limit"};
            }
            return {Reason::handshake, "a message of the TLS handshake is too large"};
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
            return {Reason::handshake, "the server wants a client certificate"};
        default:
            return {Reason::handshake, "the TLS handshake failed"};
    }
}

/// Why a handshake failed, from OpenSSL's verdict on the certificate and the error of the
/// operation.
inline Error tls_failure(SSL* ssl, boost::system::error_code ec, const Url& origin) {
    if (ec == boost::asio::error::operation_aborted) {
        Error error{Errc::cancelled};
        return error.set_phase(Phase::tls).set_fate(Fate::unsent);
    }
    const long verdict = SSL_get_verify_result(ssl);
    const bool by_openssl = ec.category() == boost::asio::error::get_ssl_category();
    const int why = ERR_GET_REASON(static_cast<unsigned long>(ec.value()));
    // A shortage of memory says nothing about the peer, whatever else it looks like.
    if (verdict == X509_V_ERR_OUT_OF_MEM || (by_openssl && why == ERR_R_MALLOC_FAILURE)) {
        Error error{Errc::internal, Reason::resource};
        return error.set_phase(Phase::tls).set_fate(Fate::unsent);
    }
    if (verdict != X509_V_OK) {
        return verdict_error(verdict, origin).set_cause(ec);
    }
    if (by_openssl) {
        const auto [reason, words] = alert_reason(ssl, why);
        return tls_error(reason, origin, words).set_cause(ec);
    }
    // The peer went away in the middle: unlike the cases above, this may pass.
    return tls_error(Reason::reset, origin, "the connection ended during the TLS handshake")
        .set_cause(ec);
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_TLS_TLS_FAILURE_HPP
