// SPDX-License-Identifier: BSL-1.0
// Turns what libcurl says of a failed transfer into an Error.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_FAILURE_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_FAILURE_HPP

#include <clarify/core/result.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/proxy_options.hpp>

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <curl/curl.h>

#include <string>
#include <string_view>

namespace clarify::detail {

/// The category of libcurl's own codes, for `Error::cause()` where the system gave none.
const boost::system::error_category& curl_category() noexcept;

/// What is known of a transfer that ended.
struct CurlOutcome {
    CurlOutcome() {}

    CURLcode code = CURLE_OK;
    /// `errno` of the socket operation that failed, or 0.
    int system_error = 0;
    /// What the TLS library says of the certificate; 0 is "fine", or "not told".
    long verify_result = 0;
    /// libcurl's text. It may quote the peer, so it is searched and never repeated.
    std::string_view text;
    Phase phase = Phase::queue;
    /// Had the request been begun?
    bool sent = false;
    /// Had the connection served before?
    bool reused = false;
    /// Did a byte of the reply arrive?
    bool answered = false;
    /// Was a body in chunks under way?
    bool in_chunks = false;
    /// Null if the origin is spoken to directly.
    const ProxyOptions* proxy = nullptr;
    /// What the proxy answered to CONNECT, or 0.
    unsigned proxy_status = 0;
    /// Do `ca_file` or `ca_pem` replace the system's trust store?
    bool own_trust = false;
};

/** The failure that `outcome` describes: kind, reason, phase, fate and cause.

    Where libcurl's code says less than the vocabulary of errors asks for, its text decides (which
    message of the TLS library it was, say); an unknown text gives the kind without a guess.
*/
Error curl_failure(const CurlOutcome& outcome, const Url& origin);

}  // namespace clarify::detail

#include <clarify/http/detail/curl/impl/curl_failure.hpp>

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_FAILURE_HPP
