// SPDX-License-Identifier: BSL-1.0
// The cases about what a policy that fetches asks for and reports.

#ifndef CLARIFY_TESTING_DETAIL_KITS_AUTH_EVENT_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_AUTH_EVENT_CASES_HPP

#include <clarify/testing/detail/kits/auth_suite.hpp>

#include <chrono>
#include <string>

namespace clarify::testing::detail {

template <class MakePolicy>
void AuthSuite<MakePolicy>::event_cases() {
    judge("post.deadline", "a request has a deadline", no_fetch_, &AuthSuite::post_deadline);
    judge(
        "event.fetched",
        "the first token is reported with token_fetched",
        no_fetch_,
        &AuthSuite::event_fetched);
    judge(
        "event.renewed",
        "each later token is reported with token_renewed",
        no_fetch_,
        &AuthSuite::event_renewed);
    judge(
        "event.failed",
        "a fetch that failed is reported with token_failed and its error",
        no_fetch_,
        &AuthSuite::event_failed);
    judge(
        "event.times",
        "an event has the time at which the fetch ended, and how long it took",
        no_fetch_,
        &AuthSuite::event_times);
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::post_deadline(Case& one) {
    // Gathered over all the cases before this one.
    expect(one, !findings_.posted_without_deadline, "one was posted without");
}

/// "there were 2 events of this kind"
inline std::string event_count(std::ptrdiff_t count, const char* when) {
    return when + std::string{" there were "} + std::to_string(count) + " events of this kind";
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::event_fetched(Case& one) {
    Rig rig{*this};
    const auto first = get(one, rig);
    if (!first) return;
    const std::ptrdiff_t count = rig.bench.events(EventKind::token_fetched);
    expect(one, count == 1, event_count(count, "after the first token"));
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::event_renewed(Case& one) {
    Rig rig{*this};
    const auto first = get(one, rig);
    if (!first) return;
    const std::ptrdiff_t early = rig.bench.events(EventKind::token_renewed);
    expect(one, early == 0, event_count(early, "after the first token"));
    end_token(rig, *first);
    if (!get_in_time(one, rig)) return;
    const std::ptrdiff_t count = rig.bench.events(EventKind::token_renewed);
    expect(one, count == 1, event_count(count, "after the second token"));
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::event_failed(Case& one) {
    Rig rig{*this};
    rig.bench.answer(reply(400));
    rig.bench.wait(rig.start(1), options_.patience);
    const std::ptrdiff_t count = rig.bench.events(EventKind::token_failed);
    expect(one, count == 1, event_count(count, "after one fetch that failed"));
    for (const AuthEvent& event : rig.bench.events()) {
        if (event.kind == EventKind::token_failed)
            expect(one, event.error.has_value(), "it came without an error");
    }
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::event_times(Case& one) {
    Rig rig{*this};
    const Clock::duration delay = std::chrono::seconds{5};
    rig.bench.pass(std::chrono::seconds{1});
    rig.bench.issue(delay);
    const TimePoint began = rig.bench.now();
    if (!get(one, rig)) return;
    for (const AuthEvent& event : rig.bench.events()) {
        expect(
            one,
            event.time >= began + delay && event.time <= rig.bench.now(),
            "the time is not that of its end");
        expect(
            one,
            event.elapsed >= delay && event.elapsed <= event.time - began,
            "elapsed is not the time since the fetch began");
    }
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_AUTH_EVENT_CASES_HPP
