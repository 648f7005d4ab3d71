// SPDX-License-Identifier: BSL-1.0
// A server and a client that have no memory in common but what is meant to be.

#ifndef CLARIFY_TESTS_SUPPORT_TWO_PROCESSES_HPP
#define CLARIFY_TESTS_SUPPORT_TWO_PROCESSES_HPP

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <type_traits>

namespace support {

/** Runs `serve` and `use` in processes of their own, and returns the object that both see.

    Once it serves, `serve` calls its second argument: then `use` begins, and when that has ended
    the call returns.
*/
template <class Shared>
Shared in_two_processes(
    const std::function<void(Shared&, const std::function<void()>& serving)>& serve,
    const std::function<void(Shared&)>& use) {
    static_assert(std::is_trivially_destructible_v<Shared>);
    void* const memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    Shared& shared = *new (memory) Shared{};
    int begin[2];
    int end[2];
    REQUIRE(::pipe(begin) == 0);
    REQUIRE(::pipe(end) == 0);
    std::fflush(nullptr);
    const pid_t server = ::fork();
    if (server == 0) {
        ::close(end[1]);
        serve(shared, [&] {
            char byte = 1;
            if (::write(begin[1], &byte, 1) != 1) std::abort();
            (void)!::read(end[0], &byte, 1);
        });
        ::_exit(0);
    }
    const pid_t client = ::fork();
    if (client == 0) {
        ::close(begin[1]);
        ::close(end[1]);
        char byte = 0;
        if (::read(begin[0], &byte, 1) == 1) use(shared);
        ::_exit(0);
    }
    ::close(begin[1]);
    int status = 0;
    ::waitpid(client, &status, 0);
    CHECK(status == 0);
    for (const int descriptor : {begin[0], end[0], end[1]})
        ::close(descriptor);
    ::waitpid(server, &status, 0);
    const Shared out = shared;
    ::munmap(memory, sizeof(Shared));
    return out;
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_TWO_PROCESSES_HPP
