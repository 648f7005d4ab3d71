// SPDX-License-Identifier: BSL-1.0
// The cases about fetching tokens: once for all, cancelled, closed, expired, renewed.

#ifndef CLARIFY_TESTING_DETAIL_KITS_AUTH_FETCH_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_AUTH_FETCH_CASES_HPP

#include <clarify/testing/detail/kits/auth_suite.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace clarify::testing::detail {

template <class MakePolicy>
void AuthSuite<MakePolicy>::fetch_cases() {
    judge(
        "fetch.once",
        "a token is used without another request until it expires or is rejected",
        no_fetch_,
        &AuthSuite::fetch_once);
    judge(
        "fetch.survives",
        "a fetch goes on when the only call that waited for it is cancelled",
        no_fetch_,
        &AuthSuite::fetch_survives);
    judge(
        "cancel.first",
        "cancelling the call that began a fetch disturbs no other",
        no_fetch_,
        &AuthSuite::cancel_first);
    judge(
        "deadline.own",
        "each call keeps its own deadline while it waits for the fetch of all",
        no_fetch_,
        &AuthSuite::deadline_own);
    judge(
        "task.cancelled",
        "a cancelled fetch ends promptly, tells all who wait, and can be begun anew",
        no_fetch_,
        &AuthSuite::task_cancelled);
    judge(
        "closing",
        "when the client closes all ends promptly, and nothing is sent any more",
        no_fetch_,
        &AuthSuite::closed);
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::expiry_cases() {
    std::string why_not = no_fetch_;
    if (why_not.empty() && options_.until_rejected)
        why_not = "the tokens are good until they are rejected (AuthCheckOptions::until_rejected)";
    judge(
        "expiry.dropped",
        "a token that has expired is not given",
        why_not,
        &AuthSuite::expiry_dropped);
    judge(
        "expiry.counted",
        "the life of a token is counted from before it was asked for",
        why_not,
        &AuthSuite::expiry_counted);
    judge(
        "expiry.thrift",
        "a token is fetched about once in its life, and never given after it",
        why_not,
        &AuthSuite::expiry_thrift);
    if (why_not.empty() && !renews_ahead_)
        why_not = "the policy does not renew a token ahead of its expiry";
    judge(
        "expiry.slow_renewal",
        "while a token is renewed ahead of its expiry the old one is given",
        why_not,
        [this](Case& one) { expiry_ahead(one, hang()); });
    judge(
        "expiry.failed_renewal",
        "where a renewal ahead of the expiry fails the old token is given to its end",
        why_not,
        [this](Case& one) { expiry_ahead(one, reply(500)); });
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::fetch_once(Case& one) {
    Rig rig{*this};
    const auto first = get(one, rig);
    const auto second = get(one, rig);
    if (!first || !second) return;
    expect(one, first->text() == second->text(), "the second call got another token");
    expect(one, rig.bench.posts() == cost_, "the second call sent a request");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::fetch_survives(Case& one) {
    Rig rig{*this};
    rig.bench.issue(std::chrono::seconds{5});
    const Calls calls = rig.start(1);
    rig.bench.pass(std::chrono::seconds{1});
    rig.bench.cancel(calls[0]);
    rig.bench.pass(std::chrono::seconds{10} * static_cast<int>(cost_));
    const std::size_t before = rig.bench.posts();
    if (!get(one, rig)) return;
    expect(one, rig.bench.posts() == before, "the next call had to fetch again");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::cancel_first(Case& one) {
    Rig rig{*this};
    rig.bench.issue(std::chrono::seconds{5});
    Calls calls = rig.start(10);
    rig.bench.pass(std::chrono::seconds{1});
    rig.bench.cancel(calls[0]);
    expect(one, calls[0]->done, "that call did not end while no time passed");
    calls.erase(calls.begin());
    expect_all(one, rig, calls);
    expect(one, rig.bench.posts() <= cost_, "another request was sent");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::deadline_own(Case& one) {
    Rig rig{*this};
    rig.bench.issue(std::chrono::seconds{5});
    const Calls hasty = rig.start(1, std::chrono::seconds{1});
    const Calls patient = rig.start(1);
    const TimePoint deadline = rig.bench.now() + std::chrono::seconds{1};
    rig.bench.pass(std::chrono::seconds{2});
    expect(one, hasty[0]->done && hasty[0]->ended <= deadline, "the hasty one waited longer");
    expect_all(one, rig, patient);
    expect(one, rig.bench.posts() <= cost_, "another request was sent");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::task_cancelled(Case& one) {
    Rig rig{*this};
    rig.bench.answer(hang());
    const Calls calls = rig.start(10);
    rig.bench.pass(std::chrono::milliseconds{100});
    expect(one, rig.bench.spawned() != 0, "the fetch was not begun with AuthContext::spawn");
    rig.bench.cancel_tasks();
    const auto ended =
        std::count_if(calls.begin(), calls.end(), [](const auto& call) { return call->done; });
    expect(
        one,
        ended == std::ssize(calls),
        "only " + std::to_string(ended) + " of 10 calls ended while no time passed");
    const auto headers = std::count_if(
        calls.begin(), calls.end(), [](const auto& call) { return call->header.has_value(); });
    expect(one, headers == 0, "a call got a header");
    rig.bench.cancel_tasks();
    rig.bench.issue();
    get_in_time(one, rig);
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::closed(Case& one) {
    Rig rig{*this};
    rig.bench.answer(hang());
    rig.start(10);
    rig.bench.pass(std::chrono::milliseconds{100});
    const std::size_t before = rig.bench.posts();
    rig.bench.close();
    expect(one, rig.bench.quiet(), "a call or a task did not end while no time passed");
    rig.bench.pass(std::chrono::hours{1});
    expect(one, rig.bench.posts() == before, "a request was sent afterwards");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::expiry_dropped(Case& one) {
    Rig rig{*this};
    const auto call = get(one, rig);
    if (!call) return;
    rig.bench.pass(options_.lifetime);
    const std::optional<AuthHeader> header = rig.cached();
    expect(one, !header || !*header || (*header)->expose() != call->text(), "cached still gave it");
    const auto after = get(one, rig);
    if (after) expect(one, after->text() != call->text(), "authorize gave it again");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::expiry_counted(Case& one) {
    Rig rig{*this};
    const Clock::duration delay =
        std::min<Clock::duration>(std::chrono::seconds{5}, Clock::duration{options_.lifetime} / 10);
    rig.bench.issue(delay);
    const auto call = get(one, rig);
    if (!call) return;
    // Between the end of a life that began with the request, and of one that began with the reply.
    rig.bench.pass(rig.bench.newest_end() + delay / 2 - rig.bench.now());
    const std::optional<AuthHeader> header = rig.cached();
    expect(
        one,
        !header || !*header || (*header)->expose() != call->text(),
        "the token endpoint took its time to reply, and cached gave the token that much too long");
    const auto after = get(one, rig);
    if (after) expect(one, after->text() != call->text(), "authorize gave it that much too long");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::expiry_thrift(Case& one) {
    constexpr int lives = 5;
    constexpr int steps = 100;
    Rig rig{*this};
    bool expired = false;
    // A header need not show its token, so it is known by when it was first given.
    std::map<std::string, TimePoint> ends;
    for (int i = 0; i != lives * steps; ++i) {
        std::optional<AuthHeader> header = rig.cached();
        if (!header) {
            const auto call = get(one, rig);
            if (!call) return;
            header = call->header;
        }
        if (*header) {
            const auto known =
                ends.try_emplace(std::string{(*header)->expose()}, rig.bench.newest_end()).first;
            if (rig.bench.now() >= known->second) expired = true;
        }
        rig.bench.pass(Clock::duration{options_.lifetime} / steps);
    }
    expect(one, !expired, "a token was given after its life of " + life());
    expect(
        one,
        rig.bench.posts() <= cost_ * (lives + 2),
        std::to_string(rig.bench.posts()) + " requests were sent during " + std::to_string(lives) +
            " lives of " + life());
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::expiry_ahead(Case& one, const Answer& answer) {
    Rig rig{*this};
    const auto call = get(one, rig);
    if (!call) return;
    const TimePoint end = rig.bench.newest_end();
    rig.bench.answer(answer);
    while (rig.bench.now() < end) {
        const std::optional<AuthHeader> header = rig.cached();
        if (!header || !*header || (*header)->expose() != call->text()) {
            one.problems.push_back(
                "cached stopped giving it before the end of its life of " + life());
            return;
        }
        const TimePoint before = rig.bench.now();
        rig.bench.pass(Clock::duration{options_.lifetime} / 1'000);
        if (rig.bench.now() == before) return;
    }
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_AUTH_FETCH_CASES_HPP
