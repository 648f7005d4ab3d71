// SPDX-License-Identifier: BSL-1.0
// Which inputs share a table: those that share their times, and others as long as what is missing
// takes little room.

#ifndef CLARIFY_API_DETAIL_SAMPLE_GROUPS_HPP
#define CLARIFY_API_DETAIL_SAMPLE_GROUPS_HPP

#include <clarify/api/samples.hpp>
#include <clarify/api/timestamp.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace clarify::detail {

/** What a table of times and columns takes, in bytes, and when two of them become one.

    A table has a value, perhaps a missing one, for each column at each time. Fewer tables are fewer
    requests, so some missing values are put up with: for a column, or some that have the same times,
    as many as take `ratio` times what it takes by itself, and in all of them together `spare` more.
    So all tables together take no more than `1 + ratio` times what each column takes by itself, and
    `spare`.
*/
struct TableCosts {
    std::size_t time;
    std::size_t value;
    std::size_t missing;
    std::size_t ratio;
    std::size_t spare;
    /// Two tables do not become one that is larger than this.
    std::size_t largest = SIZE_MAX;
    /// The most for a row with the keys of its columns; each value counted as the longest there is.
    std::size_t widest = SIZE_MAX;
};

/// In JSON: times to the millisecond, and `null`. A request takes about a second, whatever its size:
/// so what comes once a second from some hundred inputs is one.
inline constexpr TableCosts costs_of_text{27, 8, 5, 10, std::size_t{1} << 17U};
/// In frames.
inline constexpr TableCosts costs_of_memory{8, 8, 8, 4, std::size_t{1} << 20U};

/// How many bytes a row with one value of a column has at most in JSON, with its key.
inline std::size_t width_of(const SampleColumn& column) noexcept {
    constexpr std::size_t around = 32;
    return column.first.size() + around;
}

/// A table: its columns, in the order of their keys, and all times that any of them has.
struct SampleGroup {
    std::vector<const SampleColumn*> columns;
    std::vector<Timestamp> times;
};

/** Divides a table by columns, whose samples are sorted by time, with no time twice. Those without a
    sample are in no group.

    The largest groups come first. Takes time in proportion to the number of samples, and a little
    more to sort the columns.
*/
std::vector<SampleGroup> group_samples(const SampleTable& table, const TableCosts& costs);

/// The columns without a sample.
std::vector<const SampleColumn*> empty_columns(const SampleTable& table);

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/detail/impl/sample_groups.hpp>
#endif

#endif  // CLARIFY_API_DETAIL_SAMPLE_GROUPS_HPP
