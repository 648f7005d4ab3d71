// SPDX-License-Identifier: BSL-1.0
// How a stream keeps parts on their way, and halves those that are too large or too slow.

#ifndef CLARIFY_API_IMPL_DATA_STREAM_HPP
#define CLARIFY_API_IMPL_DATA_STREAM_HPP

#include <clarify/api/data_stream.hpp>
#include <clarify/api/detail/pending_reply.hpp>

#include <algorithm>
#include <deque>
#include <iterator>
#include <new>

namespace clarify {
namespace detail {

/// Did it take the server too long, by this client's patience or its own? How a server says so is not
/// documented; where it names a time to come back, it means something else.
inline bool took_too_long(const Error& error) noexcept {
    if (error.code() == Errc::timeout) {
        return error.phase() == Phase::first_byte || error.phase() == Phase::head ||
            error.phase() == Phase::body;
    }
    if (error.code() == Errc::rpc) return error.rpc()->code == RpcError::try_again;
    const unsigned status = error.http_status();
    return error.code() == Errc::status && (status == 503 || status == 504) &&
        !error.http()->retry_after;
}

}  // namespace detail

template <class Frame>
struct BasicDataStream<Frame>::State : detail::TurnState<DataPart<Frame>> {
    using Source = detail::DataSource<Frame>;
    using Reply = typename Source::Reply;
    using Pending = detail::PendingReply<Reply>;
    /// A part that is on its way, or to be asked for again.
    struct Slot {
        detail::DataPiece piece;
        std::shared_ptr<Pending> pending;
    };

    State(
        boost::asio::any_io_executor with, Source what, std::shared_ptr<detail::Operation> part_of)
        : executor(std::move(with)), source(std::move(what)) {
        this->operation = std::move(part_of);
    }

    /// Finds the next part.
    boost::asio::awaitable<Next> advance() {
        if (!is_short_of_memory) {
            try {
                while (!plan) {
                    std::optional<Error> failure = co_await list_items();
                    if (failure) co_return Next{std::move(*failure)};
                }
                Next next = co_await take_part();
                co_return next;
            } catch (const std::bad_alloc&) {
                is_short_of_memory = true;
            }
        }
        co_return Next{Error{Errc::internal, Reason::resource}};
    }

    /// Asks for more of the items, and makes the plan when there are no more.
    boost::asio::awaitable<std::optional<Error>> list_items() {
        auto more = co_await source.more_items();
        if (!more) co_return std::optional<Error>{more.error()};
        if (*more) {
            std::move((*more)->begin(), (*more)->end(), std::back_inserter(items));
        } else {
            plan = source.plan(items.size());
        }
        // One that came together with the reply would end no wait any more.
        const bool cancelled = co_await detail::is_cancelled();
        if (cancelled) co_return std::optional<Error>{Error{Errc::cancelled}};
        co_return std::optional<Error>{};
    }

    boost::asio::awaitable<Next> take_part() {
        while (true) {
            fill();
            if (slots.empty()) co_return Next{std::optional<Part>{}};
            std::optional<Result<Reply>> reply = co_await Pending::take(slots.front().pending);
            if (!reply) co_return Next{Error{Errc::cancelled}};
            if (*reply) co_return arrived(**reply);
            slots.front().pending = nullptr;
            if (!is_worth_halving(reply->error()) || !halve()) co_return Next{reply->error()};
            const bool cancelled = co_await detail::is_cancelled();
            if (cancelled) co_return Next{Error{Errc::cancelled}};
        }
    }

    Next arrived(Reply& reply) {
        const detail::DataPiece piece = slots.front().piece;
        slots.pop_front();
        too_long = 0;
        plan->arrived(piece, reply.values);
        if (this->has_future()) fill();
        Part part;
        part.from = piece.from;
        part.to = piece.to;
        part.items = items_of(piece);
        part.frame = std::move(reply.frame);
        return std::optional<Part>{std::move(part)};
    }

    std::vector<std::string> items_of(const detail::DataPiece& piece) const {
        const auto first = items.begin() + static_cast<std::ptrdiff_t>(piece.first_item);
        return {first, first + static_cast<std::ptrdiff_t>(piece.items)};
    }

    void ask(Slot& slot) {
        auto to = Pending::make(executor);
        source.ask(items_of(slot.piece), slot.piece.from, slot.piece.to, [to](Result<Reply> reply) {
            to->deliver(std::move(reply));
        });
        slot.pending = std::move(to);
    }

    /// Keeps as many on their way as may be, and the first one in any case.
    void fill() {
        const std::size_t most = std::max<std::size_t>(source.concurrency, 1);
        auto on_their_way = static_cast<std::size_t>(std::count_if(
            slots.begin(), slots.end(), [](const Slot& slot) { return slot.pending != nullptr; }));
        for (Slot& slot : slots) {
            if (slot.pending || (on_their_way >= most && &slot != &slots.front())) continue;
            ask(slot);
            ++on_their_way;
        }
        // With fewer than that, each is on its way by now.
        while (slots.size() < most) {
            const std::optional<detail::DataPiece> piece = plan->next();
            if (!piece) return;
            ask(slots.emplace_back(Slot{*piece, nullptr}));
        }
    }

    /// Is half of the first part likely to do better? A server that is down, or never answers, is not
    /// asked for ever less.
    bool is_worth_halving(const Error& error) {
        constexpr unsigned most = 5;
        if (error.code() == Errc::too_large) return true;
        if (!detail::took_too_long(error)) return false;
        if (++too_long <= most) return true;
        too_long = 0;
        return false;
    }

    /// Puts two halves in the place of the first part. False where it cannot be divided.
    bool halve() {
        const auto halves = plan->split(slots.front().piece);
        if (!halves) return false;
        slots.front() = Slot{halves->first, nullptr};
        slots.insert(std::next(slots.begin()), Slot{halves->second, nullptr});
        return true;
    }

    boost::asio::any_io_executor executor;
    Source source;
    std::vector<std::string> items;
    std::optional<detail::DataPlan> plan;
    std::deque<Slot> slots;
    /// How often in a row a part has taken too long.
    unsigned too_long = 0;
    /// Was there no memory for what had come already?
    bool is_short_of_memory = false;
};

template <class Frame>
BasicDataStream<Frame>::BasicDataStream(
    boost::asio::any_io_executor executor,
    detail::DataSource<Frame> source,
    std::shared_ptr<detail::Operation> operation)
    : executor_(executor),
      state_(
          std::make_shared<State>(std::move(executor), std::move(source), std::move(operation))) {}

template <class Frame>
const std::vector<std::string>& BasicDataStream<Frame>::items() const noexcept {
    return state_->items;
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_DATA_STREAM_HPP
