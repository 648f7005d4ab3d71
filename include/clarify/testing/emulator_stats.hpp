// SPDX-License-Identifier: BSL-1.0
// Counters of what an emulator was asked.

#ifndef CLARIFY_TESTING_EMULATOR_STATS_HPP
#define CLARIFY_TESTING_EMULATOR_STATS_HPP

#include <cstdint>
#include <map>
#include <string>

namespace clarify::testing {

/** A snapshot of an emulator's counters, all since its start; see `Emulator::stats`.

    | counter | what it tells a test |
    | --- | --- |
    | `connections` | how well connections are kept: one, for calls that follow each other |
    | `token_requests` | how well tokens are kept: one in the life of a token |
    | `rpc_requests` | how often something was sent, repetitions included |
    | `calls` and `notifications` | how often something was executed, or refused by JSON-RPC |

    @par Thread safety
    Distinct objects: safe. It is a copy, which later requests do not change.
*/
struct EmulatorStats {
    /// Accepted TCP connections.
    std::uint64_t connections = 0;
    /// Completed TLS handshakes, those that resume a session included; 0 without TLS.
    std::uint64_t tls_handshakes = 0;

    /// POST requests to the token endpoint.
    std::uint64_t token_requests = 0;
    /// Those of them that were answered without a token, for whatever reason.
    std::uint64_t token_failures = 0;

    /// POST requests to the RPC endpoint, whatever became of them.
    std::uint64_t rpc_requests = 0;
    /// Those of them that were answered with 401, planned ones included.
    std::uint64_t unauthorized = 0;
    /// Those that waited because of a rate limit, also those that waited for too long.
    std::uint64_t queued = 0;
    /// Those that waited for too long: not executed, and answered with 503.
    std::uint64_t queue_timeouts = 0;
    /// Those that took more than 15 s in all: executed, and answered with 503.
    std::uint64_t late = 0;
    /// Those answered with a JSON-RPC result or error, also where the reply was then spoiled.
    std::uint64_t calls = 0;
    /// Those that asked for no reply, answered with 204.
    std::uint64_t notifications = 0;

    /// How often each method was asked for, by its name in API 1.1: calls and notifications that
    /// may use it, with good parameters or bad. Not those that waited for too long.
    std::map<std::string, std::uint64_t> methods;
};

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_EMULATOR_STATS_HPP
