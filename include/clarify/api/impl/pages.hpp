// SPDX-License-Identifier: BSL-1.0
// How pages are asked for ahead, and when a server is told to repeat itself.

#ifndef CLARIFY_API_IMPL_PAGES_HPP
#define CLARIFY_API_IMPL_PAGES_HPP

#include <clarify/api/detail/page_trail.hpp>
#include <clarify/api/detail/pending_reply.hpp>
#include <clarify/api/pages.hpp>

#include <cstddef>
#include <new>
#include <string>

namespace clarify {

template <class Page>
struct Pages<Page>::State : detail::TurnState<Page> {
    State(
        boost::asio::any_io_executor with,
        detail::PagePlan course,
        Ask by,
        std::shared_ptr<detail::Operation> part_of)
        : executor(std::move(with)), plan(course), ask(std::move(by)) {
        this->operation = std::move(part_of);
    }

    /// Finds the next page.
    boost::asio::awaitable<Next> advance() {
        while (true) {
            if (!pending) {
                if (plan.done()) co_return Next{std::optional<Page>{}};
                begin();
            }
            std::optional<Result<Page>> reply = co_await detail::PendingReply<Page>::take(pending);
            if (!reply) co_return Next{Error{Errc::cancelled}};
            pending = nullptr;
            if (!*reply) co_return Next{reply->error()};
            Page& page = **reply;
            if (!trail.is_repeated(page.data)) co_return arrived(page);
            if (repeated) co_return Next{no_progress(plan.next().skip)};
            repeated = true;
            plan.repeated(page.data.size());
            // One that came together with the page would end no wait any more.
            const bool cancelled = co_await detail::is_cancelled();
            if (cancelled) co_return Next{Error{Errc::cancelled}};
        }
    }

    void begin() {
        auto to = detail::PendingReply<Page>::make(executor);
        ask(plan.next(), [to](Result<Page> page) { to->deliver(std::move(page)); });
        pending = std::move(to);
    }

    Next arrived(Page& page) {
        const std::size_t wanted = plan.arrived(page.data.size(), page.total);
        repeated = false;
        trail.note(page.data);
        // It comes while this one is in use, or where memory is short, is asked for later.
        try {
            if (!plan.done() && this->has_future()) begin();
        } catch (const std::bad_alloc&) {
            pending = nullptr;
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

    boost::asio::any_io_executor executor;
    detail::PagePlan plan;
    Ask ask;
    detail::PageTrail trail;
    /// Was the last page the one before it once more?
    bool repeated = false;
    /// The page that is on its way, or there already.
    std::shared_ptr<detail::PendingReply<Page>> pending;
};

template <class Page>
Pages<Page>::Pages(
    boost::asio::any_io_executor executor,
    detail::PagePlan plan,
    Ask ask,
    std::shared_ptr<detail::Operation> operation)
    : executor_(executor),
      state_(std::make_shared<State>(
          std::move(executor), plan, std::move(ask), std::move(operation))) {}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_PAGES_HPP
