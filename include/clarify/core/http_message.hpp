// SPDX-License-Identifier: BSL-1.0
// One HTTP exchange as a backend sees it: a request of views, a response of reusable buffers.

#ifndef CLARIFY_CORE_HTTP_MESSAGE_HPP
#define CLARIFY_CORE_HTTP_MESSAGE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/connection_lease.hpp>
#include <clarify/core/errc.hpp>
#include <clarify/core/url.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace clarify {

/// A header as it goes on the wire; both parts are checked already.
struct HeaderView {
    std::string_view name;
    std::string_view value;
};

/** A POST to be sent. All views stay valid until `HttpBackend::post` has completed.

    A backend adds `Host`, `Content-Length` and what its own protocol needs, and nothing else.
*/
struct HttpRequest {
    HttpRequest() {}

    const Url* url = nullptr;
    std::span<const HeaderView> headers;
    std::string_view body;
    /// When the exchange must be over. The client also cancels it then; see `HttpBackend`.
    TimePoint deadline = TimePoint::max();
    /// A longer response body is refused with `Errc::too_large`.
    std::size_t max_response_body = std::size_t{16} << 20U;
    /// Do not reuse an idle connection: one has just turned out to be stale.
    bool fresh_connection = false;
};

/** A complete response. Reused from exchange to exchange: `clear` keeps the buffers' memory.

    Only the headers that the library reads are kept; a field that is repeated is joined with `, `
    (`Retry-After` becomes what is no time).
*/
struct HttpResponse {
    HttpResponse() {}

    unsigned status = 0;
    std::string body;
    /// Did it come before the whole request had been sent? A backend that cannot tell leaves it
    /// false.
    bool early = false;

    std::string content_type;
    std::string date;
    std::string location;
    std::string retry_after;
    std::string traceparent;
    std::string www_authenticate;

    /// Empty for a backend that keeps no connections, or manages them out of sight.
    ConnectionLease lease;

    /// Forgets the response. A lease still held closes its connection.
    void clear() {
        lease.discard();
        status = 0;
        early = false;
        for (std::string* text :
             {&body,
              &content_type,
              &date,
              &location,
              &retry_after,
              &traceparent,
              &www_authenticate}) {
            text->clear();
        }
    }
};

/** Where an exchange is, kept up to date by the backend while it runs.

    The client reads it when it must end the exchange early: it decides which cancellations still
    take effect, and what a cancelled call reports as its phase and fate.
*/
struct HttpProgress {
    Phase phase = Phase::queue;
    /// Has any byte of the request been handed to a connection?
    bool sent = false;
};

}  // namespace clarify

#endif  // CLARIFY_CORE_HTTP_MESSAGE_HPP
