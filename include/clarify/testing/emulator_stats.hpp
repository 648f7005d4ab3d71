// SPDX-License-Identifier: BSL-1.0
// Counters of what an emulator was asked.

#ifndef CLARIFY_TESTING_EMULATOR_STATS_HPP
#define CLARIFY_TESTING_EMULATOR_STATS_HPP

#include <cstdint>
#include <map>
#include <string>

namespace clarify::testing {

/// A snapshot of an emulator's counters, all since its start.
struct EmulatorStats {
    /// Accepted TCP connections.
    std::uint64_t connections = 0;
    /// Completed ones, resumed ones included.
    std::uint64_t tls_handshakes = 0;
    /// Requests to the token endpoint.
    std::uint64_t token_requests = 0;
    /// Those answered without a token.
    std::uint64_t token_failures = 0;
    /// POST requests to the RPC endpoint, whatever became of them.
    std::uint64_t rpc_requests = 0;
    /// Those answered with 401.
    std::uint64_t unauthorized = 0;
    /// Those that waited because of a rate limit.
    std::uint64_t queued = 0;
    /// Those that waited for too long, answered with 503.
    std::uint64_t queue_timeouts = 0;
    /// Those that took more than 15 s, executed and answered with 503.
    std::uint64_t late = 0;
    /// Those answered with a JSON-RPC result or error.
    std::uint64_t calls = 0;
    /// Those answered with 204.
    std::uint64_t notifications = 0;
    /// Executed calls and notifications by the 1.1 name of the method.
    std::map<std::string, std::uint64_t> methods;
};

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_EMULATOR_STATS_HPP
