// SPDX-License-Identifier: BSL-1.0
// What the tool's exit code says.

#ifndef CLARIFY_CLI_EXIT_CODE_HPP
#define CLARIFY_CLI_EXIT_CODE_HPP

#include <clarify/core/errc.hpp>

namespace clarify_cli {

enum class ExitCode {
    success = 0,
    /// The server answered with a JSON-RPC error.
    rpc = 1,
    /// The command line, the credentials or the arguments of a call cannot be used.
    usage = 2,
    /// No proper answer: network, TLS, time-out, HTTP status, a reply that makes no sense.
    /// Or what there is to print cannot be written.
    transport = 3,
    /// The server does not accept the credentials.
    authentication = 4,
    /// SIGINT, SIGTERM or SIGHUP, numbered as shells do. What runs for days ends with 0 then.
    interrupted = 130,
};

inline ExitCode exit_code(clarify::Errc kind) {
    switch (kind) {
        case clarify::Errc::rpc:
            return ExitCode::rpc;
        case clarify::Errc::bad_argument:
        case clarify::Errc::bad_config:
            return ExitCode::usage;
        case clarify::Errc::auth:
        case clarify::Errc::token:
            return ExitCode::authentication;
        default:
            return ExitCode::transport;
    }
}

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_EXIT_CODE_HPP
