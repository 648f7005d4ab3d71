// SPDX-License-Identifier: BSL-1.0
// A body in a process of its own, and a server for it in this one.

#ifndef CLARIFY_TESTS_SUPPORT_IN_CHILD_HPP
#define CLARIFY_TESTS_SUPPORT_IN_CHILD_HPP

#include "raw_server.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace support {

/// What a body in a child process did.
struct ChildReport {
    std::string problem;  ///< empty if there was none
    std::size_t requests = 0;  ///< those that the server was sent
};

namespace detail {

inline void write_to(int end, std::string_view text) {
    while (!text.empty()) {
        const ssize_t size = ::write(end, text.data(), text.size());
        if (size < 0 && errno != EINTR) return;
        if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
    }
}

inline std::string read_to_end(int end) {
    std::string text;
    char buffer[512];
    for (ssize_t size = 0; (size = ::read(end, buffer, sizeof buffer)) != 0;) {
        if (size < 0 && errno != EINTR) break;
        if (size > 0) text.append(buffer, static_cast<std::size_t>(size));
    }
    return text;
}

}  // namespace detail

/// Runs `body` in a child process, with the origin of a server of this process that follows
/// `script`. The body answers with what went wrong.
///
/// The server starts after the fork: a child of a process whose other thread is allocating may
/// never allocate again under AddressSanitizer.
inline ChildReport in_child(
    RawServer::Script script, const std::function<std::string(const std::string& origin)>& body) {
    int down[2] = {};
    int up[2] = {};
    if (::pipe(down) != 0 || ::pipe(up) != 0) return {"no pipe", 0};
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) return {"no child", 0};
    if (child == 0) {
        ::close(down[1]);
        ::close(up[0]);
        std::string problem;
        try {
            problem = body(detail::read_to_end(down[0]));
        } catch (const std::exception& thrown) {
            problem = std::string{"an exception: "} + thrown.what();
        }
        detail::write_to(up[1], problem.empty() ? "ok" : problem);
        ::_exit(0);
    }
    ::close(down[0]);
    ::close(up[1]);
    RawServer server{std::move(script)};
    detail::write_to(down[1], server.origin());
    ::close(down[1]);
    const std::string text = detail::read_to_end(up[0]);
    ::close(up[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    ChildReport report;
    report.requests = server.ledger().request_count();
    if (!WIFEXITED(status)) {
        report.problem = "the child was killed: " + text;
    } else if (text != "ok") {
        report.problem = text.empty() ? "the child ended without a word" : text;
    }
    return report;
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_IN_CHILD_HPP
