// SPDX-License-Identifier: BSL-1.0
// Counters of what the emulator was asked.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_STATISTICS_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_STATISTICS_HPP

#include <clarify/testing/emulator_stats.hpp>

#include <cstdint>
#include <mutex>
#include <string>

namespace clarify::testing::detail {

/** Counts behind a mutex.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class Statistics {
public:
    /// Adds one to a counter.
    void count(std::uint64_t EmulatorStats::*counter) {
        const std::lock_guard lock{mutex_};
        ++(stats_.*counter);
    }

    void count_method(const std::string& name) {
        const std::lock_guard lock{mutex_};
        ++stats_.methods[name];
    }

    EmulatorStats snapshot() const {
        const std::lock_guard lock{mutex_};
        return stats_;
    }

private:
    // Guards stats_.
    mutable std::mutex mutex_;
    EmulatorStats stats_;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_STATISTICS_HPP
