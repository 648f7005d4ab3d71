// SPDX-License-Identifier: BSL-1.0

#include <clarify/api/samples.hpp>
#include <clarify/ingest/client_sink.hpp>
#include <clarify/ingest/memory_spool.hpp>
#if defined(CLARIFY_TOOL_SQLITE)
#include <clarify/ingest/sqlite_spool.hpp>
#endif

#include "api_session.hpp"
#include "sample_store.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <limits>
#include <optional>
#include <utility>
#include <variant>

namespace clarify_cli {
namespace {

namespace asio = boost::asio;

/// Any of the spools.
class ToolSpool {
public:
    /// Some do.
    static constexpr bool blocks = true;

    explicit ToolSpool(clarify::MemorySpool spool) : spool_(std::move(spool)) {}
#if defined(CLARIFY_TOOL_SQLITE)
    explicit ToolSpool(clarify::SqliteSpool spool) : spool_(std::move(spool)) {}
#endif

    clarify::Result<std::uint64_t> append(
        clarify::SampleTable& table, std::chrono::system_clock::time_point written) {
        return std::visit([&](auto& spool) { return spool.append(table, written); }, spool_);
    }
    clarify::Result<clarify::SpoolPage> read(std::uint64_t after, std::uint64_t count) {
        return std::visit([&](auto& spool) { return spool.read(after, count); }, spool_);
    }
    clarify::Result<void> remove(std::uint64_t mark) {
        return std::visit([&](auto& spool) { return spool.remove(mark); }, spool_);
    }
    clarify::Result<std::uint64_t> drop(std::uint64_t after, std::uint64_t bytes) {
        return std::visit([&](auto& spool) { return spool.drop(after, bytes); }, spool_);
    }
    clarify::SpoolState state() const {
        return std::visit([](const auto& spool) { return spool.state(); }, spool_);
    }
    bool durable() const noexcept {
        return std::visit([](const auto& spool) { return spool.durable(); }, spool_);
    }

private:
#if defined(CLARIFY_TOOL_SQLITE)
    std::variant<clarify::MemorySpool, clarify::SqliteSpool> spool_;
#else
    std::variant<clarify::MemorySpool> spool_;
#endif
};

static_assert(clarify::SampleSpool<ToolSpool>);

clarify::Result<ToolSpool> open_spool(
    const StoreOptions& options, [[maybe_unused]] const Session& session) {
    if (options.spool.empty()) return ToolSpool{clarify::MemorySpool{options.size}};
#if defined(CLARIFY_TOOL_SQLITE)
    clarify::SqliteSpoolOptions terms;
    terms.api_url = ApiSession::api_url(session);
    terms.integration = ApiSession::integration(session);
    terms.max_bytes = options.size;
    clarify::Result<clarify::SqliteSpool> spool =
        clarify::SqliteSpool::open(options.spool, std::move(terms));
    if (!spool) return spool.error();
    return ToolSpool{std::move(*spool)};
#else
    return clarify::Error{
        clarify::Errc::bad_config,
        clarify::Reason::none,
        options.spool + ": this tool was built without SQLite, which --spool needs"};
#endif
}

/// The client, which a session keeps, with as many attempts as are wanted.
class SessionSink {
public:
    SessionSink(
        clarify::Client& client,
        std::optional<unsigned> attempts,
        clarify::Clock::duration interval)
        : client_(&client), attempts_(attempts), interval_(interval) {}

    asio::awaitable<clarify::Result<void>> store(const clarify::DataFrame& frame) {
        clarify::InsertOptions options;
        options.attempts = attempts_;
        options.max_request_size = 0;
        const auto inserted = co_await client_->insert(frame, std::move(options));
        if (!inserted) co_return inserted.error();
        co_return clarify::Result<void>{};
    }
    clarify::Clock::duration interval() const noexcept { return interval_; }
    std::size_t max_size() const noexcept { return clarify::InsertOptions{}.max_request_size; }

private:
    clarify::Client* client_;
    std::optional<unsigned> attempts_;
    clarify::Clock::duration interval_;
};

}  // namespace

struct SampleStore::Impl {
    using Writer = clarify::BasicSampleWriter<SessionSink, ToolSpool>;

    std::optional<clarify::Error> given_up;
    std::optional<Writer> writer;
};

SampleStore::SampleStore(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
SampleStore::SampleStore(SampleStore&&) noexcept = default;
SampleStore& SampleStore::operator=(SampleStore&&) noexcept = default;
SampleStore::~SampleStore() = default;

clarify::Result<SampleStore> SampleStore::open(
    asio::any_io_executor executor, Session& session, StoreOptions options) {
    clarify::Result<ToolSpool> spool = open_spool(options, session);
    if (!spool) return spool.error();
    auto impl = std::make_shared<Impl>();
    clarify::SampleWriterOptions terms;
    // Whoever reads has gathered them.
    terms.max_delay = std::chrono::milliseconds{0};
    terms.spool_delay = std::chrono::milliseconds{0};
    terms.on_rejected = std::move(options.on_rejected);
    terms.on_change = std::move(options.on_change);
    if (options.gives_up) {
        terms.on_change = [weak = std::weak_ptr{impl}](const clarify::WriterStats& stats) {
            const auto self = weak.lock();
            if (!self || stats.state != clarify::WriterState::waiting || !stats.error) return;
            self->given_up = stats.error;
            self->writer->close();
        };
    }
    clarify::Client& client = ApiSession::client(session);
    const std::optional<unsigned> once{1};
    impl->writer.emplace(
        std::move(executor),
        SessionSink{
            client,
            options.gives_up ? std::nullopt : once,
            clarify::insert_interval(options.rate_limits)},
        std::move(*spool),
        std::move(terms));
    return SampleStore{std::move(impl)};
}

asio::awaitable<clarify::Result<void>> SampleStore::write(
    clarify::SampleBuffer samples, bool until_stored, asio::cancellation_slot stop) {
    clarify::WriteOptions options;
    options.until_stored = until_stored;
    clarify::SampleTable table = clarify::detail::SampleAccess::take(samples);
    const std::shared_ptr<Impl> impl = impl_;
    std::optional<clarify::Result<clarify::WriteReceipt>> written;
    if (stop.is_connected()) {
        written = co_await impl->writer->async_write(
            std::move(table), options, asio::bind_cancellation_slot(stop, asio::use_awaitable));
    } else {
        written = co_await impl->writer->write(std::move(table), options);
    }
    if (impl->given_up) co_return *impl->given_up;
    if (!*written) co_return written->error();
    if (until_stored && !(*written)->stored) co_return clarify::Error{clarify::Errc::cancelled};
    co_return clarify::Result<void>{};
}

asio::awaitable<clarify::Result<void>> SampleStore::flush(asio::cancellation_slot stop) {
    const std::shared_ptr<Impl> impl = impl_;
    const clarify::Result<void> flushed =
        co_await impl->writer->async_flush(asio::bind_cancellation_slot(stop, asio::use_awaitable));
    co_return flushed;
}

asio::awaitable<clarify::DrainReport> SampleStore::drain(std::chrono::milliseconds limit) {
    const std::shared_ptr<Impl> impl = impl_;
    clarify::Result<clarify::DrainReport> drained = co_await impl->writer->drain(limit);
    if (drained) co_return std::move(*drained);
    clarify::DrainReport report;
    report.left = impl->writer->stats().counts.pending();
    co_return report;
}

clarify::WriterStats SampleStore::stats() const { return impl_->writer->stats(); }

}  // namespace clarify_cli
