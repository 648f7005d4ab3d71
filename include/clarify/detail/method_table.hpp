// SPDX-License-Identifier: BSL-1.0
// What is known of Clarify's methods without their types.

#ifndef CLARIFY_DETAIL_METHOD_TABLE_HPP
#define CLARIFY_DETAIL_METHOD_TABLE_HPP

#include <algorithm>
#include <array>
#include <string_view>

namespace clarify::detail {

/// Saving, publishing, inserting and connecting set a state: doing so twice leaves the same state.
inline constexpr std::array<std::string_view, 15> idempotent_methods{
    "integration.insert",
    "integration.saveSignals",
    "integration.signals.save",
    "admin.selectSignals",
    "admin.signals.select",
    "admin.publishSignals",
    "admin.signals.publish",
    "admin.connectSignals",
    "admin.signals.connect",
    "admin.disconnectSignals",
    "admin.signals.disconnect",
    "clarify.selectItems",
    "clarify.items.select",
    "clarify.dataFrame",
    "clarify.evaluate"};

inline bool is_idempotent(std::string_view method) noexcept {
    return std::find(idempotent_methods.begin(), idempotent_methods.end(), method) !=
        idempotent_methods.end();
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_METHOD_TABLE_HPP
