// SPDX-License-Identifier: BSL-1.0
// Tells objects that live on an execution context that it is about to be destroyed.

#ifndef CLARIFY_CORE_DETAIL_CONTEXT_LINK_HPP
#define CLARIFY_CORE_DETAIL_CONTEXT_LINK_HPP

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
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

private:
    class Service;

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
    std::vector<Guest*> guests_;
};

class ContextLink::Service final : public boost::asio::execution_context::service {
public:
    using key_type = Service;
    static inline boost::asio::execution_context::id id;

    explicit Service(boost::asio::execution_context& context)
        : boost::asio::execution_context::service(context) {}

    const std::shared_ptr<ContextLink>& link() const noexcept { return link_; }

private:
    void shutdown() override { link_->depart(); }

    std::shared_ptr<ContextLink> link_ = std::make_shared<ContextLink>();
};

inline std::shared_ptr<ContextLink> ContextLink::of(const boost::asio::any_io_executor& executor) {
    return boost::asio::use_service<Service>(
               boost::asio::query(executor, boost::asio::execution::context))
        .link();
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_CONTEXT_LINK_HPP
