// SPDX-License-Identifier: BSL-1.0
// How errors and events look.

#ifndef CLARIFY_CLI_OUTPUT_HPP
#define CLARIFY_CLI_OUTPUT_HPP

#include <clarify/core/error.hpp>
#include <clarify/core/event.hpp>

#include "../daemons/log.hpp"
#include "exit_code.hpp"

#include <string>

namespace clarify_cli {

/// A short paragraph that a person can act on, with a line break at its end.
std::string error_paragraph(const clarify::Error& error);

/// One JSON object on one line, the `error` of an outcome of `clarify run`.
std::string error_json(const clarify::Error& error);

/** For as long as it lives, all that these functions write to standard error goes through a log: for what
    runs for days, which waits for nobody to read it. There is one at a time.

    It has SIGPIPE ignored, for good.
*/
class LogOutput {
public:
    LogOutput();
    LogOutput(const LogOutput&) = delete;
    LogOutput& operator=(const LogOutput&) = delete;
    ~LogOutput();

    daemons::Log& log() { return log_; }

private:
    daemons::Log log_{"clarify"};
};

/// Writes one line to standard error, behind the name of the tool.
void print_line(daemons::Level level, const std::string& line);

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
