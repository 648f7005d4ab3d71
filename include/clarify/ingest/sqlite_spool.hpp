// SPDX-License-Identifier: BSL-1.0
// A spool in a file, by SQLite: samples that wait in it outlive the process and a power cut.

#ifndef CLARIFY_INGEST_SQLITE_SPOOL_HPP
#define CLARIFY_INGEST_SQLITE_SPOOL_HPP

#include <clarify/api/samples.hpp>
#include <clarify/core/errc.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/result.hpp>
#include <clarify/ingest/detail/sqlite_store.hpp>
#include <clarify/ingest/sample_spool.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace clarify {

/// What samples that were taken into a spool outlive.
enum class SpoolDurability : std::uint8_t {
    /// The process, killed at any instruction, and a power cut: each `append` is on the disk when it
    /// returns.
    power,
    /// The process alone. A power cut may cost what was appended in the last seconds, which is then
    /// counted as damage.
    process,
};

/// What a `SqliteSpool` is to be.
struct SqliteSpoolOptions {
    SqliteSpoolOptions() {}

    /// For whom the samples are. A spool that was made for others is refused, so that they never get
    /// where they do not belong.
    std::string api_url;
    std::string integration;
    /// How much it may take on the disk, in bytes, with its log. At least 1 MiB. Of that, three
    /// quarters are for samples, and one is for the log.
    std::uint64_t max_bytes = std::uint64_t{1} << 30U;
    SpoolDurability durability = SpoolDurability::power;
};

/** Where samples wait in a file: a model of `SampleSpool`, for which SQLite 3.40 or newer has to be
    linked (`-lsqlite3`). `<clarify/clarify.hpp>` does not include it. For Unix.

    @code
    clarify::SqliteSpoolOptions options;
    options.api_url = credentials.api_url().to_string();
    options.integration = credentials.integration();
    clarify::Result<clarify::SqliteSpool> spool =
        clarify::SqliteSpool::open("/var/lib/clarify/samples.spool", options);
    @endcode

    Beside FILE there are, while it is open, FILE-wal, which is SQLite's log, and FILE-mark, which
    remembers how much there must be, in case that the log is damaged or cut. They belong together: move or
    copy all of them, or none, and while nobody has it open.

    Memory, descriptors (at most 8) and the time to open it do not grow with what waits. A spool from
    which all was removed is back to its empty size, within some seconds of work or when it is closed.

    @par Owners
    One object of one process, by a lock on the file, whatever name or link leads there; it dies with
    the process. A child of `fork` can do nothing with a copy but destroy it.
    @par Damage
    Opening a file does not fail because it is empty, cut, foreign or damaged anywhere. What is no whole
    spool is renamed to FILE.damaged-T, T being seconds since 1970, and new samples are taken at once. What
    can be read of it is taken into a new FILE, in its old order and before newer batches are read;
    where it is large `read` gives empty pages meanwhile. A batch that is damaged alone is added to
    FILE.damaged-T-batches, and a damaged log is copied to FILE.damaged-T-wal. `state().damage` tells of
    each, and how many samples were lost, unless nobody knows. Nothing ever removes such files.
    @par Full
    See `SampleSpool`. On a full disk what is removed is remembered in FILE-mark, so that it is not read
    again after a restart either.
    @par Errors
    `open` fails with `Errc::bad_config`, `Reason::file`, and changes nothing: where another process holds
    the spool, `cause()` is then `EWOULDBLOCK`; where it is for another `api_url` or `integration`, or
    was written by a newer version; where it is a folder or a device, or cannot be read or written. With
    `Errc::overloaded` where the disk is too full to make one.
    @par Exception safety
    Throws nothing but `std::bad_alloc`.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe, but for `durable()`. All functions may wait for the
    disk.
*/
class SqliteSpool {
public:
    /// It waits for a disk.
    static constexpr bool blocks = true;

    /// Opens the spool at `file`, or makes one where there is none. Waits for the disk, but for not more
    /// than a second where that is sound.
    static Result<SqliteSpool> open(
        const std::filesystem::path& file, SqliteSpoolOptions options = {}) {
        detail::SpoolTerms terms;
        terms.api_url = std::move(options.api_url);
        terms.integration = std::move(options.integration);
        terms.max_bytes = options.max_bytes;
        terms.power = options.durability == SpoolDurability::power;
        Result<std::unique_ptr<detail::SpoolStore>> store =
            detail::SpoolStore::open(file, std::move(terms));
        if (!store) return store.error();
        return SqliteSpool{std::move(*store)};
    }

    /// See `SampleSpool`. `table` is not changed.
    /// @par Errors
    /// `Errc::bad_argument` for a key of more than 255 bytes.
    Result<std::uint64_t> append(
        const SampleTable& table, std::chrono::system_clock::time_point written) {
        return store_->append(table, written);
    }
    /// See `SampleSpool`.
    Result<SpoolPage> read(std::uint64_t after, std::uint64_t count) {
        return store_->read(after, count);
    }
    /// See `SampleSpool`.
    Result<void> remove(std::uint64_t mark) { return store_->remove(mark); }
    /// See `SampleSpool`.
    Result<std::uint64_t> drop(std::uint64_t after, std::uint64_t bytes) {
        return store_->drop(after, bytes);
    }
    /// See `SampleSpool`. As of the last of the other calls.
    SpoolState state() const { return store_->state(); }
    bool durable() const noexcept { return true; }
    /// The file behind all links, whose name those of the others begin with.
    const std::string& path() const noexcept { return store_->path(); }

private:
    explicit SqliteSpool(std::unique_ptr<detail::SpoolStore> store) : store_(std::move(store)) {}

    std::unique_ptr<detail::SpoolStore> store_;
};

static_assert(SampleSpool<SqliteSpool>);

}  // namespace clarify

#endif  // CLARIFY_INGEST_SQLITE_SPOOL_HPP
