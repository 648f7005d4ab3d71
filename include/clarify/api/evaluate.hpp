// SPDX-License-Identifier: BSL-1.0
// What is to be computed from the data of items.

#ifndef CLARIFY_API_EVALUATE_HPP
#define CLARIFY_API_EVALUATE_HPP

#include <clarify/api/detail/open_enum.hpp>
#include <clarify/api/field_errors.hpp>
#include <clarify/api/filter.hpp>
#include <clarify/api/query.hpp>
#include <clarify/core/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clarify {
namespace detail {

struct TimeAggregationNames {
    enum Known : std::uint8_t {
        count,
        min,
        max,
        sum,
        avg,
        /// The seconds that a bucket was in a state.
        state_seconds,
        /// The same in per cent of the bucket.
        state_percent,
        /// The same as a fraction of the bucket.
        state_rate,
        first,
        last,
        /// A text that this version of the library does not know.
        other,
    };
    static constexpr std::string_view names[] = {
        "count",
        "min",
        "max",
        "sum",
        "avg",
        "state-seconds",
        "state-percent",
        "state-rate",
        "first",
        "last"};
};

struct GroupAggregationNames {
    enum Known : std::uint8_t { count, min, max, sum, avg, other };
    static constexpr std::string_view names[] = {"count", "min", "max", "sum", "avg"};
};

}  // namespace detail

/// How the values of a bucket become one, such as `TimeAggregation::avg`. Other texts are kept.
using TimeAggregation = detail::OpenEnum<detail::TimeAggregationNames>;
/// How the items of a group become one, such as `ItemsAggregation::sum`. Other texts are kept.
using ItemsAggregation = detail::OpenEnum<detail::GroupAggregationNames>;

/// What items and groups have in common.
struct AggregationBase {
    AggregationBase() {}

    TimeAggregation time_aggregation = TimeAggregation::avg;
    /// The state that a state aggregation is about: 0 to 9999. Needed there, and only there.
    std::optional<int> state;
    /// Moves the values by whole buckets, to earlier and to later ones: -1000 to 1000.
    int lead = 0;
    int lag = 0;
    /// The name in formulas and in the result: see `is_alias`.
    std::string alias;
    /// Since API 1.2. Empty: not sent.
    std::string eng_unit;
};

/// One item.
struct ItemAggregation : AggregationBase {
    ItemAggregation() {}
    ItemAggregation(std::string name, std::string item, TimeAggregation how) : id(std::move(item)) {
        alias = std::move(name);
        time_aggregation = how;
    }

    /// The identifier of the item.
    std::string id;
};

/// All items that a filter finds, as one. Since API 1.2.
struct GroupAggregation : AggregationBase {
    GroupAggregation() {}
    GroupAggregation(std::string name, Filter which, TimeAggregation how, ItemsAggregation together)
        : filter(std::move(which)), items_aggregation(together) {
        alias = std::move(name);
        time_aggregation = how;
    }

    Filter filter;
    ItemsAggregation items_aggregation = ItemsAggregation::avg;
};

/// A formula of items, groups and calculations before it, such as `(i1 + i2) / bucket_seconds`.
struct Calculation {
    Calculation() {}
    Calculation(std::string name, std::string how)
        : alias(std::move(name)), formula(std::move(how)) {}

    std::string alias;
    std::string formula;
    /// Since API 1.2. Empty: not sent.
    std::string eng_unit;
};

/** What `evaluate` computes. A rollup is needed.

    At most 50 different items and 100 calculations; aliases differ from each other.
*/
struct EvaluateQuery {
    EvaluateQuery() {}

    std::vector<ItemAggregation> items;
    std::vector<GroupAggregation> groups;
    std::vector<Calculation> calculations;
    DataQuery data;

    /// Is there something that came with API 1.2?
    bool needs_1_2() const noexcept;
};

/// Notes everything that a server would refuse, with its path.
void check(const EvaluateQuery& query, FieldErrors& errors);

/// Writes the members `items`, `groups`, `calculations` and `data` as a version of the API has them.
void write_members(
    detail::JsonOutput& out, const EvaluateQuery& query, std::string_view api_version);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/evaluate.hpp>
#endif

#endif  // CLARIFY_API_EVALUATE_HPP
