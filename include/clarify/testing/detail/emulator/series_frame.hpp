// SPDX-License-Identifier: BSL-1.0
// Series of samples by key: what an insert brings, and what a data request is answered with.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_SERIES_FRAME_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_SERIES_FRAME_HPP

#include <clarify/testing/detail/emulator/aggregation.hpp>
#include <clarify/testing/detail/emulator/data_request.hpp>
#include <clarify/testing/detail/emulator/json_text.hpp>
#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/stored_resource.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

inline std::vector<ServerTime> read_times(const ParamsReader& data) {
    std::vector<ServerTime> times;
    if (data.require("times") == nullptr) return times;
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
    const std::vector<ServerTime>& times,
    const json::array& values,
    std::string_view key,
    const ParamsReader& reader) {
    if (values.size() != times.size()) {
        reader.fail(key, "must be as long as times");
        return;
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        const json::value& value = values[i];
        if (value.is_null()) continue;
        if (!value.is_number() || !std::isfinite(value.to_number<double>())) {
            reader.fail(key, "must be an array of finite numbers and nulls");
            return;
        }
        series.insert_or_assign(times[i], value.to_number<double>());
    }
}

/// Reads the member `data` of an insert and notes what is wrong with it.
inline Frame read_insert_frame(const ParamsReader& params) {
    Frame frame;
    params.require("data");
    const json::object* const object = params.object("data");
    if (object == nullptr) return frame;
    const ParamsReader data{*object, params.path_of("data"), params.errors(), params.strict()};
    data.allow_only({"times", "series"});
    const std::vector<ServerTime> times = read_times(data);
    data.require("series");
    const json::object* const all_series = data.object("series");
    if (all_series == nullptr || !params.errors().empty()) return frame;
    const ParamsReader reader{
        *all_series, data.path_of("series"), params.errors(), params.strict()};
    for (const auto& member : *all_series) {
        const std::string_view key = member.key();
        if (!is_accepted_input(key)) {
            reader.fail(key, "invalid input key");
        } else if (reader.require(key) != nullptr) {
            if (const json::array* const values = reader.array(key))
                read_insert_series(frame[std::string{key}], times, *values, key, reader);
        }
    }
    return frame;
}

/// The samples in [from, until) of all signals that an item shows, and for each signal the last
/// one before; none where `until` is not after `from`.
inline Series item_samples(
    const std::vector<const StoredSignal*>& signals, ServerTime from, ServerTime until) {
    Series samples;
    if (until <= from) return samples;
    for (const StoredSignal* const signal : signals) {
        auto begin = signal->samples.lower_bound(from);
        if (begin != signal->samples.begin()) --begin;
        samples.insert(begin, signal->samples.lower_bound(until));
    }
    return samples;
}

/// Adds a series to the frame, if the request wants it, cut to its last times.
inline void add_series(
    Frame& frame, const std::string& key, Series series, const DataRequest& request) {
    if (request.series && !request.series->contains(key)) return;
    if (request.last > 0 && static_cast<std::uint64_t>(request.last) < series.size()) {
        series.erase(
            series.begin(), std::prev(series.end(), static_cast<std::ptrdiff_t>(request.last)));
    }
    frame.insert_or_assign(key, std::move(series));
}

/** Adds to `frame` what `request` asks of the samples of one item.

    The key is the item's identifier without a rollup; with one there are five series, such as
    `<id>_avg`. An item of states has one for each of them instead, with the seconds in that state:
    `<id>_<state>`, a key that no documentation gives. A bucket without samples has no values. Only
    samples inside the window count, also in a bucket that begins before it.
*/
inline void add_item_series(
    Frame& frame, const StoredItem& item, const Series& samples, const DataRequest& request) {
    if (request.until <= request.from) return;
    if (request.rollup.kind == BucketWidth::Kind::none) {
        const Series raw(samples.lower_bound(request.from), samples.lower_bound(request.until));
        add_series(frame, item.id, raw, request);
        return;
    }
    const RequestBuckets buckets{request};
    const SampleRange range{
        samples,
        request.from,
        request.until,
        item.attributes.gap_detection.value_or(default_gap_detection)};
    const auto add = [&](const std::string& suffix, const Aggregation& aggregation) {
        add_series(frame, item.id + "_" + suffix, aggregate(range, buckets, aggregation), request);
    };
    using Kind = Aggregation::Kind;
    if (item.attributes.value_type == "enum") {
        std::set<double> states;
        for (const auto& [state, name] : item.attributes.enum_values)
            states.insert(std::stod(state));
        for (const auto& [time, value] : samples)
            states.insert(value);
        for (const double state : states)
            add(to_json(json::value(state)), {Kind::state_seconds, state});
        return;
    }
    add("count", {Kind::count});
    add("min", {Kind::min});
    add("max", {Kind::max});
    add("sum", {Kind::sum});
    add("avg", {Kind::avg});
}

/** The frame as JSON: the union of all times in order, null for what is missing.

    @throws RpcFailure when it would have more values than the emulator answers with.
*/
inline json::object frame_json(const Frame& frame) {
    constexpr std::size_t max_values = 5'000'000;
    std::vector<ServerTime> times;
    for (const auto& [key, series] : frame) {
        for (const auto& [time, value] : series)
            times.push_back(time);
    }
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    if (!frame.empty() && times.size() > max_values / frame.size())
        throw RpcFailure{RpcCode::server_error, "The data frame is too large for the emulator"};
    json::array time_texts;
    time_texts.reserve(times.size());
    for (const ServerTime time : times)
        time_texts.emplace_back(format_time(time));
    json::object all_series;
    for (const auto& [key, series] : frame) {
        json::array values;
        values.reserve(times.size());
        auto next = series.begin();
        for (const ServerTime time : times) {
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

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_SERIES_FRAME_HPP
