// SPDX-License-Identifier: BSL-1.0
// A line of the input of `clarify run`, and a line of its output.

#ifndef CLARIFY_CLI_CALL_LINE_HPP
#define CLARIFY_CLI_CALL_LINE_HPP

#include <clarify/core/result.hpp>

#include "session.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clarify_cli {

/// A call as a line of input asks for it.
struct CallLine {
    std::uint64_t number = 0;
    CallSpec spec;
    /// Not begun before this long after the program's start.
    std::chrono::milliseconds start_after{0};
    /// Cancelled this long after its start.
    std::optional<std::chrono::milliseconds> cancel_after;
};

/** Reads one line of input; `number` is left to the caller.

    @par Errors
    `Errc::bad_argument`: `Reason::fields` where a member is missing or is no value that it may
   have, else why it is not JSON.
*/
clarify::Result<CallLine> parse_call_line(std::string_view text);

/// When a call was begun and when it ended, in milliseconds after the program's start.
struct Span {
    double start_ms = 0;
    double end_ms = 0;
};

/// One line of output, with its line break.
std::string outcome_line(std::uint64_t number, const clarify::Result<JsonText>& outcome, Span span);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_CALL_LINE_HPP
