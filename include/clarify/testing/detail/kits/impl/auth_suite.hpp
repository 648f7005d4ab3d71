// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_TESTING_DETAIL_KITS_IMPL_AUTH_SUITE_HPP
#define CLARIFY_TESTING_DETAIL_KITS_IMPL_AUTH_SUITE_HPP

#include <chrono>
#include <exception>
#include <utility>

namespace clarify::testing::detail {

template <class MakePolicy>
AuthSuite<MakePolicy>::AuthSuite(MakePolicy& make, const AuthCheckOptions& options)
    : make_(make), options_(options) {
    findings_.secrets.insert(options.secrets.begin(), options.secrets.end());
}

template <class MakePolicy>
ConformanceReport AuthSuite<MakePolicy>::run() {
    find_out();
    any_cases();
    if (cost_ != 0) {
        fetch_cases();
        failure_cases();
        rejection_cases();
    }
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
    if (cost_ == 0) return;
    try {
        renews_ahead_ = finds_renewal(rig);
    } catch (...) {
        // The cases will find out too, and say so.
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

#endif  // CLARIFY_TESTING_DETAIL_KITS_IMPL_AUTH_SUITE_HPP
