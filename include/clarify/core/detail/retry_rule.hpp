// SPDX-License-Identifier: BSL-1.0
// The one rule of repetition, for calls and token fetches: what may pass, and how long to wait.

#ifndef CLARIFY_CORE_DETAIL_RETRY_RULE_HPP
#define CLARIFY_CORE_DETAIL_RETRY_RULE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/error.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace clarify::detail {

/** Does a server say by this status that it did not process the request, and may process it later?

    The table in `RetryOptions` has all statuses with what speaks for each. A 408 is taken at its word
    only where it came `early`, before the whole request had been sent: otherwise the rest may have
    arrived after all. A 413 is one of these only where it `names_wait` (RFC 9110 section 15.5.14).
*/
constexpr bool says_unprocessed(unsigned status, bool early, bool names_wait = false) noexcept {
    return (status == 408 && early) || (status == 413 && names_wait) || status == 421 ||
        status == 425 || status == 429;
}

/** May the next reply be better than one of this status?

    501 and what comes after 504 speak of what a server cannot do, today and in a second.
*/
constexpr bool is_transient_reply(unsigned status, bool early, bool names_wait = false) noexcept {
    return says_unprocessed(status, early, names_wait) || status == 500 ||
        (status >= 502 && status <= 504);
}

/** May a proxy that opened no tunnel, and answered with this status, open one later?

    Only where it is busy or could not reach the origin: a 500 of a proxy's own is a defect of its
    configuration as a rule, and the client knows nothing of it that a repetition could heal.
*/
constexpr bool is_transient_refusal(unsigned status) noexcept {
    return status == 429 || (status >= 502 && status <= 504);
}

/** May a failure pass by itself, apart from the question whether repeating is safe?

    `early`: did the reply come before the whole request had been sent? JSON-RPC errors are not
    among what this knows; see `RetryOptions::rpc_codes`.
*/
inline bool is_transient(const Error& error, bool early) noexcept {
    switch (error.code()) {
        case Errc::resolve:
            return error.reason() == Reason::temporary;
        case Errc::tls:
            return error.reason() == Reason::reset;
        case Errc::connect:
        case Errc::io:
        case Errc::timeout:
            return true;
        case Errc::proxy:
            return error.reason() == Reason::reset || is_transient_refusal(error.http_status());
        case Errc::status:
        case Errc::token:
            // Of a token fetch: a complete reply that was no token.
            return error.http() != nullptr &&
                is_transient_reply(
                       error.http()->status, early, error.http()->retry_after.has_value());
        default:
            return false;
    }
}

/** Is it too much that is asked for, rather than something broken? Then the waits are longer.

    Of a server, 429 says so. What is scarce on this machine, descriptors or ports, does not come
    back in an instant either. A token endpoint is asked rarely and its limits are low, so its 503 is
    reported as `Reason::throttled` like its 429; a server's own 503 stands for a restart more often
    than not, and is not.
*/
inline bool is_throttled(const Error& error) noexcept {
    if (error.code() == Errc::connect) return error.reason() == Reason::resource;
    if (error.reason() == Reason::throttled) return true;
    return error.http() != nullptr && error.http()->status == 429;
}

/** The wait that the other side asked for with `Retry-After`, if any.

    A call waits at least as long, or ends where that is longer than it is allowed to honour or to
    live. A token fetch ends: the wait then binds every later fetch, and each waiting call weighs it
    against its own deadline.
*/
inline std::optional<Clock::duration> asked_wait(const Error& error) noexcept {
    if (error.http() == nullptr || !error.http()->retry_after) return std::nullopt;
    return *error.http()->retry_after;
}

/** Does what the other side asked for surely come from the server, whose certificate was verified?

    Not what a proxy says to CONNECT, and nothing that came over plain http (`over_tls` is false):
    anybody on the way may have said that. It must not keep the client from its server for longer than
    the client's own waits may.
*/
inline bool is_authentic(const Error& error, bool over_tls) noexcept {
    return over_tls && error.code() != Errc::proxy;
}

/// The bounds of the waits between attempts.
struct Backoff {
    /// The first wait is random between zero and this, each following one up to twice as much.
    Clock::duration base;
    /// The same where `is_throttled`.
    Clock::duration throttled_base;
    /// The longest wait.
    Clock::duration cap;
};

/// A random wait between zero and `base`, doubled with each attempt after the first up to `cap`
/// ("full jitter"). `random` is evenly distributed in [0, 1).
inline Clock::duration full_jitter(
    Clock::duration base, Clock::duration cap, unsigned attempts, double random) noexcept {
    Clock::duration window = (std::min)(base, cap);
    // No more doublings than there are bits: a base of zero stays zero.
    for (unsigned i = 1; i < (std::min)(attempts, 64U) && window < cap; ++i)
        window = (std::min)(doubled(window), cap);
    return std::chrono::duration_cast<Clock::duration>(window * random);
}

/// How a request is to be sent once more.
struct Repetition {
    Clock::duration wait{};
    /// Not on a connection that was idle.
    bool fresh_connection = false;
};

/** How to repeat what failed with a transient `error` after so many `attempts`; nothing where it is
    not to be repeated after all.

    A connection that had gone stale says nothing about the server: the next attempt follows at once
    on a new connection. Where the last attempt had a new one already (`had_fresh_connection`) it
    cannot have been stale, so whatever calls it that is not believed a second time. A 421 waits like
    other failures, but wants another connection too, which may lead to the server that is meant (RFC
    9110 section 15.5.20).
*/
inline std::optional<Repetition> plan_repetition(
    const Error& error,
    unsigned attempts,
    bool had_fresh_connection,
    const Backoff& backoff,
    double random) noexcept {
    if (error.code() == Errc::io && error.reason() == Reason::stale) {
        if (had_fresh_connection) return std::nullopt;
        return Repetition{Clock::duration::zero(), true};
    }
    const Clock::duration base = is_throttled(error) ? backoff.throttled_base : backoff.base;
    const bool misdirected = error.http() != nullptr && error.http()->status == 421;
    return Repetition{full_jitter(base, backoff.cap, attempts, random), misdirected};
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_RETRY_RULE_HPP
