// SPDX-License-Identifier: BSL-1.0
// The methods of the API that read data.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_DATA_METHODS_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_DATA_METHODS_HPP

#include <clarify/testing/detail/emulator/method_context.hpp>

#include <boost/json.hpp>

namespace clarify::testing::detail {

/// `clarify.dataFrame`: the samples of items, as they are or in buckets.
json::object data_frame(MethodContext& context, const json::object& params);

/// `clarify.evaluate`: items and groups of them in buckets, and formulas of these.
json::object evaluate(MethodContext& context, const json::object& params);

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/data_methods.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_DATA_METHODS_HPP
