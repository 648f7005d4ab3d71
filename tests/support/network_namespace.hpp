// SPDX-License-Identifier: BSL-1.0
// A network of a process's own, in which routes lead wherever a test wants them to.

#ifndef CLARIFY_TESTS_SUPPORT_NETWORK_NAMESPACE_HPP
#define CLARIFY_TESTS_SUPPORT_NETWORK_NAMESPACE_HPP

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace support {

namespace detail {

/// Writes a file of the system's in one go. False where it does not let us.
inline bool write_setting(const std::string& path, std::string_view text) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    const ssize_t size = ::write(file, text.data(), text.size());
    ::close(file);
    return size == static_cast<ssize_t>(text.size());
}

}  // namespace detail

/** Takes the calling process into a network of its own; for a child process with one thread.

    There is the loopback device, and a device to a net that nobody answers on, with the addresses
    `10.9.0.1/24` and `2001:db8:9::1/64`.

    @par Errors
    The functions return why it cannot be done, or nothing: namespaces may be forbidden, `ip` of
    iproute2 may be missing.
*/
class NetworkNamespace {
public:
    static std::optional<std::string> enter() {
        const std::string user = std::to_string(::getuid());
        const std::string group = std::to_string(::getgid());
        if (::unshare(CLONE_NEWNET) != 0) {
            // Who is not root may be it in a world of their own.
            if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
                return std::string{"no namespace: "} + std::strerror(errno);
            if (!detail::write_setting("/proc/self/setgroups", "deny") ||
                !detail::write_setting("/proc/self/uid_map", "0 " + user + " 1") ||
                !detail::write_setting("/proc/self/gid_map", "0 " + group + " 1"))
                return "no namespace: the user cannot be mapped";
        }
        for (const char* const command :
             {"link set lo up",
              "link add net type veth peer name nobody",
              "link set nobody up",
              "link set net up",
              "addr add 10.9.0.1/24 dev net",
              "addr add 2001:db8:9::1/64 dev net nodad"}) {
            if (auto problem = ip(command)) return problem;
        }
        return std::nullopt;
    }

    /// Runs `ip` with these arguments.
    static std::optional<std::string> ip(const std::string& arguments) {
        const std::string command = "PATH=$PATH:/usr/sbin:/sbin ip " + arguments + " 2>&1";
        std::FILE* const output = ::popen(command.c_str(), "r");
        if (output == nullptr) return "no process for ip";
        std::string text;
        char some[256];
        while (std::fgets(some, sizeof some, output) != nullptr)
            text += some;
        if (::pclose(output) == 0) return std::nullopt;
        return "ip " + arguments + ": " + text;
    }

    /// What is sent to this address, in one of the nets above, is lost: nobody is there to say so.
    static std::optional<std::string> silence(const std::string& address) {
        return ip("neigh replace " + address + " lladdr 02:00:00:00:00:99 nud permanent dev net");
    }

    /// The local ports that connections may use, from `first` to `last`.
    static std::optional<std::string> limit_ports(int first, int last) {
        const std::string range = std::to_string(first) + ' ' + std::to_string(last);
        if (detail::write_setting("/proc/sys/net/ipv4/ip_local_port_range", range))
            return std::nullopt;
        return std::string{"no range of ports can be set: "} + std::strerror(errno);
    }

    /// The name server at `address` is the only one from here on; the process gets a view of the file
    /// system of its own for that.
    static std::optional<std::string> use_name_server(const std::string& address) {
        const std::string why = "no name server of its own: ";
        if (::unshare(CLONE_NEWNS) != 0 ||
            ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
            return why + std::strerror(errno);
        char path[] = "/tmp/clarify-resolv-XXXXXX";
        const int file = ::mkstemp(path);
        if (file < 0) return why + std::strerror(errno);
        ::close(file);
        const bool written = detail::write_setting(
            path, "nameserver " + address + "\noptions timeout:20 attempts:3\n");
        const bool mounted =
            written && ::mount(path, "/etc/resolv.conf", nullptr, MS_BIND, nullptr) == 0;
        const std::string problem = mounted ? "" : why + std::strerror(errno);
        // The mount keeps what it shows.
        ::unlink(path);
        if (!mounted) return problem;
        return std::nullopt;
    }

    /// Connections that wait for an answer to their SYN.
    static std::size_t half_open() {
        std::size_t count = 0;
        for (const char* const path : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
            std::ifstream table{path};
            std::string line;
            while (std::getline(table, line)) {
                std::istringstream fields{line};
                std::string number;
                std::string local;
                std::string remote;
                std::string state;
                fields >> number >> local >> remote >> state;
                if (state == "02") ++count;
            }
        }
        return count;
    }
};

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_NETWORK_NAMESPACE_HPP
