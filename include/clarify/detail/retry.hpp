// SPDX-License-Identifier: BSL-1.0
// Whether to repeat a failed attempt, and after which wait: decisions only.

#ifndef CLARIFY_DETAIL_RETRY_HPP
#define CLARIFY_DETAIL_RETRY_HPP

#include <clarify/client_options.hpp>
#include <clarify/core/clock.hpp>
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
    void failed() noexcept { tokens_ = std::max(0.0, tokens_ - 1); }
    bool allows_retry() const noexcept { return size_ == 0 || tokens_ >= size_ / 2.0; }

private:
    double size_;
    double tokens_;
};

struct RetryQuestion {
    const Error& error;
    bool idempotent = false;
    /// Did the server answer before it had been sent the whole request?
    bool early = false;
    /// How often the request has been begun.
    unsigned attempts = 1;
    /// Was the last attempt already an immediate repetition on a fresh connection?
    bool had_fresh_connection = false;
    TimePoint now{};
    TimePoint deadline{};
    /// Evenly distributed in [0, 1).
    double random = 0;
};

struct RetryAnswer {
    bool again = false;
    Clock::duration wait{};
    bool fresh_connection = false;
};

/// May a failure pass by itself, apart from the question whether repeating is safe?
inline bool is_transient(
    const Error& error, bool early, std::span<const std::int64_t> rpc_codes) noexcept {
    switch (error.code()) {
        case Errc::resolve:
            return error.reason() == Reason::temporary;
        case Errc::connect:
            return true;
        case Errc::tls:
            return error.reason() == Reason::reset;
        case Errc::proxy: {
            const unsigned status = error.http_status();
            return error.reason() == Reason::reset || status == 429 ||
                (status >= 502 && status <= 504);
        }
        case Errc::io:
            return true;
        case Errc::timeout:
            return true;
        case Errc::status: {
            const unsigned status = error.http() != nullptr ? error.http()->status : 0;
            return (status == 408 && early) || status == 421 || status == 429 ||
                (status >= 500 && status <= 504 && status != 501);
        }
        case Errc::rpc:
            return error.rpc() != nullptr &&
                std::find(rpc_codes.begin(), rpc_codes.end(), error.rpc()->code) != rpc_codes.end();
        default:
            return false;
    }
}

/** Did the server surely not execute the attempt?

    A 408 says that it did not get the whole request (RFC 9110 section 15.5.9). That is taken at its
    word only where the request had indeed not been sent whole: otherwise the rest may have arrived
    after all.
*/
inline bool is_refused(const Error& error, bool early = false) noexcept {
    if (error.fate() == Fate::unsent) return true;
    const unsigned status = error.http() != nullptr ? error.http()->status : 0;
    return error.code() == Errc::status &&
        ((status == 408 && early) || status == 421 || status == 429);
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

/// The replay rule: what surely was not executed may be repeated by anyone, the rest by idempotent
/// calls.
inline RetryAnswer decide_retry(
    const RetryQuestion& question, const RetryOptions& options, const RetryBudget& budget) {
    const Error& error = question.error;
    if (question.attempts >= options.attempts ||
        !is_transient(error, question.early, options.rpc_codes) || !budget.allows_retry()) {
        return {};
    }
    if (!is_refused(error, question.early) && !question.idempotent) return {};

    // A connection that had gone stale says nothing about the server: one repetition on a new one,
    // at once.
    if (error.code() == Errc::io && error.reason() == Reason::stale) {
        if (question.had_fresh_connection) return {};
        return {true, Clock::duration::zero(), true};
    }

    const HttpFailure* const http = error.http();
    // What is scarce on this machine does not come back in an instant either.
    const bool exhausted = error.code() == Errc::connect && error.reason() == Reason::resource;
    const bool throttled = exhausted || (http != nullptr && http->status == 429);
    const Clock::duration base = throttled ? options.throttled_base : options.base;
    const unsigned doublings = std::min(question.attempts - 1, 20U);
    const Clock::duration window = std::min<Clock::duration>(base * (1U << doublings), options.cap);
    Clock::duration wait = std::chrono::duration_cast<Clock::duration>(window * question.random);
    if (http != nullptr && http->retry_after) {
        if (*http->retry_after > options.longest_retry_after) return {};
        wait = std::max<Clock::duration>(wait, *http->retry_after);
    }
    if (question.now + wait >= question.deadline) return {};
    // Another connection may lead to the server that is meant (RFC 9110 section 15.5.20).
    const bool misdirected = http != nullptr && http->status == 421;
    return {true, wait, misdirected};
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_RETRY_HPP
