// SPDX-License-Identifier: BSL-1.0
// The contract of an HTTP stack.

#ifndef CLARIFY_CONCEPTS_HTTP_BACKEND_HPP
#define CLARIFY_CONCEPTS_HTTP_BACKEND_HPP

#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/awaitable.hpp>

#include <concepts>

namespace clarify {

/** An HTTP stack, as the client needs it: one POST out, one complete response in.

    | expression | meaning | who calls it, on which executor | what may be cancelled | what a failure must report |
    | --- | --- | --- | --- | --- |
    | `Backend(std::move(backend))` | a backend that does what the other one would have done | the owner, before the first exchange; any thread | nothing | may throw |
    | `backend.post(request, response, progress)` | a lazy `awaitable<Result<void>>`: sends `request` once, fills `response` | the client, on its serial executor, where it also awaits; never two calls at a time, many exchanges in flight | at any time, by `cancellation_type::terminal`, see below | an `Error` with a true `fate()`, and `code()`, `phase()`, `cause()` |
    | `backend.close()` | no exchange will follow: closes idle connections now, and leased ones once they are given back | the client, on its serial executor, or where nothing runs on it any more; perhaps twice, perhaps while cancelled exchanges still end | nothing; it does not wait, for a lock neither | nothing; `noexcept` |
    | `response.lease.keep()`, `.discard()`, or its destructor | what `post` left in the lease: the connection may serve again, or must be closed | the client, on its serial executor, or where nothing runs on it any more | nothing | nothing; must not throw |
    | `~Backend()` | closes what is still open | the owner, once the last awaitable has completed or is destroyed; any thread | nothing | nothing |

    A backend may also have `backend.drain()`, `noexcept`: the client is closing gracefully, so idle
    connections are closed now, and the others as soon as nobody is in line for them. Exchanges
    still follow, and then `close()`. And it may have `backend.retire()`, `noexcept`: the client acts
    for somebody else from now on, so what is connected by now serves no exchange that has not begun.

    And it may have `backend.observe(observer)`, which may throw: a client that has an observer gives
    it to the backend it was made with, before the first exchange. Connection events go there, unless
    the backend was told otherwise when it was made. They are sent on the client's serial executor
    only, and none when the backend closes elsewhere: with its execution context, or in its
    destructor.

    An adapter that keeps all of this passes `clarify::testing::check_http_backend`, which names
    each promise that is broken, and lists what it could not judge.

    @par The request
    A POST of `request.url->path()` to the URL's origin. Every header of `request.headers` goes out
    once and unchanged, also one with an empty value. The backend adds `Host`
    (`url->authority()`), `Content-Length` (0 for an empty body) and what its protocol needs for the
    connection, and nothing else: no `Authorization`, `Cookie`, `Expect`, `Accept-Encoding`,
    `User-Agent` or default `Accept` and `Content-Type`, and no cookie that came back. It never sends a request twice, also not
    where a used connection breaks: whether to repeat is the client's decision.
    @par The response
    Success is every complete response, whatever its status; a redirect is not followed. `response`
    has been cleared by the caller. `post` sets `status`, `body` and the six fields, from the final
    response only: interim responses (1xx) leave nothing behind, and neither do
    trailers, the fields behind the last chunk, whatever their names. Field names are compared
    without regard to case, values are trimmed of blanks and tabs, a repeated field is joined with
    `, `, an absent one stays empty. Of several `Retry-After` a text is kept that is no time: joined
    like the others, or any other that `parse_retry_after` does not understand. What is left in
    `response` after a failure is of no importance.
    @par Where a response ends
    204 and 304 have no body: they end with their head, whatever length or coding it announces. All
    others end at their length, after their last chunk and its trailers, or, for want of both, with
    the connection. HTTP/1.0 has no chunks: its responses end at their length or with the connection.
    A response that is cut off earlier is a failure (`io`). So is one that ends with the connection
    where over TLS that end is not confirmed by the closing alert; a stack that does not learn of the
    alert takes each such end for a cut. One that is complete by its length or its chunks is a
    success at once, whether or not the peer then closes or sends its alert.
    @par What is not well-formed
    Refused with `Errc::framing` is a response with

    - a first line that is not `HTTP/1.1` or `HTTP/1.0`, a blank, and three digits from 100 to 599;
    - a line of the head that has no colon, or before it anything but a token: an empty name, or one
      with a blank before the colon;
    - a control character other than the tab in the value of a field;
    - lengths that differ, or one that is not digits alone;
    - any `Transfer-Encoding` other than a single `chunked`, such as `gzip, chunked` or
      `chunked, chunked`; `chunked` together with a length; `chunked` in HTTP/1.0;
    - a chunk whose size is not hexadecimal, or that is not followed by CRLF;
    - a `Content-Encoding` other than `identity`, since none was asked for;
    - the status 101, for the same reason. Other interim responses are skipped, and have no body
      whatever they announce.

    Parties that read such a response differently could be made to mistake one reply for another. A
    line that ends with LF alone, a folded line and bytes above 127 may be refused or read.
    @par Limits
    A body of more than `request.max_response_body` bytes fails with `Errc::too_large`, however its
    end is marked, and its connection is not used again. One of just so many is accepted.
    @par Trust
    For https nothing of the request is written before the peer's certificate has been verified:
    trusted chain, valid time, and the URL's host name or address. A host name goes out as SNI, an
    address does not. Of a name that ends in a dot the dot is looked up, but neither sent nor looked for
    in the certificate (`url->server_name()`). An IPv6 address is in brackets in `Host`, as
    `url->authority()` has it, and without them everywhere else.
    @par What a failure reports
    `fate()` is `Fate::unsent` only if surely no byte of the request was handed to a connection, and
    `Fate::unknown` as soon as one may have been. `Fate::answered` is the client's alone. `phase()`
    says where. `cause()` holds the stack's own error code: the system's where the system refused, as
    for a connection that nobody accepts; it is empty only where there is none. `code()` is one of:

    | code | when | fate |
    | --- | --- | --- |
    | `resolve` | the host name is not known, or could not be looked up | unsent |
    | `connect` | no address accepted a connection | unsent |
    | `tls` | the handshake failed, or the peer is not trusted | unsent |
    | `timeout` | the deadline, or a shorter limit of the stack's own, was reached | by `progress.sent` |
    | `io` | an established connection broke or ended inside the response | by `progress.sent` |
    | `framing` | the response is not well-formed | unknown |
    | `too_large` | the response is larger than a limit | unknown |
    | `overloaded` | too many exchanges wait for a connection | unsent |
    | `bad_config`, `internal` | the stack cannot be used | by `progress.sent` |

    Kinds and fates decide what the client repeats: a fate of `unsent` that is not true may execute
    a call twice. `reason()` is optional; three of them change what is repeated. `resolve` with
    `Reason::temporary` (the look-up may succeed later) and `tls` with `Reason::reset` (the
    connection broke in the handshake, and not for want of trust) may pass, so calls and token
    requests are tried again; with any other reason, or none, they are final. `io` with
    `Reason::stale` (a connection that had served before ended without a byte of the response, and
    nothing else is called so) makes a call that may be repeated go out again at once, with
    `fresh_connection`; with another reason it goes out after a pause. An
    exception that escapes becomes `Errc::internal`, with the fate that `progress.sent` tells.
    @par Progress
    `progress.phase` is set before a phase begins: `queue`, `resolve`, `connect`, `proxy`, `tls`,
    `write`, `first_byte` (all of the request is written), `head` (a part of the response is there),
    `body` (its head is complete). `queue`, `resolve` and `proxy` are left out by a stack that does
    not have them, and those of the connection by an exchange that reuses one. `progress.sent` becomes true before the first byte of the request is
    written, and not while the connection or its TLS session is still being made. The client reads
    both when it cancels. A backend with a line for connections sets `progress.left_queue` when an
    exchange that has waited leaves it: else its attempt's limit begins when the client last saw it
    there.
    @par Deadline
    `post` ends by `request.deadline`, with `Errc::timeout`, as far as the stack allows; the client
    cancels it then as well. A `clarify::Timer` follows the client's clock, also in tests. Let its
    handler hold the exchange weakly: a timer that keeps the exchange alive keeps its connection
    open until the deadline.
    @par Cancellation
    The client asks with `cancellation_type::terminal`, on its serial executor: at the deadline,
    when the time of an attempt is up that is to be followed by another (`progress.timed_out`),
    when the caller cancels, and when the client is closed. `post` then completes promptly (in
    milliseconds, whatever the peer does), closes the connection it was using, and harms no other
    exchange. A name look-up that cannot be stopped (`getaddrinfo`, and so Asio's resolver) is
    abandoned: it runs on with state of its own, which it shares with nobody but a waiting `post`,
    and `post` waits beside it, on a timer that cancellation and the look-up's end both wake. Asio's
    resolver has one thread a context, which such a look-up holds from all others, and for which the
    context stays. What `post` reports, or throws, is then replaced by the client.
    @par Connections
    A backend that keeps connections puts a `ConnectionLease` into the response of a success. The
    connection belongs to nobody else until the lease is kept or discarded; other exchanges take
    another one or wait. A backend that keeps none, or cannot hold one back, leaves the lease empty.
    Bytes that arrive on an idle connection belong to no exchange: such a connection, and one that
    the peer has closed, or has announced to close (`Connection: close`), is not used again.
    `request.fresh_connection` asks for one that has not
    served before. Only complete and well-framed responses leave a connection that may be used
    again.
    @par Executor
    `this_coro::executor` of the awaitable is the client's serial executor. All of an exchange runs
    on it, so a backend needs no lock; work of other threads comes back to it before it touches the
    backend, the response, `progress` or the awaitable. Nothing may block it.
    @par Threads of its own
    A stack that works in threads of its own gives them copies, made on the executor, and brings back
    what they find with a `clarify::PostBack` (<clarify/core/post_back.hpp>) of `this_coro::executor`:
    the executor's context may be gone by then, and that is what it knows. An awaitable that was
    cancelled or destroyed waits for no thread, so what is posted back may find nobody. For example,
    `post` waits on a `clarify::Timer` that is owned by the coroutine; what a thread posts holds it
    weakly, and cancels it. `examples/custom_backend.cpp` is such a backend.

    | what | from where |
    | --- | --- |
    | `PostBack::post`, and destroying a `PostBack` | any thread, at any time |
    | what a thread was given as its own; what has a lock, which nobody holds for long | any thread |
    | `request` and what it refers to, `response`, its lease, `progress`, timers, the observer, other members of the backend | the executor only, and, but for the backend, as long as the awaitable is there |

    `progress.sent` is no message that may come late: a thread that has connected posts that back, and
    writes when it is told on, after `sent` was set on the executor. Phases that follow may be told as
    they come. To end an exchange early is to shut its connection down, which wakes a thread that blocks
    on it; what cannot be woken is left behind, with what it owns.

    Neither `close`, nor a lease, nor the end of an awaitable waits for a thread. `~Backend()` may run
    on the executor, too: there it waits only for threads that end at once when told, and never for
    something that has to run on the executor. The handle is no work of the context: the timer is.

    `request.deadline` is a time of the client's clock, on which a thread cannot wait, for in tests that is
    set by hand. The timer ends the exchange; a stack that wants a limit gets what is left,
    `request.deadline - timer.now()`.
    @par Lifetime
    The backend is moved at most before its first exchange. It outlives every awaitable it returned,
    and so do `request`, what that refers to, `response` and `progress`. An awaitable may be
    destroyed without being awaited, and in mid-exchange when its executor's context is destroyed:
    its connection is closed then. Once `close` was called and the last awaitable is gone, the
    backend holds nothing that belongs to that context, no timer and no socket: the context may be
    gone before the backend is destroyed.
*/
template <class B>
concept HttpBackend = std::move_constructible<B> && requires(
    B& backend, const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
    {
        backend.post(request, response, progress)
        } -> std::same_as<boost::asio::awaitable<Result<void>>>;
    { backend.close() }
    noexcept;
};

}  // namespace clarify

#endif  // CLARIFY_CONCEPTS_HTTP_BACKEND_HPP
