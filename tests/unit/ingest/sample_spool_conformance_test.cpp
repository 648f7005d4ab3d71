// SPDX-License-Identifier: BSL-1.0
// The kit for spools: the one in memory passes, and each fault of another is found by its case alone.

#include <clarify/ingest/memory_spool.hpp>
#include <clarify/ingest/sample_spool.hpp>
#include <clarify/testing/check_sample_spool.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace sample_spool_conformance_test {

using namespace clarify;

namespace {

enum class SpoolFault {
    none,
    numbers_stand_still,
    number_comes_again,
    counts_inputs,
    forgets_written,
    rounds_values,
    mixes_order,
    divides_batches,
    mark_at_end,
    reading_removes,
    removes_all,
    fails_without,
    drops_newest,
    drops_when_none,
    eats_refused,
    forgets_at_end,
};

/// A spool in memory that outlives its object, with a fault.
class FaultySpool {
public:
    static constexpr bool blocks = false;

    FaultySpool(std::shared_ptr<MemorySpool> place, SpoolFault fault, bool durable)
        : place_(std::move(place)), fault_(fault), durable_(durable) {}

    Result<std::uint64_t> append(
        SampleTable& table, std::chrono::system_clock::time_point written) {
        if (fault_ == SpoolFault::forgets_written) written = {};
        if (fault_ == SpoolFault::rounds_values && table.size() == 2) {
            for (auto& [input, samples] : table)
                for (Sample& sample : samples)
                    sample.value = static_cast<float>(sample.value);
        }
        Result<std::uint64_t> number = place_->append(table, written);
        if (!number && fault_ == SpoolFault::eats_refused) table.clear();
        if (number && fault_ == SpoolFault::numbers_stand_still) return std::uint64_t{1};
        if (number && fault_ == SpoolFault::number_comes_again) {
            if (place_->state().samples == 1) return *number - 1;
        }
        return number;
    }
    Result<SpoolPage> read(std::uint64_t after, std::uint64_t count) {
        Result<SpoolPage> page = place_->read(after, count);
        if (!page) return page;
        if (fault_ == SpoolFault::mixes_order)
            for (auto& [input, samples] : page->samples)
                if (samples.size() == 3) std::swap(samples[0], samples[2]);
        if (fault_ == SpoolFault::divides_batches && count == 1 && page->count == 1'500) {
            page->count = 1;
            page->samples.begin()->second.resize(1);
        }
        if (fault_ == SpoolFault::mark_at_end && page->count == 0) page->mark = 0;
        if (fault_ == SpoolFault::reading_removes && page->count == 50)
            static_cast<void>(place_->remove(page->mark));
        return page;
    }
    Result<void> remove(std::uint64_t mark) {
        if (fault_ == SpoolFault::removes_all && place_->state().samples == 17)
            mark = place_->state().newest;
        if (fault_ == SpoolFault::fails_without && place_->state().samples == 0)
            return Error{Errc::internal};
        return place_->remove(mark);
    }
    Result<std::uint64_t> drop(std::uint64_t after, std::uint64_t bytes) {
        if (fault_ == SpoolFault::drops_newest && place_->state().samples == 6'500)
            after = place_->state().newest - 1;
        Result<std::uint64_t> dropped = place_->drop(after, bytes);
        if (fault_ == SpoolFault::drops_when_none && dropped && *dropped == 0)
            return std::uint64_t{1};
        return dropped;
    }
    SpoolState state() const {
        SpoolState state = place_->state();
        if (fault_ == SpoolFault::counts_inputs && state.samples == 6) state.samples = 2;
        if (fault_ == SpoolFault::number_comes_again && state.samples == 1) --state.newest;
        return state;
    }
    bool durable() const noexcept { return durable_; }

private:
    std::shared_ptr<MemorySpool> place_;
    SpoolFault fault_;
    bool durable_;
};

testing::ConformanceReport check_faulty(SpoolFault fault) {
    constexpr std::uint64_t limit = 1'000'000;
    auto place = std::make_shared<std::shared_ptr<MemorySpool>>();
    return testing::check_sample_spool(
        [=] {
            *place = std::make_shared<MemorySpool>(limit);
            return FaultySpool{*place, fault, true};
        },
        [=] {
            if (fault == SpoolFault::forgets_at_end) *place = std::make_shared<MemorySpool>(limit);
            return FaultySpool{*place, fault, true};
        });
}

}  // namespace

TEST_CASE("sample spool kit: the spool in memory keeps its contract") {
    const auto report = testing::check_sample_spool([] { return MemorySpool{1'000'000}; });
    INFO(report);
    CHECK(report.passed());
    CHECK(report.not_judged() == std::vector<std::string>{"reopen.keeps"});
}

TEST_CASE("sample spool kit: without a limit within reach that case is not judged") {
    const auto report =
        testing::check_sample_spool([] { return MemorySpool{std::uint64_t{1} << 40U}; });
    INFO(report);
    CHECK(report.passed());
    CHECK(report.not_judged() == std::vector<std::string>{"full.refuses", "reopen.keeps"});
}

TEST_CASE("sample spool kit: each fault is found by the case about it, and by no other") {
    struct Expected {
        SpoolFault fault;
        std::vector<std::string> cases;
    };
    const std::vector<Expected> all{
        {SpoolFault::none, {}},
        {SpoolFault::counts_inputs, {"append.counts"}},
        {SpoolFault::forgets_written, {"append.written"}},
        {SpoolFault::rounds_values, {"read.exact"}},
        {SpoolFault::mixes_order, {"read.order"}},
        {SpoolFault::divides_batches, {"read.whole"}},
        {SpoolFault::reading_removes, {"read.keeps"}},
        {SpoolFault::removes_all, {"remove.up_to"}},
        {SpoolFault::fails_without, {"remove.none"}},
        {SpoolFault::drops_newest, {"drop.oldest"}},
        {SpoolFault::drops_when_none, {"drop.none"}},
        {SpoolFault::eats_refused, {"full.refuses"}},
        {SpoolFault::forgets_at_end, {"reopen.keeps"}},
    };
    for (const Expected& expected : all) {
        const auto report = check_faulty(expected.fault);
        INFO(static_cast<int>(expected.fault));
        INFO(report);
        CHECK(report.failed() == expected.cases);
        CHECK(report.not_judged().empty());
    }
    // These are about numbers, which other cases go by.
    for (const auto& [fault, case_name] :
         {std::pair{SpoolFault::numbers_stand_still, "append.numbers"},
          {SpoolFault::number_comes_again, "append.never_again"},
          {SpoolFault::mark_at_end, "read.end"}}) {
        const std::vector<std::string> failed = check_faulty(fault).failed();
        const std::string name = case_name;
        INFO(name);
        CHECK(std::find(failed.begin(), failed.end(), name) != failed.end());
    }
}

}  // namespace sample_spool_conformance_test
