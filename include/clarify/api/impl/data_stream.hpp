// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_API_IMPL_DATA_STREAM_HPP
#define CLARIFY_API_IMPL_DATA_STREAM_HPP

#include <algorithm>
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
struct BasicDataStream<Frame>::State {
    State(boost::asio::any_io_executor with, Source what)
        : executor(std::move(with)), source(std::move(what)) {}

    std::vector<std::string> items_of(const detail::DataPiece& piece) const {
        const auto first = items.begin() + static_cast<std::ptrdiff_t>(piece.first_item);
        return {first, first + static_cast<std::ptrdiff_t>(piece.items)};
    }

    void ask(Slot& slot) {
        auto to = std::make_shared<Pending>(executor);
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
    bool busy = false;
    /// Was there no memory for what had come already?
    bool is_short_of_memory = false;
};

template <class Frame>
struct BasicDataStream<Frame>::Turn {
    explicit Turn(State& of) : state(of) { state.busy = true; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { state.busy = false; }

    State& state;
};

template <class Frame>
boost::asio::awaitable<Result<std::optional<DataPart<Frame>>>> BasicDataStream<Frame>::next(
    std::shared_ptr<State> state) {
    using Outcome = Result<std::optional<Part>>;
    if (state->busy) {
        co_return Outcome{
            Error{Errc::bad_argument, Reason::none, "one part at a time can be waited for"}};
    }
    const Turn turn{*state};
    if (!state->is_short_of_memory) {
        try {
            co_return co_await proceed(*state);
        } catch (const std::bad_alloc&) {
            state->is_short_of_memory = true;
        }
    }
    co_return Outcome{Error{Errc::internal, Reason::resource}};
}

template <class Frame>
boost::asio::awaitable<Result<std::optional<DataPart<Frame>>>> BasicDataStream<Frame>::proceed(
    State& state) {
    using Outcome = Result<std::optional<Part>>;
    while (!state.plan) {
        auto more = co_await state.source.more_items();
        if (!more) co_return Outcome{more.error()};
        if (*more) {
            std::move((*more)->begin(), (*more)->end(), std::back_inserter(state.items));
        } else {
            state.plan = state.source.plan(state.items.size());
        }
    }
    while (true) {
        state.fill();
        if (state.slots.empty()) co_return Outcome{std::optional<Part>{}};
        std::optional<Result<Reply>> reply = co_await Pending::take(state.slots.front().pending);
        if (!reply) co_return Outcome{Error{Errc::cancelled}};
        if (*reply) {
            const detail::DataPiece piece = state.slots.front().piece;
            state.slots.pop_front();
            state.too_long = 0;
            state.plan->arrived(piece, (*reply)->values);
            state.fill();
            Part part;
            part.from = piece.from;
            part.to = piece.to;
            part.items = state.items_of(piece);
            part.frame = std::move((*reply)->frame);
            co_return Outcome{std::optional<Part>{std::move(part)}};
        }
        state.slots.front().pending = nullptr;
        if (!state.is_worth_halving(reply->error()) || !state.halve())
            co_return Outcome{reply->error()};
    }
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_DATA_STREAM_HPP
