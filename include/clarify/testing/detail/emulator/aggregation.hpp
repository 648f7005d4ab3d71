// SPDX-License-Identifier: BSL-1.0
// How samples become one value for each bucket of a data request.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_AGGREGATION_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_AGGREGATION_HPP

#include <clarify/api/detail/buckets.hpp>
#include <clarify/testing/detail/emulator/data_request.hpp>
#include <clarify/testing/detail/emulator/rpc_failure.hpp>
#include <clarify/testing/detail/emulator/time_text.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

/// The samples of one series; a missing value is simply not there.
using Series = std::map<ServerTime, double>;

/// Series by key.
using Frame = std::map<std::string, Series>;

/// What is asked of the samples in a bucket.
struct Aggregation {
    enum class Kind {
        count,
        min,
        max,
        sum,
        avg,
        first,
        last,
        state_seconds,
        state_percent,
        state_rate,
    };

    bool is_about_state() const { return kind >= Kind::state_seconds; }

    Kind kind = Kind::avg;
    /// Which state, for those about one.
    double state = 0;
};

/** The buckets of a data request that has a rollup and a window that is not empty.

    A rollup by `window` has one bucket, the window; before and after it are buckets as long.
*/
class RequestBuckets {
public:
    explicit RequestBuckets(const DataRequest& request);

    /// The start of the bucket that holds `time`.
    ServerTime start(ServerTime time) const;

    /// The end of the bucket that starts at `start`, where the next one starts.
    ServerTime end(ServerTime start) const;

    /// The start of the bucket that is `count` buckets after the one that starts at `start`, or of
    /// the first one on the way there that begins outside the years 0 to 9999.
    ServerTime moved(ServerTime start, std::int64_t count) const;

private:
    // Empty for a rollup by window.
    std::optional<clarify::detail::Buckets> calendar_;
    ServerTime from_;
    // How long the window is.
    Microseconds width_;
};

/// How long a value is good for where an item says nothing of gaps.
inline constexpr std::chrono::hours default_gap_detection{960};

/// What an aggregation is made of.
struct SampleRange {
    /// The last one before `from` too, if a state is asked for.
    const Series& samples;
    ServerTime from;
    /// The first time that does not belong to it.
    ServerTime until;
    std::chrono::nanoseconds gap_detection = default_gap_detection;
};

/// The aggregation that has a name, in its short or long spelling; nullopt for an unknown one.
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

inline RequestBuckets::RequestBuckets(const DataRequest& request)
    : from_(request.from), width_(request.until - request.from) {
    if (request.rollup.kind != BucketWidth::Kind::window) {
        const CalendarDuration width = request.rollup.kind == BucketWidth::Kind::months
            ? CalendarDuration::months(request.rollup.months)
            : CalendarDuration{request.rollup.width};
        std::optional<Timestamp> origin;
        if (request.origin) origin = *request.origin;
        calendar_.emplace(width, request.zone, request.first_day_of_week, origin);
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
        min = count == 0 ? value : (std::min)(min, value);
        max = count == 0 ? value : (std::max)(max, value);
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
        ServerTime end = breaks_off ? range.until : (std::min)(next->first, range.until);
        if (end - sample->first > gap) end = sample->first + gap;
        ServerTime begin = (std::max)(sample->first, range.from);
        while (begin < end) {
            const ServerTime start = buckets.start(begin);
            const ServerTime part_end = (std::min)(buckets.end(start), end);
            const std::chrono::duration<double> known = part_end - begin;
            seconds[start] += sample->second == state ? known.count() : 0;
            begin = part_end;
            if (seconds.size() > max_buckets) {
                throw RpcFailure{
                    RpcCode::server_error, "The data frame is too large for the emulator"};
            }
        }
    }
    return seconds;
}

/** A value for the start of each bucket about which something is known.

    Only samples in the range count. A state lasts until the next sample, but no longer than the gap
    detection, and the one before the range lasts into it; a bucket that is cut by the range has still
    the length of a whole one.

    @throws RpcFailure when there are more buckets than the emulator answers with.
*/
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

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_AGGREGATION_HPP
