// SPDX-License-Identifier: BSL-1.0
// What the tool does, one function for each command. They print, and return the exit code.

#ifndef CLARIFY_CLI_COMMANDS_HPP
#define CLARIFY_CLI_COMMANDS_HPP

#include "exit_code.hpp"
#include "options.hpp"

#include <chrono>

namespace clarify_cli {

/// What `start_ms` and `end_ms` count from.
class StartTime {
public:
    using Clock = std::chrono::steady_clock;

    static StartTime now() { return StartTime{Clock::now()}; }
    Clock::time_point after(std::chrono::milliseconds wait) const { return start_ + wait; }
    double elapsed_ms() const {
        return std::chrono::duration<double, std::milli>(Clock::now() - start_).count();
    }

private:
    explicit StartTime(Clock::time_point start) : start_(start) {}

    Clock::time_point start_;
};

/// One call or notification.
ExitCode call(const CallCommand& command);

/// The calls that standard input lists.
ExitCode run(const RunCommand& command, StartTime start);

/// The signals or the items.
ExitCode list(const ListCommand& command);

/// Signals, as items.
ExitCode publish(const PublishCommand& command);

/// The samples of a CSV file.
ExitCode insert(const InsertCommand& command);

/// The data of items, as text or drawn.
ExitCode data(const DataCommand& command);

/// What waits in a spool.
ExitCode spool(const SpoolCommand& command);

/// Removes the tokens that earlier runs have kept.
ExitCode logout(const LogoutCommand& command);

/// A local Clarify, until interrupted.
ExitCode emulator(const EmulatorCommand& command);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_COMMANDS_HPP
