// SPDX-License-Identifier: BSL-1.0
// The one place that turns operations into completion tokens, and coroutines into background tasks.

#ifndef CLARIFY_CORE_DETAIL_ASYNC_OP_HPP
#define CLARIFY_CORE_DETAIL_ASYNC_OP_HPP

#include <clarify/core/detail/called_or_lost.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/context_link.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/recycling_allocator.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace clarify::detail {

/// Starts an operation with handler signature `void(T)` for any completion token: `initiation` is
/// called with the handler and `args`, at once or when the token says so.
template <class T, class Token, class Initiation, class... Args>
auto async_operation(Token&& token, Initiation&& initiation, Args&&... args) {
    return boost::asio::async_initiate<Token, void(T)>(
        std::forward<Initiation>(initiation), token, std::forward<Args>(args)...);
}

/// The link to the context below the executor of `handler`, which is `fallback` unless the handler has
/// another; null where the executor does not tell its context. `known`: that of `fallback`.
template <class Handler>
std::shared_ptr<ContextLink> link_of(
    const Handler& handler,
    const boost::asio::any_io_executor& fallback,
    const std::shared_ptr<ContextLink>& known) {
    namespace execution = boost::asio::execution;
    const auto executor = boost::asio::get_associated_executor(handler, fallback);
    using Executor = std::decay_t<decltype(executor)>;
    const auto link = [&](boost::asio::execution_context& context) {
        return known->is_of(context) ? known : ContextLink::of(context);
    };
    if constexpr (boost::asio::can_query_v<const Executor&, execution::context_t>) {
        return link(boost::asio::query(executor, execution::context));
    } else if constexpr (requires { executor.context(); }) {
        return link(executor.context());
    } else {
        return nullptr;
    }
}

/// Was the coroutine that `handler` resumes cancelled before it began to wait? Its slot has nothing to
/// say any more, then. Asio tells that of the handlers of its own coroutines, and of no others.
template <class Handler>
bool is_cancelled_already(const Handler& handler) noexcept {
    if constexpr (requires { handler.get_cancellation_state().cancelled(); }) {
        return handler.get_cancellation_state().cancelled() != boost::asio::cancellation_type::none;
    } else {
        return false;
    }
}

/** A completion handler that waits for its outcome.

    Keeps the handler's executor busy meanwhile, and uses its allocator and cancellation slot. Where
    the context of that executor is destroyed first, the handler is destroyed with it, uncalled, and
    nothing of the context is touched from then on. Where the cancellation signal is destroyed first,
    its slot is not touched any more.

    `Owner` is the operation that it is a member of, the one declared last: so that it leaves before
    anything of the user's is destroyed. It has these static functions, which get a
    `std::shared_ptr<Owner>`:
    - `deliver`, called on the handler's executor to call the handler;
    - `undelivered`, `noexcept`, called instead where that was lost and is to be handed over again.

    @par Thread safety
    What is not said to be for any thread belongs to whoever drives the operation.
*/
template <class Owner, class Handler>
class PendingHandler final : private ContextLink::Guest {
public:
    using Executor = boost::asio::associated_executor_t<Handler, boost::asio::any_io_executor>;

    /// `known`: the link to the context of `fallback`.
    PendingHandler(
        Handler handler,
        const boost::asio::any_io_executor& fallback,
        const std::shared_ptr<ContextLink>& known)
        : handler_(std::move(handler)),
          work_(std::in_place, boost::asio::get_associated_executor(*handler_, fallback)),
          link_(link_of(*handler_, fallback, known)) {}
    PendingHandler(const PendingHandler&) = delete;
    PendingHandler& operator=(const PendingHandler&) = delete;
    ~PendingHandler() {
        if (link_) link_->leave(*this, [this] { work_.reset(); });
    }

    /// To be called first, once `owner` is owned by others: from then on it heeds the end of the
    /// context.
    void attend(std::weak_ptr<Owner> owner) noexcept {
        owner_ = std::move(owner);
        if (link_) link_->enter(*this);
    }
    /// To be asked before the operation begins; see above.
    bool is_cancelled() const noexcept { return is_cancelled_already(*handler_); }
    /// Calls `on_cancel(owner, type)` in the context of whoever emits, until the handler is released.
    /// May throw `std::bad_alloc`.
    template <class OnCancel>
    void watch_cancellation(OnCancel on_cancel) {
        auto slot = boost::asio::get_associated_cancellation_slot(*handler_);
        if (slot.is_connected())
            slot.assign(SlotWatch<OnCancel>{owner_, *this, std::move(on_cancel)});
    }

    /// Has the handler called, on its executor, never inside this function; with the handler's
    /// memory, or where there is none, other memory. False where that has to be tried again later,
    /// or where it was lost at once. In one thread at a time.
    bool post(const std::shared_ptr<Owner>& owner) noexcept {
        bool done = false;
        const auto hand_over = [&] { done = post_with_any_memory(owner); };
        if (!link_) {
            hand_over();
        } else if (!link_->while_there(hand_over)) {
            if (posted_) drop();
            done = true;
        }
        return done;
    }

    /// Calls the handler with `outcome`. What `owner` holds is free again before that, unless the
    /// handler's move might throw, which would leave it uncalled.
    template <class T>
    static void call(std::shared_ptr<Owner> owner, PendingHandler Owner::*member, T outcome) {
        PendingHandler& self = (*owner).*member;
        self.unwatch();
        if (self.link_) {
            self.link_->leave(self, [&] { self.work_.reset(); });
        } else {
            self.work_.reset();
        }
        if constexpr (std::is_nothrow_move_constructible_v<Handler>) {
            Handler handler(std::move(*self.handler_));
            self.handler_.reset();
            owner.reset();
            std::move(handler)(std::move(outcome));
        } else {
            std::move (*self.handler_)(std::move(outcome));
        }
    }

private:
    enum class Way : std::uint8_t { here, handing_over, handed_over, lost };

    /// What the slot holds: notes when the signal goes, or is given something else to call.
    template <class OnCancel>
    class SlotWatch {
    public:
        SlotWatch(std::weak_ptr<Owner> owner, PendingHandler& self, OnCancel on_cancel)
            : owner_(std::move(owner)), self_(&self), on_cancel_(std::move(on_cancel)) {
            self.watching_ = true;
        }
        SlotWatch(SlotWatch&& other) noexcept
            : owner_(std::move(other.owner_)),
              self_(std::exchange(other.self_, nullptr)),
              on_cancel_(std::move(other.on_cancel_)) {}
        SlotWatch(const SlotWatch&) = delete;
        SlotWatch& operator=(const SlotWatch&) = delete;
        ~SlotWatch() {
            if (self_ == nullptr) return;
            if (const auto owner = owner_.lock()) self_->watching_ = false;
        }
        void operator()(boost::asio::cancellation_type_t type) {
            if (auto owner = owner_.lock()) on_cancel_(std::move(owner), type);
        }

    private:
        std::weak_ptr<Owner> owner_;
        PendingHandler* self_;
        OnCancel on_cancel_;
    };

    void unwatch() noexcept {
        if (watching_) boost::asio::get_associated_cancellation_slot(*handler_).clear();
    }

    bool post_with_any_memory(const std::shared_ptr<Owner>& owner) noexcept {
        posted_ = true;
        const bool done =
            post_with(owner, [this] { return boost::asio::get_associated_allocator(*handler_); }) ||
            post_with(owner, [] { return boost::asio::recycling_allocator<void>{}; });
        if (!done) posted_ = false;
        return done;
    }
    /// What counts is not whether this threw, but whether what was handed over is gone.
    template <class GetAllocator>
    bool post_with(const std::shared_ptr<Owner>& owner, GetAllocator get_allocator) noexcept {
        way_ = Way::handing_over;
        try {
            CalledOrLost what{
                owner,
                [](std::shared_ptr<Owner> whole) { Owner::deliver(std::move(whole)); },
                [this](std::shared_ptr<Owner> whole) noexcept { lost(std::move(whole)); }};
            boost::asio::post(
                work_->get_executor(),
                boost::asio::bind_allocator(get_allocator(), std::move(what)));
        } catch (...) {  // NOLINT(bugprone-empty-catch): what is lost has said so
        }
        Way expected = Way::handing_over;
        return way_.compare_exchange_strong(expected, Way::handed_over);
    }
    /// What was posted is destroyed: while it is handed over, later on for want of memory, or with
    /// the context. In any thread.
    void lost(std::shared_ptr<Owner> owner) noexcept {
        Way expected = Way::handing_over;
        if (way_.compare_exchange_strong(expected, Way::lost)) return;
        const auto note = [this] { posted_ = false; };
        if (!link_) {
            note();
        } else if (!link_->while_there(note)) {
            if (posted_) drop();
            return;
        }
        Owner::undelivered(std::move(owner));
    }

    std::shared_ptr<void> keep_alive() noexcept override { return owner_.lock(); }
    /// Where it was posted, what was posted is destroyed next, and drops the handler: after its own
    /// memory, which is the handler's.
    void context_gone() noexcept override {
        if (!posted_) drop();
    }
    void drop() noexcept {
        work_.reset();
        handler_.reset();
    }

    std::optional<Handler> handler_;
    std::optional<boost::asio::executor_work_guard<Executor>> work_;
    std::shared_ptr<ContextLink> link_;
    std::weak_ptr<Owner> owner_;
    std::atomic<Way> way_ = Way::here;
    /// Is it on its way to its executor? Changed only while the context is there.
    bool posted_ = false;
    /// Is there something of this object in the cancellation slot?
    bool watching_ = false;
};

/// Hears of the end of a task.
class TaskOwner {
public:
    /// The coroutine has ended, or was destroyed before its end: with the execution context, or
    /// because there was no memory to resume it. In the latter case in any thread.
    virtual void task_gone() noexcept = 0;

protected:
    ~TaskOwner() = default;
};

/// Runs `task` on `executor`, cancellable through `signal`, and keeps `owner` alive until the task
/// is gone, of which it then tells it. An exception that leaves the task is dropped: tasks report
/// through what they own.
void spawn_task(
    const boost::asio::any_io_executor& executor,
    boost::asio::awaitable<void> task,
    boost::asio::cancellation_signal& signal,
    std::shared_ptr<TaskOwner> owner);

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/detail/impl/async_op.hpp>
#endif

#endif  // CLARIFY_CORE_DETAIL_ASYNC_OP_HPP
