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

/** Some of the signals or items, in some order: the `query` of the methods that select. What is not
    set is left to the server.

    Pages are made by `skip` and `limit` alone: there is no cursor, so resources that are added or
    removed meanwhile move those behind them. `ApiClient::signal_pages` and `item_pages` take care.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct ResourceQuery {
    ResourceQuery() {}
    /// What a filter finds.
    ResourceQuery(Filter which) : filter(std::move(which)) {}

    /// Which ones. Unless it is set: all.
    Filter filter;
    /// Fields to sort by, as in `field`; a `-` in front sorts downwards. Pages are stable when sorted by
    /// `id`, which is the order in which resources were made. Empty: in any order.
    std::vector<std::string> sort;
    /// How many at most. Each method has a limit of its own: 1000 resources, or the data of 50 items.
    /// Unset: as many as the server takes then, which was 20 resources, or the data of 10 items. More
    /// than the limit is refused before anything is sent.
    std::optional<std::size_t> limit;
    /// How many to leave out at the beginning. 0: none.
    std::size_t skip = 0;
    /// Count how many there are in all, whatever `limit` says: see `SelectionBase::total`. Cannot be
    /// asked for together with data.
    bool total = false;
};

/** Into what the values of an item are summed up: nothing, one bucket for the whole time, or buckets
    of a width.

    Buckets of up to an hour lie at whole multiples of their width from an origin. Wider ones follow the
    clocks of `DataQuery::time_zone`; months and years are those of the calendar. The origin is midnight
    of the first Monday of 2000 (or another day of the week), for months 1 January 2000, or
    `DataQuery::origin`. A bucket without values has no row in the result.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Rollup {
public:
    /// None: the values as they were stored.
    Rollup() noexcept {}
    /// Buckets of a width, which has to be positive when it is sent: `Rollup{CalendarDuration::days(1)}`.
    Rollup(CalendarDuration width) noexcept : kind_(Kind::buckets), width_(width) {}
    /// Buckets of a fixed width, such as `Rollup{15min}`.
    template <std::integral Rep, class Period>
    Rollup(std::chrono::duration<Rep, Period> width) noexcept : Rollup(CalendarDuration{width}) {}
    /// One bucket for the whole time.
    static Rollup window() noexcept {
        Rollup rollup;
        rollup.kind_ = Kind::window;
        return rollup;
    }
    /** Reads `window`, or a duration such as `PT1H`, `P1D` or `P1M`.

        @par Errors
        Those of `CalendarDuration::parse`, and `Reason::out_of_range` for a negative width.
    */
    static Result<Rollup> parse(std::string_view text);

    /// Are values left as they were stored?
    bool is_none() const noexcept { return kind_ == Kind::none; }
    /// Is there one bucket for the whole time?
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

/** Which data of items: when, and how it is summed up. What is not set is left to the server.

    How long a time may be asked for at once depends on the rollup, see `longest_window`;
    `ApiClient::data_parts` divides what is longer. What a server would refuse (an end before its
    beginning, a width that is not positive, a `last` of 0) is reported before anything is sent.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct DataQuery {
    DataQuery() {}
    /// From a time to another, perhaps with a rollup.
    DataQuery(Timestamp begin, Timestamp end, Rollup by = {}) : from(begin), to(end), rollup(by) {}

    /// The first time that is meant. Unset: seven days ago, or 14 days before `to`.
    std::optional<Timestamp> from;
    /// The first time that is not meant any more. Unset: in seven days, or 14 days after `from`.
    std::optional<Timestamp> to;
    /// In which buckets. Unset: values as they were stored; an evaluation needs one.
    Rollup rollup;
    /// The zone whose clocks buckets follow, such as `Europe/Oslo`. Empty: UTC.
    std::string time_zone;
    /// Where weeks begin, and other buckets that are no months. Unset: Monday.
    std::optional<std::chrono::weekday> first_day_of_week;
    /// A time at which a bucket begins, instead of `first_day_of_week`.
    std::optional<Timestamp> origin;
    /// Only so many of the last times, at least 1. Unset: all.
    std::optional<std::size_t> last;
    /// Only these series of the result, by their keys. Empty: all.
    std::vector<std::string> series;
    /// Not documented by the API. Unset: not sent.
    std::optional<bool> outside_points;
};

/** The longest time that the API documents for a request: none where it is unlimited.

    | rollup | longest time |
    | --- | --- |
    | none, or less than a minute | 40 days |
    | from a minute on | 400 days |
    | from 24 hours on | 1900 days |
    | from 30 days on, with `clarify.dataFrame` only | 3660 days |
    | `window` | unlimited |

    A day is 24 hours here, and a bucket as long as `CalendarDuration::shortest` says: `P1M` is in the
    third row. Servers were seen to take more.

    @param for_data_frame of `clarify.dataFrame` (API 1.1), else of `clarify.evaluate`.
*/
std::optional<FixedDuration> longest_window(const Rollup& rollup, bool for_data_frame) noexcept;

/** Writes the object that methods take as `query`, without what is not set. Any limit will do here.

    @par Errors
    `Errc::bad_argument` with `Reason::fields`, with all that is wrong; `out` is then as it was.
*/
Result<void> append_json_text(std::string& out, const ResourceQuery& query);
/// The same for the object that methods take as `data`.
Result<void> append_json_text(std::string& out, const DataQuery& query);

namespace detail {
/// Notes everything that a server would refuse, with its path below `path`. At most `most` resources
/// may be asked for.
void check(
    const ResourceQuery& query, std::string_view path, std::size_t most, FieldErrors& errors);
void check(const DataQuery& query, std::string_view path, FieldErrors& errors);
/// Write what was checked.
void write_json(JsonWriter& out, const ResourceQuery& query);
void write_json(JsonWriter& out, const DataQuery& query);
}  // namespace detail

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/query.hpp>
#endif

#endif  // CLARIFY_API_QUERY_HPP
