// SPDX-License-Identifier: BSL-1.0
// SQLite's connections and statements, as far as a spool needs them.

#ifndef CLARIFY_INGEST_DETAIL_SQLITE_HPP
#define CLARIFY_INGEST_DETAIL_SQLITE_HPP

#include <sqlite3.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#if SQLITE_VERSION_NUMBER < 3040000
#error "clarify's spool needs SQLite 3.40 or newer"
#endif

namespace clarify::detail {

/// What a call of SQLite came to: `SQLITE_OK` and the like, with the system's reason below it.
struct SqliteCode {
    int code = SQLITE_OK;
    int system = 0;

    bool ok() const noexcept {
        return code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE;
    }
    /// The file is none of SQLite, or not what SQLite has made of it.
    bool is_damage() const noexcept {
        const int kind = code & 0xFF;
        return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_FORMAT ||
            kind == SQLITE_SCHEMA || kind == SQLITE_ERROR || kind == SQLITE_MISMATCH ||
            kind == SQLITE_CONSTRAINT || kind == SQLITE_TOOBIG || code == SQLITE_IOERR_SHORT_READ;
    }
    /// There is no room for more on the disk.
    bool is_full() const noexcept {
        return (code & 0xFF) == SQLITE_FULL || system == ENOSPC || system == EDQUOT ||
            system == EFBIG;
    }
};

/// A connection. Not thread-safe; throws `std::bad_alloc` where SQLite finds no memory.
class Sqlite {
public:
    Sqlite() = default;
    Sqlite(Sqlite&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
    Sqlite& operator=(Sqlite&& other) noexcept {
        if (this != &other) {
            close();
            db_ = std::exchange(other.db_, nullptr);
        }
        return *this;
    }
    ~Sqlite() { close(); }

    /// Opens a file that is there. `path` is absolute: other names may mean something to SQLite.
    SqliteCode open(const std::string& path, bool create) {
        constexpr int always = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
            SQLITE_OPEN_PRIVATECACHE;
        const int flags = always | (create ? SQLITE_OPEN_CREATE : 0);
        const SqliteCode opened = seen(::sqlite3_open_v2(path.c_str(), &db_, flags, nullptr));
        if (!opened.ok()) return opened;
        // Nothing in a file that may be damaged, or anybody's, is run.
        ::sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        ::sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
        ::sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
        ::sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
        ::sqlite3_limit(db_, SQLITE_LIMIT_LENGTH, 32 << 20);
        return opened;
    }
    explicit operator bool() const noexcept { return db_ != nullptr; }
    void close() noexcept { ::sqlite3_close_v2(std::exchange(db_, nullptr)); }
    /// In a child of `fork`: the file is its parent's.
    void forget() noexcept { db_ = nullptr; }

    SqliteCode run(const char* sql) {
        return seen(::sqlite3_exec(db_, sql, nullptr, nullptr, nullptr));
    }
    sqlite3* get() const noexcept { return db_; }
    /// The code, and what the system says to it.
    SqliteCode seen(int code) const {
        if ((code & 0xFF) == SQLITE_NOMEM) throw std::bad_alloc{};
        SqliteCode result{code, 0};
        if (!result.ok() && db_ != nullptr) result.system = ::sqlite3_system_errno(db_);
        if ((code & 0xFF) == SQLITE_IOERR && result.system == 0) result.system = last_errno();
        if ((code & 0xFF) == SQLITE_FULL && result.system == 0) result.system = ENOSPC;
        return result;
    }

private:
    /// What the system said last to the log or to the file, which SQLite does not always pass on.
    int last_errno() const noexcept {
        for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
            sqlite3_file* file = nullptr;
            int last = 0;
            if (::sqlite3_file_control(db_, "main", which, &file) != SQLITE_OK) continue;
            if (file == nullptr || file->pMethods == nullptr) continue;
            file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &last);
            if (last != 0) return last;
        }
        return 0;
    }

    sqlite3* db_ = nullptr;
};

/// One statement, made, run and gone. What went wrong first is kept.
class SqliteStatement {
public:
    SqliteStatement(Sqlite& db, std::string_view sql) : db_(db) {
        note(::sqlite3_prepare_v2(
            db.get(), sql.data(), static_cast<int>(sql.size()), &statement_, nullptr));
    }
    SqliteStatement(const SqliteStatement&) = delete;
    SqliteStatement& operator=(const SqliteStatement&) = delete;
    ~SqliteStatement() { ::sqlite3_finalize(statement_); }

    SqliteStatement& bind(std::int64_t value) {
        if (code_.ok()) note(::sqlite3_bind_int64(statement_, ++bound_, value));
        return *this;
    }
    /// Neither a blob nor a text is copied: it has to stay.
    SqliteStatement& blob(std::string_view value) {
        if (code_.ok())
            note(::sqlite3_bind_blob64(statement_, ++bound_, value.data(), value.size(), nullptr));
        return *this;
    }
    SqliteStatement& text(std::string_view value) {
        if (code_.ok()) {
            note(::sqlite3_bind_text64(
                statement_, ++bound_, value.data(), value.size(), nullptr, SQLITE_UTF8));
        }
        return *this;
    }
    /// Is there a row, or another one?
    bool step() {
        if (code_.ok()) note(::sqlite3_step(statement_));
        return code_.code == SQLITE_ROW;
    }
    /// Runs it to the end.
    SqliteCode run() {
        while (step()) {
        }
        return code_;
    }
    /// Makes it as new, to be bound and run again.
    void again() {
        ::sqlite3_reset(statement_);
        bound_ = 0;
        if (code_.ok()) code_ = {};
    }
    SqliteCode code() const noexcept { return code_; }

    std::int64_t number(int column) const noexcept {
        return ::sqlite3_column_int64(statement_, column);
    }
    /// The bytes of a column, until the next step.
    std::string_view bytes(int column) const {
        const void* const data = ::sqlite3_column_blob(statement_, column);
        const int size = ::sqlite3_column_bytes(statement_, column);
        if (data == nullptr || size <= 0) {
            db_.seen(
                data == nullptr && ::sqlite3_errcode(db_.get()) == SQLITE_NOMEM ? SQLITE_NOMEM
                                                                                : SQLITE_OK);
            return {};
        }
        return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
    }

private:
    void note(int code) { code_ = db_.seen(code); }

    Sqlite& db_;
    sqlite3_stmt* statement_ = nullptr;
    SqliteCode code_;
    int bound_ = 0;
};

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_SQLITE_HPP
