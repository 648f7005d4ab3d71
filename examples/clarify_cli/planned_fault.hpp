// SPDX-License-Identifier: BSL-1.0
// What `clarify emulator --fail` asks for.

#ifndef CLARIFY_CLI_PLANNED_FAULT_HPP
#define CLARIFY_CLI_PLANNED_FAULT_HPP

#include <clarify/testing/reply_fault.hpp>

#include <optional>
#include <string_view>
#include <variant>

namespace clarify_cli {

/// What goes wrong with the next calls of an emulator.
struct PlannedFault {
    /// This HTTP status, unexecuted.
    struct Status {
        unsigned number;
    };
    /// This JSON-RPC error.
    struct RpcCode {
        int number;
    };

    std::variant<Status, RpcCode, clarify::testing::ReplyFault> what;
    /// With how many calls.
    unsigned count = 1;
};

/// Reads `503`, `-32015x3`, `slow` and the like; nothing where it is not one.
std::optional<PlannedFault> parse_fault(std::string_view text);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_PLANNED_FAULT_HPP
