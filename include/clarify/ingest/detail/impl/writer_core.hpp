// SPDX-License-Identifier: BSL-1.0
// How samples are taken in, from any thread, and what is told of them.

#ifndef CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_HPP
#define CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_HPP

#include <clarify/core/detail/time_span.hpp>
#include <clarify/ingest/detail/doubtful_samples.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>
#include <clarify/ingest/detail/writer_core.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>

namespace clarify::detail {

/// For how long it is believed that a spool is full or broken, without another try.
inline constexpr std::chrono::seconds spool_patience{5};

inline Error closed_error() {
    return Error{Errc::closed, Reason::none, "the writer takes no more samples"};
}

inline SampleWriterOptions checked(SampleWriterOptions options) {
    options.check();
    return options;
}

template <SampleSink Sink, SampleSpool Spool>
WriterCore<Sink, Spool>::WriterCore(
    boost::asio::any_io_executor executor, Sink sink, Spool spool, SampleWriterOptions options)
    : options_(checked(std::move(options))),
      outer_(std::move(executor)),
      serial_(SerialExecutor::over(outer_, options_.clock)),
      context_(ContextLink::of(outer_)),
      sink_(std::move(sink)),
      spool_(std::move(spool)),
      gathered_(sink_.max_size()),
      pace_(options_.max_delay, sink_.interval()),
      jitter_(options_.seed) {
    state_since_ = now();
    spool_state_ = spool_.state();
    ledger_.offered(spool_state_.samples + spool_state_.lost);
    ledger_.dropped(DropReason::damaged, spool_state_.lost);
    if (spool_state_.samples == 0) {
        gathered_.skip_to(spool_state_.newest);
    } else {
        earlier_until_ = time_after(now(), DoubtfulSamples::longest);
    }
    done_ = removed_ = gathered_.mark();
    kept_.add(done_, (TimePoint::min)());
    enough_ = gathered_.whole_request();
}

template <SampleSink Sink, SampleSpool Spool>
TimePoint WriterCore<Sink, Spool>::now() const noexcept {
    return options_.clock ? options_.clock->now() : Clock::now();
}

template <SampleSink Sink, SampleSpool Spool>
std::chrono::system_clock::time_point WriterCore<Sink, Spool>::wall_now() const noexcept {
    return options_.clock ? options_.clock->wall_now() : std::chrono::system_clock::now();
}

template <SampleSink Sink, SampleSpool Spool>
Result<void> WriterCore<Sink, Spool>::submit(SampleTable& table, std::shared_ptr<Ticket> ticket) {
    std::erase_if(table, [](const auto& column) { return column.second.empty(); });
    if constexpr (Spool::blocks) {
        return submit_to_inbox(table, std::move(ticket));
    } else {
        return submit_here(table, ticket);
    }
}

/// Into a spool that does not block, at once.
template <SampleSink Sink, SampleSpool Spool>
Result<void> WriterCore<Sink, Spool>::submit_here(
    SampleTable& table, const std::shared_ptr<Ticket>& ticket) {
    const std::uint64_t count = count_of(table);
    bool is_news = false;
    Result<void> outcome;
    {
        const Lock lock{mutex_};
        if (is_closed_) return closed_error();
        if (table.empty()) {
            if (ticket) ticket->batch = spool_state_.newest;
            return {};
        }
        const std::uint64_t before = ledger_.counts().pending();
        Result<std::uint64_t> batch = spool_.append(table, wall_now());
        if (!batch && batch.error().code() == Errc::overloaded &&
            options_.on_full == OnFull::drop_oldest) {
            // What is about to be sent stays: its fate is not ours any more.
            const Result<std::uint64_t> dropped = spool_.drop(spool_in_hand_, bytes_of(table));
            if (dropped) ledger_.dropped(DropReason::overflow, *dropped);
            batch = spool_.append(table, wall_now());
        }
        note_spool(spool_.state());
        if (batch) {
            refusal_.reset();
            ledger_.offered(count);
            if (ticket) ticket->batch = *batch;
        } else {
            is_news = !refusal_;
            note_refusal(batch.error());
            outcome = batch.error();
        }
        const std::uint64_t after = ledger_.counts().pending();
        is_news = is_news || before == 0 || (before < enough_ && after >= enough_);
    }
    if (is_news) wake();
    return outcome;
}

/// Where they wait for the task that spools them.
template <SampleSink Sink, SampleSpool Spool>
Result<void> WriterCore<Sink, Spool>::submit_to_inbox(
    SampleTable& table, std::shared_ptr<Ticket> ticket) {
    const std::uint64_t count = count_of(table);
    const std::uint64_t bytes = bytes_of(table);
    bool is_news = false;
    {
        const Lock lock{mutex_};
        if (is_closed_) return closed_error();
        if (table.empty() && inbox_.empty()) {
            if (ticket) ticket->batch = spool_state_.newest;
            return {};
        }
        if (!table.empty() && refusal_ && now() < refusal_until_) {
            const bool is_full = refusal_->code() == Errc::overloaded;
            if (!is_full || options_.on_full == OnFull::refuse) return *refusal_;
        }
        if (!inbox_.empty() && inbox_bytes_ + bytes > options_.max_unspooled) {
            return Error{
                Errc::overloaded, Reason::none, "samples arrive faster than they are spooled"};
        }
        is_news = inbox_.empty() || (ticket && !inbox_has_waiter_);
        if (inbox_.empty()) inbox_since_ = now();
        if (ticket) inbox_has_waiter_ = true;
        Entry& entry = inbox_.emplace_back();
        entry.samples = std::move(table);
        entry.count = count;
        entry.bytes = bytes;
        entry.ticket = std::move(ticket);
        inbox_bytes_ += bytes;
        ledger_.offered(count);
    }
    if (is_news) wake();
    return {};
}

template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::note_spool(SpoolState state) {
    if (state.lost > spool_state_.lost)
        ledger_.dropped(DropReason::damaged, state.lost - spool_state_.lost);
    spool_state_ = std::move(state);
}

template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::note_refusal(const Error& error) {
    refusal_ = error;
    refusal_until_ = time_after(now(), Clock::duration{spool_patience});
}

template <SampleSink Sink, SampleSpool Spool>
WriterState WriterCore<Sink, Spool>::state_now(TimePoint at) const {
    if (is_closed_) return WriterState::closing;
    if (refusal_ && at < refusal_until_) {
        return refusal_->code() == Errc::overloaded ? WriterState::full : WriterState::damaged;
    }
    return failing_since_ ? WriterState::waiting : WriterState::ok;
}

template <SampleSink Sink, SampleSpool Spool>
WriterStats WriterCore<Sink, Spool>::stats() const {
    const TimePoint at = now();
    const Lock lock{mutex_};
    WriterStats stats;
    stats.state = state_now(at);
    if (stats.state != std::exchange(state_, stats.state)) state_since_ = at;
    stats.state_for = at - state_since_;
    if (failing_since_) stats.failing_for = at - *failing_since_;
    stats.error = error_;
    if (!stats.error && (stats.state == WriterState::full || stats.state == WriterState::damaged))
        stats.error = refusal_;
    stats.counts = ledger_.counts();
    stats.bytes = spool_state_.bytes + inbox_bytes_;
    stats.requests = requests_;
    stats.damage = spool_state_.damage;
    if (spool_state_.oldest_written && stats.counts.pending() != 0) {
        stats.oldest_age = (std::max)(
            Clock::duration{},
            std::chrono::duration_cast<Clock::duration>(wall_now() - *spool_state_.oldest_written));
    } else if (!inbox_.empty()) {
        stats.oldest_age = at - inbox_since_;
    }
    return stats;
}

template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::close() noexcept {
    {
        const Lock lock{mutex_};
        is_closed_ = true;
        is_abandoned_ = true;
    }
    wake();
}

template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::wake() noexcept {
    if (is_woken_.exchange(true)) return;
    try {
        const bool is_there = context_->while_there([this] {
            boost::asio::post(serial_, [self = this->shared_from_this()] {
                self->is_woken_ = false;
                self->woken();
            });
        });
        if (!is_there) is_woken_ = false;
    } catch (...) {
        // The next one to come tries again.
        is_woken_ = false;
    }
}

template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::woken() {
    bool is_abandoned = false;
    bool has_inbox = false;
    {
        const Lock lock{mutex_};
        is_abandoned = is_abandoned_;
        has_inbox = !inbox_.empty();
    }
    if (is_abandoned) stop();
    if (has_inbox && !is_spooling_) start(is_spooling_, &WriterCore::spool_all);
    inbox_changed_.notify_all();
    if (has_inbox || has_work()) pace_.arrived(now());
    if (!is_stopped_ && !is_delivering_ && has_work())
        delivering_ = start(is_delivering_, &WriterCore::deliver_all);
    changed_.notify_all();
    tell_changes();
}

template <SampleSink Sink, SampleSpool Spool>
std::shared_ptr<typename WriterCore<Sink, Spool>::Run> WriterCore<Sink, Spool>::start(
    bool& is_running, boost::asio::awaitable<void> (*task)(std::shared_ptr<WriterCore>)) {
    is_running = true;
    try {
        auto run = std::make_shared<Run>();
        spawn_task(serial_, task(this->shared_from_this()), run->stop, run);
        return run;
    } catch (...) {
        is_running = false;
        return nullptr;
    }
}

/// The hooks throw what they like.
template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::tell_changes() {
    if (!options_.on_change) return;
    try {
        const WriterStats stats = this->stats();
        const bool is_new = stats.state != std::exchange(told_state_, stats.state);
        const bool has_damage =
            stats.damage.size() != std::exchange(told_damage_, stats.damage.size());
        if (is_new || has_damage) options_.on_change(stats);
    } catch (...) {  // NOLINT(bugprone-empty-catch): nobody is there to hear of it
    }
}

template <SampleSink Sink, SampleSpool Spool>
void WriterCore<Sink, Spool>::tell_rejected(const std::vector<RejectedSample>& rejected) {
    for (const RejectedSample& sample : rejected) {
        for (const auto& ticket : waiters_) {
            // What came after the request was made is another value for the same place.
            if (ticket->batch > gathered_.mark()) continue;
            const auto found = ticket->samples.find(sample.input);
            if (found == ticket->samples.end()) continue;
            const bool is_its_own =
                std::any_of(found->second.begin(), found->second.end(), [&](const Sample& own) {
                    return own.time == sample.time;
                });
            if (is_its_own) ticket->rejected.push_back(sample);
        }
        if (!options_.on_rejected) continue;
        try {
            options_.on_rejected(sample);
        } catch (...) {  // NOLINT(bugprone-empty-catch): nobody is there to hear of it
        }
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_IMPL_WRITER_CORE_HPP
