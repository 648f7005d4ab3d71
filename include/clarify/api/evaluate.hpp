// SPDX-License-Identifier: BSL-1.0
// What is to be computed from the data of items.

#ifndef CLARIFY_API_EVALUATE_HPP
#define CLARIFY_API_EVALUATE_HPP

#include <clarify/api/detail/aggregation_names.hpp>
#include <clarify/api/detail/open_enum.hpp>
#include <clarify/api/field_errors.hpp>
#include <clarify/api/filter.hpp>
#include <clarify/api/query.hpp>
#include <clarify/core/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clarify {

/** How the values of a bucket become one, such as `TimeAggregation::avg`.

    | value | meaning |
    | --- | --- |
    | `count`, `min`, `max`, `sum`, `avg` | of the values in the bucket |
    | `first`, `last` | the earliest and the latest of them |
    | `state_seconds`, `state_percent`, `state_rate` | how long the item was in a state, in seconds, in per cent of the bucket, and as a fraction of it |

    A text that is none of the known ones is kept and sent as it is: a newer server may have more.
    State aggregations (those that begin with `state`) are for enumerated items, and need
    `AggregationBase::state`. API 1.1 spells them `state-histogram-seconds` and so on, which is seen to
    when a query is written.
*/
using TimeAggregation = detail::OpenEnum<detail::TimeAggregationNames>;
/** How the items of a group become one, bucket by bucket, such as `ItemsAggregation::sum`.

    Other texts than the known ones are kept and sent, as in `TimeAggregation`.
*/
using ItemsAggregation = detail::OpenEnum<detail::GroupAggregationNames>;

/** What items and groups have in common: how their values become one a bucket, and what that is
    called.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading. The same goes for all types of this file.
*/
struct AggregationBase {
    AggregationBase() {}

    /// How the values of a bucket become one. Their mean, unless told otherwise.
    TimeAggregation time_aggregation = TimeAggregation::avg;
    /// The state that a state aggregation is about: 0 to 9999. Needed there, and only there.
    std::optional<int> state;
    /// Moves the values by so many whole buckets to earlier ones: -1000 to 1000. 0, the default: not at
    /// all. With 1 the value of 10:00 is shown at 09:00 where buckets are an hour long.
    int lead = 0;
    /// The same to later ones.
    int lag = 0;
    /// The name in formulas, and the key of the series in the result: 1 to 28 characters, see
    /// `is_alias`. No two of a query are the same.
    std::string alias;
    /// The unit that the result is to have. Since API 1.2. Empty: not sent.
    std::string eng_unit;
};

/// One item, as a series of the result and a variable of formulas.
struct ItemAggregation : AggregationBase {
    ItemAggregation() {}
    /// By its alias, the identifier of the item, and how.
    ItemAggregation(std::string name, std::string item, TimeAggregation how) : id(std::move(item)) {
        alias = std::move(name);
        time_aggregation = how;
    }

    /// The identifier of the item, see `is_resource_id`. The same item may occur several times,
    /// aggregated in different ways.
    std::string id;
};

/** All items that a filter finds, as one series. Since API 1.2.

    The values of each item are aggregated over time first, then those of all items together. Where
    the version is a pre-release of 1.2, the filter is sent as a `query`, which is how these have it.
*/
struct GroupAggregation : AggregationBase {
    GroupAggregation() {}
    /// By its alias, which items, how over time, and how together.
    GroupAggregation(std::string name, Filter which, TimeAggregation how, ItemsAggregation together)
        : filter(std::move(which)), items_aggregation(together) {
        alias = std::move(name);
        time_aggregation = how;
    }

    /// Which items.
    Filter filter;
    /// How the items of a bucket become one value. Their mean, unless told otherwise.
    ItemsAggregation items_aggregation = ItemsAggregation::avg;
};

/** A formula of items, groups and calculations before it, such as `(i1 + i2) / bucket_seconds`.

    Formulas are the server's to understand: among others `+ - * / **`, comparisons (1 and 0),
    `max(a, b)`, `gapfill(i1)`, and the variables `bucket_seconds` and `time_seconds`.
*/
struct Calculation {
    Calculation() {}
    /// By its alias and its formula.
    Calculation(std::string name, std::string how)
        : alias(std::move(name)), formula(std::move(how)) {}

    /// The name of the result, as in `AggregationBase::alias`.
    std::string alias;
    /// What is computed for each bucket; not empty.
    std::string formula;
    /// Since API 1.2. Empty: not sent.
    std::string eng_unit;
};

/** What `clarify.evaluate` computes: series of items and groups, and formulas of them, bucket by
    bucket.

    @code
    clarify::EvaluateQuery query;
    query.items.emplace_back("flow", "cbpmaq6rpn52969vfl00", clarify::TimeAggregation::sum);
    query.calculations.emplace_back("rate", "flow / bucket_seconds");
    query.data = {begin, end, 10min};
    @endcode

    The result has a series for each alias. At most 50 different items and 100 calculations; aliases
    differ from each other; a rollup is needed. What does not fit is reported before anything is
    sent, all of it at once: `Errc::bad_argument` with `Reason::fields`.
*/
struct EvaluateQuery {
    EvaluateQuery() {}

    /// Single items. May be empty.
    std::vector<ItemAggregation> items;
    /// Groups of items. May be empty.
    std::vector<GroupAggregation> groups;
    /// Formulas, in the order in which they are computed: one may use the aliases of those before it.
    std::vector<Calculation> calculations;
    /// When, and in which buckets. `DataQuery::series` names the aliases that are wanted; empty: all.
    DataQuery data;

    /// Is there something that came with API 1.2: a group, or a unit? A client of an older version
    /// then asks with `1.2alpha1`.
    bool needs_1_2() const noexcept;
};

namespace detail {
/// Notes everything that a server would refuse, with its path.
void check(const EvaluateQuery& query, FieldErrors& errors);
/// Writes the members `items`, `groups`, `calculations` and `data` as a version of the API has them.
void write_members(JsonWriter& out, const EvaluateQuery& query, std::string_view api_version);
}  // namespace detail

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/evaluate.hpp>
#endif

#endif  // CLARIFY_API_EVALUATE_HPP
