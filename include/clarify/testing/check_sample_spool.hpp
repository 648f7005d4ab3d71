// SPDX-License-Identifier: BSL-1.0
// The suite that tells the author of a spool which promises of `SampleSpool` it breaks.

#ifndef CLARIFY_TESTING_CHECK_SAMPLE_SPOOL_HPP
#define CLARIFY_TESTING_CHECK_SAMPLE_SPOOL_HPP

#include <clarify/ingest/sample_spool.hpp>
#include <clarify/testing/conformance.hpp>
#include <clarify/testing/detail/kits/spool_suite.hpp>

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace clarify::testing {

/** Tries the promises of `SampleSpool` on a spool of your own; for tests, in any framework.

    @code
    int made = 0;
    const auto file = [&] { return folder / std::to_string(made); };
    const auto report = clarify::testing::check_sample_spool(
        [&] { ++made; return MySpool::open(file()).value(); },
        [&] { return MySpool::open(file()).value(); });
    INFO(report);
    CHECK(report.passed());
    @endcode

    The name of a case begins with its group:

    | group | what it is about |
    | --- | --- |
    | `append` | numbers that grow and never come again, counts, what a failure leaves |
    | `read` | whole batches in order, every sample to its last bit, and nothing lost by it |
    | `remove`, `drop` | what goes, and what stays |
    | `full` | refuses, keeps what it has, and takes more when there is room |
    | `reopen` | what was appended is there when another object opens the same place |

    `full` appends at most 64 MiB of samples, and is not judged where that is no limit; so give the
    spools that `make` yields a smaller one. `reopen` is judged where `durable()` is true. That a batch
    survives a kill or a power cut, and what damage does, is not tried: kill a process of your own.

    @param make yields an empty spool in a place of its own each time; the one before is destroyed by
        then.
    @param reopen yields a spool in the place of the last one, which is destroyed by then. Called where
        `durable()` is true.
    @par Thread safety
    All of it happens in the calling thread.
*/
template <class Make, class Reopen>
requires SampleSpool<std::invoke_result_t<Make&>> &&
    std::same_as<std::invoke_result_t<Make&>, std::invoke_result_t<Reopen&>>
        ConformanceReport check_sample_spool(Make make, Reopen reopen) {
    ConformanceReport report;
    using Spool = std::invoke_result_t<Make&>;
    detail::SpoolSuite<Spool>{std::move(make), std::move(reopen), report}.run();
    return report;
}

/// The same for a spool that does not outlive its object.
template <class Make>
requires SampleSpool<std::invoke_result_t<Make&>> ConformanceReport check_sample_spool(Make make) {
    const std::function<std::invoke_result_t<Make&>()> both{std::move(make)};
    return check_sample_spool(both, both);
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_CHECK_SAMPLE_SPOOL_HPP
