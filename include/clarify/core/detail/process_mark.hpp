// SPDX-License-Identifier: BSL-1.0
// Tells whether something was made in this process, or in one that has forked it since.

#ifndef CLARIFY_CORE_DETAIL_PROCESS_MARK_HPP
#define CLARIFY_CORE_DETAIL_PROCESS_MARK_HPP

#include <atomic>
#include <mutex>
#include <new>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace clarify::detail {

/// How many forks lie between this process and the one in which the library was used first.
inline std::atomic<unsigned> fork_count{0};

/** What a thread of the library's own holds while it touches an execution context: no fork happens
    meanwhile, for in the child that thread would be gone, with locks of the context's held for ever.
    For the threads of the application that is the application's affair, as Asio says.

    Only for what is short, and waits for nobody. Throws `std::bad_alloc`, the first time.
*/
inline std::mutex& fork_gate() {
    // Never destroyed: threads go on while the process ends.
    static std::mutex& gate = *new std::mutex;
    return gate;
}

/// Has `fork_count` go up in each child from now on, and forks wait for `fork_gate`. Throws
/// `std::bad_alloc`.
inline void count_forks() {
#if defined(__unix__) || defined(__APPLE__)
    static const bool counted = [] {
        fork_gate();
        const auto prepare = [] { fork_gate().lock(); };
        const auto parent = [] { fork_gate().unlock(); };
        const auto child = [] {
            fork_count.fetch_add(1, std::memory_order_relaxed);
            fork_gate().unlock();
        };
        if (::pthread_atfork(prepare, parent, child) != 0) throw std::bad_alloc{};
        return true;
    }();
    static_cast<void>(counted);
#endif
}

/** The process in which it was made.

    A child that was made by `fork` has copies of everything, and of what can be there only once, a
    connection or a random number, nothing but the copy of a name. Asking costs no system call.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class ProcessMark {
public:
    /// Throws `std::bad_alloc`.
    ProcessMark() {
        count_forks();
        settle();
    }

    /// Is this another process?
    bool is_elsewhere() const noexcept {
        return forks_ != fork_count.load(std::memory_order_relaxed);
    }
    /// From now on it is as if it had been made here.
    void settle() noexcept { forks_ = fork_count.load(std::memory_order_relaxed); }

private:
    unsigned forks_ = 0;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_PROCESS_MARK_HPP
