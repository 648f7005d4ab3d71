// SPDX-License-Identifier: BSL-1.0
// `clarify`, the command-line tool: calls methods of the Clarify API, and runs a local Clarify.

#include "commands.hpp"
#include "options.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <variant>

namespace {

/// A standard descriptor that is closed would become a socket, and what is printed would go there.
/// With this its use fails instead.
void occupy_standard_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) != -1) continue;
        // The lowest that is free is the one that was looked at.
        static_cast<void>(::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY));
    }
}

}  // namespace

int main(int argc, char** argv) {
    using namespace clarify_cli;
    const StartTime start = StartTime::now();
    occupy_standard_descriptors();
    try {
        const ParsedCommand parsed = parse_command_line(argc, argv);
        if (const auto* code = std::get_if<ExitCode>(&parsed)) return static_cast<int>(*code);
        if (const auto* command = std::get_if<CallCommand>(&parsed)) {
            return static_cast<int>(call(*command));
        }
        if (const auto* command = std::get_if<RunCommand>(&parsed)) {
            return static_cast<int>(run(*command, start));
        }
        if (const auto* command = std::get_if<ListCommand>(&parsed)) {
            return static_cast<int>(list(*command));
        }
        if (const auto* command = std::get_if<PublishCommand>(&parsed)) {
            return static_cast<int>(publish(*command));
        }
        if (const auto* command = std::get_if<InsertCommand>(&parsed)) {
            return static_cast<int>(insert(*command));
        }
        if (const auto* command = std::get_if<SpoolCommand>(&parsed)) {
            return static_cast<int>(spool(*command));
        }
        if (const auto* command = std::get_if<LogoutCommand>(&parsed)) {
            return static_cast<int>(logout(*command));
        }
        if (const auto* command = std::get_if<DataCommand>(&parsed)) {
            return static_cast<int>(data(*command));
        }
        return static_cast<int>(emulator(std::get<EmulatorCommand>(parsed)));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "clarify: %s\n", error.what());
        return static_cast<int>(ExitCode::transport);
    }
}
