// SPDX-License-Identifier: BSL-1.0
// The TLS sessions that a backend may resume, each for the origin it came from.

#ifndef CLARIFY_HTTP_DETAIL_TLS_TLS_SESSION_CACHE_HPP
#define CLARIFY_HTTP_DETAIL_TLS_TLS_SESSION_CACHE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/tls/tls_material.hpp>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <utility>

namespace clarify::detail {

/// A session, and when the certificate of its peer was looked at.
struct TlsSession {
    OpensslOwned<SSL_SESSION> handle;
    TimePoint verified{};
};

/// A copy that nobody else has: OpenSSL makes the session of a connection useless when that ends
/// without a close_notify, which says nothing about the next connection.
inline OpensslOwned<SSL_SESSION> copy_session(const SSL_SESSION* session) noexcept {
    return OpensslOwned<SSL_SESSION>{session == nullptr ? nullptr : SSL_SESSION_dup(session)};
}

/** Sessions of peers that were verified, bounded in number and age, the newest first.

    One cache belongs to one backend, and so to one set of trust, pins and client certificate; within
    it, a session goes back to the scheme, host and port it came from. Used on one serial executor.
*/
class TlsSessionCache {
public:
    TlsSessionCache(std::size_t limit, std::chrono::seconds lifetime)
        : limit_(limit), lifetime_(lifetime) {}

    bool keeps_any() const noexcept { return limit_ != 0 && lifetime_.count() > 0; }
    std::size_t size() const noexcept { return entries_.size(); }

    /** Keeps `session`, unless it is one that cannot be resumed.

        `verified` is when the peer's certificate was last looked at: a session that comes of a
        resumed one does not live longer for it.
    */
    void store(
        const Url& origin, OpensslOwned<SSL_SESSION> session, TimePoint verified, TimePoint now);
    /** A session for a new connection to `origin`, or nothing.

        A session of TLS 1.3 leaves the cache, since two connections with the same ticket can be told
        to be from the same client (RFC 8446 appendix C.4); one of TLS 1.2 stays.
    */
    TlsSession take(const Url& origin, TimePoint now);
    /// Drops the sessions of `origin`.
    void forget(const Url& origin);
    /// Drops all.
    void clear() noexcept { entries_.clear(); }

private:
    struct Entry {
        std::string origin;
        TlsSession session;
        TimePoint expires;
    };

    std::size_t limit_;
    std::chrono::seconds lifetime_;
    /// The newest first.
    std::list<Entry> entries_;
};

/// Is the certificate of the session's peer still in its time? Resuming does not look again.
inline bool peer_is_in_time(const SSL_SESSION* session) noexcept {
    X509* const peer = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
    return peer != nullptr && X509_cmp_current_time(X509_get0_notAfter(peer)) > 0;
}

inline void TlsSessionCache::store(
    const Url& origin, OpensslOwned<SSL_SESSION> session, TimePoint verified, TimePoint now) {
    if (!keeps_any() || !session || SSL_SESSION_is_resumable(session.get()) != 1) return;
    const std::chrono::seconds promised{SSL_SESSION_get_timeout(session.get())};
    const TimePoint expires =
        (std::min)(time_after(verified, lifetime_), time_after(now, promised));
    if (now >= expires) return;
    // One that can be used again and again makes those before it superfluous.
    if (SSL_SESSION_get_protocol_version(session.get()) < TLS1_3_VERSION) forget(origin);
    entries_.push_front({origin.origin(), {std::move(session), verified}, expires});
    if (entries_.size() > limit_) entries_.pop_back();
}

inline TlsSession TlsSessionCache::take(const Url& origin, TimePoint now) {
    entries_.remove_if([&](const Entry& entry) {
        return now >= entry.expires || !peer_is_in_time(entry.session.handle.get());
    });
    const std::string name = origin.origin();
    const auto found = std::find_if(
        entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.origin == name; });
    if (found == entries_.end()) return {};
    SSL_SESSION* const handle = found->session.handle.get();
    if (SSL_SESSION_get_protocol_version(handle) < TLS1_3_VERSION) {
        return {copy_session(handle), found->session.verified};
    }
    TlsSession session = std::move(found->session);
    entries_.erase(found);
    return session;
}

inline void TlsSessionCache::forget(const Url& origin) {
    const std::string name = origin.origin();
    entries_.remove_if([&](const Entry& entry) { return entry.origin == name; });
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_TLS_TLS_SESSION_CACHE_HPP
