// SPDX-License-Identifier: BSL-1.0
// The sockets that belong to this process: a child that is forked loses its copies of them.

#ifndef CLARIFY_HTTP_DETAIL_OWN_SOCKETS_HPP
#define CLARIFY_HTTP_DETAIL_OWN_SOCKETS_HPP

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace clarify::detail {

/** The open sockets of all clients of this process.

    A child process that is made by `fork` gets copies of the descriptors of its parent. With them it
    could take replies that are meant for its parent, and write, or say good-bye, on connections that
    its parent goes on using: if it is told of the fork, by its reactor, and if not, by destroying
    what it has copies of. So in each child, before `fork` returns there, every such descriptor is made one of
    a socket that leads nowhere: whoever uses it gets an error. To the parent and its peers that is
    nothing; a child that runs another program has none of the descriptors in any case.

    @par Thread safety
    All functions may be called from any thread.
*/
class OwnSockets {
public:
    /// Has `open` open a socket, and notes it: a descriptor, or a negative number where it failed,
    /// which is returned. No fork happens meanwhile. Throws `std::bad_alloc`, and opens nothing then.
    template <class Open>
    static int add(Open&& open) {
#if defined(__unix__) || defined(__APPLE__)
        State& all = state();
        const std::lock_guard lock{all.mutex};
        if (all.entries.size() == all.entries.capacity()) {
            all.entries.reserve(2 * all.entries.size() + 8);
        }
        const int descriptor = open();
        struct stat what {};
        if (descriptor < 0 || ::fstat(descriptor, &what) != 0) return descriptor;
        ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        all.entries.push_back({descriptor, what.st_dev, what.st_ino});
        return descriptor;
#else
        return open();
#endif
    }

    /// Has `close` close a socket, and forgets it. No fork happens meanwhile.
    template <class Close>
    static void remove(int descriptor, Close&& close) noexcept {
#if defined(__unix__) || defined(__APPLE__)
        State& all = state();
        const std::lock_guard lock{all.mutex};
        close();
        std::erase_if(
            all.entries, [&](const Entry& entry) { return entry.descriptor == descriptor; });
#else
        static_cast<void>(descriptor);
        close();
#endif
    }

#if defined(__unix__) || defined(__APPLE__)
private:
    struct Entry {
        int descriptor;
        // Of the socket behind it: its number may have come back as something else.
        dev_t device;
        ino_t inode;
    };
    struct State {
        State() {
            const auto prepare = [] { state().mutex.lock(); };
            const auto parent = [] { state().mutex.unlock(); };
            const auto child = [] {
                state().let_go();
                state().mutex.unlock();
            };
            if (::pthread_atfork(prepare, parent, child) != 0) throw std::bad_alloc{};
        }
        void let_go() noexcept;

        std::mutex mutex;
        std::vector<Entry> entries;
    };

    static State& state() {
        // Never destroyed: sockets may be closed while the process ends.
        static State& all = *new State;
        return all;
    }
    static int open_dead_end() noexcept {
        const int made = ::socket(AF_UNIX, SOCK_STREAM, 0);
        if (made < 0) return made;
        ::fcntl(made, F_SETFD, FD_CLOEXEC);
        ::fcntl(made, F_SETFL, O_NONBLOCK);
        return made;
    }
#endif
};

#if defined(__unix__) || defined(__APPLE__)
// In the child, where nothing may be called that takes a lock or memory.
inline void OwnSockets::State::let_go() noexcept {
    const int error_before = errno;
    int dead_end = open_dead_end();
    bool lent = false;
    for (const Entry& entry : entries) {
        struct stat now {};
        if (::fstat(entry.descriptor, &now) != 0) continue;
        if (now.st_dev != entry.device || now.st_ino != entry.inode) continue;
        if (dead_end >= 0 && ::dup2(dead_end, entry.descriptor) >= 0) {
            ::fcntl(entry.descriptor, F_SETFD, FD_CLOEXEC);
            continue;
        }
        // There are as many descriptors as there may be: what is closed makes room.
        ::close(entry.descriptor);
        if (dead_end >= 0) continue;
        dead_end = open_dead_end();
        lent = dead_end == entry.descriptor;
    }
    if (dead_end >= 0 && !lent) ::close(dead_end);
    entries.clear();
    errno = error_before;
}
#endif

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_OWN_SOCKETS_HPP
