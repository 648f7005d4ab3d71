// SPDX-License-Identifier: BSL-1.0
// The tasks: one has samples spooled, the other one has them stored.

#ifndef CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_TASKS_HPP
#define CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_TASKS_HPP

#include <clarify/core/detail/run_elsewhere.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>
#include <clarify/ingest/detail/writer_core.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace clarify::detail {

/// Calls `function(spool)` where that may be done, and notes the state that it leaves.
template <SampleSink Sink, SampleSpool Spool>
template <class T>
boost::asio::awaitable<Result<T>> WriterCore<Sink, Spool>::on_spool(OnSpool<T> function) {
    if constexpr (Spool::blocks) {
        co_return co_await on_blocking_spool<T>(std::move(function));
    } else {
        const Lock lock{mutex_};
        Result<T> outcome = function(spool_);
        note_spool(spool_.state());
        co_return outcome;
    }
}

template <SampleSink Sink, SampleSpool Spool>
template <class T>
boost::asio::awaitable<Result<T>> WriterCore<Sink, Spool>::on_blocking_spool(OnSpool<T> function) {
    using Outcome = Result<T>;
    struct Visit {
        std::optional<Outcome> outcome;
        SpoolState state;
        bool is_over = false;
        Signal told;
    };
    while (is_spool_busy_)
        co_await spool_free_.wait(serial_, (TimePoint::max)());
    const auto visit = std::make_shared<Visit>();
    const auto self = this->shared_from_this();
    is_spool_busy_ = true;
    try {
        run_elsewhere(
            serial_,
            [self, visit, function]() mutable {
                try {
                    visit->outcome.emplace(function(self->spool_));
                    visit->state = self->spool_.state();
                } catch (...) {
                    visit->outcome.reset();
                }
            },
            [visit] {
                visit->is_over = true;
                visit->told.notify_all();
            });
    } catch (...) {
        visit->is_over = true;
    }
    while (!visit->is_over)
        co_await visit->told.wait(serial_, (TimePoint::max)());
    is_spool_busy_ = false;
    spool_free_.notify_one();
    if (!visit->outcome) co_return Outcome{Error{Errc::internal, Reason::resource}};
    {
        const Lock lock{mutex_};
        note_spool(std::move(visit->state));
    }
    co_return std::move(*visit->outcome);
}

// Into the spool.

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<void> WriterCore<Sink, Spool>::spool_all(std::shared_ptr<WriterCore> self) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    while (const std::optional<TimePoint> due = self->spooling_due()) {
        if (*due > self->now()) {
            co_await self->inbox_changed_.wait(self->serial_, *due);
            continue;
        }
        bool is_broken = false;
        try {
            co_await self->spool_some();
        } catch (...) {
            is_broken = true;
        }
        if (is_broken) {
            const Lock lock{self->mutex_};
            self->note_refusal(Error{Errc::internal, Reason::resource});
        }
        self->tell_changes();
    }
    self->is_spooling_ = false;
    self->progress_.notify_all();
}

/// When the inbox is to be spooled; nothing where it is empty.
template <SampleSink Sink, SampleSpool Spool>
std::optional<TimePoint> WriterCore<Sink, Spool>::spooling_due() {
    const Lock lock{mutex_};
    if (inbox_.empty()) return std::nullopt;
    // Somebody who waits has been told that there is no room where there is none.
    if (inbox_has_waiter_) return (TimePoint::min)();
    const Clock::duration delay = (std::min)(options_.spool_delay, options_.max_delay / 2);
    const bool is_urgent = is_closed_ || is_hurried() || inbox_bytes_ >= options_.max_unspooled / 2;
    const TimePoint due = is_urgent ? inbox_since_ : time_after(inbox_since_, delay);
    return refusal_ ? (std::max)(due, refusal_until_) : due;
}

template <SampleSink Sink, SampleSpool Spool>
typename WriterCore<Sink, Spool>::Load WriterCore<Sink, Spool>::load_inbox() {
    Load load;
    load.written = wall_now();
    const Lock lock{mutex_};
    for (const Entry& entry : inbox_) {
        add_samples(load.samples, entry.samples);
        load.bytes += entry.bytes;
    }
    load.entries = inbox_.size();
    inbox_has_waiter_ = false;
    return load;
}

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<void> WriterCore<Sink, Spool>::spool_some() {
    const auto load = std::make_shared<Load>(load_inbox());
    if (load->samples.empty()) {
        spooled(*load, newest());
        co_return;
    }
    const OnSpool<std::uint64_t> append = [load](Spool& spool) {
        return spool.append(load->samples, load->written);
    };
    for (;;) {
        const Result<std::uint64_t> batch = co_await on_spool<std::uint64_t>(append);
        if (batch) {
            spooled(*load, *batch);
            break;
        }
        bool has_room = false;
        if (batch.error().code() == Errc::overloaded && options_.on_full == OnFull::drop_oldest)
            has_room = co_await make_room(load->bytes);
        if (has_room) continue;
        not_spooled(*load, batch.error());
        break;
    }
}

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<bool> WriterCore<Sink, Spool>::make_room(std::uint64_t bytes) {
    const std::uint64_t after = gathered_.mark();
    const OnSpool<std::uint64_t> drop = [=](Spool& spool) { return spool.drop(after, bytes); };
    const Result<std::uint64_t> dropped = co_await on_spool<std::uint64_t>(drop);
    if (!dropped || *dropped == 0) co_return false;
    const Lock lock{mutex_};
    ledger_.dropped(DropReason::overflow, *dropped);
    co_return true;
}

template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::spooled(const Load& load, std::uint64_t batch) {
    std::vector<std::shared_ptr<Ticket>> placed;
    {
        const Lock lock{mutex_};
        for (std::size_t i = 0; i != load.entries; ++i) {
            Entry& entry = inbox_.front();
            inbox_bytes_ -= entry.bytes;
            if (entry.ticket) placed.push_back(std::move(entry.ticket));
            inbox_.pop_front();
        }
        inbox_since_ = now();
        refusal_.reset();
    }
    for (const auto& ticket : placed) {
        ticket->batch = batch;
        ticket->told.notify_all();
    }
    woken();
}

/// Those who wait get their samples back; the others' wait for another try.
template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::not_spooled(const Load& load, const Error& error) {
    std::vector<std::shared_ptr<Ticket>> refused;
    {
        const Lock lock{mutex_};
        note_refusal(error);
        std::deque<Entry> rest;
        for (std::size_t i = 0; i != inbox_.size(); ++i) {
            Entry& entry = inbox_[i];
            if (is_abandoned_) {
                // Nobody was told that they are safe, and nobody is left to wait for a better time.
                ledger_.dropped(DropReason::closed, entry.count);
                if (entry.ticket) refused.push_back(std::move(entry.ticket));
                continue;
            }
            if (i >= load.entries || !entry.ticket) {
                rest.push_back(std::move(entry));
                continue;
            }
            inbox_bytes_ -= entry.bytes;
            ledger_.withdrawn(entry.count);
            entry.ticket->samples = std::move(entry.samples);
            refused.push_back(std::move(entry.ticket));
        }
        inbox_ = std::move(rest);
        if (inbox_.empty()) inbox_bytes_ = 0;
    }
    for (const auto& ticket : refused) {
        ticket->refused = error;
        ticket->told.notify_all();
    }
}

// Out of it.

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
bool WriterCore<Sink, Spool>::has_work() const {
    return !gathered_.empty() || done_ > removed_ || has_more();
}

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<void> WriterCore<Sink, Spool>::deliver_some() {
    if (gathered_.empty() && !has_more()) {
        // What is stored is to be forgotten, and could not be.
        if (now() < remove_again_) {
            co_await changed_.wait(serial_, remove_again_);
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
    if (!page->samples.empty()) {
        const std::optional<TimePoint> until = std::exchange(earlier_until_, std::nullopt);
        if (until && *until > now()) gathered_.doubt(page->samples, *until);
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
    bool has_inbox = false;
    {
        const Lock lock{mutex_};
        ledger_.stored(replaced);
        has_inbox = !inbox_.empty();
    }
    if (!has_inbox && !has_more()) pace_.emptied();
    tell_waiters();
    co_await remove_done();
}

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<void> WriterCore<Sink, Spool>::remove_done() {
    const std::uint64_t mark = done_;
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

#endif  // CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_TASKS_HPP
