// SPDX-License-Identifier: BSL-1.0
// The command line, parsed.

#ifndef CLARIFY_CLI_OPTIONS_HPP
#define CLARIFY_CLI_OPTIONS_HPP

#include "csv_samples.hpp"
#include "exit_code.hpp"
#include "planned_fault.hpp"
#include "settings.hpp"

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
    /// Where tokens are kept for the next run; empty: the usual folder.
    std::string token_cache;
    bool has_token_cache = true;
    /// The defaults, changed by `--set`.
    Limits limits;
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
    /// What the store begins with, and where it goes to at the end; empty for nothing and nowhere.
    std::string load;
    std::string dump;
    bool rate_limits = false;
    bool observed = false;
    bool strict = false;
    /// How long each call takes.
    std::chrono::milliseconds latency{0};
    std::vector<PlannedFault> faults;
    /// What the token endpoint answers; unset where it works.
    std::optional<unsigned> token_failure;
};

/// `clarify spool`.
struct SpoolCommand {
    std::string file;
    /// Where the samples go to as CSV; empty where only what there is is told.
    std::string export_to;
};

/// `clarify logout`.
struct LogoutCommand {
    /// As in `CommonOptions`.
    std::string token_cache;
};

/// Which signals or items a command is about.
struct FilterArguments {
    std::string json;
    /// `KEY=VALUE` each.
    std::vector<std::string> labels;
};

/// `clarify signals` and `clarify items`.
struct ListCommand {
    CommonOptions common;
    bool items = false;
    FilterArguments filter;
    std::optional<std::size_t> limit;
    /// Fields; a `-` in front sorts downwards.
    std::vector<std::string> sort;
    bool json = false;
};

/// `clarify publish`.
struct PublishCommand {
    CommonOptions common;
    FilterArguments filter;
    bool dry_run = false;
    bool json = false;
};

/// `clarify insert`.
struct InsertCommand {
    CommonOptions common;
    std::string file;
    CsvOptions csv;
    bool restart = false;
    bool quiet = false;
    /// Does the file grow? What follows is for that alone.
    bool follow = false;
    /// Where samples wait; empty: in the file, or in memory.
    std::string spool;
    std::optional<std::size_t> spool_size;
    /// How long what waits may take in the end.
    std::chrono::milliseconds drain{10'000};
};

/// `clarify data`. Empty members were not given.
struct DataCommand {
    CommonOptions common;
    std::vector<std::string> items;
    FilterArguments filter;
    std::string from;
    std::string to;
    std::string rollup;
    std::string time_zone;
    std::string format;
    /// `-`: in the terminal; else a file.
    std::string plot;
};

using ParsedCommand = std::variant<
    ExitCode,
    CallCommand,
    RunCommand,
    EmulatorCommand,
    SpoolCommand,
    LogoutCommand,
    ListCommand,
    PublishCommand,
    InsertCommand,
    DataCommand>;

/// Reads the command line. Where it asks for help or cannot be understood, says so and yields an
/// exit code.
ParsedCommand parse_command_line(int argc, const char* const* argv);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_OPTIONS_HPP
