// SPDX-License-Identifier: BSL-1.0
// A selection of any size, page by page.

#ifndef CLARIFY_API_PAGES_HPP
#define CLARIFY_API_PAGES_HPP

#include <clarify/api/detail/page_plan.hpp>
#include <clarify/api/detail/page_trail.hpp>
#include <clarify/api/detail/pending_reply.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace clarify {

/** The pages of a selection, one after the other, each asked for while the one before is in use:

    @code
    auto pages = client.signal_pages(query);
    while (true) {
        auto page = co_await pages.next();
        if (!page) co_return page.error();
        if (!*page) break;
        for (const clarify::Signal& signal : (*page)->data) use(signal);
    }
    @endcode

    Made by a client, which may be moved or destroyed meanwhile; in the latter case the next page is
    `Errc::closed`. Nothing is asked for before the first `next`. Pages are found by their offset:
    what is deleted while one walks through them may hide others, and what is added may bring some
    again. A page of none but those that the one before it had is left out.

    @par Object lifetimes
    May be moved and destroyed at any time. A page that is on its way then is dropped when it comes.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class Page>
class Pages {
public:
    /// Asks for a page and calls the function with it, once, in any thread.
    using Ask = std::function<void(detail::PageRequest, std::function<void(Result<Page>)>)>;

    Pages(boost::asio::any_io_executor executor, detail::PagePlan plan, Ask ask)
        : state_(std::make_shared<State>(std::move(executor), plan, std::move(ask))) {}

    /** Yields the next page, or nothing where there are no more.

        @par Per-operation cancellation
        Terminal: ends the wait with `Errc::cancelled`. The page is not lost, `next` waits for it
        again.
        @par Errors
        Those of the method that is called. The page is not lost: `next` asks for it again.
        `Errc::decode`, `Reason::repeated`, where the server has sent the same resources for three
        offsets in a row: it does not heed `skip`, and would go on for ever.
        `Errc::bad_argument` where the last `next` has not ended yet.
    */
    [[nodiscard]] boost::asio::awaitable<Result<std::optional<Page>>> next() {
        return next(state_);
    }

private:
    struct State {
        State(boost::asio::any_io_executor with, detail::PagePlan course, Ask by)
            : executor(std::move(with)), plan(course), ask(std::move(by)) {}

        void begin() {
            auto to = std::make_shared<detail::PendingReply<Page>>(executor);
            ask(plan.next(), [to](Result<Page> page) { to->deliver(std::move(page)); });
            pending = std::move(to);
        }

        boost::asio::any_io_executor executor;
        detail::PagePlan plan;
        Ask ask;
        detail::PageTrail trail;
        /// Was the last page the one before it once more?
        bool repeated = false;
        /// The page that is on its way, or there already.
        std::shared_ptr<detail::PendingReply<Page>> pending;
        bool busy = false;
    };
    struct Turn {
        explicit Turn(State& of) : state(of) { state.busy = true; }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() { state.busy = false; }
        State& state;
    };

    static boost::asio::awaitable<Result<std::optional<Page>>> next(std::shared_ptr<State> state) {
        using Outcome = Result<std::optional<Page>>;
        if (state->busy) {
            co_return Outcome{
                Error{Errc::bad_argument, Reason::none, "one page at a time can be waited for"}};
        }
        const Turn turn{*state};
        while (true) {
            if (!state->pending) {
                if (state->plan.done()) co_return Outcome{std::optional<Page>{}};
                state->begin();
            }
            std::optional<Result<Page>> reply =
                co_await detail::PendingReply<Page>::take(state->pending);
            if (!reply) co_return Outcome{Error{Errc::cancelled}};
            state->pending = nullptr;
            if (!*reply) co_return Outcome{reply->error()};
            Page& page = **reply;
            if (!state->trail.is_repeated(page.data)) co_return arrived(*state, page);
            if (state->repeated) co_return Outcome{no_progress(state->plan.next().skip)};
            state->repeated = true;
            state->plan.repeated(page.data.size());
            // One that came together with the page would be thrown by the next wait.
            const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
            if (cancellation.cancelled() != boost::asio::cancellation_type::none)
                co_return Outcome{Error{Errc::cancelled}};
        }
    }

    static Result<std::optional<Page>> arrived(State& state, Page& page) {
        const std::size_t wanted = state.plan.arrived(page.data.size(), page.total);
        state.repeated = false;
        state.trail.note(page.data);
        // It comes while this one is in use, or where memory is short, is asked for later.
        try {
            if (!state.plan.done()) state.begin();
        } catch (const std::bad_alloc&) {
            state.pending = nullptr;
        }
        page.data.erase(page.data.begin() + static_cast<std::ptrdiff_t>(wanted), page.data.end());
        if (page.data.empty()) return std::optional<Page>{};
        return std::optional<Page>{std::move(page)};
    }

    static Error no_progress(std::size_t offset) {
        Error error{
            Errc::decode,
            Reason::repeated,
            "offset " + std::to_string(offset) +
                " yields the same resources as the two pages before it"};
        return error.set_phase(Phase::decode).set_fate(Fate::answered);
    }

    std::shared_ptr<State> state_;
};

}  // namespace clarify

#endif  // CLARIFY_API_PAGES_HPP
