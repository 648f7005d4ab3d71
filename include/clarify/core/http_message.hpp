// SPDX-License-Identifier: BSL-1.0
// One HTTP exchange as a backend sees it: a request of views, a response of reusable buffers.

#ifndef CLARIFY_CORE_HTTP_MESSAGE_HPP
#define CLARIFY_CORE_HTTP_MESSAGE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/connection_lease.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/errc.hpp>
#include <clarify/core/url.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace clarify {

/// A header as it goes on the wire. Both parts are checked already: the name is a token, the value has
/// no control character but the tab and no blank at either end (RFC 9110 sections 5.1, 5.5).
struct HeaderView {
    std::string_view name;
    /// May be empty; the header goes out all the same.
    std::string_view value;
};

/** A POST to be sent.

    A backend adds `Host`, `Content-Length` and what its own protocol needs, and nothing else.

    @par Object lifetimes
    Everything that is referred to stays valid, and unchanged, until the awaitable that
    `HttpBackend::post` returned has completed or is destroyed.
*/
struct HttpRequest {
    HttpRequest() {}

    /// Where it goes: scheme, host, port and path. Never null when a backend sees it. What goes into
    /// the request line is the path, and into `Host` the authority.
    const Url* url = nullptr;
    /// In the order in which they go out. One of them may be an authorization: what is copied of them
    /// had better be wiped.
    std::span<const HeaderView> headers;
    /// May be empty: `Content-Length` is 0 then.
    std::string_view body;
    /// When the exchange must be over. The client also cancels it then; see `HttpBackend`.
    TimePoint deadline = (TimePoint::max)();
    /// A response body of more bytes is refused with `Errc::too_large`; 16 MiB by default. Zero: every
    /// one that is not empty.
    std::size_t max_response_body = std::size_t{16} << 20U;
    /// Do not reuse an idle connection: one has just turned out to be stale.
    bool fresh_connection = false;
};

/** A complete response. Reused from exchange to exchange: `clear` keeps the buffers' memory.

    Only the headers that the library reads are kept, trimmed, and empty where there is none. One that
    is repeated is joined with `, ` (RFC 9110 section 5.3), but for `Retry-After`, which becomes a text
    that is no time: several contradict each other.

    All of it is the peer's, and not to be trusted further than the peer.
*/
struct HttpResponse {
    HttpResponse() {}

    /// 200 to 599, of the final response.
    unsigned status = 0;
    /// Its transfer coding is removed; it never has a content coding.
    std::string body;
    /// Did it come before the whole request had been sent? A backend that cannot tell leaves it
    /// false.
    bool early = false;

    /// A reply is taken for JSON only if this says so.
    std::string content_type;
    /// The server's clock, from which a `Retry-After` that is a date is counted; where there is none,
    /// from this machine's.
    std::string date;
    /// Where a redirect leads. None is followed; an error shows its origin.
    std::string location;
    /// Seconds or a date (RFC 9110 section 10.2.3).
    std::string retry_after;
    /// The trace that the server has continued (W3C Trace Context); for errors and events.
    std::string traceparent;
    /// The challenges of a 401 (RFC 9110 section 11.6.1); for errors.
    std::string www_authenticate;

    /// The connection that it came over, held back until the client has judged the response. Empty for
    /// a backend that keeps no connections, or manages them out of sight.
    ConnectionLease lease;

    /// Forgets the response, and keeps the memory of its texts. A lease still held closes its
    /// connection.
    void clear();
};

/** Where an exchange is, kept up to date by the backend while it runs.

    The client reads it when it must end the exchange early: it decides which cancellations still
    take effect, and what a cancelled call reports as its phase and fate. Both sides use it on the
    client's serial executor.
*/
struct HttpProgress {
    /// What is under way: set before a phase begins.
    Phase phase = Phase::queue;
    /// Has any byte of the request been handed to a connection? Set before the first one is. Once it
    /// is true, the server may have executed the request.
    bool sent = false;
    /// When the exchange left the backend's line for a connection, where it had to wait there: the
    /// limit of an attempt begins then.
    TimePoint left_queue = (TimePoint::min)();
    /// Set by the client before it cancels an exchange whose time is up; that of its attempt may be
    /// up before the deadline. A peer that has said nothing until then is silent.
    bool timed_out = false;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/http_message.hpp>
#endif

#endif  // CLARIFY_CORE_HTTP_MESSAGE_HPP
