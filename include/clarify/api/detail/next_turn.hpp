// SPDX-License-Identifier: BSL-1.0
// One wait for the next piece of a sequence that comes piece by piece.

#ifndef CLARIFY_API_DETAIL_NEXT_TURN_HPP
#define CLARIFY_API_DETAIL_NEXT_TURN_HPP

#include <clarify/core/detail/operation.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

namespace clarify::detail {

/// What the waits for one sequence share.
template <class Piece>
struct TurnState {
    /// Is anybody waiting?
    std::atomic<bool> busy = false;
    /// What has come, until it is handed over; `Error{}` where nothing has.
    Result<std::optional<Piece>> ready = Error{};
    /// What its calls belong to; each turn is a part of it. Null where no client makes them.
    std::shared_ptr<Operation> operation;

    /// Is there any use in asking for what comes after this turn?
    bool has_future() const noexcept { return !operation || operation->has_future(); }
};

/** The work of waiting for the next piece, for `async_coroutine`.

    `state->advance()` finds the piece. Should the handler be lost for want of memory, the piece is
    not: the next turn hands it over.
*/
template <class State>
class NextTurn {
public:
    using Outcome = decltype(State::ready);

    explicit NextTurn(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
    NextTurn(NextTurn&& other) noexcept
        : state_(std::move(other.state_)),
          ticket_(std::move(other.ticket_)),
          is_mine_(std::exchange(other.is_mine_, false)),
          is_closed_(other.is_closed_) {}
    NextTurn(const NextTurn&) = delete;
    NextTurn& operator=(const NextTurn&) = delete;
    ~NextTurn() { step_back(); }

    void begin() noexcept {
        is_mine_ = !state_->busy.exchange(true);
        if (!is_mine_ || !state_->operation) return;
        ticket_ = state_->operation->begin();
        is_closed_ = !ticket_;
    }
    boost::asio::awaitable<void> run() {
        if (!is_mine_ || is_closed_ || state_->ready) co_return;
        state_->ready = Error{};
        state_->ready = co_await state_->advance();
    }
    void end() noexcept { ticket_.reset(); }

    Outcome take() {
        if (!is_mine_) {
            return Error{
                Errc::bad_argument, Reason::none, "the wait before this one has not ended yet"};
        }
        Outcome outcome = is_closed_ ? Outcome{closed()} : std::exchange(state_->ready, Error{});
        step_back();
        return outcome;
    }

private:
    static Error closed() { return Error{Errc::closed, Reason::none, "the client was closed"}; }
    void step_back() noexcept {
        if (std::exchange(is_mine_, false)) state_->busy = false;
    }

    std::shared_ptr<State> state_;
    Operation::Ticket ticket_;
    /// Is nobody else waiting?
    bool is_mine_ = false;
    /// Does the client take no more?
    bool is_closed_ = false;
};

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_NEXT_TURN_HPP
