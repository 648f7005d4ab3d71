// SPDX-License-Identifier: BSL-1.0
// Whether a call repeats a failed attempt, and after which wait: decisions only.

#ifndef CLARIFY_DETAIL_RETRY_HPP
#define CLARIFY_DETAIL_RETRY_HPP

#include <clarify/client_options.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/retry_rule.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

namespace clarify::detail {

/// Tokens that repetitions cost and successes earn, shared by all calls of a client.
class RetryBudget {
public:
    explicit RetryBudget(unsigned size) : size_(size), tokens_(size) {}

    void succeeded() noexcept { tokens_ = std::min<double>(size_, tokens_ + 0.1); }
    void failed() noexcept { tokens_ = (std::max)(0.0, tokens_ - 1); }
    bool allows_retry() const noexcept { return size_ == 0 || tokens_ >= size_ / 2.0; }

private:
    double size_;
    double tokens_;
};

/// A failed attempt of a call.
struct RetryQuestion {
    const Error& error;
    /// May the call be executed twice?
    bool idempotent = false;
    /// Did the server answer before it had been sent the whole request?
    bool early = false;
    /// How often the request has been begun.
    unsigned attempts = 1;
    /// Was the last attempt sent on a connection of its own, because the one before had ended with
    /// `RetryAnswer::fresh_connection`?
    bool had_fresh_connection = false;
    TimePoint now{};
    TimePoint deadline{};
    /// Evenly distributed in [0, 1).
    double random = 0;
    /// Is the server spoken to over TLS?
    bool over_tls = true;
};

/// What follows it: nothing, or after `wait` another attempt.
struct RetryAnswer {
    bool again = false;
    Clock::duration wait{};
    /// The next attempt must not use a connection that was idle.
    bool fresh_connection = false;
};

/// May a failure of a call pass by itself, a JSON-RPC error among `rpc_codes` included?
inline bool is_transient(
    const Error& error, bool early, std::span<const std::int64_t> rpc_codes) noexcept {
    if (error.code() != Errc::rpc) return is_transient(error, early);
    return error.rpc() != nullptr &&
        std::find(rpc_codes.begin(), rpc_codes.end(), error.rpc()->code) != rpc_codes.end();
}

/// Did the server surely not execute the attempt?
inline bool is_refused(const Error& error, bool early = false) noexcept {
    if (error.fate() == Fate::unsent) return true;
    const HttpFailure* const http = error.http();
    return error.code() == Errc::status && http != nullptr &&
        says_unprocessed(http->status, early, http->retry_after.has_value());
}

/// Does a failed attempt take a token from the budget? Not where the server is well and the request
/// is to blame, nor where nobody but this program had a part in it.
inline bool costs_budget(
    const Error& error, bool early, std::span<const std::int64_t> rpc_codes) noexcept {
    if (error.fate() == Fate::answered) return is_transient(error, early, rpc_codes);
    switch (error.code()) {
        case Errc::bad_argument:
        case Errc::bad_config:
        case Errc::overloaded:
        case Errc::cancelled:
        case Errc::closed:
        case Errc::internal:
            return false;
        case Errc::timeout:
            return error.phase() != Phase::queue;
        default:
            return true;
    }
}

/** The replay rule: what surely was not executed may be repeated by anyone, the rest by idempotent
    calls.

    Every repetition counts as an attempt, needs the budget, and must be able to begin before the
    deadline: also the one that follows a stale connection at once.
*/
inline RetryAnswer decide_retry(
    const RetryQuestion& question, const RetryOptions& options, const RetryBudget& budget) {
    const Error& error = question.error;
    if (question.attempts >= options.attempts ||
        !is_transient(error, question.early, options.rpc_codes) || !budget.allows_retry()) {
        return {};
    }
    if (!is_refused(error, question.early) && !question.idempotent) return {};
    const Backoff backoff{
        clock_span(options.base), clock_span(options.throttled_base), clock_span(options.cap)};
    std::optional<Repetition> next = plan_repetition(
        error, question.attempts, question.had_fresh_connection, backoff, question.random);
    if (!next) return {};
    if (const auto asked = asked_wait(error)) {
        if (*asked > clock_span(options.longest_retry_after)) return {};
        const bool binds = is_authentic(error, question.over_tls);
        next->wait = (std::max)(next->wait, binds ? *asked : (std::min)(*asked, backoff.cap));
    }
    if (time_after(question.now, next->wait) >= question.deadline) return {};
    return {true, next->wait, next->fresh_connection};
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_RETRY_HPP
