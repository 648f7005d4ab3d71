// SPDX-License-Identifier: BSL-1.0
// The manners that a service manager such as systemd expects, spoken without its library.

#ifndef CLARIFY_DAEMONS_SERVICE_MANAGER_HPP
#define CLARIFY_DAEMONS_SERVICE_MANAGER_HPP

#include <boost/asio/any_io_executor.hpp>

#include <string>
#include <vector>

namespace daemons {

/// Is the descriptor the one that `JOURNAL_STREAM` says leads to the journal?
bool is_journal(int descriptor);

/// Sends `state`, such as `READY=1`, to where `NOTIFY_SOCKET` says, if anywhere. It never waits, and
/// a manager that does not listen changes nothing.
void tell_manager(const std::string& state);

/// Has the manager hear `WATCHDOG=1` from `executor` twice as often as it wants to, if it does, for as
/// long as its context runs.
void please_watchdog(boost::asio::any_io_executor executor);

/** The sockets that the manager listens on for this process (`LISTEN_FDS`), closed for other programs.

    @throws std::runtime_error for one that is no listening TCP socket.
*/
std::vector<int> inherited_listeners();

}  // namespace daemons

#endif  // CLARIFY_DAEMONS_SERVICE_MANAGER_HPP
