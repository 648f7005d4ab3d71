// SPDX-License-Identifier: BSL-1.0
// One wait for the next piece of a sequence that comes piece by piece.

#ifndef CLARIFY_API_DETAIL_NEXT_TURN_HPP
#define CLARIFY_API_DETAIL_NEXT_TURN_HPP

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
          is_mine_(std::exchange(other.is_mine_, false)),
          is_refused_(other.is_refused_) {}
    NextTurn(const NextTurn&) = delete;
    NextTurn& operator=(const NextTurn&) = delete;
    ~NextTurn() { end(); }

    boost::asio::awaitable<void> run() {
        is_mine_ = !state_->busy.exchange(true);
        is_refused_ = !is_mine_;
        if (is_refused_ || state_->ready) co_return;
        state_->ready = Error{};
        state_->ready = co_await state_->advance();
    }

    Outcome take() {
        if (is_refused_) {
            return Error{
                Errc::bad_argument, Reason::none, "the wait before this one has not ended yet"};
        }
        // There was no memory to begin.
        if (!is_mine_) return Error{};
        Outcome outcome = std::exchange(state_->ready, Error{});
        end();
        return outcome;
    }

private:
    void end() noexcept {
        if (std::exchange(is_mine_, false)) state_->busy = false;
    }

    std::shared_ptr<State> state_;
    bool is_mine_ = false;
    /// Was somebody else waiting?
    bool is_refused_ = false;
};

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_NEXT_TURN_HPP
