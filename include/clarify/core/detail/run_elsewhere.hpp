// SPDX-License-Identifier: BSL-1.0
// Runs what may block beside a serial executor, and tells it there when that is done.

#ifndef CLARIFY_CORE_DETAIL_RUN_ELSEWHERE_HPP
#define CLARIFY_CORE_DETAIL_RUN_ELSEWHERE_HPP

#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/serial_executor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace clarify::detail {

/** Calls `work()` in a thread of its own, and then `done()` on `executor`, unless the execution
    context is gone by then.

    To be called on `executor`. Both are copyable, throw nothing, and own what they use but hold
    nothing that belongs to the context: the thread may outlive it. Where the executor has a clock of
    its own, as in tests, which stands still meanwhile, and where there is no thread to be had, both
    are called at once. Throws `std::bad_alloc`; then neither is called.
*/
template <class Work, class Done>
void run_elsewhere(const boost::asio::any_io_executor& executor, Work work, Done done) {
    if (time_source(executor)) {
        work();
        done();
        return;
    }
    const std::shared_ptr<ContextLink> context = ContextLink::of(executor);
    try {
        std::thread{[context, executor, work, done] {
            work();
            for (bool told = false; !told;) {
                try {
                    context->while_there([&] { boost::asio::post(executor, done); });
                    told = true;
                } catch (const std::bad_alloc&) {
                    // Somebody waits for this.
                    std::this_thread::sleep_for(std::chrono::milliseconds{10});
                }
            }
        }}.detach();
    } catch (const std::system_error&) {
        work();
        done();
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_RUN_ELSEWHERE_HPP
