// Rollup buckets: where the one that holds a time begins.
//
// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_TESTING_DETAIL_BUCKET_HPP
#define CLARIFY_TESTING_DETAIL_BUCKET_HPP

#include <clarify/testing/detail/time.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace clarify::testing::detail {

/// How samples are grouped in time.
struct Rollup {
    enum class Kind { none, window, fixed, months };

    Kind kind = Kind::none;
    Microseconds width{0};  ///< of Kind::fixed, positive
    std::int64_t months = 0;  ///< of Kind::months, positive
};

/// Division that rounds towards minus infinity, for a positive divisor.
constexpr std::int64_t floor_divide(std::int64_t dividend, std::int64_t divisor) {
    const std::int64_t quotient = dividend / divisor;
    return dividend % divisor < 0 ? quotient - 1 : quotient;
}

/// Midnight UTC of the first day in the year 2000 that is `first_day_of_week`, 1 (Monday) to 7.
constexpr TimePoint default_origin(int first_day_of_week) {
    using namespace std::chrono;
    const sys_days first = year(2000) / January / 1;
    const weekday wanted(static_cast<unsigned>(first_day_of_week));
    return first + (wanted - weekday(first));
}

/// The start of the bucket of `width` that holds `time`; `time` itself when `width` is not
/// positive.
constexpr TimePoint bucket_start(TimePoint time, Microseconds width, TimePoint origin) {
    if (width.count() <= 0) {
        return time;
    }
    const std::int64_t distance = (time - origin).count();
    return origin + Microseconds(floor_divide(distance, width.count()) * width.count());
}

/// `time` moved by civil months in UTC; a day that the month lacks runs over into the next month.
constexpr TimePoint add_months(TimePoint time, std::int64_t count) {
    using namespace std::chrono;
    const auto midnight = floor<days>(time);
    const year_month_day date(midnight);
    const std::int64_t index = static_cast<int>(date.year()) * std::int64_t{12} +
        static_cast<unsigned>(date.month()) - 1 + count;
    const std::int64_t new_year = floor_divide(index, 12);
    const auto new_month = static_cast<unsigned>(index - new_year * 12) + 1;
    const sys_days first_of_month = year(static_cast<int>(new_year)) / month(new_month) / 1;
    return first_of_month + days(static_cast<unsigned>(date.day()) - 1) + (time - midnight);
}

/// The start of the bucket of `months` civil months in UTC that holds `time`.
constexpr TimePoint month_bucket_start(TimePoint time, std::int64_t months, TimePoint origin) {
    using namespace std::chrono;
    const auto month_index = [](TimePoint t) {
        const year_month_day date(floor<days>(t));
        return static_cast<int>(date.year()) * std::int64_t{12} +
            static_cast<unsigned>(date.month());
    };
    // Counting whole months can only be too late: the origin's day may not have come yet.
    std::int64_t bucket = floor_divide(month_index(time) - month_index(origin), months);
    while (add_months(origin, bucket * months) > time) {
        --bucket;
    }
    return add_months(origin, bucket * months);
}

/// The start of the bucket that holds `time`. A window has one bucket, which starts at
/// `window_start`.
constexpr TimePoint bucket_start(
    TimePoint time,
    const Rollup& rollup,
    TimePoint window_start,
    std::optional<TimePoint> origin,
    int first_day_of_week) {
    switch (rollup.kind) {
        case Rollup::Kind::window:
            return window_start;
        case Rollup::Kind::fixed:
            return bucket_start(
                time, rollup.width, origin ? *origin : default_origin(first_day_of_week));
        case Rollup::Kind::months:
            return month_bucket_start(
                time,
                rollup.months,
                origin ? *origin
                       : TimePoint(std::chrono::sys_days(std::chrono::year(2000) / 1 / 1)));
        case Rollup::Kind::none:
            break;
    }
    return time;
}

}  // namespace clarify::testing::detail

#endif
