// SPDX-License-Identifier: BSL-1.0
// The cases about token endpoints that fail, and about servers that reject tokens.

#ifndef CLARIFY_TESTING_DETAIL_KITS_AUTH_FAILURE_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_AUTH_FAILURE_CASES_HPP

#include <clarify/testing/detail/kits/auth_suite.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

namespace clarify::testing::detail {

/// A reply that shows in its body all that it was asked with, as real servers are known to do.
inline Answer reply_indiscreetly(unsigned status, std::string body) {
    return Answer{[status, body = std::move(body)](const RecordedRequest& request) {
        std::string text = body + " canary-token-0 " + request.body;
        for (const auto& [name, value] : request.headers)
            text += " " + value;
        return reply(status, std::move(text)).header("WWW-Authenticate", "canary-token-0");
    }};
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::failure_cases() {
    findings_.secrets.insert("canary-token-0");
    const auto judge_failure = [this](
                                   const char* name,
                                   const char* promise,
                                   const Answer& answer,
                                   std::optional<Errc> transport) {
        judge(name, promise, no_fetch_, [&](Case& one) { failure(one, answer, transport); });
    };
    judge_failure(
        "failure.server",
        "a token endpoint that answers 500 ends all waiting calls, unsent, as a token error",
        reply_indiscreetly(500, "oops"),
        std::nullopt);
    judge_failure(
        "failure.denied",
        "a token endpoint that answers 401 ends all waiting calls, unsent, as a token error",
        reply_indiscreetly(401, "no"),
        std::nullopt);
    judge_failure(
        "failure.garbage",
        "a reply that is not a token ends all waiting calls, unsent, as a token error",
        reply_indiscreetly(200, R"({"access_token":"cut)"),
        std::nullopt);
    judge_failure(
        "failure.connection",
        "a token endpoint that cannot be reached ends all waiting calls, unsent",
        fail(Errc::connect, Reason::refused),
        Errc::connect);
    judge_failure(
        "failure.lost",
        "a connection lost after the token request was sent ends all waiting calls, unsent",
        fail(Errc::io, Reason::truncated),
        Errc::io);
    judge_failure(
        "failure.exception",
        "a backend that throws ends all waiting calls",
        raise(std::make_exception_ptr(std::runtime_error{"thrown by the backend"})),
        Errc::internal);
    recovery_cases();
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::recovery_cases() {
    judge(
        "failure.phase",
        "an error of the kind token is of the phase token",
        no_fetch_,
        &AuthSuite::failure_phase);
    judge(
        "failure.pause",
        "calls that come right after a failed fetch do not ask again at once",
        no_fetch_,
        &AuthSuite::failure_pause);
    judge(
        "failure.remembered",
        "calls that come right after a failed fetch fail with its error",
        no_fetch_,
        &AuthSuite::failure_remembered);
    judge(
        "failure.recovers",
        "after a failure the policy heals by itself",
        no_fetch_,
        &AuthSuite::failure_recovers);
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::failure(
    Case& one, const Answer& answer, std::optional<Errc> transport) {
    Rig rig{*this};
    rig.bench.answer(answer);
    const Calls calls = rig.start(10);
    rig.bench.wait(calls, options_.patience);
    const auto count = [&calls](auto condition) {
        return std::count_if(
            calls.begin(), calls.end(), [&](const auto& call) { return condition(*call); });
    };
    const auto number = [](auto value) { return std::to_string(value) + " of 10 calls "; };
    const auto waiting = count([](const AuthCall& call) { return !call.done; });
    expect(one, waiting == 0, number(waiting) + "were still waiting after all its patience");
    const auto happy = count([](const AuthCall& call) { return call.header.has_value(); });
    expect(one, happy == 0, number(happy) + "got a header");
    const auto untrue = count(
        [](const AuthCall& call) { return call.error && call.error->fate() != Fate::unsent; });
    expect(one, untrue == 0, number(untrue) + "were told another fate than unsent");
    const auto strange = count([transport](const AuthCall& call) {
        return call.error && call.error->code() != Errc::token && call.error->code() != transport;
    });
    if (strange != 0) {
        const auto example = std::find_if(calls.begin(), calls.end(), [](const auto& call) {
            return call->error && call->error->code() != Errc::token;
        });
        one.problems.push_back(
            number(strange) +
            "got an error of another kind: " + std::string{to_string((*example)->error->code())});
    }
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::failure_phase(Case& one) {
    Rig rig{*this};
    rig.bench.answer(reply(400));
    const Calls calls = rig.start(1);
    rig.bench.wait(calls, options_.patience);
    const std::optional<Error>& error = calls[0]->error;
    if (!error || error->code() != Errc::token) return;
    expect(
        one,
        error->phase() == Phase::token,
        "it is of the phase " + std::string{to_string(error->phase())});
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::failure_remembered(Case& one) {
    Rig rig{*this};
    rig.bench.answer(reply(400));
    const Calls first = rig.start(1);
    rig.bench.wait(first, options_.patience);
    const Calls next = rig.start(1);
    rig.bench.wait(next, options_.patience);
    if (!first[0]->error || !next[0]->error) return;
    const Error& was = *first[0]->error;
    const Error& is = *next[0]->error;
    expect(
        one,
        was.code() == is.code() && was.reason() == is.reason(),
        "after " + was.to_string() + " the next one was " + is.to_string());
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::failure_pause(Case& one) {
    Rig rig{*this};
    rig.bench.answer(reply(400));
    rig.bench.wait(rig.start(10), options_.patience);
    const std::size_t before = rig.bench.posts();
    for (int i = 0; i != 100; ++i)
        rig.start(1);
    const std::size_t sent = rig.bench.posts() - before;
    expect(
        one,
        sent == 0,
        "100 calls at once sent " + std::to_string(sent) +
            " requests, where none was due before a pause after the failure had ended");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::failure_recovers(Case& one) {
    Rig rig{*this};
    for (const Answer& answer : {reply(400), fail(Errc::connect, Reason::refused)}) {
        rig.bench.answer(answer);
        rig.bench.wait(rig.start(1), options_.patience);
        rig.bench.issue();
        const auto call = get_in_time(one, rig);
        if (!call) return;
        end_token(rig, *call);
    }
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::rejection_cases() {
    judge(
        "rejected.again",
        "a call whose token was rejected is to be sent again, as another token can be fetched",
        no_fetch_,
        &AuthSuite::rejected_again);
    judge(
        "rejected.old_again",
        "a call whose token was replaced meanwhile is to be sent again, with the new one",
        no_fetch_,
        &AuthSuite::rejected_old_again);
    judge(
        "rejected.old",
        "a rejection of a token that has been replaced leaves the new one alone",
        no_fetch_,
        &AuthSuite::rejected_old);
    judge(
        "rejected.together",
        "100 rejections of one token make for one fetch",
        no_fetch_,
        &AuthSuite::rejected_together);
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::rejected_again(Case& one) {
    for (const bool served : {false, true}) {
        Rig rig{*this};
        const auto call = get(one, rig);
        if (!call) return;
        if (served) rig.bench.serve(*call->header);
        expect(
            one,
            rig.rejected(*call->header),
            served ? "rejected returned false for one that had served"
                   : "rejected returned false for one that was rejected at its first use");
    }
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::rejected_old_again(Case& one) {
    Rig rig{*this};
    const auto old = get(one, rig);
    if (!old) return;
    rig.rejected(*old->header);
    const auto fresh = get_in_time(one, rig);
    // What is to be said of one that is given again is told elsewhere.
    if (!fresh || fresh->text() == old->text()) return;
    expect(one, rig.rejected(*old->header), "rejected returned false");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::rejected_old(Case& one) {
    Rig rig{*this};
    const auto old = get(one, rig);
    if (!old || !rig.rejected(*old->header)) return;
    const auto fresh = get_in_time(one, rig);
    if (!fresh) return;
    const std::size_t before = rig.bench.posts();
    rig.rejected(*old->header);
    const std::optional<AuthHeader> header = rig.cached();
    expect(
        one,
        !header || (*header && (*header)->expose() == fresh->text()),
        "cached does not give the new one");
    const auto after = get(one, rig);
    if (!after) return;
    expect(one, after->text() == fresh->text(), "authorize gave another one");
    expect(one, rig.bench.posts() == before, "a token was fetched");
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::rejected_together(Case& one) {
    Rig rig{*this};
    const auto old = get(one, rig);
    if (!old) return;
    const std::size_t before = rig.bench.posts();
    Calls calls;
    for (int i = 0; i != 100; ++i) {
        if (!rig.rejected(*old->header)) return;
        calls.push_back(rig.start(1).front());
    }
    rig.bench.wait(calls, options_.patience);
    for (const auto& call : calls) {
        if (!call->done || (call->header && call->text() == old->text())) {
            one.problems.push_back(
                call->done ? "a call got the rejected one again" : what_came(*call));
            break;
        }
    }
    const std::size_t sent = rig.bench.posts() - before;
    expect(one, sent <= cost_, std::to_string(sent) + " requests were sent");
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_AUTH_FAILURE_CASES_HPP
