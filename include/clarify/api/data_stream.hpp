// SPDX-License-Identifier: BSL-1.0
// A time range of any length and any number of items, part by part.

#ifndef CLARIFY_API_DATA_STREAM_HPP
#define CLARIFY_API_DATA_STREAM_HPP

#include <clarify/api/detail/async_coroutine.hpp>
#include <clarify/api/detail/data_plan.hpp>
#include <clarify/api/detail/next_turn.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/completion_token.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/explain_token.hpp>
#include <clarify/core/detail/operation.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clarify {

/// The data of some items over some time: a part of what a `BasicDataStream` was asked for.
template <class Frame>
struct DataPart {
    DataPart() {}

    /// The time that was asked for: `from` is in it, `to` is not. With a rollup both are where buckets
    /// begin, but for the ends of the whole.
    Timestamp from;
    Timestamp to;
    /// The identifiers of the items that were asked for, also of those without a value.
    std::vector<std::string> items;
    /// What the server has of them, perhaps nothing.
    Frame frame;
};

namespace detail {

/// What a stream gets from a request: the values, and how many they are, by which the next requests
/// are made larger or smaller.
template <class Frame>
struct DataReply {
    Frame frame;
    std::size_t values = 0;
};

/// What a stream does and does not do by itself.
template <class Frame>
struct DataSource {
    using Reply = DataReply<Frame>;
    using Deliver = std::function<void(Result<Reply>)>;
    using Items = std::vector<std::string>;

    /// Yields more of the items, or nothing where they are complete. It may be cancelled, and is asked
    /// again after that.
    std::function<boost::asio::awaitable<Result<std::optional<Items>>>()> more_items;
    /// Asks for the values of items from a time to another, the latter not included, and calls the
    /// function with them, once, in any thread.
    std::function<void(const Items&, Timestamp from, Timestamp to, Deliver)> ask;
    /// Makes the plan when the number of items is known: called once, after the last of
    /// `more_items`.
    std::function<DataPlan(std::size_t items)> plan;
    /// How many requests may be on their way at once; 0 counts as 1.
    std::size_t concurrency = 4;
};

}  // namespace detail

/** The parts of a long time range, one after the other, while the next ones are on their way:

    @code
    auto parts = client.data_parts(query, data);
    while (true) {
        auto part = co_await parts.next();
        if (!part) co_return part.error();
        if (!*part) break;
        write((*part)->frame);
    }
    @endcode

    The parts come in the order of time; those of the same time in the order of the items. Together
    they are what was asked for, without a hole and without an overlap, and no bucket of a rollup is
    divided between two. A reply that is too large is asked for again in two halves; so is one that
    takes too long, until the deadline of the call or until the server gives up (503, 504 or "try
    again"), but no more than five times in a row. No more is kept in memory than the replies that are
    on their way.

    The requests that are on their way go on when a wait is cancelled, and between two waits. Each has
    the timeout and the repetitions of a call, and keeps to the rate limits in line with the others;
    so the deadline of a wait, if it is to have any, is the caller's to set, by cancellation.

    Made by a client, which may be moved or destroyed meanwhile; in the latter case, and where it is
    closed, the next part is `Errc::closed`. Where it is closed with a limit, the wait that is under
    way has that time. Nothing is asked for before the first `next`.

    @par Object lifetimes
    May be moved and destroyed at any time, also after the execution context, when it is good for
    nothing else. What is on its way then is dropped when it comes.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class Frame>
class BasicDataStream {
public:
    /// What one wait brings: of `DataStream`, the data of at most 50 items over a time that the API
    /// allows for a request.
    using Part = DataPart<Frame>;
    /// What a wait yields: a part, nothing where there are no more, or an error.
    using Next = Result<std::optional<Part>>;

    /// For the client: does what `source` says, and calls handlers on `executor` unless they have
    /// another. `operation`: what its calls belong to, if to any.
    BasicDataStream(
        boost::asio::any_io_executor executor,
        detail::DataSource<Frame> source,
        std::shared_ptr<detail::Operation> operation = nullptr);

    /** Waits for the next part; completes with it, or with nothing where there are no more.

        As many parts as may be at once (`DataStreamOptions::concurrency`) are on their way before
        this one is handed over.

        @param token by default `use_awaitable`.

        @par Handler signature
        `void(Result<std::optional<Part>>)`.
        @par Executor
        The handler's associated executor, else that of the client; never inside this function.
        @par Per-operation cancellation
        Terminal, partial and total, at any time: they end the wait with `Errc::cancelled`. Nothing is
        lost, `next` waits again.
        @par Errors
        Those of the methods that are called. Nothing is lost: `next` asks for the same part again.
        `Errc::internal`, `Reason::resource`, where there was no memory to go on: where that would
        leave a hole it ends the stream, which says so from then on, else `next` goes on where it was.
        `Errc::bad_argument` where the last wait has not ended yet.
    */
    template <
        CompletionToken<std::optional<DataPart<Frame>>> Token = boost::asio::use_awaitable_t<>>
    auto async_next(Token&& token = {}) {
        return detail::async_coroutine<std::optional<Part>>(
            executor_, detail::NextTurn<State>{state_}, std::forward<Token>(token));
    }
    /// With a handler of another outcome: the compiler says what it is called with.
    template <class Token>
    requires(!CompletionToken<Token, std::optional<DataPart<Frame>>>) void async_next(Token&&) {
        detail::explain_token<Token, std::optional<DataPart<Frame>>>();
    }
    /// `async_next` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Next> next() {
        return async_next(boost::asio::use_awaitable);
    }

    /// The identifiers of the items that the parts are of; complete when the first part has come.
    /// Not to be read while a wait goes on.
    const std::vector<std::string>& items() const noexcept;

private:
    struct State;

    boost::asio::any_io_executor executor_;
    std::shared_ptr<State> state_;
};

}  // namespace clarify

#include <clarify/api/impl/data_stream.hpp>

#endif  // CLARIFY_API_DATA_STREAM_HPP
