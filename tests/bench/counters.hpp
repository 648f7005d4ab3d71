// SPDX-License-Identifier: BSL-1.0
// What one thread has cost so far.

#ifndef CLARIFY_TESTS_BENCH_COUNTERS_HPP
#define CLARIFY_TESTS_BENCH_COUNTERS_HPP

#include <cstdint>

namespace bench {

struct Counters {
    std::uint64_t allocations = 0;
    /// Those that an Asio program makes per message: reads, writes, epoll, timers.
    std::uint64_t system_calls = 0;
};

Counters counters_of_this_thread() noexcept;

}  // namespace bench

#endif  // CLARIFY_TESTS_BENCH_COUNTERS_HPP
