// SPDX-License-Identifier: BSL-1.0
// The tables of a spool, in SQLite: rows go in and out, and the head says what there is.

#ifndef CLARIFY_INGEST_DETAIL_SQLITE_TABLE_HPP
#define CLARIFY_INGEST_DETAIL_SQLITE_TABLE_HPP

#include <clarify/ingest/detail/spool_format.hpp>
#include <clarify/ingest/detail/sqlite.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace clarify::detail {

/** The database of a spool. What a function says is SQLite's word; what to do about it is the store's.

    Between `begin` and `commit` or `undo` the head is what it shall become.
*/
class SpoolTable {
public:
    SpoolHead head;

    /// Makes a database at `path`, where nothing but an empty file may be, with everything in it, and
    /// closes it: synced, and without a log.
    static SqliteCode make(const std::string& path, const SpoolHead& head) {
        SpoolTable table;
        SqliteCode code = table.db_.open(path, true);
        const std::string setup = "PRAGMA page_size=" + std::to_string(spool_page) +
            ";PRAGMA auto_vacuum=INCREMENTAL;PRAGMA locking_mode=EXCLUSIVE;"
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;BEGIN;PRAGMA application_id=" +
            std::to_string(spool_application) +
            ";PRAGMA user_version=" + std::to_string(static_cast<std::int32_t>(spool_version)) +
            ';' + std::string{spool_batch_table} + ';' + std::string{spool_head_table} + ';';
        if (code.ok()) code = table.db_.run(setup.c_str());
        if (code.ok()) {
            SqliteStatement insert{table.db_, "INSERT INTO spool VALUES(1,0,0,0,?,?,0,0,0,0)"};
            code = insert.text(head.api_url).text(head.integration).run();
        }
        table.head = head;
        if (code.ok()) code = table.write_head();
        if (code.ok()) code = table.db_.run("COMMIT");
        if (code.ok()) code = table.checkpoint();
        return code;
    }

    /// Opens one that there is, and reads its head.
    SqliteCode open(const std::string& path) {
        SqliteCode code = db_.open(path, false);
        // The lock spares a file of shared memory, in which a full disk would be a signal. What is
        // deleted is written over, so that it is not found again in a page that is free.
        constexpr const char* setup =
            "PRAGMA locking_mode=EXCLUSIVE;PRAGMA cell_size_check=ON;PRAGMA mmap_size=0;"
            "PRAGMA secure_delete=ON;"
            "PRAGMA cache_size=-2048;PRAGMA temp_store=MEMORY;PRAGMA wal_autocheckpoint=0;"
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;BEGIN IMMEDIATE;COMMIT";
        if (code.ok()) code = db_.run(setup);
        if (code.ok()) code = check_schema();
        return code.ok() ? read_head() : code;
    }
    bool is_open() const noexcept { return static_cast<bool>(db_); }
    /// Takes the log into the file, where that can be.
    void close() noexcept { db_.close(); }
    /// Leaves file and log as they are.
    void abandon() noexcept {
        if (db_) ::sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        db_.close();
    }
    void forget() noexcept { db_.forget(); }

    /// @param last shall it be on the disk when `commit` returns, and not some time later?
    SqliteCode begin(bool last) {
        before_ = head;
        const SqliteCode code =
            db_.run(last ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
        return code.ok() ? db_.run("BEGIN IMMEDIATE") : code;
    }
    SqliteCode commit() {
        const SqliteCode code = write_head();
        return code.ok() ? db_.run("COMMIT") : code;
    }
    void undo() {
        head = before_;
        if (db_ && ::sqlite3_get_autocommit(db_.get()) == 0) db_.run("ROLLBACK");
    }

    /// @param fresh nothing of that number may be there; else what is there stays
    SqliteCode insert(const SpoolRow& row, bool fresh) {
        SqliteStatement insert{
            db_,
            fresh ? "INSERT INTO batch VALUES(?,?,?,?,?)"
                  : "INSERT OR IGNORE INTO batch VALUES(?,?,?,?,?)"};
        insert.bind(row.id).bind(row.samples).bind(row.written).bind(row.seal).blob(row.data);
        return insert.run();
    }
    /// How many rows the last statement has changed.
    std::int64_t changes() const noexcept { return ::sqlite3_changes64(db_.get()); }

    /// Calls `take(row)` for the rows behind `after`, oldest first, until it says false.
    template <class Take>
    SqliteCode read(std::int64_t after, Take&& take) {
        SqliteStatement select{
            db_, "SELECT id,samples,written,seal,data FROM batch WHERE id>? ORDER BY id"};
        select.bind(after);
        while (select.step()) {
            SpoolRow row;
            row.id = select.number(0);
            row.samples = select.number(1);
            row.written = select.number(2);
            row.seal = select.number(3);
            row.data = select.bytes(4);
            if (!take(row)) return {};
        }
        return select.code();
    }
    /// What there is of the oldest rows behind `after` and up to `last`, without their data.
    struct Extent {
        std::int64_t last = 0;
        std::int64_t samples = 0;
        std::uint64_t bytes = 0;
        std::size_t rows = 0;
    };
    /// Of so many rows, or until they have so many bytes.
    SqliteCode measure(
        std::int64_t after,
        std::int64_t last,
        std::size_t rows,
        std::uint64_t bytes,
        Extent& extent) {
        SqliteStatement select{
            db_, "SELECT id,samples,length(data) FROM batch WHERE id>? AND id<=? ORDER BY id"};
        select.bind(after).bind(last);
        extent = {};
        while (extent.rows != rows && extent.bytes < bytes && select.step()) {
            extent.last = select.number(0);
            extent.samples += plausible(select.number(1));
            extent.bytes += static_cast<std::uint64_t>(select.number(2));
            ++extent.rows;
        }
        return select.code();
    }
    /// A number of samples that a batch may have.
    static std::int64_t plausible(std::int64_t samples) noexcept {
        return samples < 0 || samples > static_cast<std::int64_t>(most_batch_samples) ? 0 : samples;
    }
    /// Removes rows that were seen there. In a tree that was cut they may be seen, and found by no way.
    SqliteCode erase(std::int64_t after, std::int64_t last) {
        SqliteStatement statement{db_, "DELETE FROM batch WHERE id>? AND id<=?"};
        const SqliteCode code = statement.bind(after).bind(last).run();
        return code.ok() && changes() == 0 ? SqliteCode{SQLITE_CORRUPT, 0} : code;
    }
    /// Gives a batch, whose samples are whole, the seal and the count that it should have.
    SqliteCode mend(const SpoolRow& row) {
        return SqliteStatement{db_, "UPDATE batch SET samples=?,written=?,seal=? WHERE id=?"}
            .bind(row.samples)
            .bind(row.written)
            .bind(row.seal)
            .bind(row.id)
            .run();
    }
    /// When the oldest batch behind `after` was written; nothing where there is none.
    SqliteCode oldest(std::int64_t after, std::int64_t& written, bool& any) {
        SqliteStatement select{db_, "SELECT written FROM batch WHERE id>? ORDER BY id LIMIT 1"};
        any = select.bind(after).step();
        if (any) written = select.number(0);
        return select.code();
    }

    /// How many pages there are, and how many of them are free.
    SqliteCode count_pages(std::uint64_t& all, std::uint64_t& free) {
        const SqliteCode code = pragma("PRAGMA page_count", all);
        return code.ok() ? pragma("PRAGMA freelist_count", free) : code;
    }
    /// Gives free pages at the end back, moving others there.
    SqliteCode shrink(std::uint64_t pages) {
        const std::string sql = "PRAGMA incremental_vacuum(" + std::to_string(pages) + ')';
        return db_.run(sql.c_str());
    }
    /// Takes the log into the file, and empties it.
    SqliteCode checkpoint() {
        return db_.seen(::sqlite3_wal_checkpoint_v2(
            db_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr));
    }

private:
    SqliteCode pragma(const char* sql, std::uint64_t& value) {
        SqliteStatement ask{db_, sql};
        if (ask.step()) value = static_cast<std::uint64_t>(ask.number(0));
        return ask.code();
    }
    SqliteCode check_schema() {
        SqliteStatement select{db_, "SELECT count(*),total(sql IN(?,?)) FROM sqlite_schema"};
        select.text(spool_batch_table).text(spool_head_table);
        if (!select.step()) return select.code();
        const bool right = select.number(0) == 2 && select.number(1) == 2;
        return {right ? SQLITE_OK : SQLITE_CORRUPT, 0};
    }
    SqliteCode read_head() {
        SqliteStatement select{
            db_,
            "SELECT newest,removed,samples,api_url,integration,rescue,page,expected,seal FROM "
            "spool"};
        if (!select.step())
            return select.code().ok() ? SqliteCode{SQLITE_CORRUPT, 0} : select.code();
        head.newest = select.number(0);
        head.removed = select.number(1);
        head.samples = select.number(2);
        head.api_url = select.bytes(3);
        head.integration = select.bytes(4);
        head.rescue = select.number(5);
        head.page = select.number(6);
        head.expected = select.number(7);
        return {head.seal() == select.number(8) ? SQLITE_OK : SQLITE_CORRUPT, 0};
    }
    SqliteCode write_head() {
        SqliteStatement update{
            db_, "UPDATE spool SET newest=?,removed=?,samples=?,rescue=?,page=?,expected=?,seal=?"};
        update.bind(head.newest).bind(head.removed).bind(head.samples).bind(head.rescue);
        return update.bind(head.page).bind(head.expected).bind(head.seal()).run();
    }

    Sqlite db_;
    SpoolHead before_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_SQLITE_TABLE_HPP
