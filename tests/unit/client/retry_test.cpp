// SPDX-License-Identifier: BSL-1.0
// Which failures are repeated, by whom, and after which wait: the decisions alone.

#include <clarify/detail/retry.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace retry_test {

using namespace clarify;
using namespace clarify::detail;
using namespace std::chrono_literals;

namespace {

const TimePoint now{1'000h};

Error failed(Errc code, Fate fate, Reason reason = Reason::none) {
    Error error{code, reason};
    return error.set_fate(fate);
}

Error http_failure(
    unsigned status, std::optional<std::chrono::milliseconds> retry_after = std::nullopt) {
    HttpFailure failure;
    failure.status = status;
    failure.retry_after = retry_after;
    Error error{Errc::status};
    return error.set_fate(Fate::answered).set_http(std::move(failure));
}

Error rpc_failure(std::int64_t code) {
    RpcError rpc;
    rpc.code = code;
    Error error{Errc::rpc};
    return error.set_fate(Fate::answered).set_rpc(std::move(rpc));
}

/// A first failure of a call with much time left.
RetryQuestion ask(const Error& error, bool idempotent = true, double random = 0.5) {
    return {error, idempotent, false, 1, false, now, now + 1h, random};
}

RetryAnswer decide(const RetryQuestion& question, const RetryOptions& options = {}) {
    return decide_retry(question, options, RetryBudget{100});
}

bool again(const Error& error, bool idempotent) { return decide(ask(error, idempotent)).again; }

bool costs(const Error& error, bool early = false) {
    return costs_budget(error, early, RetryOptions{}.rpc_codes);
}

}  // namespace

TEST_CASE("retry: what surely was not executed is repeated for any call, if it may pass") {
    for (const bool idempotent : {false, true}) {
        CAPTURE(idempotent);
        CHECK(again(failed(Errc::resolve, Fate::unsent, Reason::temporary), idempotent));
        for (const Reason reason :
             {Reason::refused,
              Reason::unreachable,
              Reason::denied,
              Reason::resource,
              Reason::none}) {
            CHECK(again(failed(Errc::connect, Fate::unsent, reason), idempotent));
        }
        CHECK(again(failed(Errc::tls, Fate::unsent, Reason::reset), idempotent));
        CHECK(again(failed(Errc::timeout, Fate::unsent), idempotent));
        CHECK(again(failed(Errc::io, Fate::unsent, Reason::stale), idempotent));
        CHECK(again(http_failure(429), idempotent));
        CHECK(again(http_failure(421), idempotent));
    }
}

TEST_CASE("retry: what may have been executed is repeated for idempotent calls only") {
    for (const Reason reason : {Reason::none, Reason::truncated, Reason::reset, Reason::stale}) {
        CHECK(again(failed(Errc::io, Fate::unknown, reason), true));
        CHECK_FALSE(again(failed(Errc::io, Fate::unknown, reason), false));
    }
    CHECK(again(failed(Errc::timeout, Fate::unknown), true));
    CHECK_FALSE(again(failed(Errc::timeout, Fate::unknown), false));
    for (const unsigned status : {500U, 502U, 503U, 504U}) {
        CAPTURE(status);
        CHECK(again(http_failure(status), true));
        CHECK_FALSE(again(http_failure(status), false));
    }
    CHECK(again(rpc_failure(RpcError::try_again), true));
    CHECK_FALSE(again(rpc_failure(RpcError::try_again), false));
}

TEST_CASE("retry rule: every status of a server and of a proxy has its place") {
    for (unsigned status = 0; status != 1'000; ++status) {
        CAPTURE(status);
        const bool busy = status == 429 || status == 502 || status == 503 || status == 504;
        CHECK(is_transient_refusal(status) == busy);
        const bool refused = status == 421 || status == 425 || status == 429;
        CHECK(says_unprocessed(status, false) == refused);
        CHECK(says_unprocessed(status, true) == (refused || status == 408));
        CHECK(says_unprocessed(status, false, true) == (refused || status == 413));
        CHECK(is_transient_reply(status, false) == (busy || refused || status == 500));
        CHECK(
            is_transient_reply(status, true, true) ==
            (busy || refused || status == 408 || status == 413 || status == 500));
    }
}

TEST_CASE("retry rule: calls and token fetches read a reply's status in the same way") {
    for (unsigned status = 100; status != 600; ++status) {
        CAPTURE(status);
        HttpFailure failure;
        failure.status = status;
        Error token{Errc::token, Reason::bad_response};
        token.set_fate(Fate::unsent).set_http(std::move(failure));
        for (const bool early : {false, true}) {
            const bool called = is_transient(http_failure(status), early, {});
            CHECK(called == is_transient_reply(status, early));
            CHECK(is_transient(token, early) == called);
        }
    }
    CHECK_FALSE(is_transient(Error{Errc::token, Reason::exception}, false));
}

TEST_CASE("retry rule: what is too much is told from what is broken") {
    CHECK(is_throttled(http_failure(429)));
    CHECK_FALSE(is_throttled(http_failure(503)));
    CHECK(is_throttled(Error{Errc::connect, Reason::resource}));
    CHECK_FALSE(is_throttled(Error{Errc::connect, Reason::refused}));
    // What a token endpoint means by 429 and 503.
    CHECK(is_throttled(Error{Errc::token, Reason::throttled}));
    CHECK_FALSE(is_throttled(Error{Errc::token, Reason::bad_response}));
}

TEST_CASE("retry rule: no base, cap or number of attempts overflows a wait") {
    for (const Clock::duration base :
         {Clock::duration{0}, Clock::duration{1}, Clock::duration{1h}}) {
        for (const Clock::duration cap :
             {Clock::duration{0}, Clock::duration{1s}, Clock::duration::max() / 2}) {
            for (const unsigned attempts : {1U, 2U, 30U, 100U, 4'000'000'000U}) {
                const Clock::duration wait = full_jitter(base, cap, attempts, 0.999);
                CHECK(wait >= Clock::duration::zero());
                CHECK(wait <= cap);
            }
        }
    }
}

TEST_CASE("retry: which codes of JSON-RPC may pass can be chosen") {
    RetryOptions options;
    options.rpc_codes = {-32603, 7};
    const RetryBudget budget{100};
    for (const std::int64_t code : {std::int64_t{-32603}, std::int64_t{7}}) {
        CHECK(decide_retry(ask(rpc_failure(code), true), options, budget).again);
        CHECK_FALSE(decide_retry(ask(rpc_failure(code), false), options, budget).again);
        CHECK(costs_budget(rpc_failure(code), false, options.rpc_codes));
    }
    const Error not_listed = rpc_failure(RpcError::try_again);
    CHECK_FALSE(decide_retry(ask(not_listed, true), options, budget).again);
    CHECK_FALSE(costs_budget(not_listed, false, options.rpc_codes));
    options.rpc_codes.clear();
    CHECK_FALSE(decide_retry(ask(not_listed, true), options, budget).again);
}

TEST_CASE("retry: what will not pass by itself is repeated for nobody") {
    for (const bool idempotent : {false, true}) {
        for (const Fate fate : {Fate::unsent, Fate::unknown, Fate::answered}) {
            for (const Errc code :
                 {Errc::bad_argument,
                  Errc::bad_config,
                  Errc::proxy,
                  Errc::cancelled,
                  Errc::closed,
                  Errc::overloaded,
                  Errc::framing,
                  Errc::too_large,
                  Errc::auth,
                  Errc::token,
                  Errc::json,
                  Errc::envelope,
                  Errc::decode,
                  Errc::internal}) {
                CAPTURE(to_string(code));
                CHECK_FALSE(again(failed(code, fate), idempotent));
            }
            CHECK_FALSE(again(failed(Errc::resolve, fate, Reason::not_found), idempotent));
            for (const Reason reason :
                 {Reason::cert_time,
                  Reason::host_mismatch,
                  Reason::untrusted,
                  Reason::revoked,
                  Reason::protocol,
                  Reason::weak,
                  Reason::handshake,
                  Reason::alpn}) {
                CHECK_FALSE(again(failed(Errc::tls, fate, reason), idempotent));
            }
        }
        for (const unsigned status :
             {206U, 300U, 301U, 302U, 303U, 304U, 307U, 308U, 400U, 401U, 403U, 404U,
              405U, 406U, 413U, 415U, 417U, 422U, 426U, 501U, 505U, 511U, 599U}) {
            CAPTURE(status);
            CHECK_FALSE(again(http_failure(status), idempotent));
        }
        for (const std::int64_t code :
             {-32700,
              -32600,
              -32601,
              -32602,
              -32603,
              -32000,
              -32001,
              -32002,
              -32003,
              -32009,
              -32021,
              0,
              32015}) {
            CAPTURE(code);
            CHECK_FALSE(again(rpc_failure(code), idempotent));
        }
    }
    // Kinds that miss their details.
    CHECK_FALSE(again(failed(Errc::status, Fate::answered), true));
    CHECK_FALSE(again(failed(Errc::rpc, Fate::answered), true));
}

TEST_CASE("retry: a 408 counts as a refusal only before the whole request was sent") {
    const Error error = http_failure(408);
    for (const bool idempotent : {false, true}) {
        RetryQuestion question = ask(error, idempotent);
        CHECK_FALSE(decide(question).again);
        question.early = true;
        CHECK(decide(question).again);
    }
    CHECK_FALSE(is_refused(error, false));
    CHECK(is_refused(error, true));
    // Nothing else changes its meaning by coming early.
    for (const unsigned status : {400U, 413U, 500U, 503U}) {
        CAPTURE(status);
        const Error other = http_failure(status);
        RetryQuestion question = ask(other, false);
        question.early = true;
        CHECK_FALSE(decide(question).again);
    }
}

TEST_CASE("retry: a misdirected request goes out on another connection") {
    CHECK(decide(ask(http_failure(421))).fresh_connection);
    CHECK_FALSE(decide(ask(http_failure(429))).fresh_connection);
    CHECK_FALSE(decide(ask(http_failure(503))).fresh_connection);
}

TEST_CASE("retry: what is scarce on this machine is waited for longer than a lost connection") {
    CHECK(decide(ask(failed(Errc::connect, Fate::unsent, Reason::resource))).wait == 500ms);
    CHECK(decide(ask(failed(Errc::connect, Fate::unsent, Reason::refused))).wait == 50ms);
}

TEST_CASE("RetryBudget: failures cost, but not those that only the request or the caller made") {
    for (const unsigned status : {421U, 429U, 500U, 502U, 503U, 504U})
        CHECK(costs(http_failure(status)));
    CHECK(costs(http_failure(408), true));
    for (const unsigned status : {400U, 401U, 403U, 404U, 408U, 413U, 501U, 505U})
        CHECK_FALSE(costs(http_failure(status)));
    CHECK(costs(rpc_failure(RpcError::try_again)));
    CHECK_FALSE(costs(rpc_failure(-32602)));
    for (const Errc code :
         {Errc::resolve, Errc::connect, Errc::tls, Errc::io, Errc::framing, Errc::too_large}) {
        CHECK(costs(failed(code, Fate::unknown)));
        CHECK(costs(failed(code, Fate::unsent)));
    }
    for (const Errc code : {Errc::cancelled, Errc::closed, Errc::overloaded, Errc::bad_config})
        CHECK_FALSE(costs(failed(code, Fate::unknown)));
    Error late = failed(Errc::timeout, Fate::unsent);
    CHECK_FALSE(costs(late.set_phase(Phase::queue)));
    CHECK(costs(late.set_phase(Phase::connect)));
}

TEST_CASE("retry: there are three attempts unless told otherwise") {
    const Error error = failed(Errc::connect, Fate::unsent);
    RetryQuestion question = ask(error);
    RetryOptions options;
    for (const unsigned limit : {1U, 2U, 3U, 10U}) {
        options.attempts = limit;
        for (unsigned attempts = 1; attempts <= 12; ++attempts) {
            question.attempts = attempts;
            CHECK(decide(question, options).again == (attempts < limit));
        }
    }
    CHECK(RetryOptions{}.attempts == 3);
}

TEST_CASE("retry: the wait is random below a bound that doubles up to a cap") {
    const Error error = failed(Errc::connect, Fate::unsent);
    RetryQuestion question = ask(error);
    RetryOptions options;
    options.attempts = 1'000;
    struct Row {
        unsigned attempts;
        std::chrono::milliseconds bound;
    };
    for (const Row& row :
         {Row{1, 100ms},
          Row{2, 200ms},
          Row{3, 400ms},
          Row{4, 800ms},
          Row{8, 12'800ms},
          Row{9, 20'000ms},
          Row{10, 20'000ms},
          Row{40, 20'000ms},
          Row{999, 20'000ms}}) {
        CAPTURE(row.attempts);
        question.attempts = row.attempts;
        question.random = 0;
        CHECK(decide(question, options).wait == 0ms);
        question.random = 0.25;
        CHECK(decide(question, options).wait == row.bound / 4);
        question.random = 0.5;
        CHECK(decide(question, options).wait == row.bound / 2);
        question.random = 0.999;
        CHECK(decide(question, options).wait < row.bound);
    }
}

TEST_CASE("retry: a server that is asked too often gets ten times the wait") {
    const Error throttled = http_failure(429);
    CHECK(decide(ask(throttled)).wait == 500ms);
    RetryQuestion second = ask(throttled);
    second.attempts = 2;
    CHECK(decide(second).wait == 1'000ms);
    CHECK(decide(ask(http_failure(503))).wait == 50ms);
}

TEST_CASE("retry: a longer base or cap is used as given") {
    RetryOptions options;
    options.base = 3s;
    options.cap = 5s;
    const Error error = failed(Errc::io, Fate::unknown);
    RetryQuestion question = ask(error);
    CHECK(decide(question, options).wait == 1'500ms);
    question.attempts = 2;
    CHECK(decide(question, options).wait == 2'500ms);
}

TEST_CASE("retry: waits at least as long as the server asked") {
    for (const unsigned status : {429U, 500U, 503U}) {
        CAPTURE(status);
        CHECK(decide(ask(http_failure(status, 7s))).wait == 7s);
        CHECK(decide(ask(http_failure(status, 60s))).wait == 60s);
    }
    // The own wait when it is longer.
    CHECK(decide(ask(http_failure(429, 100ms))).wait == 500ms);
    CHECK(decide(ask(http_failure(503, 0ms))).wait == 50ms);
}

TEST_CASE("retry: gives up at once on a wait longer than is honoured") {
    CHECK_FALSE(decide(ask(http_failure(429, 60'001ms))).again);
    CHECK_FALSE(decide(ask(http_failure(503, 24h))).again);
    RetryOptions options;
    options.longest_retry_after = 2s;
    CHECK(decide(ask(http_failure(429, 2s)), options).again);
    CHECK_FALSE(decide(ask(http_failure(429, 2'001ms)), options).again);
}

TEST_CASE("retry: never waits until or beyond the deadline") {
    const Error error = http_failure(429, 7s);
    RetryQuestion question = ask(error);
    question.deadline = now + 7s + 1ns;
    CHECK(decide(question).again);
    question.deadline = now + 7s;
    CHECK_FALSE(decide(question).again);
    question.deadline = now;
    CHECK_FALSE(decide(question).again);
    const Error refused = failed(Errc::connect, Fate::unsent);
    RetryQuestion late = ask(refused, true, 0);
    late.deadline = now;
    CHECK_FALSE(decide(late).again);
}

TEST_CASE("retry: a stale connection is replaced at once, and once") {
    for (const Fate fate : {Fate::unsent, Fate::unknown}) {
        const Error stale = failed(Errc::io, fate, Reason::stale);
        const RetryAnswer answer = decide(ask(stale));
        CHECK(answer.again);
        CHECK(answer.wait == 0ms);
        CHECK(answer.fresh_connection);
        RetryQuestion second = ask(stale);
        second.attempts = 2;
        second.had_fresh_connection = true;
        CHECK_FALSE(decide(second).again);
    }
    CHECK_FALSE(decide(ask(failed(Errc::connect, Fate::unsent))).fresh_connection);
    CHECK_FALSE(decide(ask(failed(Errc::io, Fate::unknown, Reason::reset))).fresh_connection);
}

TEST_CASE("RetryBudget: stops repetition below half, and successes refill it") {
    RetryBudget budget{100};
    const Error error = failed(Errc::connect, Fate::unsent);
    for (int i = 0; i != 50; ++i)
        budget.failed();
    CHECK(budget.allows_retry());
    CHECK(decide_retry(ask(error), {}, budget).again);
    budget.failed();
    CHECK_FALSE(budget.allows_retry());
    CHECK_FALSE(decide_retry(ask(error), {}, budget).again);
    for (int i = 0; i != 9; ++i)
        budget.succeeded();
    CHECK_FALSE(budget.allows_retry());
    budget.succeeded();
    budget.succeeded();
    CHECK(budget.allows_retry());
}

TEST_CASE("RetryBudget: neither fills beyond its size nor empties below nothing") {
    RetryBudget budget{10};
    for (int i = 0; i != 1'000; ++i)
        budget.succeeded();
    for (int i = 0; i != 6; ++i)
        budget.failed();
    CHECK_FALSE(budget.allows_retry());
    for (int i = 0; i != 1'000; ++i)
        budget.failed();
    for (int i = 0; i != 51; ++i)
        budget.succeeded();
    CHECK(budget.allows_retry());
}

TEST_CASE("RetryBudget: the size 0 means no limit") {
    RetryBudget budget{0};
    for (int i = 0; i != 100; ++i)
        budget.failed();
    CHECK(budget.allows_retry());
}

TEST_CASE("RetryBudget: a storm of failures ends in few repetitions") {
    RetryBudget budget{100};
    const Error error = failed(Errc::connect, Fate::unsent);
    int repetitions = 0;
    for (int call = 0; call != 1'000; ++call) {
        for (unsigned attempt = 1;; ++attempt) {
            budget.failed();
            RetryQuestion question = ask(error);
            question.attempts = attempt;
            if (!decide_retry(question, {}, budget).again) break;
            ++repetitions;
        }
    }
    CHECK(repetitions < 50);
}

}  // namespace retry_test
