// SPDX-License-Identifier: BSL-1.0

#include <clarify/auth/credentials_auth.hpp>
#include <clarify/testing/check_auth_policy.hpp>
#include <clarify/testing/fake_token_source.hpp>

#include "faulty_policies.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

namespace auth_policy_conformance_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
using support::desk_options;
using support::DeskAuth;
using support::NaiveAuth;

namespace {

using Names = std::vector<std::string>;

std::string text(const ConformanceReport& report) {
    std::ostringstream out;
    out << report;
    return out.str();
}

/// How many cases there are.
constexpr std::size_t all_cases = 43;
std::size_t judged(const ConformanceReport& report) {
    return report.cases().size() - report.not_judged().size();
}

ClientCredentials client_credentials() {
    ClientCredentialsConfig config{support::token_url(), "id", Secret{"canary-secret"}};
    return ClientCredentials{config};
}
AuthCheckOptions secret_options() {
    AuthCheckOptions options;
    options.secrets = {"canary-secret"};
    return options;
}

}  // namespace

TEST_CASE("check_auth_policy: the library's own policies keep every promise") {
    SUBCASE("NoAuth") {
        const auto report = check_auth_policy([] { return NoAuth{}; });
        INFO(text(report));
        CHECK(report.passed());
        CHECK(judged(report) == 12);
        CHECK(report.cases().size() == all_cases);
        CHECK(
            text(report).find("not judged: fetch.once: the policy posts nothing\n") !=
            std::string::npos);
    }
    SUBCASE("BasicAuth") {
        const auto report = check_auth_policy(
            [] {
                return BasicAuth{"user", Secret{"canary-secret"}};
            },
            secret_options());
        INFO(text(report));
        CHECK(report.passed());
        CHECK(judged(report) == 12);
    }
    SUBCASE("BearerToken") {
        const auto report = check_auth_policy(
            [] { return BearerToken{Secret{"canary-secret"}}; }, secret_options());
        INFO(text(report));
        CHECK(report.passed());
        CHECK(judged(report) == 12);
    }
    SUBCASE("ClientCredentials") {
        const auto report = check_auth_policy(client_credentials, secret_options());
        INFO(text(report));
        CHECK(report.passed());
        CHECK(judged(report) == all_cases);
    }
    SUBCASE("CredentialsAuth") {
        const auto report = check_auth_policy(
            [] { return CredentialsAuth{client_credentials()}; }, secret_options());
        INFO(text(report));
        CHECK(report.passed());
        CHECK(judged(report) == all_cases);
    }
    SUBCASE("FakeTokenSource") {
        const auto report = check_auth_policy([] {
            FakeTokenSource source;
            source.delay(5s);
            return source;
        });
        INFO(text(report));
        CHECK(report.passed());
        CHECK(judged(report) == 12);
    }
}

TEST_CASE("check_auth_policy: a naive policy breaks exactly these promises") {
    const auto report = check_auth_policy([] { return NaiveAuth{}; }, desk_options());
    INFO(text(report));
    CHECK(judged(report) == all_cases - 3);
    CHECK(report.failed() == Names{"header.legal",    "authorize.together", "rejected.foreign",
                                   "fetch.survives",  "cancel.first",       "deadline.own",
                                   "task.cancelled",  "expiry.dropped",     "expiry.counted",
                                   "expiry.thrift",   "failure.server",     "failure.denied",
                                   "failure.garbage", "failure.lost",       "failure.pause",
                                   "rejected.old",    "rejected.together",  "event.fetched",
                                   "event.renewed",   "event.failed",       "secrets"});
    CHECK(
        text(report).find("100 calls at once sent 100 requests, where one needs 1") !=
        std::string::npos);
}

TEST_CASE("check_auth_policy: a header need not show its token, nor be renewed ahead") {
    const auto report = check_auth_policy(
        [] { return DeskAuth{DeskAuth::Mistake::none_but_keyed}; }, desk_options());
    INFO(text(report));
    CHECK(report.passed());
    CHECK(report.not_judged() == Names{"expiry.slow_renewal", "expiry.failed_renewal"});
}

TEST_CASE("check_auth_policy: a token may be good until it is rejected") {
    const auto make = [] { return DeskAuth{DeskAuth::Mistake::none_but_lasting}; };
    AuthCheckOptions options = desk_options();
    options.lifetime = 12h;
    const auto strict = check_auth_policy(make, options);
    INFO(text(strict));
    CHECK(strict.failed() == Names{"expiry.dropped", "expiry.counted", "expiry.thrift"});
    options.until_rejected = true;
    const auto report = check_auth_policy(make, options);
    INFO(text(report));
    CHECK(report.passed());
    CHECK(
        report.not_judged() ==
        Names{
            "expiry.dropped",
            "expiry.counted",
            "expiry.thrift",
            "expiry.slow_renewal",
            "expiry.failed_renewal"});
    CHECK(text(report).find(", 5 were not judged\n") != std::string::npos);
}

TEST_CASE("check_auth_policy: a life that the policy assumes is to be named") {
    AuthCheckOptions options = desk_options();
    options.lifetime = 12h;
    const auto report = check_auth_policy([] { return DeskAuth{}; }, options);
    INFO(text(report));
    CHECK(
        report.failed() == Names{"expiry.thrift", "expiry.slow_renewal", "expiry.failed_renewal"});
    CHECK(text(report).find("AuthCheckOptions::lifetime") != std::string::npos);
}

TEST_CASE("check_auth_policy: a careful policy passes, and each mistake is found") {
    using Mistake = DeskAuth::Mistake;
    struct Row {
        const char* name;
        Mistake mistake;
        Names broken;
    };
    const std::vector<Row> rows{
        {"none", Mistake::none, {}},
        {"cached_differs",
         Mistake::cached_differs,
         {"cached.agrees", "expiry.thrift", "rejected.old"}},
        {"cached_fetches_each_time",
         Mistake::cached_fetches_each_time,
         {"cached.harmless", "cached.agrees", "rejected.foreign", "expiry.thrift", "rejected.old"}},
        {"fetches_each_time",
         Mistake::fetches_each_time,
         {"rejected.foreign", "fetch.once", "fetch.survives", "rejected.old"}},
        {"waits_after_rejections",
         Mistake::waits_after_rejections,
         {"rejected.rounds", "rejected.old", "rejected.together"}},
        {"waiter_is_deaf",
         Mistake::waiter_is_deaf,
         {"cancel.prompt", "cancel.first", "deadline.own"}},
        {"task_leaves_waiters", Mistake::task_leaves_waiters, {"task.cancelled"}},
        {"forgets_failed_task",
         Mistake::forgets_failed_task,
         {"task.cancelled", "failure.recovers"}},
        {"asks_again_when_cancelled",
         Mistake::asks_again_when_cancelled,
         {"task.cancelled", "closing"}},
        {"trusts_the_backend", Mistake::trusts_the_backend, {"failure.exception"}},
        {"blurs_the_transport",
         Mistake::blurs_the_transport,
         {"failure.connection", "failure.lost"}},
        {"ignores_expiry",
         Mistake::ignores_expiry,
         {"expiry.dropped", "expiry.counted", "expiry.thrift"}},
        {"counts_from_reply", Mistake::counts_from_reply, {"expiry.counted"}},
        {"drops_at_renewal",
         Mistake::drops_at_renewal,
         {"expiry.slow_renewal", "expiry.failed_renewal"}},
        {"passes_fate_on", Mistake::passes_fate_on, {"failure.lost"}},
        {"reports_status",
         Mistake::reports_status,
         {"failure.server", "failure.denied", "failure.garbage"}},
        {"no_pause", Mistake::no_pause, {"failure.pause"}},
        {"pauses_for_ever", Mistake::pauses_for_ever, {"task.cancelled", "failure.recovers"}},
        {"steady_timer", Mistake::steady_timer, {"task.cancelled", "failure.pause"}},
        {"drops_any", Mistake::drops_any, {"rejected.foreign", "rejected.old"}},
        {"keeps_rejected", Mistake::keeps_rejected, {"rejected.exact", "rejected.together"}},
        {"stray_executor", Mistake::stray_executor, {"context.executor"}},
        {"tells_token", Mistake::tells_token, {"secrets"}},
        {"tells_token_to_observer", Mistake::tells_token_to_observer, {"secrets"}},
        {"never_again", Mistake::never_again, {"rejected.again", "rejected.old_again"}},
        {"not_again_for_old", Mistake::not_again_for_old, {"rejected.old_again"}},
        {"not_again_for_current", Mistake::not_again_for_current, {"rejected.again"}},
        {"no_deadline", Mistake::no_deadline, {"post.deadline"}},
        {"forgets_phase", Mistake::forgets_phase, {"failure.phase"}},
        {"forgets_error", Mistake::forgets_error, {"failure.remembered"}},
        {"silent_success", Mistake::silent_success, {"event.fetched"}},
        {"calls_renewal_fetched", Mistake::calls_renewal_fetched, {"event.renewed"}},
        {"silent_failure", Mistake::silent_failure, {"event.failed"}},
        {"tells_no_time", Mistake::tells_no_time, {"event.times"}},
        {"moves_secret", Mistake::moves_secret, {"kept_secret"}},
    };
    for (const Row& row : rows) {
        const auto report =
            check_auth_policy([&] { return DeskAuth{row.mistake}; }, desk_options());
        const std::string name = row.name;
        CAPTURE(name);
        INFO(text(report));
        CHECK(report.failed() == row.broken);
    }
}

TEST_CASE("check_auth_policy: a policy that throws at once is reported, not fatal") {
    using Mistake = DeskAuth::Mistake;
    for (const Mistake mistake : {Mistake::cached_throws, Mistake::authorize_throws}) {
        const auto report = check_auth_policy([&] { return DeskAuth{mistake}; }, desk_options());
        CHECK_FALSE(report.passed());
        CHECK(report.failed().front() == "header.legal");
        const bool in_cached = mistake == Mistake::cached_throws;
        const std::string expected = in_cached ? "an exception escaped: cached" : "authorize threw";
        CHECK(text(report).find(expected) != std::string::npos);
    }
}

}  // namespace auth_policy_conformance_test
