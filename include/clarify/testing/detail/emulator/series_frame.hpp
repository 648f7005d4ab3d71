// SPDX-License-Identifier: BSL-1.0
// Data frames: the one that an insert brings, and the ones that a data query computes.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_SERIES_FRAME_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_SERIES_FRAME_HPP

#include <clarify/testing/detail/emulator/aggregation.hpp>
#include <clarify/testing/detail/emulator/data_request.hpp>
#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/stored_resource.hpp>

#include <boost/json.hpp>

#include <string>
#include <vector>

namespace clarify::testing::detail {

/// Reads the member `data` of an insert and notes what is wrong with it.
Frame read_insert_frame(const ParamsReader& params);

/// The samples in [from, until) of all signals that an item shows, and for each signal the last
/// one before; none where `until` is not after `from`.
Series item_samples(
    const std::vector<const StoredSignal*>& signals, ServerTime from, ServerTime until);

/// Adds a series to the frame, if the query wants it, cut to its last times.
void add_series(Frame& frame, const std::string& key, Series series, const DataRequest& query);

/** Adds to `frame` what `query` asks of the samples of one item.

    The key is the item's identifier without a rollup; with one there are five series, such as
    `<id>_avg`. An item of states has one for each of them instead, with the seconds in that state:
    `<id>_<state>`, a key that no documentation gives. A bucket without samples has no values. Only
    samples inside the window count, also in a bucket that begins before it.
*/
void add_item_series(
    Frame& frame, const StoredItem& item, const Series& samples, const DataRequest& query);

/** The frame as JSON: the union of all times in order, null for what is missing.

    @throws RpcFailure when it would have more values than the emulator answers with.
*/
json::object frame_json(const Frame& frame);

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/series_frame.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_SERIES_FRAME_HPP
