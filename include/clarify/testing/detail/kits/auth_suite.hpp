// SPDX-License-Identifier: BSL-1.0
// The cases of check_auth_policy.

#ifndef CLARIFY_TESTING_DETAIL_KITS_AUTH_SUITE_HPP
#define CLARIFY_TESTING_DETAIL_KITS_AUTH_SUITE_HPP

#include <clarify/testing/conformance.hpp>
#include <clarify/testing/detail/kits/auth_bench.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
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
    void any_cases();
    void fetch_cases();
    void failure_cases();
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
    // For those that fetch.
    void fetch_once(Case& one);
    void fetch_survives(Case& one);
    void cancel_first(Case& one);
    void deadline_own(Case& one);
    void task_cancelled(Case& one);
    void closed(Case& one);
    void failure(Case& one, const Answer& answer, std::optional<Errc> transport);
    void failure_pause(Case& one);
    void failure_recovers(Case& one);
    void rejected_old(Case& one);
    void rejected_together(Case& one);
    void expiry_dropped(Case& one);
    void expiry_counted(Case& one);
    void expiry_thrift(Case& one);
    void expiry_ahead(Case& one, const Answer& answer);
    /// Runs an `authorize` that has to succeed; null, and a problem, where it does not.
    std::shared_ptr<AuthCall> get(Case& one, Rig& rig);
    /// Asks every second until there is a header, as long as a policy may take to recover.
    std::shared_ptr<AuthCall> get_in_time(Case& one, Rig& rig);
    void expect_all(Case& one, Rig& rig, const Calls& calls);
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
};

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/kits/auth_any_cases.hpp>
#include <clarify/testing/detail/kits/auth_failure_cases.hpp>
#include <clarify/testing/detail/kits/auth_fetch_cases.hpp>

#include <clarify/testing/detail/kits/impl/auth_suite.hpp>

#endif  // CLARIFY_TESTING_DETAIL_KITS_AUTH_SUITE_HPP
