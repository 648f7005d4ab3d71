// SPDX-License-Identifier: BSL-1.0
// The command line, parsed.

#ifndef CLARIFY_CLI_OPTIONS_HPP
#define CLARIFY_CLI_OPTIONS_HPP

#include <clarify/client_options.hpp>

#include "exit_code.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace clarify_cli {

/// What every command that makes calls understands. Empty members were not given.
struct CommonOptions {
    std::string credentials;
    std::string username;
    std::string api_url;
    /// Empty or `none`: no version header.
    std::optional<std::string> api_version;
    std::optional<std::chrono::milliseconds> timeout;
    std::string ca_file;
    std::string client_certificate;
    std::string client_key;
    std::string crl_file;
    bool crl_best_effort = false;
    std::vector<std::string> pins;
    /// A URL, or `env`.
    std::string proxy;
    std::string no_proxy;
    /// The defaults, changed by `--set`.
    clarify::ClientOptions limits;
    bool verbose = false;
};

/// `clarify call` and `clarify notify`.
struct CallCommand {
    CommonOptions common;
    bool notify = false;
    bool json = false;
    std::string method;
    /// JSON text, `@file` or `-`.
    std::optional<std::string> params;
};

/// `clarify run`.
struct RunCommand {
    CommonOptions common;
    std::size_t concurrency = 1;
};

/// `clarify emulator`.
struct EmulatorCommand {
    /// How the tool was called, for the commands that the emulator suggests.
    std::string tool;
    std::uint16_t port = 0;
    bool plain = false;
    std::string credentials_out;
};

using ParsedCommand = std::variant<ExitCode, CallCommand, RunCommand, EmulatorCommand>;

/// Reads the command line. Where it asks for help or cannot be understood, says so and yields an
/// exit code.
ParsedCommand parse_command_line(int argc, const char* const* argv);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_OPTIONS_HPP
