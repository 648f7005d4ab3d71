// SPDX-License-Identifier: BSL-1.0
// Tells whether something was made in this process, or in one that has forked it since.

#ifndef CLARIFY_CORE_DETAIL_PROCESS_MARK_HPP
#define CLARIFY_CORE_DETAIL_PROCESS_MARK_HPP

#include <atomic>
#include <new>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace clarify::detail {

/// How many forks lie between this process and the one in which the library was used first.
inline std::atomic<unsigned> fork_count{0};

/// Has `fork_count` go up in each child from now on. Throws `std::bad_alloc`.
inline void count_forks() {
#if defined(__unix__) || defined(__APPLE__)
    static const bool counted = [] {
        const auto count = [] { fork_count.fetch_add(1, std::memory_order_relaxed); };
        if (::pthread_atfork(nullptr, nullptr, count) != 0) throw std::bad_alloc{};
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
