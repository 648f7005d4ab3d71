// SPDX-License-Identifier: BSL-1.0
// A function object that notices when it is destroyed instead of being called.

#ifndef CLARIFY_CORE_DETAIL_CALLED_OR_LOST_HPP
#define CLARIFY_CORE_DETAIL_CALLED_OR_LOST_HPP

#include <concepts>
#include <type_traits>
#include <utility>

namespace clarify::detail {

/** Hands `state` to exactly one of two functions: to `on_call` when it is called, to `on_loss` when
    it is destroyed without having been called.

    Asio destroys a function or handler uncalled where it has no memory to get it to its executor, and
    where the execution context goes. Whoever relies on the call must hear of that: this is the one
    way in which the library does. It allocates nothing, and moving it throws nothing.

    It has no associated executor, allocator or cancellation slot: where one is meant, it is bound.

    @par Preconditions
    Called at most once. `on_loss` does not throw: it runs in a destructor, in whatever thread that
    is, possibly while an exception is under way.
*/
template <class State, class OnCall, class OnLoss>
class CalledOrLost {
    static_assert(std::is_nothrow_move_constructible_v<State>);
    static_assert(std::is_nothrow_move_constructible_v<OnCall>);
    static_assert(std::is_nothrow_move_constructible_v<OnLoss>);
    static_assert(std::is_nothrow_invocable_v<OnLoss&, State>);

public:
    CalledOrLost(State state, OnCall on_call, OnLoss on_loss) noexcept
        : state_(std::move(state)), on_call_(std::move(on_call)), on_loss_(std::move(on_loss)) {}
    CalledOrLost(CalledOrLost&& other) noexcept
        : state_(std::move(other.state_)),
          on_call_(std::move(other.on_call_)),
          on_loss_(std::move(other.on_loss_)),
          due_(std::exchange(other.due_, false)) {}
    CalledOrLost(const CalledOrLost&) = delete;
    CalledOrLost& operator=(const CalledOrLost&) = delete;
    ~CalledOrLost() {
        if (due_) on_loss_(std::move(state_));
    }

    template <class... Args>
    requires std::invocable<OnCall&, State, Args...>
    void operator()(Args&&... args) {
        due_ = false;
        on_call_(std::move(state_), std::forward<Args>(args)...);
    }

private:
    State state_;
    OnCall on_call_;
    OnLoss on_loss_;
    /// Has it still to be called?
    bool due_ = true;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_CALLED_OR_LOST_HPP
