// SPDX-License-Identifier: BSL-1.0
// Brings the suite for authentication policies and all its cases together.

#ifndef CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_AUTH_POLICY_HPP
#define CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_AUTH_POLICY_HPP

#include <clarify/testing/check_auth_policy.hpp>
#include <clarify/testing/detail/kits/auth_any_cases.hpp>
#include <clarify/testing/detail/kits/auth_event_cases.hpp>
#include <clarify/testing/detail/kits/auth_failure_cases.hpp>
#include <clarify/testing/detail/kits/auth_fetch_cases.hpp>
#include <clarify/testing/detail/kits/auth_suite.hpp>

namespace clarify::testing {

template <class MakePolicy>
ConformanceReport check_auth_policy(MakePolicy make_policy, AuthCheckOptions options) {
    return detail::AuthSuite<MakePolicy>{make_policy, options}.run();
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_AUTH_POLICY_HPP
