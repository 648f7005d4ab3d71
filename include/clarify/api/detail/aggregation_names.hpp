// SPDX-License-Identifier: BSL-1.0
// The aggregations that this version of the library knows.

#ifndef CLARIFY_API_DETAIL_AGGREGATION_NAMES_HPP
#define CLARIFY_API_DETAIL_AGGREGATION_NAMES_HPP

#include <cstdint>
#include <string_view>

namespace clarify::detail {

struct TimeAggregationNames {
    enum Known : std::uint8_t {
        /// How many values there are.
        count,
        /// The smallest value.
        min,
        /// The largest value.
        max,
        /// All values together.
        sum,
        /// Their arithmetic mean.
        avg,
        /// The seconds that a bucket was in a state.
        state_seconds,
        /// The same in per cent of the bucket.
        state_percent,
        /// The same as a fraction of the bucket.
        state_rate,
        /// The earliest value.
        first,
        /// The latest value.
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
    enum Known : std::uint8_t {
        /// How many items have a value.
        count,
        /// The smallest of their values.
        min,
        /// The largest of them.
        max,
        /// All of them together.
        sum,
        /// Their arithmetic mean.
        avg,
        /// A text that this version of the library does not know.
        other,
    };
    static constexpr std::string_view names[] = {"count", "min", "max", "sum", "avg"};
};

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_AGGREGATION_NAMES_HPP
