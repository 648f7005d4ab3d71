// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_AUTH_POLICY_HPP
#define CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_AUTH_POLICY_HPP

#include <clarify/testing/detail/kits/auth_suite.hpp>

namespace clarify::testing {

template <class MakePolicy>
ConformanceReport check_auth_policy(MakePolicy make_policy, AuthCheckOptions options) {
    return detail::AuthSuite<MakePolicy>{make_policy, options}.run();
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_AUTH_POLICY_HPP
