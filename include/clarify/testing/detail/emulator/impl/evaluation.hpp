// SPDX-License-Identifier: BSL-1.0
// Bodies of the evaluations.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EVALUATION_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EVALUATION_HPP

#include <clarify/api/patterns.hpp>
#include <clarify/testing/detail/emulator/evaluation.hpp>
#include <clarify/testing/detail/emulator/series_frame.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace clarify::testing::detail {

/// Reads the parts of an evaluation, and remembers which aliases there are.
class EvaluationReader {
public:
    EvaluationReader(const ParamsReader& params, const MethodContext& context)
        : params_(params), context_(context) {}

    Evaluation read() {
        each("items", [&](const ParamsReader& part) { read_item(part); });
        if (context_.is_version_1_2())
            each("groups", [&](const ParamsReader& part) { read_group(part); });
        each("calculations", [&](const ParamsReader& part) { read_calculation(part); });
        if (item_ids_.size() > 50) params_.fail("items", "must be at most 50 different items");
        if (calculation_count_ > 100) params_.fail("calculations", "must be at most 100");
        return std::move(evaluation_);
    }

private:
    /// Calls `read` with a reader of each object in a list.
    template <class F>
    void each(std::string_view key, F&& read) {
        const json::array* const list = params_.array(key);
        if (list == nullptr) return;
        for (std::size_t i = 0; i < list->size(); ++i) {
            const std::string path = params_.path_of(key) + "." + std::to_string(i);
            if (const json::object* const object = (*list)[i].if_object()) {
                read(ParamsReader(*object, path, params_.errors(), params_.strict()));
            } else {
                params_.errors().add(path, "must be an object");
            }
        }
    }

    void read_item(const ParamsReader& part) {
        if (context_.is_version_1_2()) {
            part.allow_only(
                {"id",
                 "timeAggregation",
                 "aggregation",
                 "state",
                 "lead",
                 "lag",
                 "alias",
                 "engUnit"});
        } else {
            part.allow_only({"id", "aggregation", "state", "lead", "lag", "alias"});
        }
        const std::string id = read_id(part, "id");
        item_ids_.insert(id);
        const StoredItem* const item = context_.store.find_item(id);
        if (!id.empty() && item == nullptr) part.fail("id", "item not found");
        const bool has_new_name =
            context_.is_version_1_2() && part.find_nullable("aggregation") == nullptr;
        Evaluation::Input input =
            read_input(part, has_new_name ? "timeAggregation" : "aggregation", true);
        if (item != nullptr) input.items.push_back(item);
        evaluation_.inputs.push_back(std::move(input));
    }

    void read_group(const ParamsReader& part) {
        // The pre-releases have a whole query, the release just its filter.
        const bool has_filter = context_.version == "1.2";
        part.allow_only(
            {has_filter ? "filter" : "query",
             "timeAggregation",
             "groupAggregation",
             "state",
             "lead",
             "lag",
             "alias",
             "engUnit"});
        ResourceSearch query;
        query.limit = std::numeric_limits<std::size_t>::max();
        if (!has_filter) {
            query = read_resource_search(part, SearchLimits{50, 1000});
        } else if (const json::object* const filter = part.object("filter")) {
            query.filter = read_filter(*filter, part.path_of("filter"), part.errors());
        }
        Evaluation::Input input = read_input(part, "timeAggregation", false);
        input.over_items = read_aggregation(part, "groupAggregation", Aggregation::Kind::avg);
        input.items = run_search(query, context_.store.all_items()).resources;
        evaluation_.inputs.push_back(std::move(input));
    }

    void read_calculation(const ParamsReader& part) {
        if (context_.is_version_1_2()) {
            part.allow_only({"alias", "formula", "engUnit"});
            part.string("engUnit");
        } else {
            part.allow_only({"alias", "formula"});
        }
        ++calculation_count_;
        const bool has_formula = part.require("formula") != nullptr;
        const auto text = has_formula ? part.string("formula") : std::nullopt;
        if (text) {
            const auto lookup = [this](std::string_view name) -> const Formula::Variable* {
                const auto found = variables_.find(name);
                return found == variables_.end() ? nullptr : &found->second;
            };
            try {
                evaluation_.calculations.push_back({"", Formula(*text, lookup)});
            } catch (const FormulaError& error) {
                part.fail("formula", error.what());
            }
        }
        // After the formula, which cannot refer to itself.
        const std::string alias = read_alias(part, false);
        if (!evaluation_.calculations.empty()) evaluation_.calculations.back().alias = alias;
    }

    /// What items and groups have in common.
    Evaluation::Input read_input(
        const ParamsReader& part, std::string_view aggregation_key, bool is_item) {
        Evaluation::Input input;
        input.over_time = read_aggregation(part, aggregation_key, Aggregation::Kind::state_rate);
        const std::optional<std::int64_t> state = part.integer("state");
        if (state && (*state < 0 || *state > 9999)) {
            part.fail("state", "must be from 0 to 9999");
        } else if (input.over_time.is_about_state() && !state) {
            part.fail("state", "required");
        }
        input.over_time.state = static_cast<double>(state.value_or(0));
        input.shift = read_shift(part, "lag") - read_shift(part, "lead");
        if (context_.is_version_1_2()) part.string("engUnit");
        input.alias = read_alias(part, is_item);
        return input;
    }

    static std::int64_t read_shift(const ParamsReader& part, std::string_view key) {
        const std::int64_t shift = part.integer(key).value_or(0);
        if (shift < -1000 || shift > 1000) {
            part.fail(key, "must be from -1000 to 1000");
            return 0;
        }
        return shift;
    }

    /// Without a name it is the average: clients may leave it out.
    static Aggregation read_aggregation(
        const ParamsReader& part, std::string_view key, Aggregation::Kind last) {
        Aggregation aggregation;
        const auto name = part.string(key);
        const auto kind = name ? aggregation_named(*name) : std::nullopt;
        if (kind && *kind <= last) {
            aggregation.kind = *kind;
        } else if (name) {
            part.fail(key, "unknown aggregation");
        }
        return aggregation;
    }

    std::string read_alias(const ParamsReader& part, bool is_item) {
        const bool is_there = part.require("alias") != nullptr;
        std::string alias = (is_there ? part.string("alias") : std::nullopt).value_or("");
        if (!is_there) return alias;
        if (!clarify::is_alias(alias)) {
            part.fail("alias", "must match ^[A-Za-z_][A-Za-z0-9_]{0,27}$");
        } else if (!variables_.emplace(alias, Formula::Variable{variables_.size(), is_item})
                        .second) {
            part.fail("alias", "must differ from the other aliases");
        }
        return alias;
    }

    const ParamsReader& params_;
    const MethodContext& context_;
    Evaluation evaluation_;
    std::map<std::string, Formula::Variable, std::less<>> variables_;
    std::set<std::string> item_ids_;
    std::size_t calculation_count_ = 0;
};

inline Evaluation read_evaluation(const ParamsReader& params, const MethodContext& context) {
    return EvaluationReader(params, context).read();
}

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
    Evaluator(const DataRequest& query, const Store& store)
        : query_(query), signals_(store.signals_by_item()), buckets_(query) {}

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
            add_series(frame, input.alias, columns_[index++].series, query_);
        for (const Evaluation::Calculation& calculation : evaluation.calculations)
            add_series(frame, calculation.alias, columns_[index++].series, query_);
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
        const ServerTime from = unshifted(query_.from, input.shift);
        const ServerTime until = unshifted(query_.until, input.shift);
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
        return std::min(source + (time - start), buckets_.end(source));
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
        for (ServerTime start = buckets_.start(query_.from); start < query_.until;
             start = buckets_.end(start)) {
            if (++count > max_buckets) {
                throw RpcFailure(
                    RpcCode::server_error, "The data frame is too large for the emulator");
            }
            add(start);
        }
        return series;
    }

    const DataRequest& query_;
    const std::map<std::string, std::vector<const StoredSignal*>> signals_;
    const RequestBuckets buckets_;
    std::vector<Column> columns_;
    std::set<ServerTime> data_starts_;
};

inline Frame evaluate_frame(
    const Evaluation& evaluation, const DataRequest& query, const Store& store) {
    if (query.until <= query.from) return {};
    return Evaluator(query, store).run(evaluation);
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EVALUATION_HPP
