// SPDX-License-Identifier: BSL-1.0
// Where the buckets of a rollup begin.

#ifndef CLARIFY_API_DETAIL_BUCKETS_HPP
#define CLARIFY_API_DETAIL_BUCKETS_HPP

#include <clarify/api/duration.hpp>
#include <clarify/api/time_zone.hpp>
#include <clarify/api/timestamp.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace clarify::detail {

/// Division that rounds towards minus infinity, for a positive divisor.
constexpr std::int64_t floor_divide(std::int64_t dividend, std::int64_t divisor) noexcept {
    const std::int64_t quotient = dividend / divisor;
    return dividend % divisor < 0 ? quotient - 1 : quotient;
}

namespace buckets {

inline constexpr std::int64_t day = 86'400'000'000;

/// The number of the month that holds a time, from that of the year 0.
inline std::int64_t month_of(std::int64_t time) noexcept {
    const std::chrono::year_month_day date{
        std::chrono::sys_days{std::chrono::days{floor_divide(time, day)}}};
    return static_cast<int>(date.year()) * std::int64_t{12} + static_cast<unsigned>(date.month()) -
        1;
}

/// `time` moved by months; a day that the month lacks runs over into the next one.
inline std::int64_t add_months(std::int64_t time, std::int64_t count) noexcept {
    using namespace std::chrono;
    const std::int64_t days_before = floor_divide(time, day);
    const year_month_day date{sys_days{days{days_before}}};
    const std::int64_t month_number = month_of(time) + count;
    const std::int64_t of_year = floor_divide(month_number, 12);
    const sys_days first = year{static_cast<int>(of_year)} /
        month{static_cast<unsigned>(month_number - of_year * 12) + 1} / 1;
    const std::int64_t date_days =
        first.time_since_epoch().count() + static_cast<unsigned>(date.day()) - 1;
    return date_days * day + (time - days_before * day);
}

/// Midnight of the first day in 2000 that is the given one of the week.
inline std::int64_t default_origin(int first_day_of_week) noexcept {
    using namespace std::chrono;
    const sys_days first = year{2000} / January / 1;
    const weekday wanted{static_cast<unsigned>(first_day_of_week)};
    return (first + (wanted - weekday{first})).time_since_epoch().count() * day;
}

}  // namespace buckets

/** Divides time into buckets of one width, as Clarify does.

    Buckets of up to an hour lie at whole multiples of their width from the origin. Wider ones follow
    the clocks of the time zone, so that a day is from midnight to midnight, whatever it lasts. Months
    are those of the calendar. The origin is midnight of the first given day of the week in 2000, or
    of 1 January 2000 for months, unless another one is given.
*/
class Buckets {
public:
    /// `first_day_of_week`: 1 (Monday) to 7. `width` is positive, and cut to whole microseconds; one
    /// that is less has a microsecond.
    Buckets(
        CalendarDuration width,
        TimeZone zone = {},
        int first_day_of_week = 1,
        std::optional<Timestamp> origin = std::nullopt);

    /// The start of the bucket that holds `time`.
    Timestamp start(Timestamp time) const noexcept;
    /// The start of the bucket after that.
    Timestamp next(Timestamp time) const noexcept;

private:
    bool is_local() const noexcept;
    std::int64_t index(std::int64_t time) const noexcept;
    Timestamp begin_of(std::int64_t index) const noexcept;

    TimeZone zone_;
    std::int64_t months_ = 0;
    /// In microseconds, where there are no months.
    std::int64_t width_ = 0;
    /// In microseconds, of the clocks or of UTC.
    std::int64_t origin_ = 0;
};

inline Buckets::Buckets(
    CalendarDuration width, TimeZone zone, int first_day_of_week, std::optional<Timestamp> origin)
    : zone_(std::move(zone)),
      months_(width.months()),
      width_(
          width.days() != 0 ? width.days() * buckets::day : width.fixed().value().count() / 1000) {
    width_ = std::max<std::int64_t>(width_, 1);
    const bool is_months = months_ != 0;
    if (origin) {
        origin_ = (is_local() ? zone_.to_local(*origin) : *origin).microseconds();
        return;
    }
    origin_ = is_months ? 946'684'800'000'000 : buckets::default_origin(first_day_of_week);
    if (!is_local())
        origin_ = zone_.from_local(Timestamp::from_microseconds(origin_)).microseconds();
}

inline bool Buckets::is_local() const noexcept {
    constexpr std::int64_t hour = 3'600'000'000;
    return !zone_.is_utc() && (months_ != 0 || width_ > hour);
}

inline std::int64_t Buckets::index(std::int64_t time) const noexcept {
    if (months_ == 0) return floor_divide(time - origin_, width_);
    // Counting whole months can only be too late: the origin's day may not have come yet.
    std::int64_t bucket =
        floor_divide(buckets::month_of(time) - buckets::month_of(origin_), months_);
    while (buckets::add_months(origin_, bucket * months_) > time)
        --bucket;
    return bucket;
}

inline Timestamp Buckets::begin_of(std::int64_t index) const noexcept {
    const auto begin = Timestamp::from_microseconds(
        months_ != 0 ? buckets::add_months(origin_, index * months_) : origin_ + index * width_);
    return is_local() ? zone_.from_local(begin) : begin;
}

inline Timestamp Buckets::start(Timestamp time) const noexcept {
    return begin_of(index((is_local() ? zone_.to_local(time) : time).microseconds()));
}

inline Timestamp Buckets::next(Timestamp time) const noexcept {
    std::int64_t bucket = index((is_local() ? zone_.to_local(time) : time).microseconds());
    Timestamp begin = begin_of(++bucket);
    // Where the clocks are put back, what they show next may be what they showed before.
    while (begin <= time)
        begin = begin_of(++bucket);
    return begin;
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_BUCKETS_HPP
