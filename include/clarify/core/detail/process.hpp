// SPDX-License-Identifier: BSL-1.0
// What a process has of its own: a number, objects that a child makes anew, threads without signals.

#ifndef CLARIFY_CORE_DETAIL_PROCESS_HPP
#define CLARIFY_CORE_DETAIL_PROCESS_HPP

#include <atomic>
#include <memory>
#include <utility>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#endif

namespace clarify::detail {

/// The number of this process: after a `fork`, another one in the child.
inline long process_number() noexcept {
#if defined(__unix__) || defined(__APPLE__)
    return static_cast<long>(::getpid());
#else
    return 0;
#endif
}

/// A thread that is started while this lives gets no signals: they are the application's.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
#if defined(__unix__) || defined(__APPLE__)
        sigset_t all;
        ::sigfillset(&all);
        changed_ = ::pthread_sigmask(SIG_BLOCK, &all, &before_) == 0;
#endif
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() {
#if defined(__unix__) || defined(__APPLE__)
        if (changed_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
#endif
    }

private:
#if defined(__unix__) || defined(__APPLE__)
    sigset_t before_{};
    bool changed_ = false;
#endif
};

/** The one `T` of this process, made by the first who asks, and never destroyed: threads may use it
    until the process ends.

    After a `fork` the child makes one of its own. What its parent's threads had locked at that moment
    would stay locked in the child for ever, and what they were to do would never be done. Nothing has
    to be called for that.

    @par Thread safety
    May be called from any thread.
*/
template <class T>
T& of_process() {
    struct Holder {
        explicit Holder(long number, Holder* older) : process(number), before(older) {}
        T object;
        long process;
        /// The parent's, which nobody uses any more; known here so that it is not taken for lost.
        Holder* before;
    };
    static std::atomic<Holder*> newest{nullptr};
    for (;;) {
        Holder* seen = newest.load(std::memory_order_acquire);
        const long process = process_number();
        if (seen != nullptr && seen->process == process) return seen->object;
        auto made = std::make_unique<Holder>(process, seen);
        if (newest.compare_exchange_strong(seen, made.get(), std::memory_order_acq_rel))
            return made.release()->object;
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_PROCESS_HPP
