// SPDX-License-Identifier: BSL-1.0
// The contents of a store as JSON.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_SNAPSHOT_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_SNAPSHOT_HPP

#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/store.hpp>
#include <clarify/testing/detail/emulator/time_text.hpp>

#include <boost/json.hpp>

#include <string>

namespace clarify::testing::detail {

/** Adds what `snapshot` describes to a store, or notes what is wrong with it and adds nothing.

    Its member `items` has save views of items by their identifiers, or by names of their own instead.
    Its member `signals` has by input, each member optional: `id`; `attributes`, a save view; `item`,
    the key of an item; `data`, with `times` and `values`.
*/
void load_snapshot(
    const ParamsReader& snapshot, Store& store, const std::string& integration, ServerTime now);

/// The signals of one integration and all items, as `load_snapshot` takes them.
json::object snapshot_json(const Store& store, const std::string& integration);

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/snapshot.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_SNAPSHOT_HPP
