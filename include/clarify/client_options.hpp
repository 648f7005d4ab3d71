// SPDX-License-Identifier: BSL-1.0
// What can be chosen for a client and for a call.

#ifndef CLARIFY_CLIENT_OPTIONS_HPP
#define CLARIFY_CLIENT_OPTIONS_HPP

#include <clarify/auth/token_options.hpp>
#include <clarify/core/call_scope.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/event.hpp>
#include <clarify/core/header_list.hpp>
#include <clarify/core/rpc_error.hpp>
#include <clarify/core/version.hpp>
#include <clarify/http/http_options.hpp>
#include <clarify/pace/pace_store.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {

/** The API version that a request asks for with the header `X-API-Version`, or none.

    Without the header the server takes its newest stable version, which changes under a program
    that runs for long.

    @par Errors
    A text is not checked here, but where it is used: `ClientOptions::check` throws, and a call fails
    with `Errc::bad_argument`, `Reason::header`.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class ApiVersion {
public:
    /// For example "1.1": what stands in the header. Empty is the same as `none()`.
    ApiVersion(std::string selector) : selector_(std::move(selector)) {}
    ApiVersion(const char* selector) : selector_(selector) {}
    /// Leaves the header out.
    static ApiVersion none() { return ApiVersion{std::string{}}; }

    bool is_none() const noexcept { return selector_.empty(); }
    const std::string& selector() const noexcept { return selector_; }

private:
    std::string selector_;
};

/** When and how often a failed call is sent again.

    Only failures that may pass by themselves are repeated, only where that cannot do harm (see
    `Fate` and `CallOptions::idempotent`), and only where the wait ends before the call's deadline.

    @par Statuses
    Of the registered statuses (IANA HTTP Status Code Registry). Notifications and batches are calls in
    this; a token may always be asked for again, so a fetch repeats what an idempotent call does.

    | status | what it says | repeated for |
    | --- | --- | --- |
    | 408 before the whole request was sent | the server did not get it, and has not begun | any call |
    | 413 with `Retry-After` | it was refused as too large for now (RFC 9110 section 15.5.14) | any call |
    | 421 | it came to a server that does not answer for this host (section 15.5.20) | any call, on a new connection |
    | 425 | it was not risked, for it might have been a replay (RFC 8470 section 5.2) | any call |
    | 429 | too many requests: refused (RFC 6585 section 4) | any call, after `throttled_base` |
    | 500, 502, 503, 504 | something broke, is away or takes too long; the request may have been executed | idempotent calls |
    | 408 after the whole request was sent | the request may have arrived after all | none |
    | 401 | the credentials are refused | any call, once, where there is another token |
    | 400, 402-407, 409-417, 422-424, 426, 428, 431, 451 | this request will be refused again | none |
    | 501, 505, 506, 508, 510 | the server cannot do this, or is set up so that it cannot | none |
    | 507 | no room is left; not to be repeated until somebody wants it (RFC 4918 section 11.5) | none |
    | 511 | a person has to log in to the network first (RFC 6585 section 6) | none |
    | all others | not known | none |

    @par Waits
    Before repetition n the wait is random, evenly between zero and the least of `cap` and `base`
    times 2 to the power of n - 1 ("full jitter"), so that clients that failed together do not come
    back together. A `Retry-After` of the server lengthens it; as a date it is measured against the
    reply's own `Date`, without one against the clock of this machine. What a proxy or a server
    without TLS asks for may be anybody's word on the way: it is waited for no longer than `cap`. A
    connection that had gone stale while it was idle is replaced without a wait.
*/
struct RetryOptions {
    RetryOptions() {}

    /** How often a request is sent at most, the first time included. Default 3; at least 1.

        1 turns repetition off, but for the one with another token after a 401: that is made in any
        case, so that a call may take two attempts.
    */
    unsigned attempts = 3;
    /// The window of the first wait, in milliseconds. Default 100 ms; not negative. 0 repeats at once.
    std::chrono::milliseconds base{100};
    /// The same where the server says that it is asked too often (429), and where this machine has
    /// no descriptor or port for another connection. Default 1 s; not negative. 0 repeats
    /// at once.
    std::chrono::milliseconds throttled_base{1'000};
    /// The longest window, of either kind. Default 20 s; not negative. 0 repeats at once. It
    /// does not shorten what `Retry-After` of a server with TLS asks for.
    std::chrono::milliseconds cap{20'000};
    /// The longest `Retry-After` that is waited for; a longer one ends the call with the server's
    /// error, in which it stands. Default 60 s; not negative. 0: any that lies ahead ends it.
    std::chrono::milliseconds longest_retry_after{60'000};
    /** How many tokens the retry budget has, which all calls of a client share. Default 100.

        Each failed attempt takes a token, each success gives a tenth of one back, and while less
        than half of them are left nothing is repeated, so that an outage is not made worse. A reply
        that blames the request, such as 404 or an error of JSON-RPC that is none of `rpc_codes`,
        takes none; neither does what the caller or this program is the cause of.

        0: no such limit.
    */
    unsigned budget = 100;
    /// The JSON-RPC error codes that may pass by themselves: an idempotent call that gets one is
    /// repeated. Clarify's own "try again" (-32015) unless others are given; empty: none.
    std::vector<std::int64_t> rpc_codes{RpcError::try_again};
    /// Makes the random part of every wait of the client the same each time, token fetches included,
    /// for tests that repeat a failure. Any number; unset, the default: another one for every client.
    std::optional<std::uint32_t> seed;
};

/** How often a server takes certain methods.

    A call that has to keep to it waits in line, first come, first served, until it is its turn.
    Every attempt counts, repetitions too. What is not used is saved up to `burst` requests. A call
    whose turn would not come before its deadline is refused at once, with `Errc::overloaded`,
    `Reason::rate_limit`, and the time of that turn (`Error::turn`).
*/
struct RateLimit {
    /// `together`: see `burst`. The values are checked by `ClientOptions::check`.
    RateLimit(std::vector<std::string> names, double rate, unsigned together = 1)
        : methods(std::move(names)), per_second(rate), burst(together) {}

    /// The methods that share the limit: all the names of one method, as a rule. Of several limits
    /// with the same method the first counts. Empty: the limit is nobody's.
    std::vector<std::string> methods;
    /// Requests a second: between 0.00001, which is about one a day, and a million.
    double per_second;
    /// How many may follow each other at once after a pause; at least 1, and no more than
    /// `per_second` allows in a thousand million seconds.
    unsigned burst;
};

/// What the Clarify API documents for its methods, in either spelling of their names.
std::vector<RateLimit> clarify_rate_limits();

/** Where rate limits are shared.

    The service counts the requests of an integration, whoever sends them, as far as that is known: so ten
    processes that keep to its limit each by itself are ten times too fast. With a store each of their calls
    takes its slot there, and its turn comes as soon as the slot does, also where the client has been idle.
*/
struct SharedPace {
    SharedPace() {}

    /// `FilePaceStore` for all processes of a user, or a store of one's own. None unless given.
    AnyPaceStore store;
    /// With whom the limits are shared: all who have the same integration here, and the same URL for
    /// their calls. Empty: that of the credentials that the client is made from, if it is.
    std::string integration;
};

/** What can be chosen for one call. Unset members mean the client's own setting.

    @par Errors
    A value out of range ends the call with `Errc::bad_argument`, before anything is sent. A time that
    has run out (`timeout`) is `Errc::timeout`.
*/
struct CallOptions {
    CallOptions() {}
    explicit CallOptions(std::chrono::milliseconds limit) : timeout(limit) {}
    explicit CallOptions(TimePoint until) : deadline(until) {}
    /// A call of this scope: `client.call(method, params, scope)`.
    CallOptions(CallScope in) : scope(std::move(in)) {}

    /// The limit of the whole call, in milliseconds: queue, token, connection, request, response,
    /// repetitions and the waits between them, and the decoding of a large reply. 0 or less: the time
    /// has run out already, and the call ends with `Errc::timeout` in `Phase::queue`, unsent, as what
    /// is left of a longer limit may say. The longest there is means for ever. Unset, without a
    /// `deadline`: `ClientOptions::call_timeout`.
    std::optional<std::chrono::milliseconds> timeout;
    /// When the whole call has to be over, on the client's clock (`RpcClient::now`): a time instead of
    /// a limit, and with `timeout` whichever is earlier. A time that is past is as a `timeout` of 0.
    /// `TimePoint::max()` means for ever. Unset: `timeout` says it.
    std::optional<TimePoint> deadline;
    /// What the call has in common with others: it is over by the scope's deadline, too, and ends when
    /// the scope is cancelled. Unset: nothing.
    std::optional<CallScope> scope;
    /// The API version to ask for. Unset: `ClientOptions::api_version`.
    std::optional<ApiVersion> api_version;
    /// May the call be executed twice? Then it is also repeated where the server may have executed
    /// it. Unset: as the method table says, where every documented Clarify method may, and any other
    /// may not; a batch may where all its calls may.
    std::optional<bool> idempotent;
    /// How often the request is sent at most, the first time included; at least 1. Unset, and where that
    /// is less: `RetryOptions::attempts`. Once more with another token after a 401 is always allowed.
    std::optional<unsigned> attempts;
    /// Must the call keep to `ClientOptions::rate_limits`? Unset: the typed methods of the Clarify
    /// API must, calls by name need not.
    std::optional<bool> rate_limited;
    /// Does `timeout` stand still while the call waits for its turn under the rate limits? That wait then
    /// has no limit but `deadline` and the scope's, and what is sent has all of `timeout`. Default false:
    /// a call whose turn would come after its limit is refused at once.
    bool timeout_from_turn = false;
    /// Sent with the request, besides the library's own, which may not be among them.
    HeaderList headers;
    /// A W3C trace context to continue, sent as `traceparent`. Empty, the default: none.
    std::string traceparent;
};

/** What can be chosen for a client.

    Checked once, when a client is made; its client has a copy, so that later changes have no effect.
    A duration has no upper end: one that is longer than the clock can tell, as the longest there is,
    means for ever.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct ClientOptions {
    ClientOptions() {}

    /// The limit of a call that says nothing else (`CallOptions::timeout`), in milliseconds. Default
    /// 30 s, above the 15 s that the service itself may take; more than 0.
    std::chrono::milliseconds call_timeout{30'000};
    /** The limit of one attempt, in milliseconds. Default 17 s, since the service itself may take 15 s;
        more than 0, and the longest there is means for ever: then the limit of the call alone counts.

        It runs from when the attempt has left the lines, for its turn and for a connection, and covers
        connecting, TLS, sending and the answer. An attempt that reaches it is given up, with
        `Errc::timeout`, and another one follows at once on a connection of its own, within the limit
        of the call. That is so where the call may be sent again: it may be executed twice
        (`CallOptions::idempotent`), or no byte of it was sent; an attempt is left
        (`RetryOptions::attempts`), and the budget allows it. An attempt that none can follow
        keeps the whole limit of the call.
    */
    std::chrono::milliseconds attempt_timeout{17'000};
    /// What a call that says nothing else asks for. Default "1.1"; what may stand in a header.
    ApiVersion api_version{"1.1"};
    /// The header `User-Agent`: what may stand in a header. Default `clarify-cpp/` and the library's
    /// version. Empty: the header is left out.
    std::string user_agent = "clarify-cpp/" CLARIFY_VERSION_STRING;
    /// The largest body of a request, in bytes. Default 16 MiB; at least 1. A larger one ends the
    /// call with `Errc::bad_argument`, `Reason::request`, before anything is sent.
    std::size_t max_request_body = std::size_t{16} << 20U;
    /// The largest body of a response, in bytes. Default 16 MiB. A larger one ends the call with
    /// `Errc::too_large`. 0: only replies without a body are taken, as notifications get.
    std::size_t max_response_body = std::size_t{16} << 20U;
    /// The deepest nesting of arrays and objects in a response. Default 64; from 1 to 1024. A deeper
    /// one ends the call with `Errc::json`, `Reason::depth`.
    std::size_t max_json_depth = 64;
    /// The most memory that decoding one response may take, in bytes, whatever it is decoded into; of a
    /// batch, all its answers together. Default 128 MiB; at least 1. See
    /// `JsonCodecOptions::max_parse_memory`, which counts instead where the client was given a codec that
    /// has it.
    std::size_t max_json_memory = std::size_t{128} << 20U;
    /// How much of a body that is not an answer an error shows (`HttpFailure::body_excerpt`), in
    /// bytes of escaped text. Default 512; from 16 B to 64 KiB, or 0 for nothing.
    std::size_t max_body_excerpt = 512;
    /// When and how often a failed call is sent again.
    RetryOptions retry;
    /// How often the server takes which method; calls that are `CallOptions::rate_limited` wait in
    /// line for it. Default: what the Clarify API documents. Methods that are not listed have no
    /// limit; an empty list turns it off.
    std::vector<RateLimit> rate_limits = clarify_rate_limits();
    /// Where the slots of `rate_limits` come from. Default: nowhere, the client keeps them by itself.
    SharedPace pace;
    /// Connections, their limits, TLS and proxy: for a backend that is made by the client.
    HttpOptions http;
    /// How tokens are fetched and kept, for a client made from `Credentials`.
    TokenOptions token;
    /// Receives events; see `Observer`. Empty, the default: nobody does, which costs nothing.
    Observer observer;
    /// The id of the client's first call, for tests that compare requests byte for byte; each further
    /// one has the next number. From 1 to 2^53 - 1. Unset, the default: ids begin at a random number
    /// that nobody can foresee, for each client and, after a fork, for each process, so that a reply
    /// which is meant for another one fits no call. Answers of a `ScriptedBackend` and of the emulator
    /// bear the id of their request, whatever it is.
    std::optional<std::int64_t> first_id;
    /// Stands in for the steady clock, in tests: for this client, and for each `Timer` on an executor of
    /// the same context, of which the last clock counts. Null, the default: the steady clock.
    std::shared_ptr<TimeSource> clock;
    /// Allows credentials to travel in clear text to another machine. For test set-ups only:
    /// anybody on the way can read them. Plain http to a loopback address needs no permission.
    /// Default false: a call that would do so ends with `Errc::bad_config`, `Reason::insecure`.
    bool insecure_allow_credentials_over_plain_http = false;

    /// Are all members, those of `retry`, `http` and `token` included, in the ranges given above?
    /// @throws std::invalid_argument naming the first member that is not.
    void check() const;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/impl/client_options.hpp>
#endif

#endif  // CLARIFY_CLIENT_OPTIONS_HPP
