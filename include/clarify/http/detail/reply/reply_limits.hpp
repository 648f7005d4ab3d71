// SPDX-License-Identifier: BSL-1.0
// How large a reply may be, part by part.

#ifndef CLARIFY_HTTP_DETAIL_REPLY_REPLY_LIMITS_HPP
#define CLARIFY_HTTP_DETAIL_REPLY_REPLY_LIMITS_HPP

#include <clarify/core/http_message.hpp>
#include <clarify/http/http_options.hpp>

#include <cstddef>

namespace clarify::detail {

/// The limits of one reply, the same for both backends. See `HttpOptions` for what each counts.
struct ReplyLimits {
    ReplyLimits() {}

    std::size_t head = std::size_t{16} << 10U;
    std::size_t fields = 128;
    unsigned interim = 8;
    std::size_t body = std::size_t{16} << 20U;
    std::size_t chunk_line = std::size_t{1} << 10U;
    std::size_t chunk_extras = std::size_t{16} << 10U;
    /// The final head is all there is, whatever it announces: the reply to CONNECT.
    bool head_only = false;
};

/// Those of the reply to `request`.
inline ReplyLimits reply_limits(const HttpOptions& options, const HttpRequest& request) {
    ReplyLimits limits;
    limits.head = options.max_response_head;
    limits.fields = options.max_response_fields;
    limits.interim = options.max_interim_responses;
    limits.body = request.max_response_body;
    limits.chunk_line = options.max_chunk_line;
    limits.chunk_extras = options.max_chunk_extras;
    return limits;
}

/// Those of a proxy's reply to CONNECT.
inline ReplyLimits tunnel_reply_limits(const HttpOptions& options) {
    ReplyLimits limits = reply_limits(options, HttpRequest{});
    limits.head_only = true;
    return limits;
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_REPLY_REPLY_LIMITS_HPP
