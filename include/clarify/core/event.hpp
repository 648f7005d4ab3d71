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
    /// An attempt ended in a complete HTTP reply: `status`, `bytes` of the body, `elapsed`.
    response,
    /// An attempt failed and will be repeated after `elapsed` (here: the wait): `error`.
    retry,
    /// A call succeeded: `elapsed`, `attempts`.
    success,
    /// A call failed: `error`, `elapsed`, `attempts`.
    failure,
    /// A token was fetched: `elapsed`.
    token_fetched,
    /// A token could not be fetched: `error`, `elapsed`.
    token_failed,
    /// A connection was opened, TLS included: `host`, `elapsed`.
    connection_opened,
    /// A call goes out on an idle connection: `host`.
    connection_reused,
    /// A connection was closed: `host`.
    connection_closed,
};

std::string_view to_string(EventKind kind) noexcept;

/** One thing that happened in a client. It never holds a secret. All views end with the observer's
 * call. */
struct Event {
    explicit Event(EventKind event_kind) : kind(event_kind) {}

    EventKind kind;
    /// The JSON-RPC id, also of a notification (which sends none); 0 for events of no call.
    std::int64_t call_id = 0;
    std::string_view method;
    std::string_view host;
    unsigned attempts = 0;
    unsigned status = 0;
    std::size_t bytes = 0;
    Clock::duration elapsed{};
    /// The trace context that the server answered with, or empty.
    std::string_view traceparent;
    const Error* error = nullptr;
};

/** The hook that receives events.

    Called on the client's serial executor, so one call at a time; what takes long there delays the
   client. An exception that escapes is swallowed. When unset, events cost nothing.
*/
using Observer = std::function<void(const Event&)>;

inline std::string_view to_string(EventKind kind) noexcept {
    switch (kind) {
        case EventKind::request:
            return "request";
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
