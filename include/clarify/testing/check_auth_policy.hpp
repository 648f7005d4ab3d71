// SPDX-License-Identifier: BSL-1.0
// Tells the author of an authentication policy which promises of the contract it does not keep.

#ifndef CLARIFY_TESTING_CHECK_AUTH_POLICY_HPP
#define CLARIFY_TESTING_CHECK_AUTH_POLICY_HPP

#include <clarify/testing/auth_check_options.hpp>
#include <clarify/testing/conformance.hpp>

namespace clarify::testing {

/** Checks a policy against the contract of `AuthPolicy`.

    ```cpp
    const auto report = clarify::testing::check_auth_policy([] { return MyPolicy{...}; });
    std::cout << report;           // names each promise that was broken, and what was seen instead
    assert(report.passed());
    ```

    A token endpoint that does not speak OAuth 2.0 is described by `AuthCheckOptions::issue`:

    ```cpp
    clarify::testing::AuthCheckOptions options;
    options.issue = [](const clarify::testing::RecordedRequest&, std::string_view token,
                       std::chrono::seconds lifetime) {
        return clarify::testing::reply(
            200, "token=" + std::string{token} + ";seconds=" + std::to_string(lifetime.count()));
    };
    options.secrets = {"the key that the policy is made with"};
    const auto report = clarify::testing::check_auth_policy([] { return MyPolicy{...}; }, options);
    ```

    `make_policy()` makes a new policy for each case; any token endpoint will do, for what the
    policy posts is answered by a script, whatever the address. Nothing here opens a socket or
    sleeps: a `ManualClock` runs through days in a second, so a policy that waits by anything but
    `clarify::Timer` is found out.

    Only what applies is judged: for a policy that never posts, such as `BasicAuth`, the cases about
    headers, `cached`, `rejected`, cancellation and clean-up; for one that fetches, those about
    sharing, cancelling, failing, rejecting, expiring and events as well; and where a renewal begins
    ahead of the expiry, two about that. The others are listed as not judged, each with the reason.
    A policy whose tokens do not expire, but are good until the server rejects them, says so with
    `AuthCheckOptions::until_rejected`. Tokens are told apart by the headers they come in,
    which need not show them. Run it under a sanitizer too: some cases are about what must not be
    touched any more.

    @par Exceptions
    One from `make_policy` leaves this function; all others are reported as problems.
*/
template <class MakePolicy>
ConformanceReport check_auth_policy(MakePolicy make_policy, AuthCheckOptions options = {});

}  // namespace clarify::testing

#include <clarify/testing/detail/kits/impl/check_auth_policy.hpp>

#endif  // CLARIFY_TESTING_CHECK_AUTH_POLICY_HPP
