// SPDX-License-Identifier: BSL-1.0
// The kit for sinks: one over a map passes, and each fault of another is found by its case.

#include <clarify/api/data_frame.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>
#include <clarify/testing/check_sample_sink.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sample_sink_conformance_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

enum class SinkFault {
    none,
    no_size,
    negative_interval,
    leaves_out_first,
    rounds,
    keeps_old,
    fails_twice,
    refuses_large,
    sends_two,
    is_eager,
    says_stored,
    stays_away,
    repeats,
    is_deaf,
    is_broken_by_cancelling,
};

struct Place {
    std::map<std::string, std::map<Timestamp, double>> samples;
    std::uint64_t requests = 0;
    bool is_away = false;
    bool is_hanging = false;
    bool was_away = false;
    bool was_cancelled = false;
    std::size_t stores = 0;
};

class FaultySink {
public:
    FaultySink(boost::asio::any_io_executor executor, std::shared_ptr<Place> place, SinkFault fault)
        : executor_(std::move(executor)), place_(std::move(place)), fault_(fault) {}

    boost::asio::awaitable<Result<void>> store(const DataFrame& frame) {
        if (fault_ == SinkFault::is_eager) ++place_->requests;
        return work(frame);
    }
    Clock::duration interval() const noexcept {
        return fault_ == SinkFault::negative_interval ? -1s : 1s;
    }
    std::size_t max_size() const noexcept { return fault_ == SinkFault::no_size ? 0 : 20'000; }

private:
    boost::asio::awaitable<Result<void>> work(const DataFrame& frame) {
        Place& place = *place_;
        if (fault_ != SinkFault::is_eager) ++place.requests;
        if (fault_ == SinkFault::sends_two && !place.is_away) ++place.requests;
        if (fault_ == SinkFault::repeats && place.is_away) ++place.requests;
        while (place.is_hanging) {
            boost::asio::steady_timer timer{executor_, 1h};
            if (fault_ == SinkFault::is_deaf) timer.expires_after(1ms);
            const auto [ec] =
                co_await timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
            if (!ec || fault_ == SinkFault::is_deaf) continue;
            place.was_cancelled = true;
            co_return Error{Errc::cancelled};
        }
        place.was_away = place.was_away || place.is_away;
        const bool stays_away = fault_ == SinkFault::stays_away && place.was_away;
        const bool is_broken = fault_ == SinkFault::is_broken_by_cancelling && place.was_cancelled;
        if (fault_ == SinkFault::says_stored && place.is_away) co_return Result<void>{};
        if (place.is_away || stays_away || is_broken) co_return Error{Errc::connect};
        if (fault_ == SinkFault::fails_twice && ++place.stores == 2 && frame.column(0)[0] == 0)
            co_return Error{Errc::io};
        if (fault_ == SinkFault::refuses_large && frame.size() > 100) co_return Error{Errc::io};
        keep(frame);
        co_return Result<void>{};
    }
    void keep(const DataFrame& frame) {
        for (const auto& [key, column] : detail::table_of(frame)) {
            auto& samples = place_->samples[key];
            for (Sample sample : column) {
                if (fault_ == SinkFault::rounds && sample.value == 0.1)
                    sample.value = static_cast<float>(sample.value);
                const bool is_new = samples.find(sample.time) == samples.end();
                if (fault_ == SinkFault::keeps_old && !is_new) continue;
                if (fault_ == SinkFault::leaves_out_first && sample.value == 0) continue;
                samples[sample.time] = sample.value;
            }
        }
    }

    boost::asio::any_io_executor executor_;
    std::shared_ptr<Place> place_;
    SinkFault fault_;
};

testing::ConformanceReport check_faulty(SinkFault fault, bool tells_all = true) {
    const auto place = std::make_shared<std::shared_ptr<Place>>(std::make_shared<Place>());
    testing::SinkCheckOptions options;
    options.patience = 1s;
    options.stored = [=] {
        SampleTable all;
        for (const auto& [key, samples] : (*place)->samples) {
            for (const auto& [time, value] : samples)
                all[key].push_back({time, value});
        }
        return all;
    };
    if (tells_all) {
        options.requests = [=] { return (*place)->requests; };
        options.set_away = [=](bool is_away) { (*place)->is_away = is_away; };
        options.set_hanging = [=](bool is_hanging) { (*place)->is_hanging = is_hanging; };
    }
    return testing::check_sample_sink(
        [=](boost::asio::any_io_executor executor) {
            *place = std::make_shared<Place>();
            return FaultySink{std::move(executor), *place, fault};
        },
        options);
}

}  // namespace

TEST_CASE("sample sink kit: what it is not told of is not judged") {
    const auto report = check_faulty(SinkFault::none, false);
    INFO(report);
    CHECK(report.passed());
    CHECK(report.not_judged().size() == 7);
}

TEST_CASE("sample sink kit: each fault is found by the cases about it, and by no other") {
    struct Expected {
        SinkFault fault;
        std::vector<std::string> cases;
    };
    const std::vector<Expected> all{
        {SinkFault::none, {}},
        {SinkFault::no_size, {"limits.size"}},
        {SinkFault::negative_interval, {"limits.interval"}},
        {SinkFault::leaves_out_first, {"store.all", "store.twice", "failure.passes"}},
        {SinkFault::rounds, {"store.exact"}},
        {SinkFault::keeps_old, {"store.replaces"}},
        {SinkFault::fails_twice, {"store.twice"}},
        {SinkFault::refuses_large, {"store.largest"}},
        {SinkFault::sends_two, {"store.once"}},
        {SinkFault::is_eager, {"store.lazy"}},
        {SinkFault::says_stored, {"failure.told"}},
        {SinkFault::stays_away, {"failure.passes"}},
        {SinkFault::repeats, {"failure.once"}},
        {SinkFault::is_broken_by_cancelling, {"cancel.goes_on"}},
    };
    for (const Expected& expected : all) {
        const auto report = check_faulty(expected.fault);
        INFO(static_cast<int>(expected.fault));
        INFO(report);
        CHECK(report.failed() == expected.cases);
        CHECK(report.not_judged().empty());
    }
    const std::vector<std::string> failed = check_faulty(SinkFault::is_deaf).failed();
    REQUIRE_FALSE(failed.empty());
    CHECK(failed.front() == "cancel.ends");
}

}  // namespace sample_sink_conformance_test
