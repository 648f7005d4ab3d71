// SPDX-License-Identifier: BSL-1.0
// The task that has spooled samples stored.

#ifndef CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_STORING_HPP
#define CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_STORING_HPP

#include <clarify/core/detail/time_span.hpp>
#include <clarify/ingest/detail/insert_verdict.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>
#include <clarify/ingest/detail/writer_core.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace clarify::detail {

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<void> WriterCore<Sink, Spool>::deliver_all(
    std::shared_ptr<WriterCore> self) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    while (!self->is_stopped_ && self->has_work()) {
        bool is_broken = false;
        try {
            co_await self->deliver_some();
        } catch (...) {
            is_broken = true;
        }
        if (is_broken) {
            const Error error{Errc::internal, Reason::resource};
            self->pace_.failed(self->now(), error, self->jitter_.next());
        }
        self->tell_changes();
    }
    self->is_delivering_ = false;
    self->progress_.notify_all();
}

template <SampleSink Sink, SampleSpool Spool>
std::uint64_t WriterCore<Sink, Spool>::newest() const {
    const Lock lock{mutex_};
    return spool_state_.newest;
}

template <SampleSink Sink, SampleSpool Spool>
std::uint64_t WriterCore<Sink, Spool>::pending() const {
    const Lock lock{mutex_};
    return ledger_.counts().pending();
}

template <SampleSink Sink, SampleSpool Spool>
bool WriterCore<Sink, Spool>::has_more() const {
    const Lock lock{mutex_};
    return spool_state_.samples != 0 && spool_state_.newest > gathered_.mark();
}

template <SampleSink Sink, SampleSpool Spool>
bool WriterCore<Sink, Spool>::has_work() {
    return !gathered_.empty() || has_to_remove() || has_more();
}

template <SampleSink Sink, SampleSpool Spool>
bool WriterCore<Sink, Spool>::has_to_remove() {
    if (kept_.removable(now()) > removed_) return true;
    // The end does not wait until nothing is kept: then it is stored twice.
    return !is_draining_ && kept_.next_end();
}

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<void> WriterCore<Sink, Spool>::deliver_some() {
    if (gathered_.empty() && !has_more()) {
        // What is stored is to be forgotten, and could not be yet.
        const bool has_removable = kept_.removable(now()) > removed_;
        const TimePoint due = has_removable ? remove_again_ : kept_.next_end().value_or(now());
        if (now() < due) {
            co_await changed_.wait(serial_, due);
        } else {
            co_await remove_done();
        }
        co_return;
    }
    pace_.arrived(now());
    const TimePoint due = pace_.due(is_hurried() || pending() >= gathered_.whole_request());
    if (due > now()) {
        co_await changed_.wait(serial_, due);
        co_return;
    }
    if (gathered_.room() != 0 && has_more()) {
        const bool is_read = co_await gather();
        if (!is_read || is_stopped_) co_return;
    }
    const DataFrame* const frame = gathered_.next(now());
    if (frame == nullptr) {
        if (gathered_.empty()) {
            co_await finish_page();
        } else {
            co_await changed_.wait(serial_, gathered_.held_until());
        }
        co_return;
    }
    pace_.begun(now());
    {
        const Lock lock{mutex_};
        ++requests_;
    }
    const Result<void> outcome = co_await sink_.store(*frame);
    // It was stopped: who knows, it will be sent again.
    if (is_stopped_ && !outcome) co_return;
    settle(outcome);
    if (gathered_.empty()) co_await finish_page();
}

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<bool> WriterCore<Sink, Spool>::gather() {
    const std::uint64_t after = gathered_.mark();
    const std::uint64_t count = gathered_.room();
    const OnSpool<SpoolPage> read = [=](Spool& spool) { return spool.read(after, count); };
    Result<SpoolPage> page = co_await on_spool<SpoolPage>(read);
    if (!page) {
        pace_.failed(now(), page.error(), jitter_.next());
        const Lock lock{mutex_};
        note_refusal(page.error());
        co_return false;
    }
    if (page->mark == after) {
        // Somebody else's, or nobody's: it is asked for again.
        pace_.hold_until(time_after(now(), Clock::duration{spool_patience}));
        co_return !gathered_.empty();
    }
    if (earlier_until_ > now() && earlier_count_ != 0) {
        earlier_count_ -= (std::min)(earlier_count_, count_of(page->samples));
        gathered_.doubt(page->samples, earlier_until_);
    }
    gathered_.add(std::move(*page));
    enough_ = gathered_.whole_request();
    const Lock lock{mutex_};
    spool_in_hand_ = gathered_.mark();
    co_return true;
}

template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::settle(const Result<void>& outcome) {
    const TimePoint at = now();
    SettledSamples settled;
    if (outcome) {
        settled = gathered_.stored();
    } else {
        const InsertVerdict verdict = judge_insert(outcome.error(), *gathered_.next(at));
        settled = gathered_.failed(verdict, at);
    }
    if (settled.waits) {
        pace_.failed(at, outcome.error(), jitter_.next());
    } else {
        pace_.succeeded();
    }
    tell_rejected(settled.rejected);
    const Lock lock{mutex_};
    ledger_.stored(settled.stored);
    ledger_.dropped(DropReason::rejected, settled.rejected.size());
    failing_since_ = pace_.failing_since();
    if (settled.waits) {
        error_ = outcome.error();
    } else {
        error_.reset();
    }
}

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<void> WriterCore<Sink, Spool>::finish_page() {
    const std::uint64_t replaced = gathered_.finish();
    done_ = gathered_.mark();
    // Where the spool ends with the process, no successor needs to know.
    kept_.add(done_, spool_.durable() ? gathered_.unanswered_until() : (TimePoint::min)());
    bool has_inbox = false;
    {
        const Lock lock{mutex_};
        ledger_.stored(replaced);
        has_inbox = !inbox_.empty();
    }
    if (!has_inbox && !has_more()) pace_.emptied();
    tell_waiters();
    if (kept_.removable(now()) > removed_) co_await remove_done();
}

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<void> WriterCore<Sink, Spool>::remove_done() {
    const std::uint64_t mark = kept_.removable(now());
    const OnSpool<void> remove = [=](Spool& spool) { return spool.remove(mark); };
    const Result<void> removed = co_await on_spool<void>(remove);
    const Lock lock{mutex_};
    if (removed) {
        removed_ = mark;
        // There may be room now.
        if (refusal_) refusal_until_ = now();
    } else {
        remove_again_ = time_after(now(), Clock::duration{spool_patience});
        note_refusal(removed.error());
    }
    progress_.notify_all();
}

template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::tell_waiters() {
    std::erase_if(waiters_, [this](const std::shared_ptr<Ticket>& ticket) {
        if (ticket->batch > done_) return false;
        ticket->is_settled = true;
        ticket->told.notify_all();
        return true;
    });
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_STORING_HPP
