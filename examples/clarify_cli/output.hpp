// SPDX-License-Identifier: BSL-1.0
// How errors and events look.

#ifndef CLARIFY_CLI_OUTPUT_HPP
#define CLARIFY_CLI_OUTPUT_HPP

#include <clarify/core/error.hpp>
#include <clarify/core/event.hpp>

#include "exit_code.hpp"

#include <string>

namespace clarify_cli {

/// A short paragraph that a person can act on, with a line break at its end.
std::string error_paragraph(const clarify::Error& error);

/// One JSON object on one line, the `error` of an outcome of `clarify run`.
std::string error_json(const clarify::Error& error);

/// Writes the paragraph to standard error, or the JSON as one line.
void print_error(const clarify::Error& error, bool as_json);

/// Writes one line to standard error.
void print_warning(const std::string& warning);

/// Writes one line to standard error.
void print_event(const clarify::Event& event);

/// Flushes standard output. Where it cannot be written, says so and yields `ExitCode::transport`.
ExitCode end_output();

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_OUTPUT_HPP
