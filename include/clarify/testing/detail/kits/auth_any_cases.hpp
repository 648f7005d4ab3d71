// SPDX-License-Identifier: BSL-1.0
// The cases that every authentication policy has to pass.

#ifndef CLARIFY_TESTING_DETAIL_KITS_AUTH_ANY_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_AUTH_ANY_CASES_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/testing/detail/kits/auth_suite.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::testing::detail {

template <class MakePolicy>
void AuthSuite<MakePolicy>::any_cases() {
    report_.run("header.legal", "a header is null, or a value that may be sent", [this](Case& one) {
        header_legal(one);
    });
    report_.run(
        "cached.harmless",
        "cached may be asked at any time and as often as one likes",
        [this](Case& one) { cached_harmless(one); });
    report_.run(
        "cached.agrees", "cached gives the header that authorize gave, or none", [this](Case& one) {
            cached_agrees(one);
        });
    report_.run("authorize.together", "any number of calls may ask at once", [this](Case& one) {
        authorize_together(one);
    });
    report_.run(
        "moved", "a policy works after it has been moved", [this](Case& one) { moved(one); });
    report_.run(
        "cancel.prompt",
        "a cancelled authorize ends promptly, and disturbs no other",
        [this](Case& one) { cancel_prompt(one); });
    report_.run(
        "rejected.foreign",
        "a header that is not the cached one is not what is dropped",
        [this](Case& one) { rejected_foreign(one); });
    report_.run(
        "rejected.exact",
        "a rejected header that can be replaced is not given again",
        [this](Case& one) { rejected_exact(one); });
    report_.run(
        "rejected.rounds",
        "a server that rejects everything keeps nobody waiting for ever",
        [this](Case& one) { rejected_rounds(one); });
    report_.run(
        "context.destroyed",
        "an execution context that goes takes all of the policy's coroutines with it",
        [this](Case& one) { context_destroyed(one); });
    constexpr bool keeps = requires(const Policy& policy) {
        std::string_view{policy.kept_secret()};
    };
    judge(
        "kept_secret",
        "what kept_secret gives stays where it is, and as it is",
        keeps ? "" : "the policy has no kept_secret()",
        &AuthSuite::kept_secret);
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::kept_secret(Case& one) {
    if constexpr (requires(const Policy& policy) { std::string_view{policy.kept_secret()}; }) {
        Rig rig{*this};
        const Policy& policy = *rig.policy;
        expect(one, noexcept(policy.kept_secret()), "it may throw");
        const std::string_view before = policy.kept_secret();
        const std::string text{before};
        const auto call = get(one, rig);
        if (!call || !call->header) return;
        rig.rejected(*call->header);
        get_in_time(one, rig);
        const std::string_view after = policy.kept_secret();
        const bool same = before.data() == after.data() && before.size() == after.size();
        expect(one, same && after == text, "it is elsewhere, or another one, after a fetch");
    }
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::header_legal(Case& one) {
    Rig rig{*this};
    const auto call = get(one, rig);
    if (!call) return;
    for (const std::optional<AuthHeader>& header : {call->header, rig.cached()}) {
        if (!header || !*header) continue;
        expect(one, !(*header)->empty(), "it is an empty text");
        expect(
            one,
            clarify::detail::is_field_value((*header)->expose()),
            "it has control characters, or blanks at an end");
    }
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::cached_harmless(Case& one) {
    Rig rig{*this};
    for (int i = 0; i != 100; ++i)
        rig.cached();
    expect(
        one,
        rig.bench.posts() <= cost_,
        "asking it 100 times sent " + std::to_string(rig.bench.posts()) + " requests");
    get(one, rig);
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::cached_agrees(Case& one) {
    Rig rig{*this};
    const auto call = get(one, rig);
    if (!call) return;
    const std::size_t before = rig.bench.posts();
    bool differs = false;
    for (int i = 0; i != 100; ++i) {
        const std::optional<AuthHeader> header = rig.cached();
        if (!header) continue;
        const std::string text = *header ? std::string{(*header)->expose()} : std::string{};
        if (text != call->text()) differs = true;
    }
    expect(one, !differs, "cached gave another one");
    expect(one, rig.bench.posts() == before, "cached sent a request for a fresh header");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::authorize_together(Case& one) {
    Rig rig{*this};
    const Calls calls = rig.start(100);
    expect_all(one, rig, calls);
    expect(
        one,
        rig.bench.posts() <= cost_,
        "100 calls at once sent " + std::to_string(rig.bench.posts()) +
            " requests, where one needs " + std::to_string(cost_));
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::moved(Case& one) {
    Rig rig{*this};
    {
        Policy first{make_()};
        Policy second{std::move(first)};
        rig.policy.emplace(std::move(second));
    }
    expect_all(one, rig, rig.start(2));
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::cancel_prompt(Case& one) {
    Rig rig{*this};
    rig.bench.issue(std::chrono::seconds{5});
    const Calls calls = rig.start(3);
    rig.bench.pass(std::chrono::seconds{1});
    const bool waiting = !calls[0]->done;
    rig.bench.cancel(calls[1]);
    expect(one, calls[1]->done, "it did not end while no time passed");
    expect(one, !waiting || !calls[0]->done, "a call that came before it ended too");
    expect(one, !waiting || !calls[2]->done, "a call that came after it ended too");
    expect_all(one, rig, {calls[0], calls[2]});
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::rejected_foreign(Case& one) {
    Rig rig{*this};
    const auto call = get(one, rig);
    if (!call) return;
    const bool was_cached = rig.cached().has_value();
    const std::size_t before = rig.bench.posts();
    rig.rejected(std::make_shared<const Secret>("Bearer some-other-token"));
    if (was_cached) expect(one, rig.cached().has_value(), "cached is empty afterwards");
    const auto after = get(one, rig);
    if (!after || cost_ == 0) return;
    expect(one, after->text() == call->text(), "authorize gave another header afterwards");
    expect(one, rig.bench.posts() == before, "a new token was fetched");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::rejected_exact(Case& one) {
    Rig rig{*this};
    const auto call = get(one, rig);
    if (!call || !rig.rejected(*call->header)) return;
    const std::optional<AuthHeader> header = rig.cached();
    const std::string text = header && *header ? std::string{(*header)->expose()} : std::string{};
    expect(one, !header || text != call->text(), "cached still gave it");
    const Calls calls = rig.start(1);
    rig.bench.wait(calls, options_.patience);
    expect(one, calls[0]->done, what_came(*calls[0]));
    expect(one, !calls[0]->header || calls[0]->text() != call->text(), "authorize gave it again");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::rejected_rounds(Case& one) {
    Rig rig{*this};
    auto call = get(one, rig);
    for (int round = 0; call && round != 20; ++round) {
        if (!rig.rejected(*call->header)) return;
        const Calls calls = rig.start(1);
        if (!rig.bench.wait(calls, options_.patience)) {
            one.problems.push_back("after a rejection " + what_came(*calls[0]));
            return;
        }
        if (calls[0]->header) call = calls[0];
    }
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::context_destroyed(Case& one) {
    Rig rig{*this};
    rig.bench.answer(hang());
    std::weak_ptr<AuthCall> waiting;
    {
        Calls calls = rig.start(10);
        rig.bench.pass(std::chrono::seconds{1});
        waiting = calls.back();
    }
    rig.bench.destroy_context();
    // Only the bench itself still knows of the calls.
    expect(one, waiting.use_count() <= 1, "a coroutine was left behind");
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_AUTH_ANY_CASES_HPP
