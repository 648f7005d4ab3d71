// SPDX-License-Identifier: BSL-1.0
// The writer of samples, over any sink and spool.

#ifndef CLARIFY_INGEST_BASIC_SAMPLE_WRITER_HPP
#define CLARIFY_INGEST_BASIC_SAMPLE_WRITER_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/detail/async_coroutine.hpp>
#include <clarify/api/sample_buffer.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/completion_token.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/result.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>
#include <clarify/ingest/detail/writer_core.hpp>
#include <clarify/ingest/sample_sink.hpp>
#include <clarify/ingest/sample_spool.hpp>
#include <clarify/ingest/writer_options.hpp>
#include <clarify/ingest/writer_stats.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace clarify {

/** Takes samples of any number of coroutines and threads, gathers them into few requests, and repeats
    these until each sample is stored.

    @code
    clarify::SampleWriter writer{context.get_executor(), client};
    if (!writer.try_write("pump/flow", clarify::Timestamp::now(), 12.5)) ++lost;
    const auto written = co_await writer.write(frame);
    co_await writer.drain(std::chrono::seconds{10});
    @endcode

    Samples are gathered for `SampleWriterOptions::max_delay`, and longer where the rate of the service or a failure
    holds them back: then requests become larger, not more. One is on its way at a time, and where one was sent and
    not answered, other values for the inputs and times in it wait until the service can no longer execute
    it (15 s): so of several values for one input and time the last one is what is stored in the end. For as
    long such samples stay in a spool that lasts, though they are stored, so that this also holds if the process is killed
    and started again; the next one stores them a second time.

    What may pass by itself never costs a sample: a network that is away, a service that is, credentials
    that are wrong. They wait, with pauses that grow to a minute. What the service says of samples
    themselves, by their paths or of a part of a request alone, costs those and no others: they are set
    aside (`SampleWriterOptions::on_rejected`), and everything else of that request is stored.

    @tparam Sink what stores samples: a `SampleSink`.
    @tparam Spool where they wait: a `SampleSpool`. `MemorySpool` loses them with the process.

    @par Object lifetimes
    It may be destroyed at any time, also with operations under way, which then end with `Errc::closed`;
    nothing is waited for. What a spool that lasts has acknowledged stays there for the next one; what is
    in memory is lost: `drain` first. What the options refer to must live until nothing runs on the
    executor any more.
    @par Executor
    All work is on a serial executor over the one that it is made with, where handlers run too that have no
    executor of their own. A writer with nothing to do keeps no context busy.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe, but for moving and destroying.
*/
template <SampleSink Sink, SampleSpool Spool>
class BasicSampleWriter {
    using Core = detail::WriterCore<Sink, Spool>;

public:
    using executor_type = boost::asio::any_io_executor;

    /** Begins with what waits in `spool` already.

        @throws std::invalid_argument naming an option that is out of range.
    */
    BasicSampleWriter(
        executor_type executor, Sink sink, Spool spool, SampleWriterOptions options = {})
        : core_(std::make_shared<Core>(
              std::move(executor), std::move(sink), std::move(spool), std::move(options))) {
        core_->begin();
    }
    BasicSampleWriter(BasicSampleWriter&&) noexcept = default;
    BasicSampleWriter& operator=(BasicSampleWriter&& other) noexcept {
        if (this == &other) return *this;
        close();
        core_ = std::move(other.core_);
        return *this;
    }
    ~BasicSampleWriter() { close(); }

    executor_type get_executor() const { return core_->outer(); }

    /** Takes a sample at once, or refuses it; never waits, in any thread.

        A spool that lasts has it within `SampleWriterOptions::spool_delay`; to know, use `write`. A NaN
        is no sample.

        @par Errors
        `Errc::bad_argument`, `Reason::fields`, for a key that is no input key, an infinite value or a
        time that cannot be written; `Errc::overloaded` where there is no room; `Errc::closed` while
        draining and afterwards; an error of the spool while that cannot be used.
    */
    Result<void> try_write(std::string_view input, Timestamp time, double value) {
        SampleBuffer samples;
        samples.add(input, time, value);
        return try_write(std::move(samples));
    }
    /// The same for all values of a frame: all of them or none.
    Result<void> try_write(const DataFrame& frame) {
        SampleTable table = detail::table_of(frame);
        return try_table(table);
    }
    /// The same for the samples of a buffer, which is moved in.
    Result<void> try_write(SampleBuffer samples) {
        SampleTable table = detail::SampleAccess::take(samples);
        return try_table(table);
    }

    /** Writes the values of a frame, and waits: for room where there is none, and until they are in the
        spool; all of them, or none. See `WriteOptions`.

        @par Handler signature
        `void(Result<WriteReceipt>)`.
        @par Per-operation cancellation
        Terminal, partial and total. Before there was room nothing was taken; after that all of it may
        be stored nevertheless (`Fate::unknown`). Where they are in the spool and it waits until they are
        stored, it succeeds, and `WriteReceipt::stored` is false; so it does where the writer ends before, and the
        spool is one that lasts.
        @par Errors
        Those of `try_write`; `Errc::overloaded` only where room is not waited for. `Errc::closed` with
        `Fate::unknown` where the writer ends while samples that it waits for are in memory.
    */
    template <CompletionToken<WriteReceipt> Token = boost::asio::use_awaitable_t<>>
    auto async_write(const DataFrame& frame, WriteOptions options = {}, Token&& token = {}) {
        return start<WriteReceipt>(
            Core::write(core_, detail::table_of(frame), options), std::forward<Token>(token));
    }
    /// The same for the samples of a table, of which there may be several for one input and time.
    template <CompletionToken<WriteReceipt> Token = boost::asio::use_awaitable_t<>>
    auto async_write(SampleTable samples, WriteOptions options = {}, Token&& token = {}) {
        return start<WriteReceipt>(
            Core::write(core_, std::move(samples), options), std::forward<Token>(token));
    }
    /// `async_write` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<WriteReceipt>> write(
        const DataFrame& frame, WriteOptions options = {}) {
        return async_write(frame, options, boost::asio::use_awaitable);
    }
    /// The same for a table.
    CLARIFY_LAZY boost::asio::awaitable<Result<WriteReceipt>> write(
        SampleTable samples, WriteOptions options = {}) {
        return async_write(std::move(samples), options, boost::asio::use_awaitable);
    }

    /** Waits until all that was written before is stored, or has an end of its own. Meanwhile nothing is
        gathered for longer than the rate of the service demands.

        @par Handler signature
        `void(Result<void>)`.
        @par Per-operation cancellation
        Terminal, partial and total; it ends the wait and nothing else.
        @par Errors
        `Errc::closed` where the writer ends before.
    */
    template <CompletionToken<void> Token = boost::asio::use_awaitable_t<>>
    auto async_flush(Token&& token = {}) {
        return start<void>(Core::flush(core_), std::forward<Token>(token));
    }
    /// `async_flush` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<void>> flush() {
        return async_flush(boost::asio::use_awaitable);
    }

    /** Takes no more samples, stores what it can within `limit`, and ends. What is left stays in a spool
        that lasts, or is handed back.

        @par Handler signature
        `void(Result<DrainReport>)`.
        @par Per-operation cancellation
        Terminal, partial and total: as if the time were over.
    */
    template <CompletionToken<DrainReport> Token = boost::asio::use_awaitable_t<>>
    auto async_drain(std::chrono::milliseconds limit, Token&& token = {}) {
        return start<DrainReport>(Core::drain(core_, limit), std::forward<Token>(token));
    }
    /// `async_drain` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<DrainReport>> drain(
        std::chrono::milliseconds limit) {
        return async_drain(limit, boost::asio::use_awaitable);
    }

    /// What has become of all samples so far, and how it is now. In any thread.
    WriterStats stats() const { return core_->stats(); }

    /// Takes no more samples, and sends none. What waits in memory is lost, and operations under way
    /// end with `Errc::closed`.
    void close() noexcept {
        if (core_) core_->close();
    }

private:
    Result<void> try_table(SampleTable& table) {
        const Result<void> valid = detail::check_samples(table);
        if (!valid) return valid;
        return core_->accept(table);
    }
    template <class T, class Token>
    auto start(boost::asio::awaitable<Result<T>> task, Token&& token) {
        return detail::async_coroutine<T>(
            core_->executor(), detail::OutcomeOf<T>{std::move(task)}, std::forward<Token>(token));
    }

    std::shared_ptr<Core> core_;
};

}  // namespace clarify

#endif  // CLARIFY_INGEST_BASIC_SAMPLE_WRITER_HPP
