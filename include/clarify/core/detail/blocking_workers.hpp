// SPDX-License-Identifier: BSL-1.0
// Threads for what blocks, shared by the process and never waited for.

#ifndef CLARIFY_CORE_DETAIL_BLOCKING_WORKERS_HPP
#define CLARIFY_CORE_DETAIL_BLOCKING_WORKERS_HPP

#include <clarify/core/detail/process.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace clarify::detail {

/// Something that may take for ever, and cannot be stopped.
class BlockingJob {
public:
    BlockingJob() = default;
    BlockingJob(const BlockingJob&) = delete;
    BlockingJob& operator=(const BlockingJob&) = delete;
    virtual ~BlockingJob() = default;

    /// Called once, in a thread of its own for that time. The process may end meanwhile, so it uses
    /// nothing that is destroyed then, and owns what else it uses.
    virtual void run() noexcept = 0;
    /// Does the end of the process wait for it, a moment at most? For what uses things that are
    /// destroyed then; it is not begun once they are.
    virtual bool delays_exit() const noexcept { return false; }
};

/** Runs jobs that block: name look-ups, for instance.

    A job that finds no thread at rest gets a new one, as long as there are not too many. So there are
    as many threads as jobs that block at the same time: few, and none when there has been nothing to
    do for a while. Jobs that come when all threads hang wait in line, and whoever waits for them
    gives up by his own deadline.

    Threads are detached, and get no signals. Nobody waits for their end: not this object, whose
    destructor lets them finish what they are at, and not the end of the process, but for jobs that
    say so. Use `of_process<BlockingWorkers>()`, which a child process has anew.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class BlockingWorkers {
public:
    struct Limits {
        Limits() {}
        /// Threads at the same time. Each takes some stack, and address space for more.
        std::size_t threads = 32;
        /// Jobs that wait in line.
        std::size_t waiting = 256;
        /// How long a thread rests before it ends.
        std::chrono::milliseconds rest{10'000};
    };

    explicit BlockingWorkers(Limits limits = {}) : state_(std::make_shared<State>(limits)) {}
    BlockingWorkers(const BlockingWorkers&) = delete;
    BlockingWorkers& operator=(const BlockingWorkers&) = delete;
    ~BlockingWorkers() {
        const std::lock_guard lock{state_->mutex};
        state_->ended = true;
        state_->wake.notify_all();
    }

    /// Has `job` run as soon as there is a thread for it. Throws `std::system_error` where there are
    /// too many in line, or the system gives no thread and there is none; and `std::bad_alloc`. Then
    /// it is not run.
    void start(std::shared_ptr<BlockingJob> job) {
        const std::lock_guard lock{state_->mutex};
        State& state = *state_;
        if (state.waiting.size() >= state.limits.waiting) {
            throw std::system_error{
                std::make_error_code(std::errc::resource_unavailable_try_again)};
        }
        state.waiting.push_back(std::move(job));
        state.wake.notify_one();
        if (state.waiting.size() <= state.idle || state.threads >= state.limits.threads) return;
        try {
            const SignalsBlocked blocked;
            std::thread{&BlockingWorkers::work, state_}.detach();
            ++state.threads;
        } catch (...) {
            // One of those that are there takes it when it is free.
            if (state.threads != 0) return;
            state.waiting.pop_back();
            throw;
        }
    }
    /// Begins no job any more that delays the exit, and waits until those that were begun are gone,
    /// at most so long.
    void settle(std::chrono::milliseconds at_most) {
        std::unique_lock lock{state_->mutex};
        state_->exiting = true;
        state_->settled.wait_for(lock, at_most, [this] { return state_->delaying == 0; });
    }
    /// How many threads there are.
    std::size_t threads() const {
        const std::lock_guard lock{state_->mutex};
        return state_->threads;
    }

private:
    /// What the threads share.
    struct State {
        explicit State(Limits given) : limits(given) {}

        const Limits limits;
        std::mutex mutex;
        std::condition_variable wake;
        std::deque<std::shared_ptr<BlockingJob>> waiting;
        std::size_t threads = 0;
        /// Those of them that rest.
        std::size_t idle = 0;
        bool ended = false;
        /// Jobs that delay the exit and have begun.
        std::size_t delaying = 0;
        std::condition_variable settled;
        bool exiting = false;
    };

    static void work(std::shared_ptr<State> state) noexcept {
        std::unique_lock lock{state->mutex};
        for (;;) {
            ++state->idle;
            state->wake.wait_for(
                lock, state->limits.rest, [&] { return !state->waiting.empty() || state->ended; });
            --state->idle;
            if (state->waiting.empty()) break;
            std::shared_ptr<BlockingJob> job = std::move(state->waiting.front());
            state->waiting.pop_front();
            const bool delays = job->delays_exit();
            if (delays && state->exiting) continue;
            if (delays) ++state->delaying;
            lock.unlock();
            job->run();
            job.reset();
            lock.lock();
            if (delays && --state->delaying == 0) state->settled.notify_all();
        }
        --state->threads;
    }

    std::shared_ptr<State> state_;
};

/// Is the process ending, so that a job that takes long had better give up?
inline std::atomic<bool> process_is_ending{false};

/// Called while the process ends, before what its jobs use is destroyed.
inline void settle_blocking_jobs() noexcept {
    process_is_ending.store(true, std::memory_order_relaxed);
    // Longer than what jobs do in one piece takes, unless a disk hangs.
    constexpr std::chrono::seconds patience{1};
    try {
        of_process<BlockingWorkers>().settle(patience);
    } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory, so there are none to wait for
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_BLOCKING_WORKERS_HPP
