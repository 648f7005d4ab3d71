// SPDX-License-Identifier: BSL-1.0
// Runs what may block beside a serial executor, and tells it there when that is done.

#ifndef CLARIFY_CORE_DETAIL_RUN_ELSEWHERE_HPP
#define CLARIFY_CORE_DETAIL_RUN_ELSEWHERE_HPP

#include <clarify/core/detail/blocking_workers.hpp>
#include <clarify/core/detail/process.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/detail/way_back.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <system_error>
#include <utility>

namespace clarify::detail {

/// Something to be done in a thread of the process, and to be told on an executor, unless its context
/// is gone by then.
class Errand final : public BlockingJob, public WayBack<> {
public:
    using Work = std::function<void()>;

    Errand(boost::asio::any_io_executor executor, Work work, Function done)
        : WayBack(std::move(executor), std::move(done)), work_(std::move(work)) {}

    void run() noexcept override {
        work_();
        take();
    }
    bool delays_exit() const noexcept override { return true; }

private:
    Work work_;
};

/** Calls `work()` in a thread of the process, and then `done()` on `executor`.

    To be called on `executor`. Both throw nothing, and `work` owns what it uses: nobody waits for its
    end, but the end of the process for a moment. Where the executor has a clock of its own, as in
    tests, which stands still meanwhile, and where there is no thread to be had, both are called at
    once. Throws `std::bad_alloc`; then neither is called.
*/
inline void run_elsewhere(
    const boost::asio::any_io_executor& executor, Errand::Work work, Errand::Function done) {
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
