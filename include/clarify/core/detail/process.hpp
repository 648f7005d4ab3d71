// SPDX-License-Identifier: BSL-1.0
// What a process has of its own: objects that a child makes anew, and threads without signals.

#ifndef CLARIFY_CORE_DETAIL_PROCESS_HPP
#define CLARIFY_CORE_DETAIL_PROCESS_HPP

#include <clarify/core/detail/process_mark.hpp>

#include <atomic>
#include <memory>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#endif

namespace clarify::detail {

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
    to be called for that. Throws `std::bad_alloc`.

    @par Thread safety
    May be called from any thread.
*/
template <class T>
T& of_process() {
    struct Holder {
        explicit Holder(Holder* older) : before(older) {}
        T object;
        ProcessMark process;
        /// The parent's, which nobody uses any more; known here so that it is not taken for lost.
        Holder* before;
    };
    static std::atomic<Holder*> newest{nullptr};
    for (;;) {
        Holder* seen = newest.load(std::memory_order_acquire);
        if (seen != nullptr && !seen->process.is_elsewhere()) return seen->object;
        auto made = std::make_unique<Holder>(seen);
        if (newest.compare_exchange_strong(seen, made.get(), std::memory_order_acq_rel))
            return made.release()->object;
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_PROCESS_HPP
