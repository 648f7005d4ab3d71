// SPDX-License-Identifier: BSL-1.0
// Tells objects that live on an execution context that it is about to be destroyed, or in a new process.

#ifndef CLARIFY_CORE_DETAIL_CONTEXT_LINK_HPP
#define CLARIFY_CORE_DETAIL_CONTEXT_LINK_HPP

#include <clarify/core/detail/process_mark.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/intrusive/list.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace clarify::detail {

/** What a context and those who live on it share, and what outlives them all.

    Timers, sockets and guards of a context's work must not be destroyed after their context. An
    object that holds any, and that a user may keep for longer, is a guest: it is told in time.

    No lock is held while anybody is called. The end of the context waits for those who are in
    `while_there` and in the `release` of `leave`, so nothing of a user's may run there but what
    cannot be had elsewhere: an executor that takes a function, the allocator of a handler, and the
    end of an HTTP backend. Nothing waits for a guest that is told: there user code may run.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class ContextLink {
public:
    class Guest : public boost::intrusive::list_base_hook<> {
    public:
        /// What keeps this guest alive while it is told; null where its destructor has begun, which
        /// then leaves without delay. Must not do anything else.
        virtual std::shared_ptr<void> keep_alive() noexcept = 0;
        /// The context is being destroyed: let go of everything that belongs to it. Nothing runs on
        /// the context any more. Told once, and not after leaving.
        virtual void context_gone() noexcept = 0;
        /// This process has been forked, and the context is its own now: what was under way on it
        /// is the parent's. Nothing runs on the context at the moment.
        virtual void context_forked() noexcept {}

    protected:
        ~Guest() = default;
    };

    ContextLink(const ContextLink&) = delete;
    ContextLink& operator=(const ContextLink&) = delete;

    static std::shared_ptr<ContextLink> of(boost::asio::execution_context& context);
    /// That of the context below `executor`.
    static std::shared_ptr<ContextLink> of(const boost::asio::any_io_executor& executor) {
        return of(boost::asio::query(executor, boost::asio::execution::context));
    }
    bool is_of(const boost::asio::execution_context& context) const noexcept {
        return context_ == &context;
    }

    /// Does nothing where the context is gone.
    void enter(Guest& guest) noexcept {
        const std::lock_guard lock{mutex_};
        if (!gone_) guests_.push_back(guest);
    }
    /// Lets go of what belongs to the context, by `release`, and is told nothing from then on. The
    /// context does not go meanwhile. Does nothing for a guest that was told already.
    template <class Release>
    void leave(Guest& guest, Release&& release) noexcept {
        {
            const std::lock_guard lock{mutex_};
            if (!guest.is_linked()) return;
            guests_.erase(guests_.iterator_to(guest));
            ++present_;
        }
        const Presence presence{*this};
        release();
    }
    /// Calls `function` unless the context is gone, and keeps it from going meanwhile. Whether it
    /// was there.
    template <class Function>
    bool while_there(Function&& function) {
        {
            const std::lock_guard lock{mutex_};
            if (gone_) return false;
            ++present_;
        }
        const Presence presence{*this};
        function();
        return true;
    }
    bool is_there() noexcept {
        const std::lock_guard lock{mutex_};
        return !gone_;
    }

    /** To be called before the context is used: in a child process that has not told the context of
        the fork, as Asio demands, that is made up for.

        Until then both processes have one set of descriptors to wait on, and each may take what the
        other one waits for.
    */
    void heed_fork() {
        const unsigned here = fork_count.load(std::memory_order_relaxed);
        unsigned before = forks_.load(std::memory_order_relaxed);
        if (before == here || !forks_.compare_exchange_strong(before, here)) return;
        while_there([this] { context_->notify_fork(boost::asio::execution_context::fork_child); });
    }

private:
    class Service;
    using Guests = boost::intrusive::list<Guest, boost::intrusive::constant_time_size<false>>;

    /// Ends a time in which the context must not go.
    struct Presence {
        explicit Presence(ContextLink& which) noexcept : link(which) {}
        Presence(const Presence&) = delete;
        Presence& operator=(const Presence&) = delete;
        ~Presence() {
            const std::lock_guard lock{link.mutex_};
            if (--link.present_ == 0 && link.gone_) link.changed_.notify_all();
        }
        ContextLink& link;
    };

    explicit ContextLink(boost::asio::execution_context& context) : context_(&context) {
        count_forks();
        forks_ = fork_count.load();
    }

    void forked() noexcept {
        forks_ = fork_count.load();
        std::vector<std::pair<Guest*, std::shared_ptr<void>>> told;
        try {
            const std::lock_guard lock{mutex_};
            if (gone_) return;
            for (Guest& guest : guests_) {
                std::shared_ptr<void> kept = guest.keep_alive();
                if (kept) told.emplace_back(&guest, std::move(kept));
            }
        } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory, the others are not told
        }
        for (const auto& [guest, kept] : told)
            guest->context_forked();
    }

    void depart() noexcept {
        std::unique_lock lock{mutex_};
        gone_ = true;
        const auto nobody_is_present = [this] { return present_ == 0; };
        changed_.wait(lock, nobody_is_present);
        // One guest that is told may be what keeps others alive, who then leave by themselves.
        while (!guests_.empty()) {
            Guest& guest = guests_.back();
            std::shared_ptr<void> kept = guest.keep_alive();
            if (!kept) {
                // It is leaving in another thread.
                changed_.wait(lock);
                continue;
            }
            guests_.pop_back();
            lock.unlock();
            guest.context_gone();
            kept.reset();
            lock.lock();
        }
        changed_.wait(lock, nobody_is_present);
    }

    boost::asio::execution_context* context_;
    /// The process for which the context was made, or that has told it of the fork.
    std::atomic<unsigned> forks_{0};
    std::mutex mutex_;
    std::condition_variable changed_;
    // The mutex guards what follows.
    bool gone_ = false;
    std::size_t present_ = 0;
    Guests guests_;
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

inline std::shared_ptr<ContextLink> ContextLink::of(boost::asio::execution_context& context) {
    return boost::asio::use_service<Service>(context).link();
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_CONTEXT_LINK_HPP
