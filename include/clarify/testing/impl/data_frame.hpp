// Bodies of the data frames.
//
// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_TESTING_IMPL_DATA_FRAME_HPP
#define CLARIFY_TESTING_IMPL_DATA_FRAME_HPP

#include <clarify/api/detail/buckets.hpp>
#include <clarify/testing/detail/data_frame.hpp>
#include <clarify/testing/detail/resource.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

inline std::vector<TimePoint> read_times(const ParamsReader& data) {
    std::vector<TimePoint> times;
    if (data.require("times") == nullptr) {
        return times;
    }
    if (const json::array* const array = data.array("times")) {
        times.reserve(array->size());
        for (const json::value& value : *array) {
            const auto time = value.is_string() ? parse_time(value.get_string()) : std::nullopt;
            if (!time) {
                data.fail("times", "must be an array of RFC 3339 times");
                break;
            }
            times.push_back(*time);
        }
    }
    return times;
}

inline void read_insert_series(
    Series& series,
    const std::vector<TimePoint>& times,
    const json::array& values,
    std::string_view key,
    const ParamsReader& reader) {
    if (values.size() != times.size()) {
        reader.fail(key, "must be as long as times");
        return;
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        const json::value& value = values[i];
        if (value.is_null()) {
            continue;
        }
        if (!value.is_number() || !std::isfinite(value.to_number<double>())) {
            reader.fail(key, "must be an array of finite numbers and nulls");
            return;
        }
        series.insert_or_assign(times[i], value.to_number<double>());
    }
}

inline Frame read_insert_frame(const ParamsReader& params) {
    Frame frame;
    params.require("data");
    const json::object* const object = params.object("data");
    if (object == nullptr) {
        return frame;
    }
    const ParamsReader data(*object, params.path_of("data"), params.errors(), params.strict());
    data.allow_only({"times", "series"});
    const std::vector<TimePoint> times = read_times(data);
    data.require("series");
    const json::object* const all_series = data.object("series");
    if (all_series == nullptr || !params.errors().empty()) {
        return frame;
    }
    const ParamsReader reader(
        *all_series, data.path_of("series"), params.errors(), params.strict());
    for (const auto& member : *all_series) {
        const std::string_view key = member.key();
        if (!is_input_key(key)) {
            reader.fail(key, "invalid input key");
        } else if (reader.require(key) != nullptr) {
            if (const json::array* const values = reader.array(key)) {
                read_insert_series(frame[std::string(key)], times, *values, key, reader);
            }
        }
    }
    return frame;
}

/// Reads a time; the year 1 is how some clients write that it is not set.
inline std::optional<TimePoint> read_time(const ParamsReader& reader, std::string_view key) {
    const auto text = reader.string(key);
    const auto time = text ? parse_time(*text) : std::nullopt;
    if (text && !time) {
        reader.fail(key, "must be an RFC 3339 time");
    }
    return time == parse_time("0001-01-01T00:00:00Z") ? std::nullopt : time;
}

inline Rollup read_rollup(const ParamsReader& data) {
    constexpr std::int64_t max_months = 12'000;
    Rollup rollup;
    if (data.find_nullable("rollup") == nullptr) {
        return rollup;
    }
    const auto text = data.string("rollup");
    if (!text) {
        return rollup;
    }
    if (*text == "window") {
        rollup.kind = Rollup::Kind::window;
        return rollup;
    }
    const auto duration = parse_duration(*text);
    const auto width =
        std::chrono::floor<Microseconds>(duration ? duration->fixed : std::chrono::nanoseconds(0));
    if (duration && duration->months > 0 && duration->months <= max_months) {
        rollup.kind = Rollup::Kind::months;
        rollup.months = duration->months;
    } else if (width.count() > 0) {
        rollup.kind = Rollup::Kind::fixed;
        rollup.width = width;
    } else {
        data.fail("rollup", "must be null, \"window\" or a positive duration such as PT1H");
    }
    return rollup;
}

/// The longest window that the API documents for a rollup; nullopt for no limit.
inline std::optional<std::chrono::hours> max_window(const Rollup& rollup) {
    using std::chrono::hours;
    const auto days = [](std::int64_t count) { return hours(24 * count); };
    if (rollup.kind == Rollup::Kind::window) {
        return std::nullopt;
    }
    // A calendar month counts with its shortest length, and so does a year.
    const Microseconds width = rollup.kind == Rollup::Kind::months
        ? days(rollup.months / 12 * 365 + rollup.months % 12 * 28)
        : rollup.width;
    if (width >= days(30)) {
        return days(3660);
    }
    if (width >= days(1)) {
        return days(1900);
    }
    return width >= std::chrono::minutes(1) ? days(400) : days(40);
}

inline void read_window(DataQuery& query, const ParamsReader& filter, TimePoint now) {
    using std::chrono::hours;
    constexpr hours one_week(24 * 7);
    query.from = now - one_week;
    query.until = now + one_week;
    const json::object* const object = filter.object("times");
    if (object == nullptr) {
        return;
    }
    const ParamsReader times(*object, filter.path_of("times"), filter.errors(), filter.strict());
    times.allow_only({"$gte", "$lt"});
    const auto from = read_time(times, "$gte");
    const auto until = read_time(times, "$lt");
    if (from || until) {
        query.from = from ? *from : *until - 2 * one_week;
        query.until = until ? *until : *from + 2 * one_week;
    }
}

inline void read_series_filter(DataQuery& query, const ParamsReader& filter) {
    const json::object* const object = filter.object("series");
    if (object == nullptr) {
        return;
    }
    const ParamsReader series(*object, filter.path_of("series"), filter.errors(), filter.strict());
    series.allow_only({"$in"});
    if (const json::array* const keys = series.array("$in")) {
        query.series.emplace();
        for (const json::value& key : *keys) {
            if (!key.is_string()) {
                series.fail("$in", "must be an array of strings");
                break;
            }
            query.series->emplace(std::string_view(key.get_string()));
        }
    }
}

inline DataQuery read_data_query(const ParamsReader& params, TimePoint now, WindowLimits limits) {
    const json::object none;
    const json::object* const given = params.object("data");
    const ParamsReader data(
        given != nullptr ? *given : none, params.path_of("data"), params.errors(), params.strict());
    data.allow_only(
        {"filter", "rollup", "timeZone", "firstDayOfWeek", "origin", "last", "outsidePoints"});
    const json::object* const filter_object = data.object("filter");
    const ParamsReader filter(
        filter_object != nullptr ? *filter_object : none,
        data.path_of("filter"),
        params.errors(),
        params.strict());
    filter.allow_only({"times", "series"});

    DataQuery query;
    read_window(query, filter, now);
    read_series_filter(query, filter);
    query.rollup = read_rollup(data);
    query.origin =
        data.find_nullable("origin") != nullptr ? read_time(data, "origin") : std::nullopt;
    const std::int64_t first_day = data.integer("firstDayOfWeek").value_or(1);
    if (first_day < 1 || first_day > 7) {
        data.fail("firstDayOfWeek", "must be from 1 (Monday) to 7 (Sunday)");
    } else {
        query.first_day_of_week = static_cast<int>(first_day);
    }
    if (const Result<TimeZone> zone = TimeZone::load(data.string("timeZone").value_or("UTC"))) {
        query.zone = *zone;
    } else {
        data.fail("timeZone", "must be the name of a time zone");
    }
    query.last = data.integer("last").value_or(-1);
    data.boolean("outsidePoints", false);  // accepted without effect: its meaning is not documented
    const auto longest = max_window(query.rollup);
    if (limits == WindowLimits::enforced && longest && query.until - query.from > *longest) {
        filter.fail(
            "times",
            "must span at most " + std::to_string(longest->count() / 24) +
                " days with this rollup");
    }
    return query;
}

/// What is known of the samples in one bucket.
struct Aggregate {
    double count = 0;
    double min = 0;
    double max = 0;
    double sum = 0;

    void add(double value) {
        min = count == 0 ? value : (std::min)(min, value);
        max = count == 0 ? value : (std::max)(max, value);
        sum += value;
        ++count;
    }
};

/// Adds a series to the frame, if the query wants it, cut to its last times.
inline void add_series(
    Frame& frame, const std::string& key, Series series, const DataQuery& query) {
    if (query.series && !query.series->contains(key)) {
        return;
    }
    if (query.last > 0 && static_cast<std::uint64_t>(query.last) < series.size()) {
        series.erase(
            series.begin(), std::prev(series.end(), static_cast<std::ptrdiff_t>(query.last)));
    }
    frame.insert_or_assign(key, std::move(series));
}

inline clarify::detail::Buckets buckets_of(const DataQuery& query) {
    const CalendarDuration width = query.rollup.kind == Rollup::Kind::months
        ? CalendarDuration::months(query.rollup.months)
        : CalendarDuration{query.rollup.width};
    std::optional<Timestamp> origin;
    if (query.origin) {
        origin = *query.origin;
    }
    return {width, query.zone, query.first_day_of_week, origin};
}

inline void add_item_series(
    Frame& frame, const std::string& id, const Series& samples, const DataQuery& query) {
    if (query.until < query.from) {
        return;
    }
    const auto begin = samples.lower_bound(query.from);
    const auto end = samples.lower_bound(query.until);
    if (query.rollup.kind == Rollup::Kind::none) {
        add_series(frame, id, Series(begin, end), query);
        return;
    }
    std::map<TimePoint, Aggregate> buckets;
    const clarify::detail::Buckets bounds = buckets_of(query);
    for (auto sample = begin; sample != end; ++sample) {
        // A window has one bucket, which starts where it does.
        const TimePoint start = query.rollup.kind == Rollup::Kind::window
            ? query.from
            : bounds.start(sample->first).time_point();
        buckets[start].add(sample->second);
    }
    const auto add = [&](const char* suffix, auto&& value_of) {
        Series series;
        for (const auto& [start, aggregate] : buckets) {
            series.emplace_hint(series.end(), start, value_of(aggregate));
        }
        add_series(frame, id + suffix, std::move(series), query);
    };
    add("_count", [](const Aggregate& a) { return a.count; });
    add("_min", [](const Aggregate& a) { return a.min; });
    add("_max", [](const Aggregate& a) { return a.max; });
    add("_sum", [](const Aggregate& a) { return a.sum; });
    add("_avg", [](const Aggregate& a) { return a.sum / a.count; });
}

inline json::object frame_json(const Frame& frame) {
    constexpr std::size_t max_values = 5'000'000;
    std::vector<TimePoint> times;
    for (const auto& [key, series] : frame) {
        for (const auto& [time, value] : series) {
            times.push_back(time);
        }
    }
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    if (!frame.empty() && times.size() > max_values / frame.size()) {
        throw RpcFailure(RpcCode::server_error, "The data frame is too large for the emulator");
    }
    json::array time_texts;
    time_texts.reserve(times.size());
    for (const TimePoint time : times) {
        time_texts.emplace_back(format_time(time));
    }
    json::object all_series;
    for (const auto& [key, series] : frame) {
        json::array values;
        values.reserve(times.size());
        auto next = series.begin();
        for (const TimePoint time : times) {
            if (next != series.end() && next->first == time) {
                values.emplace_back(next->second);
                ++next;
            } else {
                values.emplace_back(nullptr);
            }
        }
        all_series[key] = std::move(values);
    }
    json::object out;
    out["times"] = std::move(time_texts);
    out["series"] = std::move(all_series);
    return out;
}

}  // namespace clarify::testing::detail

#endif
