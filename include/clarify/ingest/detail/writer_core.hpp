// SPDX-License-Identifier: BSL-1.0
// The inside of a writer of samples: what its threads share, and the two tasks that do the work.

#ifndef CLARIFY_INGEST_DETAIL_WRITER_CORE_HPP
#define CLARIFY_INGEST_DETAIL_WRITER_CORE_HPP

#include <clarify/api/sample_buffer.hpp>
#include <clarify/api/samples.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/async_op.hpp>
#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/result.hpp>
#include <clarify/detail/jitter.hpp>
#include <clarify/ingest/detail/gathered_samples.hpp>
#include <clarify/ingest/detail/insert_pace.hpp>
#include <clarify/ingest/detail/kept_batches.hpp>
#include <clarify/ingest/detail/sample_ledger.hpp>
#include <clarify/ingest/sample_sink.hpp>
#include <clarify/ingest/sample_spool.hpp>
#include <clarify/ingest/writer_options.hpp>
#include <clarify/ingest/writer_stats.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace clarify {

/// What became of a write.
struct WriteReceipt {
    WriteReceipt() {}

    /// How many samples were accepted, those that replace each other included.
    std::uint64_t accepted = 0;
    /// Do they outlive the process?
    bool durable = false;
    /// Are they stored, but for `rejected`? Only where the write waited for that, and was not cancelled.
    bool stored = false;
    /// Those of them that were set aside; as `stored`.
    std::vector<RejectedSample> rejected;
};

/// What a writer left when it was drained.
struct DrainReport {
    DrainReport() {}

    /// How many samples are not stored.
    std::uint64_t left = 0;
    /// Are they in a spool that outlives the process?
    bool kept = false;
    /// If not, here they are.
    SampleBuffer unsent;
};

namespace detail {

/** Takes samples from any thread, has them spooled by one task, and stored by another.

    A task lives as long as it has something to do, so that an idle writer keeps no context busy. Both
    are on a serial executor; a spool that may block is called in other threads, one call at a
    time.

    @par Thread safety
    What is said to be for any thread takes the lock; all else is for the serial executor.
*/
template <SampleSink Sink, SampleSpool Spool>
class WriterCore final : public std::enable_shared_from_this<WriterCore<Sink, Spool>> {
public:
    WriterCore(
        boost::asio::any_io_executor executor, Sink sink, Spool spool, SampleWriterOptions options);
    WriterCore(const WriterCore&) = delete;
    WriterCore& operator=(const WriterCore&) = delete;

    /// The serial executor.
    const boost::asio::any_io_executor& executor() const noexcept { return serial_; }
    /// What it runs on.
    boost::asio::any_io_executor outer() const { return outer_; }

    // For any thread.
    /// Looks whether something waits in the spool already.
    void begin() noexcept { wake(); }
    /// Accepts samples that were checked, or refuses them and leaves them alone.
    Result<void> accept(SampleTable& table) { return submit(table, nullptr); }
    WriterStats stats() const;
    bool durable() const noexcept { return spool_.durable(); }
    /// No sample is accepted any more, and none is sent.
    void close() noexcept;

    // Operations.
    static boost::asio::awaitable<Result<WriteReceipt>> write(
        std::shared_ptr<WriterCore> self, SampleTable table, WriteOptions options);
    static boost::asio::awaitable<Result<void>> flush(std::shared_ptr<WriterCore> self);
    static boost::asio::awaitable<Result<DrainReport>> drain(
        std::shared_ptr<WriterCore> self, std::chrono::milliseconds limit);

private:
    using Lock = std::lock_guard<std::mutex>;
    static constexpr std::uint64_t not_placed = (std::numeric_limits<std::uint64_t>::max)();

    /// One run of a task: its signal must be nobody else's until it is gone.
    struct Run final : TaskOwner {
        void task_gone() noexcept override {}
        boost::asio::cancellation_signal stop;
    };
    /// Somebody who waits for samples, on the serial executor.
    struct Ticket {
        /// In which batch they are, or `not_placed`.
        std::uint64_t batch = 0;
        /// Why they are in none; then they are in `samples` again.
        std::optional<Error> refused;
        SampleTable samples;
        bool is_settled = false;
        std::vector<RejectedSample> rejected;
        Signal told;
    };
    /// Samples on their way to the spool.
    struct Entry {
        SampleTable samples;
        std::uint64_t count = 0;
        std::uint64_t bytes = 0;
        std::shared_ptr<Ticket> ticket;
    };
    /// Some of them, in one table.
    struct Load {
        SampleTable samples;
        std::size_t entries = 0;
        std::uint64_t bytes = 0;
        std::chrono::system_clock::time_point written;
    };

    TimePoint now() const noexcept;
    std::chrono::system_clock::time_point wall_now() const noexcept;

    // Taking in; for any thread.
    Result<void> submit(SampleTable& table, std::shared_ptr<Ticket> ticket);
    Result<void> submit_here(SampleTable& table, const std::shared_ptr<Ticket>& ticket);
    Result<void> submit_to_inbox(SampleTable& table, std::shared_ptr<Ticket> ticket);
    void wake() noexcept;
    // With the lock held.
    void note_spool(SpoolState state);
    void note_refusal(const Error& error);
    WriterState state_now(TimePoint now) const;

    // On the serial executor.
    void woken();
    std::shared_ptr<Run> start(
        bool& is_running, boost::asio::awaitable<void> (*task)(std::shared_ptr<WriterCore>));
    // A closure made inside of a `co_await` expression is destroyed twice by g++ 12, so these take functions.
    template <class T>
    using OnSpool = std::function<Result<T>(Spool&)>;
    template <class T>
    boost::asio::awaitable<Result<T>> on_spool(OnSpool<T> function);
    template <class T>
    boost::asio::awaitable<Result<T>> on_blocking_spool(OnSpool<T> function);
    void tell_changes();

    static boost::asio::awaitable<void> spool_all(std::shared_ptr<WriterCore> self);
    boost::asio::awaitable<void> spool_some();
    boost::asio::awaitable<bool> make_room(std::uint64_t bytes);
    std::optional<TimePoint> spooling_due();
    Load load_inbox();
    void spooled(const Load& load, std::uint64_t batch);
    void not_spooled(const Load& load, const Error& error);

    static boost::asio::awaitable<void> deliver_all(std::shared_ptr<WriterCore> self);
    boost::asio::awaitable<void> deliver_some();
    boost::asio::awaitable<bool> gather();
    boost::asio::awaitable<void> finish_page();
    boost::asio::awaitable<void> remove_done();
    std::uint64_t pending() const;
    std::uint64_t newest() const;
    bool has_more() const;
    bool has_work();
    bool has_to_remove();
    bool is_hurried() const noexcept { return hurry_ != 0 || is_draining_; }
    void settle(const Result<void>& outcome);
    void tell_rejected(const std::vector<RejectedSample>& rejected);
    void tell_waiters();
    boost::asio::awaitable<Result<std::shared_ptr<Ticket>>> place(
        SampleTable table, bool wait_for_room);
    boost::asio::awaitable<Result<void>> settled(std::shared_ptr<Ticket> ticket);
    void stop();
    SampleBuffer hand_back();

    const SampleWriterOptions options_;
    boost::asio::any_io_executor outer_;
    boost::asio::any_io_executor serial_;
    std::shared_ptr<ContextLink> context_;
    Sink sink_;
    /// A blocking one belongs to whoever set `is_spool_busy_`, another one to whoever has the lock.
    Spool spool_;

    mutable std::mutex mutex_;
    // Guarded by it:
    SampleLedger ledger_;
    SpoolState spool_state_;
    std::deque<Entry> inbox_;
    std::uint64_t inbox_bytes_ = 0;
    bool inbox_has_waiter_ = false;
    TimePoint inbox_since_{};
    /// Of which it is known that nothing can be appended, and until when that is believed.
    std::optional<Error> refusal_;
    TimePoint refusal_until_{};
    std::optional<Error> error_;
    std::optional<TimePoint> failing_since_;
    bool is_closed_ = false;
    /// Nobody is there any more who could be told anything.
    bool is_abandoned_ = false;
    /// Up to which batch the samples are gathered.
    std::uint64_t spool_in_hand_ = 0;
    std::uint64_t requests_ = 0;
    mutable WriterState state_ = WriterState::ok;
    mutable TimePoint state_since_{};

    std::atomic<bool> is_woken_ = false;
    /// From how many pending samples on there is no need to wait for more.
    std::atomic<std::uint64_t> enough_ = 0;

    // On the serial executor:
    GatheredSamples gathered_;
    InsertPace pace_;
    Jitter jitter_;
    /// Until when the first samples from the spool may be executed yet that an earlier writer has sent,
    /// and how many more of them are believed to be such.
    TimePoint earlier_until_ = (TimePoint::min)();
    std::uint64_t earlier_count_ = DoubtfulSamples::most / 2;
    std::uint64_t done_ = 0;
    KeptBatches kept_;
    std::uint64_t removed_ = 0;
    TimePoint remove_again_{};
    std::vector<std::shared_ptr<Ticket>> waiters_;
    unsigned hurry_ = 0;
    bool is_draining_ = false;
    bool is_stopped_ = false;
    bool is_delivering_ = false;
    bool is_spooling_ = false;
    bool is_spool_busy_ = false;
    WriterState told_state_ = WriterState::ok;
    std::size_t told_damage_ = 0;
    Signal changed_;
    Signal inbox_changed_;
    Signal spool_free_;
    Signal progress_;
    std::shared_ptr<Run> delivering_;
};

}  // namespace detail
}  // namespace clarify

#include <clarify/ingest/detail/impl/writer_core.hpp>
#include <clarify/ingest/detail/impl/writer_core_operations.hpp>
#include <clarify/ingest/detail/impl/writer_core_spooling.hpp>
#include <clarify/ingest/detail/impl/writer_core_storing.hpp>

#endif  // CLARIFY_INGEST_DETAIL_WRITER_CORE_HPP
