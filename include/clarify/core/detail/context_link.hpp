// SPDX-License-Identifier: BSL-1.0
// Tells objects that live on an execution context that it is about to be destroyed, or in a new process.

#ifndef CLARIFY_CORE_DETAIL_CONTEXT_LINK_HPP
#define CLARIFY_CORE_DETAIL_CONTEXT_LINK_HPP

#include <clarify/core/detail/process_mark.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace clarify::detail {

/** What a context and those who live on it share, and what outlives them all.

    Timers and sockets must not be destroyed after their context. An object that holds any, and that
    a user may keep for longer, is a guest: it is told in time.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class ContextLink {
public:
    class Guest {
    public:
        /// The context is being destroyed: let go of everything that belongs to it. Nothing runs on
        /// the context any more.
        virtual void context_gone() noexcept = 0;
        /// This process has been forked, and the context is its own now: what was under way on it
        /// is the parent's. Nothing runs on the context at the moment.
        virtual void context_forked() noexcept = 0;

    protected:
        ~Guest() = default;
    };

    /// That of the context below `executor`.
    static std::shared_ptr<ContextLink> of(const boost::asio::any_io_executor& executor);

    void enter(Guest& guest) {
        const std::lock_guard lock{mutex_};
        guests_.push_back(&guest);
    }
    /// Lets go of what belongs to the context, by `release`, and is told nothing from then on. The
    /// context does not go meanwhile.
    template <class Release>
    void leave(Guest& guest, Release&& release) noexcept {
        const std::lock_guard lock{mutex_};
        std::erase(guests_, &guest);
        release();
    }
    /// Calls `function` unless the context is gone, and keeps it from going meanwhile.
    template <class Function>
    void while_there(Function&& function) {
        const std::lock_guard lock{mutex_};
        if (!gone_) function();
    }

    /** To be called before the context is used: in a child process that has not told the context of
        the fork, as Asio demands, that is made up for.

        Until then both processes have one set of descriptors to wait on, and each may take what the
        other one waits for.
    */
    void heed_fork() {
        const unsigned here = fork_count.load(std::memory_order_relaxed);
        if (forks_.load(std::memory_order_relaxed) == here) return;
        const std::lock_guard lock{mutex_};
        if (gone_ || forks_.load(std::memory_order_relaxed) == here) return;
        context_->notify_fork(boost::asio::execution_context::fork_child);
    }

private:
    class Service;

    explicit ContextLink(boost::asio::execution_context& context) : context_(&context) {
        count_forks();
        forks_ = fork_count.load();
    }

    void forked() noexcept {
        const std::lock_guard lock{mutex_};
        forks_ = fork_count.load();
        if (gone_) return;
        for (Guest* const guest : guests_)
            guest->context_forked();
    }
    void depart() noexcept {
        const std::lock_guard lock{mutex_};
        gone_ = true;
        // One guest that is told may be what keeps others alive, who then leave by themselves.
        while (!guests_.empty()) {
            Guest* const guest = guests_.back();
            guests_.pop_back();
            guest->context_gone();
        }
    }

    // Recursive, for a guest that leaves while another is told.
    std::recursive_mutex mutex_;
    bool gone_ = false;
    boost::asio::execution_context* context_;
    /// The process for which the context was made, or that has told it of the fork.
    std::atomic<unsigned> forks_{0};
    std::vector<Guest*> guests_;
};

class ContextLink::Service final : public boost::asio::execution_context::service {
public:
    using key_type = Service;
    static inline boost::asio::execution_context::id id;

    explicit Service(boost::asio::execution_context& context)
        : boost::asio::execution_context::service(context),
          link_(std::shared_ptr<ContextLink>{new ContextLink{context}}) {}

    const std::shared_ptr<ContextLink>& link() const noexcept { return link_; }

private:
    void shutdown() override { link_->depart(); }
    void notify_fork(boost::asio::execution_context::fork_event event) override {
        if (event == boost::asio::execution_context::fork_child) link_->forked();
    }

    std::shared_ptr<ContextLink> link_;
};

inline std::shared_ptr<ContextLink> ContextLink::of(const boost::asio::any_io_executor& executor) {
    return boost::asio::use_service<Service>(
               boost::asio::query(executor, boost::asio::execution::context))
        .link();
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_CONTEXT_LINK_HPP
