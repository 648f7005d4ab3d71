// SPDX-License-Identifier: BSL-1.0
// The suite that tells the author of a store which promises of `PaceStore` it breaks.

#ifndef CLARIFY_TESTING_CHECK_PACE_STORE_HPP
#define CLARIFY_TESTING_CHECK_PACE_STORE_HPP

#include <clarify/pace/pace_store.hpp>
#include <clarify/testing/conformance.hpp>
#include <clarify/testing/detail/kits/pace_suite.hpp>

#include <chrono>
#include <type_traits>
#include <utility>

namespace clarify::testing {

/** Tries the promises of `PaceStore` on a store of your own; for tests, in any framework.

    @code
    const auto report =
        clarify::testing::check_pace_store([&] { return MyPaceStore{server.address()}; });
    INFO(report);
    CHECK(report.passed());
    @endcode

    The name of a case begins with its group:

    | group | what it is about |
    | --- | --- |
    | `slot` | slots are as far apart as they should be, and none is taken that comes too late |
    | `share` | who asks by another store of the same place stands in the same line |

    That the slots are right by the clock where several machines share them, and what happens where a store
    fails, is not tried.

    @param make yields a store; all of them are of one place. Each case uses keys of its own there, which
        nobody else has.
    @param patience within what everything is answered. Default 10 s.
    @par Thread safety
    All of it happens in the calling thread, but for what `make` brings.
*/
template <class Make>
requires PaceStore<std::invoke_result_t<Make&>> ConformanceReport
check_pace_store(Make make, std::chrono::milliseconds patience = std::chrono::seconds{10}) {
    ConformanceReport report;
    using Store = std::invoke_result_t<Make&>;
    detail::PaceSuite<Store>{std::move(make), patience, report}.run();
    return report;
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_CHECK_PACE_STORE_HPP
