// SPDX-License-Identifier: BSL-1.0
// Which code and which words of libcurl mean which failure.

#ifndef CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_FAILURE_HPP
#define CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_FAILURE_HPP

#include <clarify/http/detail/connect/connect_reason.hpp>
#include <clarify/http/detail/connect/proxy_rules.hpp>
#include <clarify/http/detail/curl/curl_failure.hpp>
#include <clarify/http/detail/tls/tls_failure.hpp>
#include <clarify/http/detail/tls/tls_material.hpp>

#include <boost/system/errc.hpp>

#include <openssl/x509_vfy.h>

#include <initializer_list>

namespace clarify::detail {

inline const boost::system::error_category& curl_category() noexcept {
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif
    struct Category final : boost::system::error_category {
        const char* name() const noexcept override { return "curl"; }
        std::string message(int value) const override {
            return curl_easy_strerror(static_cast<CURLcode>(value));
        }
    };
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
    static const Category category;
    return category;
}

inline bool says_any(std::string_view text, std::initializer_list<std::string_view> phrases) {
    for (const std::string_view phrase : phrases) {
        if (text.find(phrase) != std::string_view::npos) return true;
    }
    return false;
}

// The numbers are OpenSSL's, and libcurl passes them on. Its other TLS libraries report none, or
// only "not fine"; then all that is sure is that the peer was not proven.
inline Reason certificate_reason(const CurlOutcome& outcome) {
    const Reason reason = verdict_reason(outcome.verify_result);
    if (reason != Reason::untrusted) return reason;
    // libcurl compares the names itself, before it asks for OpenSSL's verdict on the chain.
    const bool unjudged =
        outcome.verify_result == X509_V_OK || outcome.verify_result == X509_V_ERR_UNSPECIFIED;
    const bool names = unjudged && says_any(outcome.text, {"match"});
    return names ? Reason::host_mismatch : Reason::untrusted;
}

inline Reason handshake_reason(const CurlOutcome& outcome) {
    if (says_any(
            outcome.text,
            {"unsupported protocol",
             "protocol version",
             "version too low",
             "wrong ssl version",
             "UNSUPPORTED_PROTOCOL"})) {
        return Reason::protocol;
    }
    if (says_any(
            outcome.text,
            {"dh key too small",
             "ee key too small",
             "wrong signature type",
             "insufficient security"})) {
        return Reason::weak;
    }
    // The peer went away in the middle: unlike the cases above, this may pass.
    if (outcome.system_error != 0 ||
        says_any(outcome.text, {"SSL_ERROR_SYSCALL", "eset by peer", "unexpected eof"})) {
        return Reason::reset;
    }
    return Reason::handshake;
}

inline Error curl_tls_failure(const CurlOutcome& outcome, const Url& origin) {
    switch (outcome.code) {
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CRL_BADFILE:
            return outcome.own_trust
                ? Error{Errc::bad_config,
                        Reason::file,
                        "the configured CA has no certificate that can be read"}
                : no_roots_error(system_root_files());
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR: {
            const Reason reason = certificate_reason(outcome);
            const bool untrusted = reason == Reason::untrusted;
            return Error{
                Errc::tls,
                reason,
                origin.host() + ": the certificate is not accepted" +
                    (untrusted ? untrusted_advice : "")};
        }
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return Error{
                Errc::tls,
                Reason::pin_mismatch,
                origin.host() + ": the server's key does not match any pin"};
        case CURLE_SSL_CERTPROBLEM:
            return Error{
                Errc::bad_config,
                Reason::file,
                "OpenSSL refuses the client certificate or a revocation list"};
        case CURLE_SSL_CIPHER:
            return Error{
                Errc::tls,
                Reason::weak,
                origin.host() + ": a key, a certificate or a cipher is too weak"};
        default:
            return Error{
                Errc::tls, handshake_reason(outcome), origin.host() + ": the TLS handshake failed"};
    }
}

/// Does this code mean that a line of a head outgrew libcurl's buffer? "Out of memory" up to 8.5, a
/// code of its own (100) since. A process that is truly out of memory inside the head is told the
/// same.
inline bool is_line_too_long(CURLcode code) noexcept {
    return code == static_cast<CURLcode>(100) || code == CURLE_OUT_OF_MEMORY;
}

/// A failure between the connection to a proxy and the tunnel through it, where the proxy's answer
/// is incomplete.
inline Error curl_tunnel_failure(const CurlOutcome& outcome) {
    if (is_line_too_long(outcome.code) || says_any(outcome.text, {"CONNECT response too large"})) {
        return malformed_tunnel_answer(*outcome.proxy);
    }
    // libcurl does not wait for what follows an interim answer.
    if (outcome.proxy_status >= 100 && outcome.proxy_status < 200) {
        HttpResponse interim;
        interim.status = outcome.proxy_status;
        return judge_tunnel(interim, false, *outcome.proxy).error();
    }
    return tunnel_failure(Reason::reset, *outcome.proxy, "the proxy went away");
}

/// A failure before a byte of the request was handed over.
inline Error curl_opening_failure(const CurlOutcome& outcome, const Url& origin) {
    const Url& next_hop = outcome.proxy != nullptr ? *outcome.proxy->address : origin;
    if (outcome.phase == Phase::proxy && outcome.code != CURLE_OPERATION_TIMEDOUT) {
        return curl_tunnel_failure(outcome);
    }
    switch (outcome.code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            // The resolver's own code is lost in libcurl. Its usual meaning is told.
            return Error{Errc::resolve, Reason::not_found, next_hop.host()};
        case CURLE_COULDNT_CONNECT: {
            const boost::system::error_code ec{
                outcome.system_error, boost::system::system_category()};
            return Error{Errc::connect, connect_reason(ec), next_hop.authority()};
        }
        case CURLE_OPERATION_TIMEDOUT:
            return Error{Errc::timeout, Reason::none, origin.authority()};
        case CURLE_FAILED_INIT:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_URL_MALFORMAT:
        case CURLE_NOT_BUILT_IN:
        case CURLE_UNKNOWN_OPTION:
        case CURLE_BAD_FUNCTION_ARGUMENT:
            return Error{Errc::bad_config, Reason::none, "this libcurl cannot do what is needed"};
        case CURLE_OUT_OF_MEMORY:
            return Error{Errc::internal, Reason::resource, "libcurl ran out of memory"};
        default:
            if (outcome.phase == Phase::tls) return curl_tls_failure(outcome, origin);
            return Error{Errc::connect, Reason::none, next_hop.authority()};
    }
}

/// Is it the framing of the chunks that failed, and not the connection? libcurl has one code for both,
/// and its words change from release to release. What is neither known to be the connection's failure
/// nor the system's is the chunks': a connection that broke is repeated, a malformed reply never is.
inline bool is_chunk_fault(const CurlOutcome& outcome) {
    if (!outcome.answered) return false;
    if (says_any(outcome.text, {"chunked-encoding", "chunk hex", "chunk size"})) return true;
    return outcome.in_chunks && outcome.code == CURLE_RECV_ERROR && outcome.system_error == 0 &&
        !says_any(outcome.text, {"Recv failure", "onnection", "SSL", "TLS", "schannel", "eof"});
}

/// A failure after the request was begun.
inline Error curl_exchange_failure(const CurlOutcome& outcome) {
    namespace errc = boost::system::errc;
    switch (outcome.code) {
        case CURLE_OPERATION_TIMEDOUT:
            return Error{Errc::timeout};
        case CURLE_UNSUPPORTED_PROTOCOL:
            return Error{Errc::framing, Reason::head, "the head of the reply is malformed"};
        case CURLE_WEIRD_SERVER_REPLY: {
            const bool length = says_any(outcome.text, {"Content-Length"});
            return Error{
                Errc::framing, length ? Reason::length : Reason::head, "the reply is malformed"};
        }
        case CURLE_BAD_CONTENT_ENCODING:
            // It leaves content encodings alone; newer releases say this of transfer encodings.
            return Error{
                Errc::framing,
                Reason::transfer_encoding,
                "the transfer encoding is not exactly 'chunked'"};
        case CURLE_PARTIAL_FILE:
            return Error{Errc::io, Reason::truncated, "the connection ended inside the reply"};
        default:
            break;
    }
    const bool in_head = outcome.phase == Phase::head || outcome.phase == Phase::first_byte;
    if (is_line_too_long(outcome.code) && (in_head || outcome.code != CURLE_OUT_OF_MEMORY)) {
        return Error{
            Errc::too_large, Reason::head, "the head of the reply is larger than the limit"};
    }
    if (outcome.code == CURLE_OUT_OF_MEMORY) {
        return Error{Errc::internal, Reason::resource, "libcurl ran out of memory"};
    }
    if (is_chunk_fault(outcome)) {
        return Error{Errc::framing, Reason::chunk, "the chunked body is malformed"};
    }
    if (outcome.reused && !outcome.answered) {
        return Error{Errc::io, Reason::stale, "the connection broke"};
    }
    const boost::system::error_code ec{outcome.system_error, boost::system::system_category()};
    const bool reset = ec == errc::connection_reset || ec == errc::broken_pipe ||
        says_any(outcome.text, {"eset by peer", "roken pipe"});
    return Error{Errc::io, reset ? Reason::reset : Reason::truncated, "the connection broke"};
}

inline bool is_tls_code(CURLcode code) noexcept {
    switch (code) {
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ENGINE_INITFAILED:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CRL_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        case CURLE_SSL_INVALIDCERTSTATUS:
            return true;
        default:
            return false;
    }
}

inline Error curl_failure(const CurlOutcome& given, const Url& origin) {
    CurlOutcome outcome = given;
    if (!outcome.sent && is_tls_code(outcome.code)) outcome.phase = Phase::tls;
    // A proxy that goes away at once is not always seen to have been there.
    const bool met = outcome.code == CURLE_RECV_ERROR || outcome.code == CURLE_SEND_ERROR;
    if (!outcome.sent && outcome.proxy != nullptr && outcome.phase == Phase::connect && met) {
        outcome.phase = Phase::proxy;
    }
    Error error =
        outcome.sent ? curl_exchange_failure(outcome) : curl_opening_failure(outcome, origin);
    if (outcome.system_error != 0) {
        error.set_cause({outcome.system_error, boost::system::system_category()});
    } else {
        error.set_cause({static_cast<int>(outcome.code), curl_category()});
    }
    return error.set_phase(outcome.phase).set_fate(outcome.sent ? Fate::unknown : Fate::unsent);
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_FAILURE_HPP
