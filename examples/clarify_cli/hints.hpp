// SPDX-License-Identifier: BSL-1.0
// What a person may do about an error.

#ifndef CLARIFY_CLI_HINTS_HPP
#define CLARIFY_CLI_HINTS_HPP

#include <clarify/core/error.hpp>

#include "exit_code.hpp"

#include <string_view>

namespace clarify_cli {

/// One sentence or two; empty where there is nothing to say that the error does not.
std::string_view hint_for(const clarify::Error& error);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_HINTS_HPP
