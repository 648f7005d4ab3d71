// SPDX-License-Identifier: BSL-1.0

#include "service_manager.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace daemons {
namespace {

std::string_view variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view{} : std::string_view{value};
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

int option(int descriptor, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

bool is_own(std::string_view process) {
    return number(process) == static_cast<std::uint64_t>(::getpid());
}

/// How often the manager wants to hear from this process, if at all.
std::optional<std::chrono::microseconds> watchdog_limit() {
    const std::string_view process = variable("WATCHDOG_PID");
    const auto limit = number(variable("WATCHDOG_USEC"));
    constexpr std::uint64_t longest = 1'000'000ULL * 86'400 * 366;
    if (!limit || *limit == 0 || *limit > longest || (!process.empty() && !is_own(process)))
        return std::nullopt;
    return std::chrono::microseconds{static_cast<std::int64_t>(*limit)};
}

boost::asio::awaitable<void> please_each(std::chrono::microseconds interval) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer timer{executor};
    while (true) {
        tell_manager("WATCHDOG=1");
        timer.expires_after(interval);
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
}

}  // namespace

bool is_journal(int descriptor) {
    const std::string_view stream = variable("JOURNAL_STREAM");
    struct stat status {};
    if (stream.empty() || ::fstat(descriptor, &status) != 0) return false;
    return stream == std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
}

void tell_manager(const std::string& state) {
    const std::string_view path = variable("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const bool abstract = path.starts_with('@');
    if ((!abstract && !path.starts_with('/')) || path.size() >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (abstract) address.sun_path[0] = '\0';
    const int made = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (made < 0) return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    ::sendto(
        made,
        state.data(),
        state.size(),
        MSG_DONTWAIT | MSG_NOSIGNAL,
        reinterpret_cast<const sockaddr*>(&address),
        size);
    ::close(made);
}

void please_watchdog(boost::asio::any_io_executor executor) {
    const auto limit = watchdog_limit();
    if (!limit) return;
    boost::asio::co_spawn(std::move(executor), please_each(*limit / 2), boost::asio::detached);
}

std::vector<int> inherited_listeners() {
    constexpr int first = 3;
    constexpr std::uint64_t most = 64;
    const auto count = number(variable("LISTEN_FDS"));
    if (!count || !is_own(variable("LISTEN_PID"))) return {};
    std::vector<int> out;
    for (int descriptor = first; descriptor != first + static_cast<int>(std::min(*count, most));
         ++descriptor) {
        ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        const int domain = option(descriptor, SO_DOMAIN);
        const bool listens = option(descriptor, SO_TYPE) == SOCK_STREAM &&
            option(descriptor, SO_ACCEPTCONN) == 1 && (domain == AF_INET || domain == AF_INET6);
        if (!listens) {
            throw std::runtime_error{
                "LISTEN_FDS: descriptor " + std::to_string(descriptor) +
                " is no listening TCP socket"};
        }
        out.push_back(descriptor);
    }
    return out;
}

}  // namespace daemons
