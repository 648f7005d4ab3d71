// SPDX-License-Identifier: BSL-1.0
// Which options libcurl is given, and what can be asked of its TLS library.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_SETUP_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_SETUP_HPP

#include <clarify/http/detail/tls/tls_material.hpp>
#include <clarify/http/http_options.hpp>

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
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

inline bool curl_is_ready() noexcept {
    static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK &&
        curl_version_info(CURLVERSION_NOW)->version_num >= 0x075800;
    return ready;
}

inline long curl_milliseconds(std::chrono::milliseconds duration) noexcept {
    constexpr std::chrono::milliseconds::rep longest = 1'000'000'000;
    return static_cast<long>((std::min)(duration.count(), longest));
}

inline bool curl_has_our_openssl() noexcept {
    static const bool same = [] {
        const char* const theirs = curl_version_info(CURLVERSION_NOW)->ssl_version;
        constexpr std::string_view name = "OpenSSL/";
        return theirs != nullptr && std::string_view{theirs}.starts_with(name) &&
            std::string_view{theirs}.substr(name.size()) == OpenSSL_version(OPENSSL_VERSION_STRING);
    }();
    return same;
}

/// Sets what libcurl has no option for, and takes back that it writes TLS secrets to a file that the
/// environment names.
inline CURLcode adjust_context(CURL*, void* context, void* settings) noexcept {
    auto* const native = static_cast<SSL_CTX*>(context);
    SSL_CTX_set_keylog_callback(native, nullptr);
    const TlsMaterial& material = static_cast<const CurlSettings*>(settings)->material;
    return use_tls_material(native, material) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

/// Sets options one after the other and keeps the first refusal.
class CurlOptionSetter {
public:
    explicit CurlOptionSetter(CURL* easy) noexcept : easy_(easy) {}

    template <class Value>
    void operator()(CURLoption option, Value value) noexcept {
        const CURLcode code = curl_easy_setopt(easy_, option, value);
        if (result_ == CURLE_OK) result_ = code;
    }
    CURLcode result() const noexcept { return result_; }

private:
    CURL* easy_;
    CURLcode result_ = CURLE_OK;
};

inline CURLcode set_up_curl_http(CURL* easy, const HttpOptions& options) noexcept {
    CurlOptionSetter set{easy};
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    set(CURLOPT_HTTP09_ALLOWED, 0L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    set(CURLOPT_POST, 1L);
    // A libcurl without it cannot do what it forbids.
    curl_easy_setopt(easy, CURLOPT_NETRC, long{CURL_NETRC_IGNORED});

    set(CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, curl_milliseconds(options.connect_stagger));
    set(CURLOPT_CONNECTTIMEOUT_MS, curl_milliseconds(options.connect_timeout));
    // The pool decides how long a connection lives; libcurl must not think it knows better.
    constexpr long a_year = 365L * 24 * 3600;
    set(CURLOPT_MAXAGE_CONN, a_year);
    set(CURLOPT_MAXLIFETIME_CONN, 0L);
    // One connection, one look-up. What is remembered serves only libcurl's own second attempt,
    // which must fail at once instead of asking a resolver first.
    set(CURLOPT_DNS_CACHE_TIMEOUT, -1L);
    // Addresses with a zone libcurl has to look up by itself. Then a look-up that nobody waits for any
    // more ends in its own time, in its own thread.
    set(CURLOPT_QUICK_EXIT, 1L);
    return set.result();
}

inline const char* other_roots(
    const char* bundle, const char* folder, std::span<const char* const> files) noexcept {
    const auto is_there = [](const char* path) {
        std::FILE* const opened = path != nullptr ? std::fopen(path, "rbe") : nullptr;
        if (opened != nullptr) std::fclose(opened);
        return opened != nullptr;
    };
    if (is_there(bundle) || is_there(folder)) return nullptr;
    const auto found = std::find_if(files.begin(), files.end(), is_there);
    return found != files.end() ? *found : nullptr;
}

inline void set_up_curl_roots(CURL* easy) noexcept {
    const char* bundle = nullptr;
    const char* folder = nullptr;
    curl_easy_getinfo(easy, CURLINFO_CAINFO, &bundle);
    curl_easy_getinfo(easy, CURLINFO_CAPATH, &folder);
    // A TLS library that has neither has a store of its own.
    if (bundle == nullptr && folder == nullptr && !curl_has_our_openssl()) return;
    const char* const found = other_roots(bundle, folder, system_root_files());
    if (found != nullptr) curl_easy_setopt(easy, CURLOPT_CAINFO, found);
}

inline CURLcode set_up_curl_tls(CURL* easy, const CurlSettings& settings) noexcept {
    const std::string& trust = settings.material.trust;
    CurlOptionSetter set{easy};
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    set(CURLOPT_SSL_ENABLE_ALPN, 1L);
    set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    const char* const library = curl_version_info(CURLVERSION_NOW)->ssl_version;
    if (library != nullptr && std::string_view{library}.find("OpenSSL/") == 0) {
        // Against a system-wide configuration of OpenSSL that is weaker.
        set(CURLOPT_SSL_CIPHER_LIST, "HIGH:!aNULL:!eNULL:!PSK:!SRP:!3DES:!MD5:@SECLEVEL=2");
    }
    if (curl_has_our_openssl()) {
        set(CURLOPT_SSL_CTX_FUNCTION, &adjust_context);
        set(CURLOPT_SSL_CTX_DATA, const_cast<CurlSettings*>(&settings));
    }
    if (!settings.pins.empty()) set(CURLOPT_PINNEDPUBLICKEY, settings.pins.c_str());
    if (trust.empty()) {
        set_up_curl_roots(easy);
    } else {
        curl_blob blob{const_cast<char*>(trust.data()), trust.size(), CURL_BLOB_NOCOPY};
        set(CURLOPT_CAINFO_BLOB, &blob);
        // The folder of the system's roots would be trusted beside it.
        curl_easy_setopt(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
    }
    return set.result();
}

// Whether there is a proxy has been decided. Only texts keep libcurl from asking the environment for
// one, and for exceptions from it.
inline CURLcode set_up_curl_proxy(CURL* easy, const CurlSettings& settings, bool proxied) noexcept {
    if (!proxied) {
        // A libcurl without these cannot do what they forbid.
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
        return CURLE_OK;
    }
    CurlOptionSetter set{easy};
    set(CURLOPT_PROXYTYPE, long{CURLPROXY_HTTP});
    set(CURLOPT_PROXY, settings.proxy.c_str());
    // libcurl's own default is another.
    set(CURLOPT_PROXYPORT, long{settings.options.proxy.address->port()});
    set(CURLOPT_NOPROXY, "");
    set(CURLOPT_HTTPPROXYTUNNEL, 1L);
    set(CURLOPT_HEADEROPT, long{CURLHEADER_SEPARATE});
    // The answer to CONNECT is judged line by line.
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 0L);
    return set.result();
}

inline CURLcode set_up_curl(
    CURL* easy, const CurlSettings& settings, bool https, bool proxied) noexcept {
    CURLcode code = set_up_curl_http(easy, settings.options);
    if (code == CURLE_OK) code = set_up_curl_proxy(easy, settings, proxied);
    return code == CURLE_OK && https ? set_up_curl_tls(easy, settings) : code;
}

inline bool tls_may_hold_more(CURL* easy) noexcept {
    curl_tlssessioninfo* session = nullptr;
    curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session);
    if (!curl_has_our_openssl() || session == nullptr ||
        session->backend != CURLSSLBACKEND_OPENSSL || session->internals == nullptr) {
        return true;
    }
    return SSL_has_pending(static_cast<const SSL*>(session->internals)) != 0;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_SETUP_HPP
