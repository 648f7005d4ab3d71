// SPDX-License-Identifier: BSL-1.0
// Brings what a thread of the process has found back to an execution context, which may be gone by then.

#ifndef CLARIFY_CORE_DETAIL_WAY_BACK_HPP
#define CLARIFY_CORE_DETAIL_WAY_BACK_HPP

#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/process_mark.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

namespace clarify::detail {

/** Calls a function once on an executor, from any thread.

    The context may go before, and takes the function and the executor with it: what is left here then
    belongs to no context. Nor is it counted as work of the context: whoever waits has a timer for
    that, and nobody has to stay when he has left.

    Held by `std::shared_ptr`. A fork leaves nothing behind in the child that its context waits for:
    none happens while a thread of the process is in `take`, and where that thread is the last to let
    go of this object, it has nothing of the context's any more.

    @par Thread safety
    `take` and `try_take` may be called from any thread, but one at a time; in one that is not the
    context's `take`.
*/
template <class... Args>
class WayBack : public std::enable_shared_from_this<WayBack<Args...>>, private ContextLink::Guest {
public:
    using Function = std::function<void(const Args&...)>;

    WayBack(boost::asio::any_io_executor executor, Function function)
        : context_(ContextLink::of(executor)),
          executor_(std::move(executor)),
          function_(std::move(function)) {
        context_->enter(*this);
    }
    WayBack(const WayBack&) = delete;
    WayBack& operator=(const WayBack&) = delete;
    // What the function holds belongs to the context, so it goes while that is there.
    virtual ~WayBack() {
        if (executor_) context_->leave(*this, [this] { drop(); });
    }

    /// Has the function called with `args`, and waits where there is no memory for that.
    void take(const Args&... args) noexcept {
        constexpr std::chrono::milliseconds memory_pause{10};
        while (!take_between_forks(args...))
            std::this_thread::sleep_for(memory_pause);
    }
    /// The same without waiting: false where there was no memory for it.
    bool try_take(const Args&... args) noexcept {
        bool taken = true;
        context_->while_there([&] {
            if (!function_) return;
            try {
                // A copy: what is posted may run, and drop ours, before `post` has returned.
                const boost::asio::any_io_executor executor = *executor_;
                boost::asio::post(
                    executor,
                    [self = this->shared_from_this(), brought = std::tuple<Args...>{args...}] {
                        const Function function = self->arrive();
                        if (function) std::apply(function, brought);
                    });
            } catch (...) {
                taken = false;
            }
        });
        return taken;
    }

private:
    bool take_between_forks(const Args&... args) noexcept {
        const std::lock_guard no_fork{fork_gate()};
        return try_take(args...);
    }
    /// Nothing of the context is held any more.
    Function arrive() noexcept {
        Function function;
        context_->leave(*this, [&] {
            function.swap(function_);
            drop();
        });
        return function;
    }
    void drop() noexcept {
        function_ = nullptr;
        executor_.reset();
    }
    std::shared_ptr<void> keep_alive() noexcept override { return this->weak_from_this().lock(); }
    void context_gone() noexcept override { drop(); }

    std::shared_ptr<ContextLink> context_;
    // Both until the function is on its way, or the context is gone.
    std::optional<boost::asio::any_io_executor> executor_;
    Function function_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_WAY_BACK_HPP
