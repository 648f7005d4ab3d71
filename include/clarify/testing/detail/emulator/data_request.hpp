// SPDX-License-Identifier: BSL-1.0
// Requests for data: which part of the samples is asked for, and in which form.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_DATA_REQUEST_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_DATA_REQUEST_HPP

#include <clarify/api/time_zone.hpp>
#include <clarify/testing/detail/emulator/bucket_width.hpp>
#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/time_text.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

/// What part of the samples is asked for, and in which form.
struct DataRequest {
    ServerTime from;
    /// The first time that is not asked for.
    ServerTime until;
    std::optional<std::set<std::string>> series;
    BucketWidth rollup;
    std::optional<ServerTime> origin;
    int first_day_of_week = 1;
    /// The clocks that buckets follow.
    TimeZone zone;
    /// If positive: only so many of the latest times of each series.
    std::int64_t last = -1;
};

/// Which windows `read_data_request` accepts: those of a method, or all.
enum class WindowLimits { data_frame, evaluate, none };

/// Reads a time; the year 1 is how some clients write that it is not set.
inline std::optional<ServerTime> read_time(const ParamsReader& reader, std::string_view key) {
    const auto text = reader.string(key);
    const auto time = text ? parse_time(*text) : std::nullopt;
    if (text && !time) reader.fail(key, "must be an RFC 3339 time");
    return time == parse_time("0001-01-01T00:00:00Z") ? std::nullopt : time;
}

inline BucketWidth read_bucket_width(const ParamsReader& data) {
    constexpr std::int64_t max_months = 12'000;
    BucketWidth rollup;
    if (data.find_nullable("rollup") == nullptr) return rollup;
    const auto text = data.string("rollup");
    if (!text) return rollup;
    if (*text == "window") {
        rollup.kind = BucketWidth::Kind::window;
        return rollup;
    }
    const auto duration = parse_duration(*text);
    const auto width =
        std::chrono::floor<Microseconds>(duration ? duration->fixed : std::chrono::nanoseconds{0});
    if (duration && duration->months > 0 && duration->months <= max_months) {
        rollup.kind = BucketWidth::Kind::months;
        rollup.months = duration->months;
    } else if (width.count() > 0) {
        rollup.kind = BucketWidth::Kind::fixed;
        rollup.width = width;
    } else {
        data.fail("rollup", "must be null, \"window\" or a positive duration such as PT1H");
    }
    return rollup;
}

/// The longest window that the API documents for a rollup; nullopt for no limit.
inline std::optional<std::chrono::hours> max_window(
    const BucketWidth& rollup, WindowLimits limits) {
    using std::chrono::hours;
    const auto days = [](std::int64_t count) { return hours(24 * count); };
    if (limits == WindowLimits::none || rollup.kind == BucketWidth::Kind::window)
        return std::nullopt;
    // A calendar month counts with its shortest length, and so does a year.
    const Microseconds width = rollup.kind == BucketWidth::Kind::months
        ? days(rollup.months / 12 * 365 + rollup.months % 12 * 28)
        : rollup.width;
    if (width >= days(30) && limits == WindowLimits::data_frame) return days(3660);
    if (width >= days(1)) return days(1900);
    return width >= std::chrono::minutes{1} ? days(400) : days(40);
}

inline void read_window(DataRequest& request, const ParamsReader& filter, ServerTime now) {
    using std::chrono::hours;
    constexpr hours one_week(24 * 7);
    request.from = now - one_week;
    request.until = now + one_week;
    const json::object* const object = filter.object("times");
    if (object == nullptr) return;
    const ParamsReader times{*object, filter.path_of("times"), filter.errors(), filter.strict()};
    times.allow_only({"$gte", "$lt"});
    const auto from = read_time(times, "$gte");
    const auto until = read_time(times, "$lt");
    if (from || until) {
        request.from = from ? *from : *until - 2 * one_week;
        request.until = until ? *until : *from + 2 * one_week;
    }
}

inline void read_series_filter(DataRequest& request, const ParamsReader& filter) {
    const json::object* const object = filter.object("series");
    if (object == nullptr) return;
    const ParamsReader series{*object, filter.path_of("series"), filter.errors(), filter.strict()};
    series.allow_only({"$in"});
    if (const json::array* const keys = series.array("$in")) {
        request.series.emplace();
        for (const json::value& key : *keys) {
            if (!key.is_string()) {
                series.fail("$in", "must be an array of strings");
                break;
            }
            request.series->emplace(std::string_view(key.get_string()));
        }
    }
}

/** Reads the member `data` of `params` and notes what is wrong with it.

    Without times the window is the week before and the week after `now`; with one of them it is 14
    days long. Time zones are those of the machine's database.
*/
inline DataRequest read_data_request(
    const ParamsReader& params, ServerTime now, WindowLimits limits) {
    const json::object none;
    const json::object* const given = params.object("data");
    const ParamsReader data{
        given != nullptr ? *given : none, params.path_of("data"), params.errors(), params.strict()};
    data.allow_only(
        {"filter", "rollup", "timeZone", "firstDayOfWeek", "origin", "last", "outsidePoints"});
    const json::object* const filter_object = data.object("filter");
    const ParamsReader filter{
        filter_object != nullptr ? *filter_object : none,
        data.path_of("filter"),
        params.errors(),
        params.strict()};
    filter.allow_only({"times", "series"});

    DataRequest request;
    read_window(request, filter, now);
    read_series_filter(request, filter);
    request.rollup = read_bucket_width(data);
    request.origin =
        data.find_nullable("origin") != nullptr ? read_time(data, "origin") : std::nullopt;
    const std::int64_t first_day = data.integer("firstDayOfWeek").value_or(1);
    if (first_day < 1 || first_day > 7) {
        data.fail("firstDayOfWeek", "must be from 1 (Monday) to 7 (Sunday)");
    } else {
        request.first_day_of_week = static_cast<int>(first_day);
    }
    if (const Result<TimeZone> zone = TimeZone::load(data.string("timeZone").value_or("UTC"))) {
        request.zone = *zone;
    } else {
        data.fail("timeZone", "must be the name of a time zone");
    }
    request.last = data.integer("last").value_or(-1);
    // Accepted without effect: its meaning is not documented.
    data.boolean("outsidePoints", false);
    const auto longest = max_window(request.rollup, limits);
    if (longest && request.until - request.from > *longest) {
        filter.fail(
            "times",
            "must span at most " + std::to_string(longest->count() / 24) +
                " days with this rollup");
    }
    return request;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_DATA_REQUEST_HPP
