// SPDX-License-Identifier: BSL-1.0
// The suite behind check_auth_policy: which cases there are, and what they work with.

#ifndef CLARIFY_TESTING_DETAIL_KITS_AUTH_SUITE_HPP
#define CLARIFY_TESTING_DETAIL_KITS_AUTH_SUITE_HPP

#include <clarify/testing/conformance.hpp>
#include <clarify/testing/detail/kits/auth_bench.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/** Runs the cases that apply to a policy.

    The names of the functions are those of the cases. Each makes its own policy and its own bench;
    only what is found in errors and events is gathered over all of them.
*/
template <class MakePolicy>
class AuthSuite {
public:
    using Policy = std::remove_cvref_t<std::invoke_result_t<MakePolicy&>>;
    static_assert(AuthPolicy<Policy>, "make_policy() must return a model of AuthPolicy");

    AuthSuite(MakePolicy& make, const AuthCheckOptions& options);

    ConformanceReport run();

private:
    using Case = ConformanceCase;
    using Calls = std::vector<std::shared_ptr<AuthCall>>;

    /// A policy with its bench. A client that goes, goes in the same order.
    struct Rig {
        explicit Rig(AuthSuite& suite) : bench(suite.options_, suite.findings_) {
            policy.emplace(suite.make_());
        }
        ~Rig();

        /// `cached` and `rejected`, without time passing; what they throw leaves the case.
        std::optional<AuthHeader> cached();
        bool rejected(const AuthHeader& header);
        Calls start(std::size_t count, Clock::duration limit = std::chrono::hours{10});

        AuthBench bench;
        std::optional<Policy> policy;
    };

    void find_out();
    /// Does it begin a renewal while the token is still good?
    bool finds_renewal(Rig& rig);
    /// Adds a case, not judged where `why_not` says why.
    template <class Body>
    void judge(const char* name, const char* promise, const std::string& why_not, Body body);
    void judge(
        const char* name,
        const char* promise,
        const std::string& why_not,
        void (AuthSuite::*member)(Case&)) {
        judge(name, promise, why_not, [this, member](Case& one) { (this->*member)(one); });
    }
    void any_cases();
    void fetch_cases();
    void expiry_cases();
    void event_cases();
    void failure_cases();
    void recovery_cases();
    void rejection_cases();

    // For all policies.
    void header_legal(Case& one);
    void cached_harmless(Case& one);
    void cached_agrees(Case& one);
    void authorize_together(Case& one);
    void moved(Case& one);
    void cancel_prompt(Case& one);
    void context_destroyed(Case& one);
    void rejected_foreign(Case& one);
    void rejected_exact(Case& one);
    void rejected_rounds(Case& one);
    void kept_secret(Case& one);
    // For those that fetch.
    void fetch_once(Case& one);
    void fetch_survives(Case& one);
    void cancel_first(Case& one);
    void deadline_own(Case& one);
    void task_cancelled(Case& one);
    void closed(Case& one);
    void failure(Case& one, const Answer& answer, std::optional<Errc> transport);
    void failure_pause(Case& one);
    void failure_remembered(Case& one);
    void failure_phase(Case& one);
    void failure_recovers(Case& one);
    void rejected_old(Case& one);
    void rejected_together(Case& one);
    void rejected_again(Case& one);
    void rejected_old_again(Case& one);
    void post_deadline(Case& one);
    void event_fetched(Case& one);
    void event_renewed(Case& one);
    void event_failed(Case& one);
    void event_times(Case& one);
    void expiry_dropped(Case& one);
    void expiry_counted(Case& one);
    void expiry_thrift(Case& one);
    void expiry_ahead(Case& one, const Answer& answer);
    /// Runs an `authorize` that has to succeed; null, and a problem, where it does not.
    std::shared_ptr<AuthCall> get(Case& one, Rig& rig);
    /// Asks every second until there is a header, as long as a policy may take to recover.
    std::shared_ptr<AuthCall> get_in_time(Case& one, Rig& rig);
    void expect_all(Case& one, Rig& rig, const Calls& calls);
    /// Ends the life of the token that is cached.
    void end_token(Rig& rig, const AuthCall& call);
    static void expect(Case& one, bool kept, std::string problem) {
        if (!kept) one.problems.push_back(std::move(problem));
    }
    /// The life of the tokens, for people, and where it comes from.
    std::string life() const;
    static std::string what_came(const AuthCall& call);

    MakePolicy& make_;
    const AuthCheckOptions& options_;
    AuthFindings findings_;
    ConformanceReport report_;
    /// How many requests one fetch takes; 0 for a policy that does not fetch.
    std::size_t cost_ = 0;
    bool renews_ahead_ = false;
    /// Why the cases about fetching are not judged; empty if they are.
    std::string no_fetch_;
};

template <class MakePolicy>
AuthSuite<MakePolicy>::AuthSuite(MakePolicy& make, const AuthCheckOptions& options)
    : make_(make), options_(options) {
    findings_.secrets.insert(options.secrets.begin(), options.secrets.end());
}

template <class MakePolicy>
ConformanceReport AuthSuite<MakePolicy>::run() {
    find_out();
    any_cases();
    fetch_cases();
    expiry_cases();
    failure_cases();
    rejection_cases();
    event_cases();
    report_.run(
        "context.executor", "all is done on the client's serial executor", [this](Case& one) {
            for (const std::string& place : findings_.strayed)
                one.problems.push_back("not so: " + place);
        });
    report_.run("secrets", "no error and no event holds a secret", [this](Case& one) {
        for (const std::string& text : findings_.texts) {
            for (const std::string& secret : findings_.secrets) {
                if (secret.empty() || text.find(secret) == std::string::npos) continue;
                one.problems.push_back("this text does: " + text);
                break;
            }
        }
    });
    return std::move(report_);
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::find_out() {
    Rig rig{*this};
    rig.bench.wait(rig.start(1), options_.patience);
    cost_ = rig.bench.posts();
    if (cost_ == 0) no_fetch_ = "the policy posts nothing";
    if (cost_ == 0 || options_.until_rejected) return;
    try {
        renews_ahead_ = finds_renewal(rig);
    } catch (...) {
        // The cases will find out too, and say so.
    }
}

template <class MakePolicy>
template <class Body>
void AuthSuite<MakePolicy>::judge(
    const char* name, const char* promise, const std::string& why_not, Body body) {
    if (why_not.empty()) {
        report_.run(name, promise, std::move(body));
    } else {
        report_.skip(name, promise, why_not);
    }
}

template <class MakePolicy>
bool AuthSuite<MakePolicy>::finds_renewal(Rig& rig) {
    const TimePoint end = rig.bench.newest_end();
    // A thousandth of a short life may be no time at all for the clock.
    for (int i = 0; i != 1'000 && rig.bench.now() < end; ++i) {
        rig.cached();
        if (rig.bench.posts() > cost_) return true;
        rig.bench.pass(Clock::duration{options_.lifetime} / 1'000);
    }
    return false;
}

template <class MakePolicy>
AuthSuite<MakePolicy>::Rig::~Rig() {
    bench.close();
    // Should a coroutine be left that will not end, it must not find its policy gone.
    if (bench.quiet()) policy.reset();
    bench.destroy_context();
}

template <class MakePolicy>
std::optional<AuthHeader> AuthSuite<MakePolicy>::Rig::cached() {
    std::optional<AuthHeader> header;
    std::exception_ptr thrown;
    bench.on_serial([&] {
        try {
            header = policy->cached(bench);
        } catch (...) {
            thrown = std::current_exception();
        }
    });
    if (thrown) std::rethrow_exception(thrown);
    return header;
}

template <class MakePolicy>
bool AuthSuite<MakePolicy>::Rig::rejected(const AuthHeader& header) {
    bool again = false;
    std::exception_ptr thrown;
    bench.on_serial([&] {
        try {
            again = policy->rejected(bench, header);
        } catch (...) {
            thrown = std::current_exception();
        }
    });
    if (thrown) std::rethrow_exception(thrown);
    return again;
}

template <class MakePolicy>
typename AuthSuite<MakePolicy>::Calls AuthSuite<MakePolicy>::Rig::start(
    std::size_t count, Clock::duration limit) {
    Calls calls;
    for (std::size_t i = 0; i != count; ++i)
        calls.push_back(bench.start(*policy, limit));
    bench.settle();
    return calls;
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::end_token(Rig& rig, const AuthCall& call) {
    // In all ways that end one: whether each of them does is what other cases are about.
    if (call.header) {
        rig.bench.serve(*call.header);
        rig.rejected(*call.header);
    }
    if (!options_.until_rejected) rig.bench.pass(options_.lifetime);
}

template <class MakePolicy>
std::string AuthSuite<MakePolicy>::life() const {
    return std::to_string(options_.lifetime.count()) +
        " s (AuthCheckOptions::lifetime, to be set where the policy assumes a life of its own)";
}

template <class MakePolicy>
std::string AuthSuite<MakePolicy>::what_came(const AuthCall& call) {
    if (!call.done) return "authorize has not ended";
    if (call.threw) return "authorize threw";
    if (call.error) return "authorize failed: " + call.error->to_string();
    return "authorize gave a header";
}

template <class MakePolicy>
std::shared_ptr<AuthCall> AuthSuite<MakePolicy>::get(Case& one, Rig& rig) {
    const Calls calls = rig.start(1);
    rig.bench.wait(calls, options_.patience);
    if (calls[0]->header) return calls[0];
    one.problems.push_back(what_came(*calls[0]) + ", though the token endpoint was ready");
    return nullptr;
}

template <class MakePolicy>
std::shared_ptr<AuthCall> AuthSuite<MakePolicy>::get_in_time(Case& one, Rig& rig) {
    const TimePoint until = rig.bench.now() + options_.recovery;
    for (;;) {
        const Calls calls = rig.start(1);
        rig.bench.wait(calls, options_.patience);
        if (calls[0]->header) return calls[0];
        if (!calls[0]->done || rig.bench.now() >= until) {
            one.problems.push_back(
                what_came(*calls[0]) + ", though the token endpoint had been ready for long");
            return nullptr;
        }
        rig.bench.pass(std::chrono::seconds{1});
    }
}

template <class MakePolicy>
void AuthSuite<MakePolicy>::expect_all(Case& one, Rig& rig, const Calls& calls) {
    rig.bench.wait(calls, options_.patience);
    std::size_t without = 0;
    const AuthCall* example = nullptr;
    for (const auto& call : calls) {
        if (call->header) continue;
        ++without;
        example = call.get();
    }
    if (without == 0) return;
    one.problems.push_back(
        std::to_string(without) + " of " + std::to_string(calls.size()) +
        " calls got no header; of one of them, " + what_came(*example));
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_AUTH_SUITE_HPP
