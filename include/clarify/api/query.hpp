// SPDX-License-Identifier: BSL-1.0
// Which resources to select, and which data of them.

#ifndef CLARIFY_API_QUERY_HPP
#define CLARIFY_API_QUERY_HPP

#include <clarify/api/duration.hpp>
#include <clarify/api/field_errors.hpp>
#include <clarify/api/filter.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/result.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clarify {

/** Some of the signals or items, in some order. What is not set is left to the server. */
struct ResourceQuery {
    ResourceQuery() {}
    ResourceQuery(Filter which) : filter(std::move(which)) {}

    Filter filter;
    /// Fields to sort by; a `-` in front sorts downwards. Pages are stable when sorted by `id`.
    std::vector<std::string> sort;
    /// How many at most. Each method has a limit of its own: 1000 resources, or the data of 50 items.
    /// Unset: as many as the server takes then, which was 20 resources, or the data of 10 items.
    std::optional<std::size_t> limit;
    /// How many to leave out at the beginning.
    std::size_t skip = 0;
    /// Count how many there are in all.
    bool total = false;
};

/// Into what the values of an item are summed up: nothing, one bucket for the whole time, or buckets
/// of a width.
class Rollup {
public:
    /// None: the values as they were stored.
    Rollup() noexcept {}
    /// Buckets; the width is positive.
    Rollup(CalendarDuration width) noexcept : kind_(Kind::buckets), width_(width) {}
    template <std::integral Rep, class Period>
    Rollup(std::chrono::duration<Rep, Period> width) noexcept : Rollup(CalendarDuration{width}) {}
    /// One bucket for the whole time.
    static Rollup window() noexcept {
        Rollup rollup;
        rollup.kind_ = Kind::window;
        return rollup;
    }
    /// Reads `window`, or a duration such as `PT1H`, `P1D` or `P1M`.
    static Result<Rollup> parse(std::string_view text);

    bool is_none() const noexcept { return kind_ == Kind::none; }
    bool is_window() const noexcept { return kind_ == Kind::window; }
    /// The width of the buckets; none for the other kinds.
    std::optional<CalendarDuration> width() const noexcept {
        return kind_ == Kind::buckets ? std::optional{width_} : std::nullopt;
    }
    /// `window` or a duration; an empty text for none.
    std::string to_string() const;

    friend bool operator==(const Rollup&, const Rollup&) noexcept = default;

private:
    enum class Kind { none, window, buckets };

    Kind kind_ = Kind::none;
    CalendarDuration width_{std::chrono::nanoseconds{0}};
};

/** Which data of items: when, and how it is summed up. What is not set is left to the server. */
struct DataQuery {
    DataQuery() {}
    DataQuery(Timestamp begin, Timestamp end, Rollup by = {}) : from(begin), to(end), rollup(by) {}

    /// The first time that is meant. Unset: seven days ago, or 14 days before `to`.
    std::optional<Timestamp> from;
    /// The first time that is not meant any more. Unset: in seven days, or 14 days after `from`.
    std::optional<Timestamp> to;
    Rollup rollup;
    /// The zone whose clocks buckets follow, such as `Europe/Oslo`. Empty: UTC.
    std::string time_zone;
    /// Where weeks begin. Unset: Monday.
    std::optional<std::chrono::weekday> first_day_of_week;
    /// A time at which a bucket begins, instead of `first_day_of_week`.
    std::optional<Timestamp> origin;
    /// Only so many of the last times, at least 1. Unset: all.
    std::optional<std::size_t> last;
    /// Only these series of the result. Empty: all.
    std::vector<std::string> series;
    /// Not documented by the API. Unset: not sent.
    std::optional<bool> outside_points;
};

/// The longest time that the API documents for a request; none where it is unlimited.
/// `for_data_frame`: of `clarify.dataFrame` (API 1.1), else of `clarify.evaluate`.
std::optional<FixedDuration> longest_window(const Rollup& rollup, bool for_data_frame) noexcept;

/// Notes everything that a server would refuse, with its path below `path`. At most `most` resources
/// may be asked for.
void check(
    const ResourceQuery& query, std::string_view path, std::size_t most, FieldErrors& errors);
void check(const DataQuery& query, std::string_view path, FieldErrors& errors);

/// Writes the object that methods take as `query`, without what is not set.
Result<void> append_json_text(std::string& out, const ResourceQuery& query);
/// Writes the object that methods take as `data`, without what is not set.
Result<void> append_json_text(std::string& out, const DataQuery& query);

// For requests, once they are checked.
void write_json(detail::JsonOutput& out, const ResourceQuery& query);
void write_json(detail::JsonOutput& out, const DataQuery& query);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/query.hpp>
#endif

#endif  // CLARIFY_API_QUERY_HPP
