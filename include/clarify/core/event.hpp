// SPDX-License-Identifier: BSL-1.0
// What a client tells its observer.

#ifndef CLARIFY_CORE_EVENT_HPP
#define CLARIFY_CORE_EVENT_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace clarify {

enum class EventKind : std::uint8_t {
    /// A call was accepted: `call_id`, `method`, `bytes` of the request body.
    request,
    /// The request is about to be handed to the HTTP backend: `attempts` counts this one, `bytes` of
    /// the request body.
    attempt,
    /// A call had to wait in line for `ClientOptions::rate_limits`, and goes on: `elapsed` since it
    /// came to the line.
    rate_limited,
    /// An attempt ended in a complete HTTP reply: `status`, `bytes` of the body, `elapsed` since the
    /// attempt began, `traceparent` of the reply.
    response,
    /// An attempt failed and will be repeated after `wait`: `error`, `elapsed` since the attempt
    /// began.
    retry,
    /// A reply was accepted: `elapsed`, `attempts`, `bytes` of the reply. The result has yet to be
    /// decoded, which happens on the caller's executor.
    success,
    /// A call failed: `error`, `elapsed`, `attempts`.
    failure,
    /// The first token was fetched: `elapsed`.
    token_fetched,
    /// A token was fetched in place of another one: `elapsed`.
    token_renewed,
    /// A token could not be fetched: `error`, `elapsed`.
    token_failed,
    /// A connection was opened, TLS included: `host`, `elapsed`, `resumed`.
    connection_opened,
    /// A call goes out on an idle connection: `host`.
    connection_reused,
    /// A connection was closed: `host`, and `elapsed` since it was opened.
    connection_closed,
};

std::string_view to_string(EventKind kind) noexcept;

/** One thing that happened in a client. It never holds a secret. All views end with the observer's
 * call. */
struct Event {
    explicit Event(EventKind event_kind) : kind(event_kind) {}

    EventKind kind;
    /// When it happened, on the client's clock.
    TimePoint time{};
    /// The JSON-RPC id, also of a notification (which sends none); 0 for events of no call.
    std::int64_t call_id = 0;
    std::string_view method;
    std::string_view host;
    unsigned attempts = 0;
    unsigned status = 0;
    std::size_t bytes = 0;
    /// Since what the event is about began: the call, the attempt, the fetch, the connection.
    Clock::duration elapsed{};
    /// The pause before the next attempt; `retry` only.
    Clock::duration wait{};
    /// The W3C trace context: that of the reply in `response`, else the one that the caller gave
    /// with the call. May be empty, and is the server's text in the former case.
    std::string_view traceparent;
    /// Did the connection take up an earlier TLS session? `connection_opened` only.
    bool resumed = false;
    const Error* error = nullptr;

    /// The trace id in `traceparent`: 32 hexadecimal digits, or empty.
    std::string_view trace_id() const noexcept;
};

/** The hook that receives events.

    Called on the client's serial executor, so one call at a time; what takes long there delays the
    client. An exception that escapes is swallowed. When unset, events cost nothing.
*/
using Observer = std::function<void(const Event&)>;

// W3C Trace Context section 3.2: version "-" trace-id "-" parent-id "-" flags.
inline std::string_view Event::trace_id() const noexcept {
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

inline std::string_view to_string(EventKind kind) noexcept {
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
        case EventKind::connection_opened:
            return "connection_opened";
        case EventKind::connection_reused:
            return "connection_reused";
        case EventKind::connection_closed:
            return "connection_closed";
    }
    return "unknown";
}

}  // namespace clarify

#endif  // CLARIFY_CORE_EVENT_HPP
