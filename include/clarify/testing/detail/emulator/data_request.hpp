// SPDX-License-Identifier: BSL-1.0
// Data queries: which part of the samples is asked for, and in which form.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_DATA_REQUEST_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_DATA_REQUEST_HPP

#include <clarify/api/time_zone.hpp>
#include <clarify/testing/detail/emulator/bucket_width.hpp>
#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/time_text.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace clarify::testing::detail {

/// What part of the samples a query asks for, and in which form.
struct DataRequest {
    ServerTime from;
    /// Not included.
    ServerTime until;
    std::optional<std::set<std::string>> series;
    BucketWidth rollup;
    std::optional<ServerTime> origin;
    int first_day_of_week = 1;
    /// Whose clocks buckets follow.
    TimeZone zone;
    /// If positive: only so many of the latest times of each series.
    std::int64_t last = -1;
};

/// Which windows `read_data_query` accepts: those of a method, or all.
enum class WindowLimits { data_frame, evaluate, none };

/** Reads the member `data` of `params` and notes what is wrong with it.

    Without times the window is the week before and the week after `now`; with one of them it is 14
    days long. Time zones are those of the machine's database.
*/
DataRequest read_data_request(const ParamsReader& params, ServerTime now, WindowLimits limits);

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/data_request.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_DATA_REQUEST_HPP
