// SPDX-License-Identifier: BSL-1.0
// Computes the answer of `clarify.evaluate`.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATOR_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATOR_HPP

#include <clarify/testing/detail/emulator/data_request.hpp>
#include <clarify/testing/detail/emulator/evaluation.hpp>
#include <clarify/testing/detail/emulator/rpc_failure.hpp>
#include <clarify/testing/detail/emulator/series_frame.hpp>
#include <clarify/testing/detail/emulator/store.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace clarify::testing::detail {

/// The values of all aliases so far, in one bucket.
class BucketEnvironment final : public Formula::Environment {
public:
    struct Column {
        Series series;
        Microseconds gap_detection{0};
    };

    BucketEnvironment(const std::vector<Column>& columns, const RequestBuckets& buckets)
        : columns_(columns), buckets_(buckets) {}

    void move_to(ServerTime start) { start_ = start; }

    double variable(std::size_t index) const override {
        const auto found = columns_[index].series.find(start_);
        return found == columns_[index].series.end() ? missing : found->second;
    }

    double gapfilled(std::size_t index) const override {
        const Column& column = columns_[index];
        const auto next = column.series.upper_bound(start_);
        if (next == column.series.begin()) return missing;
        const auto latest = std::prev(next);
        return start_ - latest->first > column.gap_detection ? missing : latest->second;
    }

    double time_seconds() const override { return seconds(start_.time_since_epoch()); }
    double bucket_seconds() const override { return seconds(buckets_.end(start_) - start_); }

private:
    static constexpr double missing = std::numeric_limits<double>::quiet_NaN();

    static double seconds(Microseconds time) { return std::chrono::duration<double>(time).count(); }

    const std::vector<Column>& columns_;
    const RequestBuckets& buckets_;
    ServerTime start_;
};

/// Computes the columns of one evaluation, one after the other.
class Evaluator {
public:
    Evaluator(const DataRequest& request, const Store& store)
        : request_(request), signals_(store.signals_by_item()), buckets_(request) {}

    Frame run(const Evaluation& evaluation) {
        Frame frame;
        for (const Evaluation::Input& input : evaluation.inputs) {
            columns_.push_back(column_of(input));
            for (const auto& [start, value] : columns_.back().series)
                data_starts_.insert(start);
        }
        for (const Evaluation::Calculation& calculation : evaluation.calculations)
            columns_.push_back({column_of(calculation.formula), Microseconds{0}});
        std::size_t index = 0;
        for (const Evaluation::Input& input : evaluation.inputs)
            add_series(frame, input.alias, columns_[index++].series, request_);
        for (const Evaluation::Calculation& calculation : evaluation.calculations)
            add_series(frame, calculation.alias, columns_[index++].series, request_);
        return frame;
    }

private:
    using Column = BucketEnvironment::Column;

    Column column_of(const Evaluation::Input& input) const {
        Column column;
        std::map<ServerTime, std::vector<double>> by_bucket;
        for (const StoredItem* const item : input.items) {
            const auto gap = item->attributes.gap_detection.value_or(default_gap_detection);
            column.gap_detection = std::chrono::floor<Microseconds>(gap);
            for (const auto& [start, value] : item_series(*item, input, gap))
                by_bucket[start].push_back(value);
        }
        for (const auto& [start, values] : by_bucket) {
            column.series.emplace_hint(
                column.series.end(), start, together(values, input.over_items.kind));
        }
        return column;
    }

    /// The values of one item, moved by the shift of the input.
    Series item_series(
        const StoredItem& item,
        const Evaluation::Input& input,
        std::chrono::nanoseconds gap) const {
        const auto signals = signals_.find(item.id);
        if (signals == signals_.end()) return {};
        const ServerTime from = unshifted(request_.from, input.shift);
        const ServerTime until = unshifted(request_.until, input.shift);
        const Series samples = item_samples(signals->second, from, until);
        Series series = aggregate({samples, from, until, gap}, buckets_, input.over_time);
        if (input.shift == 0) return series;
        Series moved;
        for (const auto& [start, value] : series)
            moved.emplace_hint(moved.end(), buckets_.moved(start, input.shift), value);
        return moved;
    }

    /// The time that values come from when they are moved by `shift` buckets to `time`.
    ServerTime unshifted(ServerTime time, std::int64_t shift) const {
        if (shift == 0) return time;
        const ServerTime start = buckets_.start(time);
        const ServerTime source = buckets_.moved(start, -shift);
        return (std::min)(source + (time - start), buckets_.end(source));
    }

    static double together(const std::vector<double>& values, Aggregation::Kind kind) {
        Aggregate aggregate;
        for (const double value : values)
            aggregate.add(value);
        // An item is a group of one, of which the average is its value.
        return aggregate.value(kind);
    }

    Series column_of(const Formula& formula) const {
        Series series;
        BucketEnvironment environment(columns_, buckets_);
        const auto add = [&](ServerTime start) {
            environment.move_to(start);
            const double value = formula.value(environment);
            if (!std::isnan(value)) series.emplace_hint(series.end(), start, value);
        };
        if (!formula.fills_gaps()) {
            std::for_each(data_starts_.begin(), data_starts_.end(), add);
            return series;
        }
        constexpr std::size_t max_buckets = 1'000'000;
        std::size_t count = 0;
        for (ServerTime start = buckets_.start(request_.from); start < request_.until;
             start = buckets_.end(start)) {
            if (++count > max_buckets) {
                throw RpcFailure{
                    RpcCode::server_error, "The data frame is too large for the emulator"};
            }
            add(start);
        }
        return series;
    }

    const DataRequest& request_;
    const std::map<std::string, std::vector<const StoredSignal*>> signals_;
    const RequestBuckets buckets_;
    std::vector<Column> columns_;
    std::set<ServerTime> data_starts_;
};

/** Computes what an evaluation asks for, by alias.

    A calculation has a value where all that it needs has one, in the buckets in which there is data
    of any input; one that fills gaps, in all buckets of the window.

    @throws RpcFailure when that are more buckets than the emulator answers with.
*/
inline Frame evaluate_frame(
    const Evaluation& evaluation, const DataRequest& request, const Store& store) {
    if (request.until <= request.from) return {};
    return Evaluator(request, store).run(evaluation);
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_EVALUATOR_HPP
