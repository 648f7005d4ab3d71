// Data frames: the one that an insert brings, and the ones that a data query computes.
//
// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_TESTING_DETAIL_DATA_FRAME_HPP
#define CLARIFY_TESTING_DETAIL_DATA_FRAME_HPP

#include <clarify/api/time_zone.hpp>
#include <clarify/testing/detail/bucket.hpp>
#include <clarify/testing/detail/params_reader.hpp>
#include <clarify/testing/detail/time.hpp>

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

/// The samples of one series; a missing value is simply not there.
using Series = std::map<TimePoint, double>;

/// Series by key.
using Frame = std::map<std::string, Series>;

/// Reads the member `data` of an insert and notes what is wrong with it.
Frame read_insert_frame(const ParamsReader& params);

/// What part of the samples a query asks for, and in which form.
struct DataQuery {
    TimePoint from;
    TimePoint until;  ///< not included
    std::optional<std::set<std::string>> series;
    Rollup rollup;
    std::optional<TimePoint> origin;
    int first_day_of_week = 1;
    TimeZone zone;  ///< whose clocks buckets follow
    std::int64_t last = -1;  ///< if positive: only so many of the latest times of each series
};

/// Which windows `read_data_query` accepts.
enum class WindowLimits { enforced, ignored };

/** Reads the member `data` of `params` and notes what is wrong with it.

    Without times the window is the week before and the week after `now`; with one of them it is 14
    days long. Time zones are those of the machine's database.
*/
DataQuery read_data_query(const ParamsReader& params, TimePoint now, WindowLimits limits);

/** Adds to `frame` what `query` asks of the samples of one item.

    The key is `id` without a rollup; with one there are five series, such as `<id>_avg`. A bucket
    without samples has no values. Only samples inside the window count, also in a bucket that
    begins before it.
*/
void add_item_series(
    Frame& frame, const std::string& id, const Series& samples, const DataQuery& query);

/** The frame as JSON: the union of all times in order, null for what is missing.

    @throws RpcFailure when it would have more values than the emulator answers with.
*/
json::object frame_json(const Frame& frame);

}  // namespace clarify::testing::detail

#include <clarify/testing/impl/data_frame.hpp>

#endif
