// SPDX-License-Identifier: BSL-1.0
// What a client tells its observer, for logs, metrics and traces.

#ifndef CLARIFY_CORE_EVENT_HPP
#define CLARIFY_CORE_EVENT_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace clarify {

/** What an event is about, and which members of `Event` it fills.

    Every event has `kind` and `time`; each kind says what it has besides. Those of calls have
    `call_id`, `method`, `attempts` (as many as were begun so far), `traceparent` and `elapsed`. A policy
    or backend of your own sends those that are its own, if it likes.

    | kind | what it means | who sends it | how often |
    | --- | --- | --- | --- |
    | `request` | a call was accepted | the client | once a call |
    | `rate_limited` | its wait in line is over | the client | once a wait |
    | `attempt` | it is about to be sent | the client | each time it is sent |
    | `response` | a complete reply came | the client | at most once an attempt |
    | `retry` | an attempt failed, and another one follows | the client | between two attempts |
    | `success`, `failure` | the call is over | the client | one of them, once a call |
    | `token_fetched`, `token_renewed` | there is a token | the authentication policy | once a fetch |
    | `token_failed` | there is none, or no newer one | the authentication policy | once a fetch |
    | `token_shared` | there is a token that another client got | the authentication policy | once a token |
    | `token_store_failed` | tokens are not shared | the authentication policy | once, until they are again |
    | `pace_store_failed` | rate limits are not shared | the client | once, until they are again |
    | `connection_opened`, `connection_closed` | as they say | the HTTP backend | once a connection |
    | `connection_reused` | an exchange goes out on an idle one | the HTTP backend | once an exchange |
    | `file_changed`, `file_failed` | a file that is followed is another one | the HTTP backend for TLS, the policy for credentials | once a change |

    Every call ends with one `success` or `failure`, before its completion handler is called. One that
    is accepted begins with one `request`, and has one `attempt` for each time it is sent; one that is
    refused, for its arguments or because the client was closed, has its `failure` alone. A call that
    could not be begun, where the function that begins it throws, is none, and one that goes with the
    execution context has no end. A batch is one call.
*/
enum class EventKind : std::uint8_t {
    /// A call was accepted: `bytes` of the request body.
    request,
    /// The request is about to be handed to the HTTP backend, which may still have to wait for a
    /// connection: `attempts` counts this one, `bytes` of the request body.
    attempt,
    /// A call had to wait in line for `ClientOptions::rate_limits`, and goes on, or was cancelled
    /// there, as `error` says: `elapsed` since it came to the line. One that is refused at once,
    /// for its turn would come too late, has its `failure` alone. Where the limits are shared
    /// (`ClientOptions::pace`) each call that keeps to one tells so, with `sharers`, also one that the store
    /// refuses, or that had its turn at once.
    rate_limited,
    /// An attempt ended in a complete HTTP reply, whatever it says: `status`, `bytes` of the body,
    /// `elapsed` since the attempt began, `traceparent` of the reply.
    response,
    /// An attempt failed and will be repeated after `wait`: `error`, `elapsed` since the attempt
    /// began.
    retry,
    /// A call succeeded, and its result is decoded: `elapsed` since the call began, `bytes` of the
    /// reply. Of a batch: single calls in it may have failed.
    success,
    /// A call failed, in whatever way: `error`, the one that the caller gets, and `elapsed` since the
    /// call began. Also of one that was refused, or cancelled, before it was accepted.
    failure,
    /// The first token was fetched: `elapsed` since the fetch began.
    token_fetched,
    /// A token was fetched in place of another one: `elapsed` since the fetch began.
    token_renewed,
    /// A token could not be fetched: `error`, `elapsed` since the fetch began.
    token_failed,
    /// A token was taken from `TokenOptions::store`, where another client put it: `elapsed` since it
    /// was looked for.
    token_shared,
    /// `TokenOptions::store` could not be used: `error`. The client fetches tokens for itself, and tries
    /// the store again with the next. Told once, until it can be used again.
    token_store_failed,
    /// `ClientOptions::pace` could not be used: `error`. The client keeps its rate limits by itself for half a
    /// minute, and then asks again. Told once, until it can be used again.
    pace_store_failed,
    /// A connection was opened, TLS included: `host`, `resumed`, `elapsed` since its opening began.
    connection_opened,
    /// An exchange goes out on an idle connection: `host`.
    connection_reused,
    /// A connection was closed: `host`, and `elapsed` since it was opened. Not of those that go with
    /// the execution context.
    connection_closed,
    /// A file that the options or the credentials name has another content: `file`. It is in force
    /// from now on, together with the others that belong to it; from the HTTP backend for those of
    /// TLS, and from the authentication policy for credentials.
    file_changed,
    /// What such files hold now cannot be used: `error`. What they held before stays in force. Told
    /// once, until they can be used again.
    file_failed,
};

/// The enumerator's name, for logs and metrics; `unknown` for any other number.
std::string_view to_string(EventKind kind) noexcept;

/** One thing that happened in a client.

    It never holds a secret. Members that its kind does not fill have the values they have here.

    @par Object lifetimes
    The views and the pointer end with the call of the observer: copy what is needed longer.
*/
struct Event {
    /// An event without anything else; for policies, which fill in the rest and hand it to
    /// `AuthContext::observe`.
    explicit Event(EventKind event_kind) : kind(event_kind) {}

    /// What happened.
    EventKind kind;
    /// When it happened, on the client's clock.
    TimePoint time{};
    /// The JSON-RPC id, also of a notification (which sends none) and of a batch (whose calls have
    /// their own); 0 for events of no call.
    std::int64_t call_id = 0;
    /// The JSON-RPC method, or `batch of <n>`; empty for events of no call.
    std::string_view method;
    /// Host of the connection's other end, and the port where it is not the scheme's default; events
    /// of connections only.
    std::string_view host;
    /// How many attempts of the call were begun, repetitions included.
    unsigned attempts = 0;
    /// The status of the HTTP reply; `response` only.
    unsigned status = 0;
    /// The size of a body, of whichever the kind says.
    std::size_t bytes = 0;
    /// Since what the event is about began: the call, the attempt, the fetch, the connection.
    Clock::duration elapsed{};
    /// The pause before the next attempt, which may be zero; `retry` only.
    Clock::duration wait{};
    /// The W3C trace context: that of the reply in `response`, else the one that the caller gave
    /// with the call. May be empty, and is the server's text in the former case.
    std::string_view traceparent;
    /// Did the connection take up an earlier TLS session? `connection_opened` only.
    bool resumed = false;
    /// How many clients share the rate limit, this one included; `rate_limited` only, and 0 where it is not
    /// shared (`ClientOptions::pace`).
    unsigned sharers = 0;
    /// The path of a file, as it was given; `file_changed` only.
    std::string_view file;
    /// Why it failed; not null in `retry`, `failure`, `token_failed`, `token_store_failed`, `pace_store_failed`
    /// and `file_failed`, and in a `rate_limited` of a call that gave up waiting; null in all others.
    const Error* error = nullptr;

    /// The trace id in `traceparent` (W3C Trace Context section 3.2): 32 hexadecimal digits, or
    /// empty where there is none.
    std::string_view trace_id() const noexcept;
};

/** The hook that receives events.

    Called on the client's serial executor, so one call at a time; what takes long there delays the
    client. That may be inside the function that starts a call, where a thread that runs the executor
    calls it: hold no lock there that the observer takes. No lock of the client is held. It is never
    called where the executor does not run, such as in a destructor: what it refers to may be destroyed
    once nothing runs there any more, before the client and the execution context or after them.

    An exception that escapes is swallowed. When unset, events cost nothing; when set, results are
    decoded on the serial executor, so that the last event of a call is true, instead of on the
    handler's.
*/
using Observer = std::function<void(const Event&)>;

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/event.hpp>
#endif

#endif  // CLARIFY_CORE_EVENT_HPP
