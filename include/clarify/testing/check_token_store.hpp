// SPDX-License-Identifier: BSL-1.0
// The suite that tells the author of a store of tokens which promises of `TokenStore` it breaks.

#ifndef CLARIFY_TESTING_CHECK_TOKEN_STORE_HPP
#define CLARIFY_TESTING_CHECK_TOKEN_STORE_HPP

#include <clarify/auth/token_store.hpp>
#include <clarify/testing/conformance.hpp>
#include <clarify/testing/detail/kits/store_suite.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace clarify::testing {

/** Tries the promises of `TokenStore` on a store of your own; for tests, in any framework.

    @code
    int made = 0;
    const auto folder = [&] { return parent / std::to_string(made); };
    const auto report = clarify::testing::check_token_store(
        [&] { ++made; return MyStore{folder()}; },
        [&] { return MyStore{folder()}; });
    INFO(report);
    CHECK(report.passed());
    @endcode

    The name of a case begins with its group:

    | group | what it is about |
    | --- | --- |
    | `read`, `write` | a whole token, the last one, for its key alone, with its life and its age |
    | `lock` | one has the lease of a key, and all others go on, until its last copy is gone |
    | `wait` | ends when there is news, at its limit, and when it is cancelled |
    | `share` | two objects of one place in two threads: no two leases at once, no half tokens |

    Tokens are those of a client: asked for under the lease, and written at once. They are read again
    within 3 s of their age. What becomes of the lease of a process that is killed, what damage does, and
    who can read what is kept, is not tried.

    @param make yields a store in an empty place of its own each time.
    @param again yields another object of the place of the last one, which is still there.
    @par Thread safety
    The stores are used in the calling thread, and in one more. Takes some seconds.
*/
template <class Make, class Again>
requires TokenStore<std::invoke_result_t<Make&>> &&
    std::same_as<std::invoke_result_t<Make&>, std::invoke_result_t<Again&>>
        ConformanceReport check_token_store(Make make, Again again) {
    ConformanceReport report;
    using Store = std::invoke_result_t<Make&>;
    detail::StoreSuite<Store>{std::move(make), std::move(again), report}.run();
    return report;
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_CHECK_TOKEN_STORE_HPP
