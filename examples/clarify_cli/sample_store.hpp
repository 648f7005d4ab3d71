// SPDX-License-Identifier: BSL-1.0
// Where the samples of files go: a writer of samples over the client, with a spool or without.

#ifndef CLARIFY_CLI_SAMPLE_STORE_HPP
#define CLARIFY_CLI_SAMPLE_STORE_HPP

#include <clarify/api/sample_buffer.hpp>
#include <clarify/client_options.hpp>
#include <clarify/core/result.hpp>
#include <clarify/ingest/basic_sample_writer.hpp>

#include "session.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace clarify_cli {

/// How samples are stored.
struct StoreOptions {
    /// A file that they wait in; empty: in memory.
    std::string spool;
    /// How much they may take there, in bytes.
    std::uint64_t size = std::uint64_t{1} << 30U;
    /// Those of the client, of which inserts have one.
    std::vector<clarify::RateLimit> rate_limits;
    /** What ends with the first failure that is not the samples' own, after the attempts that a call of
        the client has: an import that somebody watches. Otherwise samples wait for as long as it takes.
    */
    bool gives_up = false;
    std::function<void(const clarify::RejectedSample&)> on_rejected;
    /// See `SampleWriterOptions::on_change`.
    std::function<void(const clarify::WriterStats&)> on_change;
};

/** Samples on their way to the service.

    @par Thread safety
    All functions are called in the thread of the executor.
*/
class SampleStore {
public:
    /** @param session must outlive it.
        @par Errors
        Of `clarify::SqliteSpool::open`; `Errc::bad_config` where the tool was built without SQLite.
    */
    static clarify::Result<SampleStore> open(
        boost::asio::any_io_executor executor, Session& session, StoreOptions options);
    SampleStore(SampleStore&&) noexcept;
    SampleStore& operator=(SampleStore&&) noexcept;
    ~SampleStore();

    /** Waits until they are in the spool, or with `until_stored` until each is stored or set aside.

        @param stop ends the wait; empty: the wait ends with the coroutine.
        @par Errors
        Of `clarify::BasicSampleWriter::async_write`. `Errc::cancelled` also where they are in the spool
        and were to be stored. What it gave up for.
    */
    boost::asio::awaitable<clarify::Result<void>> write(
        clarify::SampleBuffer samples, bool until_stored, boost::asio::cancellation_slot stop = {});
    /// Waits until all are stored or set aside.
    boost::asio::awaitable<clarify::Result<void>> flush(boost::asio::cancellation_slot stop);
    /// Stores what it can, and ends.
    boost::asio::awaitable<clarify::DrainReport> drain(std::chrono::milliseconds limit);
    clarify::WriterStats stats() const;

private:
    struct Impl;
    explicit SampleStore(std::shared_ptr<Impl> impl);

    std::shared_ptr<Impl> impl_;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_SAMPLE_STORE_HPP
