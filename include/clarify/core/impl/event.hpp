// SPDX-License-Identifier: BSL-1.0
// The names of the kinds of events, and the trace id of one.

#ifndef CLARIFY_CORE_IMPL_EVENT_HPP
#define CLARIFY_CORE_IMPL_EVENT_HPP

#include <clarify/core/event.hpp>

#include <cstddef>

namespace clarify {

// W3C Trace Context section 3.2: version "-" trace-id "-" parent-id "-" flags.
CLARIFY_DECL std::string_view Event::trace_id() const noexcept {
    constexpr std::size_t before = 3;
    constexpr std::size_t size = 32;
    if (traceparent.size() <= before + size || traceparent[2] != '-' ||
        traceparent[before + size] != '-') {
        return {};
    }
    const std::string_view id = traceparent.substr(before, size);
    const bool hexadecimal = id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    return hexadecimal ? id : std::string_view{};
}

CLARIFY_DECL std::string_view to_string(EventKind kind) noexcept {
    switch (kind) {
        case EventKind::request:
            return "request";
        case EventKind::attempt:
            return "attempt";
        case EventKind::rate_limited:
            return "rate_limited";
        case EventKind::response:
            return "response";
        case EventKind::retry:
            return "retry";
        case EventKind::success:
            return "success";
        case EventKind::failure:
            return "failure";
        case EventKind::token_fetched:
            return "token_fetched";
        case EventKind::token_renewed:
            return "token_renewed";
        case EventKind::token_failed:
            return "token_failed";
        case EventKind::token_shared:
            return "token_shared";
        case EventKind::token_store_failed:
            return "token_store_failed";
        case EventKind::pace_store_failed:
            return "pace_store_failed";
        case EventKind::connection_opened:
            return "connection_opened";
        case EventKind::connection_reused:
            return "connection_reused";
        case EventKind::connection_closed:
            return "connection_closed";
        case EventKind::file_changed:
            return "file_changed";
        case EventKind::file_failed:
            return "file_failed";
    }
    return "unknown";
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_EVENT_HPP
