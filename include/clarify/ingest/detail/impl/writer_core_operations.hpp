// SPDX-License-Identifier: BSL-1.0
// The operations of a writer: those that wait for samples.

#ifndef CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_OPERATIONS_HPP
#define CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_OPERATIONS_HPP

#include <clarify/core/detail/time_span.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>
#include <clarify/ingest/detail/writer_core.hpp>

#include <limits>
#include <utility>
#include <vector>

namespace clarify::detail {

/// Of a wait that was cancelled: what was written may be stored all the same.
inline Error cancelled_error() {
    Error error{Errc::cancelled};
    return error.set_fate(Fate::unknown);
}

/// Has samples spooled, and waits for that; without any, finds the batch behind which all are that
/// were written before.
template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<Result<std::shared_ptr<typename WriterCore<Sink, Spool>::Ticket>>>
WriterCore<Sink, Spool>::place(SampleTable table, bool wait_for_room) {
    using Outcome = Result<std::shared_ptr<Ticket>>;
    constexpr std::chrono::seconds moment{1};
    for (;;) {
        auto ticket = std::make_shared<Ticket>();
        ticket->batch = not_placed;
        const Result<void> accepted = submit(table, ticket);
        if (accepted) {
            while (ticket->batch == not_placed && !ticket->refused) {
                if (co_await ticket->told.wait(serial_, (TimePoint::max)()))
                    co_return Outcome{cancelled_error()};
            }
            if (!ticket->refused) co_return Outcome{std::move(ticket)};
            table = std::move(ticket->samples);
        }
        const Error error = accepted ? *ticket->refused : accepted.error();
        if (error.code() != Errc::overloaded || !wait_for_room) co_return Outcome{error};
        if (co_await progress_.wait(serial_, time_after(now(), Clock::duration{moment})))
            co_return Outcome{Error{Errc::cancelled}};
    }
}

/// Waits until all that are in its batch are stored or set aside.
template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<Result<void>> WriterCore<Sink, Spool>::settled(
    std::shared_ptr<Ticket> ticket) {
    if (ticket->batch <= done_ || pending() == 0) co_return Result<void>{};
    waiters_.push_back(ticket);
    bool is_cancelled = false;
    while (!ticket->is_settled && !ticket->refused && !is_cancelled)
        is_cancelled = co_await ticket->told.wait(serial_, (TimePoint::max)());
    std::erase(waiters_, ticket);
    if (ticket->refused) co_return *ticket->refused;
    if (!ticket->is_settled) co_return cancelled_error();
    co_return Result<void>{};
}

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<Result<WriteReceipt>> WriterCore<Sink, Spool>::write(
    std::shared_ptr<WriterCore> self, SampleTable table, WriteOptions options) {
    using Outcome = Result<WriteReceipt>;
    const Result<void> valid = check_samples(table);
    if (!valid) co_return Outcome{valid.error()};
    WriteReceipt receipt;
    receipt.accepted = count_of(table);
    receipt.durable = self->durable();
    SampleTable own;
    if (options.until_stored) own = table;
    const auto placed = co_await self->place(std::move(table), options.wait_for_room);
    if (!placed) co_return Outcome{placed.error()};
    if (!options.until_stored) co_return Outcome{std::move(receipt)};
    const std::shared_ptr<Ticket> ticket = *placed;
    ticket->samples = std::move(own);
    const Result<void> settled = co_await self->settled(ticket);
    // They are in the spool, which is more than nothing: the next writer finds them where it lasts.
    const bool stays = !settled && (receipt.durable || settled.error().code() == Errc::cancelled);
    if (stays) co_return Outcome{std::move(receipt)};
    if (!settled) co_return Outcome{settled.error()};
    receipt.stored = true;
    receipt.rejected = std::move(ticket->rejected);
    co_return Outcome{std::move(receipt)};
}

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<Result<void>> WriterCore<Sink, Spool>::flush(
    std::shared_ptr<WriterCore> self) {
    /// As long as it is there nothing is gathered for longer than it must.
    struct Hurry {
        explicit Hurry(WriterCore& which) noexcept : core(which) { ++core.hurry_; }
        Hurry(const Hurry&) = delete;
        Hurry& operator=(const Hurry&) = delete;
        ~Hurry() { --core.hurry_; }
        WriterCore& core;
    };
    const Hurry hurry{*self};
    self->woken();
    const auto placed = co_await self->place({}, true);
    if (!placed) co_return placed.error();
    self->woken();
    const Result<void> settled = co_await self->settled(*placed);
    co_return settled;
}

template <SampleSink Sink, SampleSpool Spool>
boost::asio::awaitable<Result<DrainReport>> WriterCore<Sink, Spool>::drain(
    std::shared_ptr<WriterCore> self, std::chrono::milliseconds limit) {
    constexpr std::chrono::seconds moment{1};
    const TimePoint until = time_after(self->now(), clock_span(limit));
    {
        const Lock lock{self->mutex_};
        self->is_closed_ = true;
    }
    self->is_draining_ = true;
    self->woken();
    bool is_cancelled = false;
    while ((self->pending() != 0 || self->has_to_remove()) && !is_cancelled && self->now() < until)
        is_cancelled = co_await self->progress_.wait(self->serial_, until);
    {
        const Lock lock{self->mutex_};
        self->is_abandoned_ = true;
    }
    self->woken();
    // What is being spooled comes to its end, unless the disk hangs.
    const TimePoint end = time_after(self->now(), Clock::duration{moment});
    while ((self->is_delivering_ || self->is_spooling_) && self->now() < end)
        co_await self->progress_.wait(self->serial_, end);
    DrainReport report;
    report.left = self->pending();
    report.kept = self->durable();
    if (!report.kept && report.left != 0) report.unsent = self->hand_back();
    co_return Result<DrainReport>{std::move(report)};
}

template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::stop() {
    if (std::exchange(is_stopped_, true)) return;
    if (delivering_) delivering_->stop.emit(boost::asio::cancellation_type::terminal);
    for (const auto& ticket : std::exchange(waiters_, {})) {
        ticket->refused = closed_error().set_fate(Fate::unknown);
        ticket->told.notify_all();
    }
}

/// What nobody will store any more.
template <SampleSink Sink, SampleSpool Spool>
SampleBuffer WriterCore<Sink, Spool>::hand_back() {
    const std::uint64_t mark = gathered_.mark();
    SampleBuffer rest = gathered_.take_rest();
    if constexpr (!Spool::blocks) {
        const Lock lock{mutex_};
        Result<SpoolPage> page = spool_.read(mark, (std::numeric_limits<std::uint64_t>::max)());
        if (page) rest.add(std::move(page->samples));
        static_cast<void>(spool_.remove((std::numeric_limits<std::uint64_t>::max)()));
        note_spool(spool_.state());
        ledger_.dropped(DropReason::closed, ledger_.counts().pending());
    }
    return rest;
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_OPERATIONS_HPP
