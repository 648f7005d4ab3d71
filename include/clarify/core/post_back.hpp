// SPDX-License-Identifier: BSL-1.0
// The way of any thread back to an executor whose context may be gone by then.

#ifndef CLARIFY_CORE_POST_BACK_HPP
#define CLARIFY_CORE_POST_BACK_HPP

#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/process_mark.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <concepts>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace clarify {

/** Runs functions on an executor, from any thread, as long as its context is there.

    For an HTTP stack, or anything else below a client, that works in threads of its own. An executor
    must not be used once its context is destroyed, and a thread cannot know whether it is: this knows.

    ```cpp
    // On the executor, in a coroutine that waits on a timer of `exchange`:
    const clarify::PostBack back{co_await boost::asio::this_coro::executor};
    stack.start(text, [back, weak = std::weak_ptr{exchange}](int status) {  // in another thread
        back.post([weak, status] {                                          // on the executor again
            if (const auto exchange = weak.lock()) exchange->finish(status);
        });
    });
    ```

    What is posted may run when nobody is interested any more: let it hold what it is about weakly, or
    own it. `examples/custom_backend.cpp` is a whole backend made so.

    It is no work of the context: `io_context::run` returns where nothing else is left to do. A timer
    that is waited on until the answer comes, or it is too late for it, keeps the context at work.

    @par Object lifetimes
    It may outlive the executor's context, and be destroyed in any thread. Copies share one way back.
    @par Fork
    A fork of the process waits for a `post` that is under way.
    @par Thread safety
    Distinct objects: safe, also copies of one another. Shared objects: safe for `post`.
*/
class PostBack {
public:
    /// To `executor`, which is not empty, and whose context is there now.
    /// @throws std::bad_alloc.
    explicit PostBack(boost::asio::any_io_executor executor)
        : way_(std::make_shared<Way>(std::move(executor))) {}

    /** Has `function()` run on the executor, later, and never inside this call.

        Does not wait, but for the end of the context where that is just being destroyed.

        @return False where the context is gone: nothing was posted, and `function` is left as it was.
        Where the context goes later, before the function has run, it is destroyed with it, uncalled.
        @throws std::bad_alloc, or what moving the function throws: nothing was posted. What the
        executor throws, likewise.
    */
    template <class Function>
        requires(std::invocable<std::decay_t<Function>&>)
    bool post(Function&& function) const {
        // A child would have the context as this thread has left it, in the middle of something.
        const std::lock_guard no_fork{detail::fork_gate()};
        return way_->context->while_there([&] {
            boost::asio::post(
                *way_->executor,
                [held = std::decay_t<Function>(std::forward<Function>(function))]() mutable {
                    held();
                });
        });
    }

private:
    struct Way final : std::enable_shared_from_this<Way>, detail::ContextLink::Guest {
        explicit Way(boost::asio::any_io_executor given)
            : context(detail::ContextLink::of(given)), executor(std::move(given)) {
            context->enter(*this);
        }
        Way(const Way&) = delete;
        Way& operator=(const Way&) = delete;
        // The executor goes while its context is there.
        ~Way() {
            context->leave(*this, [this] { executor.reset(); });
        }

        std::shared_ptr<void> keep_alive() noexcept override { return weak_from_this().lock(); }
        void context_gone() noexcept override { executor.reset(); }

        std::shared_ptr<detail::ContextLink> context;
        /// As long as the context is there.
        std::optional<boost::asio::any_io_executor> executor;
    };

    std::shared_ptr<Way> way_;
};

}  // namespace clarify

#endif  // CLARIFY_CORE_POST_BACK_HPP
