// SPDX-License-Identifier: BSL-1.0
// What is measured beside calls, where its library is found.

#ifndef CLARIFY_TESTS_BENCH_EXTRA_HPP
#define CLARIFY_TESTS_BENCH_EXTRA_HPP

namespace bench {

/// Runs behind the rivals, and prints its figures. An object of namespace scope.
struct Extra {
    using Run = void (*)();

    explicit Extra(Run function) : run(function), next(first) { first = this; }
    Extra(const Extra&) = delete;
    Extra& operator=(const Extra&) = delete;

    Run run;
    const Extra* next;

    static inline const Extra* first = nullptr;
};

}  // namespace bench

#endif  // CLARIFY_TESTS_BENCH_EXTRA_HPP
