// SPDX-License-Identifier: BSL-1.0
// The suite for pace stores: what keeps the contract passes, and each fault is found by its case.

#include <clarify/pace/detail/pace_line.hpp>
#include <clarify/pace/file_pace_store.hpp>
#include <clarify/testing/check_pace_store.hpp>

#include <doctest/doctest.h>
#include <support/temporary_directory.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pace_store_conformance_test {

namespace {

using namespace clarify;
using namespace std::chrono_literals;
using clarify::detail::PaceLine;

enum class Fault : std::uint8_t {
    none,
    never_at_once,
    no_interval,
    no_burst,
    in_the_past,
    takes_what_is_late,
    one_key,
    eager,
    not_shared,
    counts_nobody,
    same_slot,
};

/// A store in memory, which may be at fault.
class FakeStore {
public:
    using Lines = std::map<std::string, PaceLine>;

    FakeStore(Fault fault, std::shared_ptr<Lines> lines)
        : fault_(fault), lines_(std::move(lines)) {}

    boost::asio::awaitable<Result<PaceSlot>> reserve(
        const boost::asio::any_io_executor&, const PaceKey& key, const PaceTerms& terms) {
        if (fault_ == Fault::eager) take(key, terms);
        return give(key, terms);
    }

private:
    PaceSlot take(const PaceKey& key, PaceTerms terms) {
        if (fault_ == Fault::no_interval) terms.interval = 1us;
        if (fault_ == Fault::no_burst) terms.burst = 1;
        if (fault_ == Fault::takes_what_is_late) terms.patience = 100'000h;
        const std::string name = fault_ == Fault::one_key
            ? std::string{}
            : key.api_url + ' ' + key.integration + ' ' + key.method;
        PaceLine& line = (*lines_)[name];
        const auto now =
            std::chrono::duration_cast<PaceLine::Time>(Clock::now().time_since_epoch());
        if (fault_ == Fault::same_slot) return PaceLine{line}.reserve(terms, now);
        return line.reserve(terms, now);
    }
    boost::asio::awaitable<Result<PaceSlot>> give(PaceKey key, PaceTerms terms) {
        PaceSlot slot = take(key, terms);
        if (fault_ == Fault::never_at_once) slot.wait = (std::max)(slot.wait, Clock::duration{1ms});
        if (fault_ == Fault::in_the_past) slot.wait -= 2ms;
        if (fault_ == Fault::counts_nobody) slot.sharers = 1;
        co_return slot;
    }

    Fault fault_;
    std::shared_ptr<Lines> lines_;
};

testing::ConformanceReport check(Fault fault) {
    const auto lines = std::make_shared<FakeStore::Lines>();
    return testing::check_pace_store([=] {
        return FakeStore{
            fault, fault == Fault::not_shared ? std::make_shared<FakeStore::Lines>() : lines};
    });
}

}  // namespace

TEST_CASE("check_pace_store: the store in files keeps its contract") {
    const support::TemporaryDirectory folder;
    const auto report = testing::check_pace_store([&] { return FilePaceStore{folder / "pace"}; });
    INFO(report);
    CHECK(report.passed());
    CHECK(report.not_judged().empty());
    CHECK(report.cases().size() == 10);
}

TEST_CASE("check_pace_store: each fault is found by the case that is about it") {
    const auto good = check(Fault::none);
    INFO(good);
    CHECK(good.passed());
    const std::vector<std::pair<Fault, std::string>> faults{
        {Fault::never_at_once, "slot.first"},
        {Fault::no_interval, "slot.apart"},
        {Fault::no_burst, "slot.burst"},
        {Fault::in_the_past, "slot.short"},
        {Fault::takes_what_is_late, "slot.late"},
        {Fault::one_key, "slot.keys"},
        {Fault::eager, "slot.lazy"},
        {Fault::not_shared, "share.one_line"},
        {Fault::counts_nobody, "share.counted"},
        {Fault::same_slot, "share.at_once"},
    };
    std::vector<std::string> covered;
    for (const auto& [fault, name] : faults) {
        CAPTURE(name);
        const std::vector<std::string> failed = check(fault).failed();
        CHECK(std::find(failed.begin(), failed.end(), name) != failed.end());
        covered.push_back(name);
    }
    std::vector<std::string> all;
    for (const auto& one : good.cases())
        all.push_back(one.name);
    CHECK(all == covered);
}

}  // namespace pace_store_conformance_test
