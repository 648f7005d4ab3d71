// SPDX-License-Identifier: BSL-1.0
// One deadline and one cancellation for several calls.

#ifndef CLARIFY_CORE_CALL_SCOPE_HPP
#define CLARIFY_CORE_CALL_SCOPE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/config.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace clarify {

namespace detail {

/// A call that ends when its scope is cancelled.
class ScopeMember {
public:
    /// In any thread, under no lock of the scope; perhaps when it has ended already.
    virtual void scope_cancelled() noexcept = 0;

protected:
    ~ScopeMember() = default;
};

/// The calls of a scope, for as long as anybody has them. Thread-safe.
class ScopeMembers {
public:
    /// False where the scope is cancelled already. May throw.
    bool add(std::weak_ptr<ScopeMember> member);
    void cancel() noexcept;
    bool is_cancelled() const noexcept {
        const std::lock_guard lock{mutex_};
        return cancelled_;
    }
    /// How many entries there are, of calls that are over too.
    std::size_t size() const noexcept {
        const std::lock_guard lock{mutex_};
        return members_.size();
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::weak_ptr<ScopeMember>> members_;
    /// When there are so many, those that are over are let go of.
    std::size_t tidy_at_ = 16;
    bool cancelled_ = false;
};

}  // namespace detail

/** What several calls, of any clients and kinds, have in common: a time at which all of them are over,
    and one word that ends them all. Of a request that a server answers by several calls, say, or of a
    form that is closed.

    ```cpp
    clarify::CallScope scope{client.now() + std::chrono::seconds{2}};
    const auto items = co_await client.select_items(query, clarify::SelectOptions{scope});
    const auto answer = co_await client.call("some.method", params, scope);
    scope.cancel();  // whoever waits for an answer is gone: in any thread
    ```

    A call of a scope is over at the scope's deadline, or earlier by a limit of its own. One that is
    begun when the deadline has passed ends with `Errc::timeout`, one that is begun after `cancel()`
    with `Errc::cancelled`, both at once and unsent. An operation of several requests is in the scope
    with all of them.

    @par Object lifetimes
    Copies are the same scope. It may be destroyed before its calls, which that does not cancel.
    @par Errors
    Making one throws `std::bad_alloc`.
    @par Thread safety
    Distinct objects: safe, also where they are copies of one another. Shared objects: safe, but for
    assigning.
*/
class CallScope {
public:
    /// Without a deadline.
    CallScope() : CallScope((TimePoint::max)()) {}
    /// `deadline`: on the client's clock, which is `Clock` unless the options say otherwise
    /// (`RpcClient::now`). It may be past.
    explicit CallScope(TimePoint deadline)
        : deadline_(deadline), members_(std::make_shared<detail::ScopeMembers>()) {}

    /// When all calls are over; `TimePoint::max()` for never.
    TimePoint deadline() const noexcept { return deadline_; }
    /// Ends all calls with `Errc::cancelled`, as terminal cancellation of each would, and each that is
    /// begun later. Does not wait, and calls no handler. For want of memory a call may go on to its
    /// deadline.
    void cancel() const noexcept { members_->cancel(); }
    /// Has that been said?
    bool is_cancelled() const noexcept { return members_->is_cancelled(); }

    // For the client.
    const std::shared_ptr<detail::ScopeMembers>& members() const noexcept { return members_; }

private:
    TimePoint deadline_;
    std::shared_ptr<detail::ScopeMembers> members_;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/call_scope.hpp>
#endif

#endif  // CLARIFY_CORE_CALL_SCOPE_HPP
