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

/// A process that runs `body` and says what went wrong; `body` may read what it is told.
class Child {
public:
    explicit Child(const std::function<std::string(int ear)>& body) {
        int down[2] = {};
        int up[2] = {};
        if (::pipe(down) != 0 || ::pipe(up) != 0) return;
        std::fflush(nullptr);
        process_ = ::fork();
        if (process_ == 0) {
            ::close(down[1]);
            ::close(up[0]);
            std::string problem;
            try {
                problem = body(down[0]);
            } catch (const std::exception& thrown) {
                problem = std::string{"an exception: "} + thrown.what();
            }
            write_to(up[1], problem.empty() ? "ok" : problem);
            ::_exit(0);
        }
        ::close(down[0]);
        ::close(up[1]);
        down_ = down[1];
        up_ = up[0];
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() = default;

    void tell(std::string_view text) {
        if (process_ < 0) return;
        write_to(down_, text);
        ::close(down_);
    }
    /// What went wrong, once the process has ended; empty if nothing did. Called once, after `tell`.
    std::string problem() {
        if (process_ < 0) return "no child";
        std::string text = read_to_end(up_);
        ::close(up_);
        int status = 0;
        while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        if (!WIFEXITED(status)) return "the child was killed: " + text;
        if (text == "ok") return {};
        return text.empty() ? "the child ended without a word" : text;
    }

private:
    pid_t process_ = -1;
    int down_ = -1;
    int up_ = -1;
};

}  // namespace detail

/// Runs `body` in a child process, with the origin of a server of this process that follows
/// `script`. The body answers with what went wrong.
///
/// The server starts after the fork: a child of a process whose other thread is allocating may
/// never allocate again under AddressSanitizer.
inline ChildReport in_child(
    RawServer::Script script, const std::function<std::string(const std::string& origin)>& body) {
    detail::Child child{[&body](int ear) { return body(detail::read_to_end(ear)); }};
    RawServer server{std::move(script)};
    child.tell(server.origin());
    ChildReport report;
    report.problem = child.problem();
    report.requests = server.ledger().request_count();
    return report;
}

/// Runs `body` in a child process and gives what went wrong.
inline std::string in_child(const std::function<std::string()>& body) {
    detail::Child child{[&body](int) { return body(); }};
    child.tell({});
    return child.problem();
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_IN_CHILD_HPP
