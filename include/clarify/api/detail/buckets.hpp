// SPDX-License-Identifier: BSL-1.0
// Where the buckets of a rollup begin.

#ifndef CLARIFY_API_DETAIL_BUCKETS_HPP
#define CLARIFY_API_DETAIL_BUCKETS_HPP

#include <clarify/api/duration.hpp>
#include <clarify/api/time_zone.hpp>
#include <clarify/api/timestamp.hpp>

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

}  // namespace clarify::detail

#include <clarify/api/detail/impl/buckets.hpp>

#endif  // CLARIFY_API_DETAIL_BUCKETS_HPP
