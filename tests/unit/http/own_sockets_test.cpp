// SPDX-License-Identifier: BSL-1.0
// Which descriptors a child process loses, and which it keeps.

#include <clarify/core/detail/call_ids.hpp>
#include <clarify/core/detail/process_mark.hpp>
#include <clarify/http/detail/own_sockets.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <support/in_child.hpp>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace own_sockets_test {

namespace {

using clarify::detail::OwnSockets;

struct SocketPair {
    SocketPair() {
        OwnSockets::add([&] {
            REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
            return ends[0];
        });
    }
    SocketPair(const SocketPair&) = delete;
    SocketPair& operator=(const SocketPair&) = delete;
    ~SocketPair() {
        OwnSockets::remove(ends[0], [&] { ::close(ends[0]); });
        ::close(ends[1]);
    }
    int ends[2] = {-1, -1};
};

}  // namespace

TEST_CASE("OwnSockets: a child process can neither read nor write, nor end what is written") {
    SocketPair pair;
    REQUIRE(::write(pair.ends[1], "x", 1) == 1);
    const std::string problem = support::in_child([&]() -> std::string {
        char byte = 0;
        if (::recv(pair.ends[0], &byte, 1, 0) > 0) return "read";
        if (::send(pair.ends[0], "y", 1, MSG_NOSIGNAL) > 0) return "wrote";
        ::shutdown(pair.ends[0], SHUT_RDWR);
        return {};
    });
    CHECK(problem.empty());
    char byte = 0;
    CHECK(::recv(pair.ends[0], &byte, 1, MSG_DONTWAIT) == 1);
    CHECK(::recv(pair.ends[1], &byte, 1, MSG_DONTWAIT) == -1);
    CHECK(::write(pair.ends[0], "z", 1) == 1);
}

TEST_CASE("OwnSockets: nobody inherits them over exec") {
    const SocketPair pair;
    CHECK((::fcntl(pair.ends[0], F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("OwnSockets: a number that has become something else is left alone") {
    int pipe[2] = {};
    REQUIRE(::pipe(pipe) == 0);
    {
        const SocketPair pair;
        // Somebody closes it behind the library's back, and the number comes back as a pipe.
        REQUIRE(::dup2(pipe[1], pair.ends[0]) == pair.ends[0]);
        const std::string problem = support::in_child([&]() -> std::string {
            return ::write(pair.ends[0], "x", 1) == 1 ? "" : "not the pipe any more";
        });
        CHECK(problem.empty());
    }
    char byte = 0;
    CHECK(::read(pipe[0], &byte, 1) == 1);
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST_CASE("ProcessMark: tells a child from its parent, and ids begin anew there") {
    clarify::detail::ProcessMark mark;
    clarify::detail::CallIds ids{1};
    CHECK(ids.next() == 1);
    const std::string problem = support::in_child([&]() -> std::string {
        if (!mark.is_elsewhere()) return "the child takes itself for its parent";
        mark.settle();
        if (mark.is_elsewhere()) return "the child is elsewhere for good";
        const std::int64_t first = ids.next();
        if (first < 100) return "the child's ids go on from its parent's";
        return ids.next() == first + 1 ? "" : "the child's ids are no sequence";
    });
    CHECK_MESSAGE(problem.empty(), problem);
    CHECK_FALSE(mark.is_elsewhere());
    CHECK(ids.next() == 2);
}

}  // namespace own_sockets_test
