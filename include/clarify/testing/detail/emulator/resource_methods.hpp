// SPDX-License-Identifier: BSL-1.0
// The methods of the API that are about signals and items.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_RESOURCE_METHODS_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_RESOURCE_METHODS_HPP

#include <clarify/testing/detail/emulator/method_context.hpp>

#include <boost/json.hpp>

namespace clarify::testing::detail {

/// `integration.insert`: stores samples, and makes the signals that are missing.
json::object insert(MethodContext& context, const json::object& params);

/// `integration.saveSignals`: makes signals or replaces their attributes.
json::object save_signals(MethodContext& context, const json::object& params);

/// `admin.selectSignals`: the signals of one integration.
json::object select_signals(MethodContext& context, const json::object& params);

/// `admin.connectSignals`: signals show their data in an item.
json::object connect_signals(MethodContext& context, const json::object& params);

/// `admin.disconnectSignals`: signals show their data in no item.
json::object disconnect_signals(MethodContext& context, const json::object& params);

/// `admin.publishSignals`: makes or updates the items that show signals.
json::object publish_signals(MethodContext& context, const json::object& params);

/// `clarify.selectItems`: the items of the organisation.
json::object select_items(MethodContext& context, const json::object& params);

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/resource_methods.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_RESOURCE_METHODS_HPP
