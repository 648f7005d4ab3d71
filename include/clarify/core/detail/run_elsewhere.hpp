// SPDX-License-Identifier: BSL-1.0
// Runs what may block beside a serial executor, and tells it there when that is done.

#ifndef CLARIFY_CORE_DETAIL_RUN_ELSEWHERE_HPP
#define CLARIFY_CORE_DETAIL_RUN_ELSEWHERE_HPP

#include <clarify/core/detail/blocking_workers.hpp>
#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/process.hpp>
#include <clarify/core/detail/serial_executor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace clarify::detail {

/// Something to be done in a thread of the process, and to be told on an executor, unless its context
/// is gone by then: that takes what belongs to it along.
class Errand final : public BlockingJob,
                     public std::enable_shared_from_this<Errand>,
                     private ContextLink::Guest {
public:
    using Function = std::function<void()>;

    Errand(boost::asio::any_io_executor executor, Function work, Function done)
        : context_(ContextLink::of(executor)),
          work_(std::move(work)),
          executor_(std::move(executor)),
          done_(std::move(done)) {
        context_->enter(*this);
    }
    ~Errand() override { leave(); }

    void run() noexcept override {
        constexpr std::chrono::milliseconds memory_pause{10};
        work_();
        // Somebody waits for this.
        while (!deliver())
            std::this_thread::sleep_for(memory_pause);
    }

private:
    bool deliver() noexcept {
        bool delivered = true;
        context_->while_there([&] {
            if (!done_) return;
            try {
                // A copy: what is posted may run, and drop ours, before `post` has returned.
                const boost::asio::any_io_executor executor = *executor_;
                boost::asio::post(executor, [self = shared_from_this()] {
                    const Function done = self->leave();
                    if (done) done();
                });
            } catch (...) {
                delivered = false;
            }
        });
        return delivered;
    }
    /// Nothing of the context is held any more.
    Function leave() noexcept {
        Function done;
        context_->leave(*this, [&] {
            done.swap(done_);
            executor_.reset();
        });
        return done;
    }
    std::shared_ptr<void> keep_alive() noexcept override { return weak_from_this().lock(); }
    void context_gone() noexcept override {
        executor_.reset();
        const Function dropped = std::exchange(done_, nullptr);
    }

    std::shared_ptr<ContextLink> context_;
    Function work_;
    // While the context is kept from going.
    std::optional<boost::asio::any_io_executor> executor_;
    Function done_;
};

/** Calls `work()` in a thread of the process, and then `done()` on `executor`.

    To be called on `executor`. Both throw nothing, and `work` owns what it uses: nobody waits for its
    end. Where the executor has a clock of its own, as in tests, which stands still meanwhile, and
    where there is no thread to be had, both are called at once. Throws `std::bad_alloc`; then neither
    is called.
*/
inline void run_elsewhere(
    const boost::asio::any_io_executor& executor, Errand::Function work, Errand::Function done) {
    if (!time_source(executor)) {
        try {
            of_process<BlockingWorkers>().start(std::make_shared<Errand>(executor, work, done));
            return;
        } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch): done here, then
        }
    }
    work();
    done();
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_RUN_ELSEWHERE_HPP
