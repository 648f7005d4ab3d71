// SPDX-License-Identifier: BSL-1.0
// Which options libcurl is given, and what can be asked of its TLS library.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_SETUP_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_SETUP_HPP

#include <clarify/http/detail/tls/tls_material.hpp>
#include <clarify/http/http_options.hpp>

#include <curl/curl.h>

#include <chrono>
#include <span>
#include <string>
#include <utility>

#if LIBCURL_VERSION_NUM < 0x075800
#error "CurlBackend needs libcurl 7.88 or newer"
#endif

namespace clarify::detail {

/// What all connections of a backend share.
struct CurlSettings {
    explicit CurlSettings(HttpOptions given) : options(std::move(given)) {}

    HttpOptions options;
    /// What `options.tls` names in files and texts, once it has been read.
    TlsMaterial material;
    /// The pins and the proxy as libcurl takes them.
    std::string pins;
    std::string proxy;
};

/// Does libcurl use the OpenSSL that this program has? Then its objects may be looked into.
bool curl_has_our_openssl() noexcept;

/** Initialises libcurl once for the process; true if that worked and this libcurl is new enough.

    The language makes the first caller initialise and all others wait. Against other code in the
    process that initialises libcurl at the same time only libcurl itself can guard; builds with
    `threadsafe` among their features (`curl --version`) do, and elsewhere the program calls
    `curl_global_init` before it starts threads, as libcurl's manual says. Never undone, since the
    process may use libcurl for itself.
*/
bool curl_is_ready() noexcept;

/// Sets every option of a handle that is the same for all its requests, but for the callbacks.
/// `settings` must outlive the handle. Returns the first refusal of an option that matters.
CURLcode set_up_curl(CURL* easy, const CurlSettings& settings, bool https, bool proxied) noexcept;

/// The first of `files` that is there, where neither the bundle nor the folder that libcurl was built
/// to trust is, as of one that was built on another system; else null.
const char* other_roots(
    const char* bundle, const char* folder, std::span<const char* const> files) noexcept;

/// Milliseconds as libcurl takes them; what is longer than its counters stands for "very long".
long curl_milliseconds(std::chrono::milliseconds duration) noexcept;

/** May the TLS library hold bytes behind a body that has just been read to its announced length?

    libcurl asks for no more than the rest of such a body. What else was in the TLS record with it
    stays in the TLS library, out of sight of libcurl and of a look at the socket, and would be read
    as the next reply. OpenSSL tells, if libcurl's is the one that this program has; of any other
    library it cannot be known. To be called in a callback of libcurl, while the handle has its
    connection.
*/
bool tls_may_hold_more(CURL* easy) noexcept;

}  // namespace clarify::detail

#include <clarify/http/detail/curl/impl/curl_setup.hpp>

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_SETUP_HPP
