// Counters of what an emulator was asked.
//
// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_TESTING_EMULATOR_STATS_HPP
#define CLARIFY_TESTING_EMULATOR_STATS_HPP

#include <cstdint>
#include <map>
#include <string>

namespace clarify::testing {

/// A snapshot of an emulator's counters, all since its start.
struct EmulatorStats {
    std::uint64_t connections = 0;  ///< accepted TCP connections
    std::uint64_t tls_handshakes = 0;  ///< completed ones, resumed ones included
    std::uint64_t token_requests = 0;  ///< requests to the token endpoint
    std::uint64_t token_failures = 0;  ///< those answered without a token
    std::uint64_t rpc_requests = 0;  ///< POST requests to the RPC endpoint, whatever became of them
    std::uint64_t unauthorized = 0;  ///< those answered with 401
    std::uint64_t queued = 0;  ///< those that waited because of a rate limit
    std::uint64_t queue_timeouts = 0;  ///< those that waited for too long, answered with 503
    std::uint64_t late = 0;  ///< those that took more than 15 s, executed and answered with 503
    std::uint64_t calls = 0;  ///< those answered with a JSON-RPC result or error
    std::uint64_t notifications = 0;  ///< those answered with 204
    /// Executed calls and notifications by the 1.1 name of the method.
    std::map<std::string, std::uint64_t> methods;
};

}  // namespace clarify::testing

#endif
