// SPDX-License-Identifier: BSL-1.0
// The manners that a service manager such as systemd expects, spoken without its library.

#ifndef CLARIFY_GATEWAY_SERVICE_MANAGER_HPP
#define CLARIFY_GATEWAY_SERVICE_MANAGER_HPP

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace gateway {

/// Is the descriptor the one that `JOURNAL_STREAM` says leads to the journal?
bool is_journal(int descriptor);

/// Sends `state`, such as `READY=1`, to where `NOTIFY_SOCKET` says, if anywhere. It never waits, and
/// a manager that does not listen changes nothing.
void tell_manager(const std::string& state);

/// How often the manager wants to hear `WATCHDOG=1` from this process, if at all; half of that is a
/// good interval.
std::optional<std::chrono::microseconds> watchdog_limit();

/** The sockets that the manager listens on for this process (`LISTEN_FDS`), closed for other programs.

    @throws std::runtime_error for one that is no listening TCP socket.
*/
std::vector<int> inherited_listeners();

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_SERVICE_MANAGER_HPP
