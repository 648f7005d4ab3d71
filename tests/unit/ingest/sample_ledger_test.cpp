// SPDX-License-Identifier: BSL-1.0
// Counts that add up.

#include <clarify/ingest/detail/sample_ledger.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <random>

namespace sample_ledger_test {

using namespace clarify;

TEST_CASE("SampleLedger: what has come is pending until it ends, by one reason") {
    detail::SampleLedger ledger;
    ledger.offered(10);
    ledger.stored(4);
    ledger.dropped(DropReason::rejected, 1);
    ledger.dropped(DropReason::overflow, 2);
    ledger.withdrawn(1);
    const SampleCounts& counts = ledger.counts();
    CHECK(counts.offered == 9);
    CHECK(counts.stored == 4);
    CHECK(counts.dropped_for(DropReason::rejected) == 1);
    CHECK(counts.dropped_for(DropReason::overflow) == 2);
    CHECK(counts.dropped_in_all() == 3);
    CHECK(counts.pending() == 2);
}

TEST_CASE("SampleLedger: no more ends than has come, whatever is claimed") {
    detail::SampleLedger ledger;
    std::minstd_rand numbers{7};
    for (int i = 0; i != 10'000; ++i) {
        const std::uint64_t count = numbers() % 50;
        switch (numbers() % 5) {
            case 0:
                ledger.offered(count);
                break;
            case 1:
                ledger.withdrawn(count);
                break;
            case 2:
                ledger.stored(count);
                break;
            default:
                ledger.dropped(static_cast<DropReason>(numbers() % drop_reasons), count);
        }
        const SampleCounts& counts = ledger.counts();
        REQUIRE(counts.pending() <= counts.offered);
        REQUIRE(counts.offered == counts.stored + counts.pending() + counts.dropped_in_all());
    }
}

}  // namespace sample_ledger_test
