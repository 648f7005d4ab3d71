// SPDX-License-Identifier: BSL-1.0
// Has the system find out that a connection leads nowhere any more.

#ifndef CLARIFY_HTTP_DETAIL_SOCKET_CHECKS_HPP
#define CLARIFY_HTTP_DETAIL_SOCKET_CHECKS_HPP

#include <clarify/http/http_options.hpp>

#include <algorithm>
#include <chrono>
#include <limits>

#if defined(__unix__) || defined(__APPLE__)
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

namespace clarify::detail {

/** What is asked of the system for a connection that has just been opened.

    Bytes that nobody acknowledges end it (`TCP_USER_TIMEOUT`, Linux). Where it may be idle for longer than
    probes take, about half a minute, they tell whether its peer is still there.
*/
struct SocketChecks {
    static constexpr int probe_after = 15;
    static constexpr int probe_interval = 5;
    static constexpr int probe_count = 3;

    explicit SocketChecks(const HttpOptions& options) noexcept
        : probes(
              options.idle_timeout >
              std::chrono::seconds{probe_after + probe_interval * probe_count}) {
        constexpr std::chrono::milliseconds::rep most = (std::numeric_limits<int>::max)();
        unacknowledged =
            static_cast<unsigned>((std::min)(options.unacknowledged_timeout.count(), most));
    }

    /// To `descriptor`; what the system does not have is left out.
    void apply(int descriptor) const noexcept;

    bool probes;
    /// In milliseconds; 0 for the system's own.
    unsigned unacknowledged = 0;
};

#if defined(__unix__) || defined(__APPLE__)
inline void SocketChecks::apply(int descriptor) const noexcept {
    const auto set = [&](int level, int name, auto value) {
        ::setsockopt(descriptor, level, name, &value, sizeof value);
    };
#ifdef TCP_USER_TIMEOUT
    if (unacknowledged != 0) set(IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged);
#endif
    if (!probes) return;
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
    set(IPPROTO_TCP, TCP_KEEPIDLE, probe_after);
#endif
#ifdef TCP_KEEPINTVL
    set(IPPROTO_TCP, TCP_KEEPINTVL, probe_interval);
#endif
#ifdef TCP_KEEPCNT
    set(IPPROTO_TCP, TCP_KEEPCNT, probe_count);
#endif
}
#else
inline void SocketChecks::apply(int) const noexcept {}
#endif

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_SOCKET_CHECKS_HPP
