// SPDX-License-Identifier: BSL-1.0
// The task that has samples spooled, and the calls of the spool.

#ifndef CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_SPOOLING_HPP
#define CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_SPOOLING_HPP

#include <clarify/core/detail/run_elsewhere.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>
#include <clarify/ingest/detail/writer_core.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

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

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_SPOOLING_HPP
