// SPDX-License-Identifier: BSL-1.0
// A selection of any size, page by page.

#ifndef CLARIFY_API_PAGES_HPP
#define CLARIFY_API_PAGES_HPP

#include <clarify/api/detail/async_coroutine.hpp>
#include <clarify/api/detail/next_turn.hpp>
#include <clarify/api/detail/page_plan.hpp>
#include <clarify/core/completion_token.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/explain_token.hpp>
#include <clarify/core/detail/operation.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
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

    Made by a client, which may be moved or destroyed meanwhile; in the latter case, and where it is
    closed, the next page is `Errc::closed`. Where it is closed with a limit, the wait that is under
    way has that time. Nothing is asked for before the first `next`. Pages are found by their offset:
    what is deleted while one walks through them may hide others, and what is added may bring some
    again. A page of none but those that the one before it had is left out.

    @par Object lifetimes
    May be moved and destroyed at any time, also after the execution context, when it is good for
    nothing else. A page that is on its way then is dropped when it comes.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class Page>
class Pages {
public:
    /// What a wait yields: a page, nothing where there are no more, or an error.
    using Next = Result<std::optional<Page>>;
    /// For the client: asks for a page and calls the function with it, once, in any thread.
    using Ask = std::function<void(detail::PageRequest, std::function<void(Result<Page>)>)>;

    /// For the client: walks by `plan`, and calls handlers on `executor` unless they have another.
    /// `operation`: what its calls belong to, if to any.
    Pages(
        boost::asio::any_io_executor executor,
        detail::PagePlan plan,
        Ask ask,
        std::shared_ptr<detail::Operation> operation = nullptr);

    /** Waits for the next page; completes with it, or with nothing where there are no more.

        The page after it is asked for before this one is handed over, so that it is on its way while
        this one is in use.

        @param token by default `use_awaitable`.

        @par Handler signature
        `void(Result<std::optional<Page>>)`.
        @par Executor
        The handler's associated executor, else that of the client; never inside this function.
        @par Per-operation cancellation
        Terminal, partial and total, at any time: they end the wait with `Errc::cancelled`. The page
        is not lost, `next` waits for it again.
        @par Errors
        Those of the method that is called. The page is not lost: `next` asks for it again.
        `Errc::decode`, `Reason::repeated`, where the server has sent the same resources for three
        offsets in a row: it does not heed `skip`, and would go on for ever.
        `Errc::internal`, `Reason::resource`, where memory was short; `next` goes on where it was.
        `Errc::bad_argument` where the last wait has not ended yet.
    */
    template <CompletionToken<std::optional<Page>> Token = boost::asio::use_awaitable_t<>>
    auto async_next(Token&& token = {}) {
        return detail::async_coroutine<std::optional<Page>>(
            executor_, detail::NextTurn<State>{state_}, std::forward<Token>(token));
    }
    /// With a handler of another outcome: the compiler says what it is called with.
    template <class Token>
    requires(!CompletionToken<Token, std::optional<Page>>) void async_next(Token&&) {
        detail::explain_token<Token, std::optional<Page>>();
    }
    /// `async_next` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Next> next() {
        return async_next(boost::asio::use_awaitable);
    }

private:
    struct State;

    boost::asio::any_io_executor executor_;
    std::shared_ptr<State> state_;
};

}  // namespace clarify

#include <clarify/api/impl/pages.hpp>

#endif  // CLARIFY_API_PAGES_HPP
