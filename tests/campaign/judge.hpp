// SPDX-License-Identifier: BSL-1.0
// Compares what the caller was told with what the server has booked.

#ifndef CLARIFY_TESTS_CAMPAIGN_JUDGE_HPP
#define CLARIFY_TESTS_CAMPAIGN_JUDGE_HPP

#include "campaign.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace campaign {

struct Verdict {
    std::string name;
    Settings settings;
    double seconds = 0;

    std::uint64_t successes = 0, failures = 0;
    /// Calls that were executed more often than allowed: once, or as often as attempts are allowed
    /// where the call is idempotent.
    std::uint64_t duplicates = 0;
    /// Said to be unsent, yet executed.
    std::uint64_t false_unsent = 0;
    /// Said to have succeeded, yet never executed; or to have been answered, yet never arrived.
    std::uint64_t false_success = 0, false_answered = 0;
    /// Arrived at the server more often than the caller was told it was tried.
    std::uint64_t false_attempts = 0;
    std::uint64_t crossed = 0;
    std::uint64_t late = 0;
    /// Without an outcome, or with more than one.
    std::uint64_t lost = 0, repeated = 0;
    double memory_growth_kib = 0;
    int extra_descriptors = 0, extra_threads = 0;
    /// Did the server come to rest?
    bool settled = true;

    /// Failed, yet executed: no breach, but what the caller has to clear up.
    std::uint64_t open_ends = 0;
    double worst_late_ms = 0, stall_ms = 0;
    double median_ms = 0, p99_ms = 0;
    std::map<std::string, std::uint64_t> kinds;
    std::map<std::string, std::uint64_t> faults;

    std::uint64_t breaches() const;
};

/// Fills in what follows from the diary and the ledger.
void judge(const Diary& diary, Ledger& ledger, Verdict& verdict);

/// The verdicts side by side, then the outcomes of each.
void print(const std::vector<Verdict>& verdicts);

}  // namespace campaign

#endif  // CLARIFY_TESTS_CAMPAIGN_JUDGE_HPP
