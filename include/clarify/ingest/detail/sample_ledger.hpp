// SPDX-License-Identifier: BSL-1.0
// What became of samples, as numbers that always add up.

#ifndef CLARIFY_INGEST_DETAIL_SAMPLE_LEDGER_HPP
#define CLARIFY_INGEST_DETAIL_SAMPLE_LEDGER_HPP

#include <clarify/ingest/writer_stats.hpp>

#include <algorithm>
#include <cstdint>

namespace clarify::detail {

/** Counts samples where they come in, and once more where they end. What has come and has not ended
    is pending, so the sum is right at every instant, whatever happens in between.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class SampleLedger {
public:
    /// So many more are there.
    void offered(std::uint64_t count) noexcept { counts_.offered += count; }
    /// They were refused after all, and nobody was told that they were taken.
    void withdrawn(std::uint64_t count) noexcept {
        counts_.offered -= (std::min)(count, counts_.pending());
    }
    // No more than are pending end.
    void stored(std::uint64_t count) noexcept {
        counts_.stored += (std::min)(count, counts_.pending());
    }
    void dropped(DropReason reason, std::uint64_t count) noexcept {
        counts_.dropped[static_cast<std::size_t>(reason)] += (std::min)(count, counts_.pending());
    }

    const SampleCounts& counts() const noexcept { return counts_; }

private:
    SampleCounts counts_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_SAMPLE_LEDGER_HPP
