// SPDX-License-Identifier: BSL-1.0
// The command line, parsed.

#ifndef CLARIFY_GATEWAY_COMMAND_LINE_HPP
#define CLARIFY_GATEWAY_COMMAND_LINE_HPP

#include <clarify/ingest/writer_options.hpp>

#include "session.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gateway {

struct CommandLine {
    std::string credentials = "clarify-credentials.json";
    std::string ca_file;
    /// Where the token and the rate limits are shared with other processes; empty: the usual folder.
    std::string token_cache;
    bool has_token_cache = true;
    boost::asio::ip::tcp::endpoint listen{boost::asio::ip::address_v4::loopback(), 8080};
    std::size_t threads = 2;
    std::size_t max_sessions = 1024;
    SessionLimits limits;
    /// What all requests in hand may hold together, in bytes.
    std::size_t max_memory = std::size_t{256} << 20U;
    /// Under which names it answers, beside addresses and localhost.
    std::vector<std::string> hosts;
    /// The file with the token that senders must show; empty: none.
    std::string token_file;
    /// Begin each line of the log with its level?
    bool log_levels = false;
    /// Of one call to Clarify. Above the 15 s that the service itself may take.
    std::chrono::milliseconds timeout{20'000};
    std::chrono::milliseconds drain{10'000};
    /// How long samples are gathered.
    std::chrono::milliseconds max_delay{1'000};
    /// For how long nothing may be forwarded before the gateway calls itself unhealthy.
    std::chrono::milliseconds unhealthy_after{300'000};
    /// The file in which samples wait; empty: in memory.
    std::string spool;
    /// Is what is in that file to outlive a power cut, or the process alone?
    bool outlives_power = true;
    /// How much room samples that wait may take, in bytes, and what happens when there is none. Unset:
    /// 64 MiB in memory, 1 GiB in a file.
    std::optional<std::size_t> spool_size;
    clarify::OnFull on_full = clarify::OnFull::refuse;
    /// Connections to Clarify, and calls that may wait for one.
    std::size_t connections = 16;
    std::size_t waiting = 4096;
};

/// Reads the command line. Where it asks for help or cannot be understood, says so and yields the
/// exit code.
std::variant<int, CommandLine> parse_command_line(int argc, const char* const* argv);

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_COMMAND_LINE_HPP
