// SPDX-License-Identifier: BSL-1.0
// Bodies of the aggregations.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_AGGREGATION_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_AGGREGATION_HPP

#include <clarify/testing/detail/emulator/aggregation.hpp>
#include <clarify/testing/detail/emulator/rpc_failure.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace clarify::testing::detail {

inline std::optional<Aggregation::Kind> aggregation_named(std::string_view name) {
    using Kind = Aggregation::Kind;
    static const std::map<std::string_view, Kind> kinds{
        {"count", Kind::count},
        {"min", Kind::min},
        {"max", Kind::max},
        {"sum", Kind::sum},
        {"avg", Kind::avg},
        {"first", Kind::first},
        {"last", Kind::last},
        {"state-seconds", Kind::state_seconds},
        {"state-percent", Kind::state_percent},
        {"state-rate", Kind::state_rate},
        {"state-histogram-seconds", Kind::state_seconds},
        {"state-histogram-percent", Kind::state_percent},
        {"state-histogram-rate", Kind::state_rate}};
    const auto found = kinds.find(name);
    return found == kinds.end() ? std::nullopt : std::optional(found->second);
}

inline RequestBuckets::RequestBuckets(const DataRequest& query)
    : from_(query.from), width_(query.until - query.from) {
    if (query.rollup.kind != BucketWidth::Kind::window) {
        const CalendarDuration width = query.rollup.kind == BucketWidth::Kind::months
            ? CalendarDuration::months(query.rollup.months)
            : CalendarDuration{query.rollup.width};
        std::optional<Timestamp> origin;
        if (query.origin) origin = *query.origin;
        calendar_.emplace(width, query.zone, query.first_day_of_week, origin);
    }
}

inline ServerTime RequestBuckets::start(ServerTime time) const {
    if (calendar_) return calendar_->start(time).time_point();
    const std::int64_t index =
        clarify::detail::floor_divide((time - from_).count(), width_.count());
    return from_ + index * width_;
}

inline ServerTime RequestBuckets::end(ServerTime start) const {
    return calendar_ ? calendar_->next(start).time_point() : start + width_;
}

inline ServerTime RequestBuckets::moved(ServerTime start, std::int64_t count) const {
    using std::chrono::January;
    using std::chrono::sys_days;
    using std::chrono::year;
    constexpr ServerTime earliest = sys_days(year(0) / January / 1);
    constexpr ServerTime latest = sys_days(year(10'000) / January / 1);
    for (; count > 0 && start < latest; --count)
        start = end(start);
    for (; count < 0 && start >= earliest; ++count)
        start = this->start(start - Microseconds{1});
    return start;
}

/// What is known of the samples in one bucket.
struct Aggregate {
    void add(double value) {
        min = count == 0 ? value : std::min(min, value);
        max = count == 0 ? value : std::max(max, value);
        first = count == 0 ? value : first;
        last = value;
        sum += value;
        ++count;
    }

    double value(Aggregation::Kind kind) const {
        using Kind = Aggregation::Kind;
        switch (kind) {
            case Kind::count:
                return count;
            case Kind::min:
                return min;
            case Kind::max:
                return max;
            case Kind::sum:
                return sum;
            case Kind::first:
                return first;
            case Kind::last:
                return last;
            default:
                return sum / count;
        }
    }

    double count = 0;
    double min = 0;
    double max = 0;
    double sum = 0;
    double first = 0;
    double last = 0;
};

/// The seconds in a state for each bucket in which the state is known.
inline Series seconds_in_state(
    const SampleRange& range, const RequestBuckets& buckets, double state) {
    constexpr std::size_t max_buckets = 1'000'000;
    Series seconds;
    auto sample = range.samples.lower_bound(range.from);
    if (sample != range.samples.begin()) --sample;
    const auto gap = std::chrono::floor<Microseconds>(range.gap_detection);
    for (; sample != range.samples.end() && sample->first < range.until; ++sample) {
        const auto next = std::next(sample);
        // Not as a sum, which may be past the end of time.
        const bool breaks_off = next == range.samples.end() || next->first - sample->first > gap;
        ServerTime end = breaks_off ? range.until : std::min(next->first, range.until);
        if (end - sample->first > gap) end = sample->first + gap;
        ServerTime begin = std::max(sample->first, range.from);
        while (begin < end) {
            const ServerTime start = buckets.start(begin);
            const ServerTime part_end = std::min(buckets.end(start), end);
            const std::chrono::duration<double> known = part_end - begin;
            seconds[start] += sample->second == state ? known.count() : 0;
            begin = part_end;
            if (seconds.size() > max_buckets) {
                throw RpcFailure(
                    RpcCode::server_error, "The data frame is too large for the emulator");
            }
        }
    }
    return seconds;
}

inline Series aggregate(
    const SampleRange& range, const RequestBuckets& buckets, const Aggregation& aggregation) {
    Series values;
    if (aggregation.is_about_state()) {
        values = seconds_in_state(range, buckets, aggregation.state);
        if (aggregation.kind != Aggregation::Kind::state_seconds) {
            const double whole = aggregation.kind == Aggregation::Kind::state_percent ? 100 : 1;
            for (auto& [start, value] : values) {
                const std::chrono::duration<double> length = buckets.end(start) - start;
                value *= whole / length.count();
            }
        }
        return values;
    }
    auto sample = range.samples.lower_bound(range.from);
    const auto end = range.samples.lower_bound(range.until);
    while (sample != end) {
        const ServerTime start = buckets.start(sample->first);
        const ServerTime bucket_end = buckets.end(start);
        Aggregate aggregate;
        for (; sample != end && sample->first < bucket_end; ++sample)
            aggregate.add(sample->second);
        values.emplace_hint(values.end(), start, aggregate.value(aggregation.kind));
    }
    return values;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_AGGREGATION_HPP
