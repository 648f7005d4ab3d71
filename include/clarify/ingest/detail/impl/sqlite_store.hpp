// SPDX-License-Identifier: BSL-1.0
// Batches into a spool and out of it.

#ifndef CLARIFY_INGEST_DETAIL_IMPL_SQLITE_STORE_HPP
#define CLARIFY_INGEST_DETAIL_IMPL_SQLITE_STORE_HPP

#include <clarify/core/errc.hpp>
#include <clarify/core/error.hpp>
#include <clarify/ingest/detail/batch.hpp>
#include <clarify/ingest/detail/spool_file.hpp>
#include <clarify/ingest/detail/sqlite_store.hpp>

#include <boost/system/error_code.hpp>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <limits>
#include <new>
#include <span>

namespace clarify::detail {

/// Does something in one transaction; the head and `now_` are as before where that fails.
template <class Change>
SqliteCode SpoolStore::change(bool last, Change&& make) {
    const SpoolMark before = now_;
    SqliteCode code = table_.begin(last);
    if (code.ok()) {
        table_.head.removed = now_.removed;
        table_.head.samples = now_.samples - expected();
        code = make();
    }
    if (code.ok()) {
        now_.newest = (std::max)(now_.newest, table_.head.newest);
        now_.samples = table_.head.samples + expected();
        code = table_.commit();
    }
    if (!code.ok()) {
        now_ = before;
        table_.undo();
        return code;
    }
    note_done();
    return code;
}

/// Something was committed. No lack of memory makes that a failure: the mark lags behind then.
inline void SpoolStore::note_done() noexcept {
    try {
        place_.write_mark(now_, false);
    } catch (...) {  // NOLINT(bugprone-empty-catch): the next one is written again
    }
}

/// Without memory nobody knows how far something has come: the files tell, when they are opened again.
inline void SpoolStore::forget_all() noexcept {
    table_.abandon();
    damaged_pages_.reset();
}

/// Tries; sets aside what turns out to be damaged, and tries once more.
template <class Attempt>
Result<void> SpoolStore::attempt(Attempt&& attempt) {
    if (process_.is_elsewhere()) {
        return spool_error(
            place_.path(), "belongs to the process that this one was forked from", 0);
    }
    for (bool again = false;; again = true) {
        if (!table_.is_open()) {
            if (const Result<void> entered = enter(); !entered) return entered;
        }
        SqliteCode code;
        try {
            code = attempt();
        } catch (...) {
            forget_all();
            throw;
        }
        update_state();
        if (code.ok()) return {};
        if (again || !code.is_damage()) return fault(code, "cannot be used");
        if (const Result<void> aside = set_aside(); !aside) return aside;
    }
}

inline Error SpoolStore::fault(SqliteCode code, const char* what) const {
    if ((code.code & 0xFF) == SQLITE_BUSY)
        return spool_error(place_.path(), "is used by another program", EBUSY);
    const Error error = spool_error(
        place_.path(), std::string{what} + ": " + ::sqlite3_errstr(code.code & 0xFF), code.system);
    return code.is_full() ? SpoolPlace::full_or(error, code.system) : error;
}

inline void SpoolStore::update_state() {
    state_.samples = static_cast<std::uint64_t>((std::max<std::int64_t>)(now_.samples, 0));
    state_.newest = static_cast<std::uint64_t>(now_.newest);
    state_.bytes = place_.bytes();
    if (now_.samples == expected()) {
        state_.oldest_written.reset();
    } else if (!state_.oldest_written && table_.is_open()) {
        std::int64_t written = 0;
        bool any = false;
        try {
            table_.oldest(now_.removed, written, any);
        } catch (const std::bad_alloc&) {
            any = false;
        }
        if (any) {
            const std::chrono::microseconds since{written};
            state_.oldest_written = std::chrono::system_clock::time_point{
                std::chrono::duration_cast<std::chrono::system_clock::duration>(since)};
        }
    }
}

// --- Appending ----------------------------------------------------------------------------------

inline std::vector<SpoolStore::NewRow> SpoolStore::rows_of(const SampleTable& table) {
    std::vector<NewRow> rows;
    std::vector<BatchColumn> columns;
    std::size_t samples = 0;
    const auto end_row = [&] {
        if (samples == 0) return;
        rows.emplace_back().samples = samples;
        append_batch(rows.back().data, columns);
        columns.clear();
        samples = 0;
    };
    for (const auto& [key, column] : table) {
        std::span<const Sample> rest{column};
        while (!rest.empty()) {
            if (samples == row_samples || columns.size() == row_columns) end_row();
            const std::size_t some = (std::min)(rest.size(), row_samples - samples);
            columns.push_back({key, rest.first(some)});
            samples += some;
            rest = rest.subspan(some);
        }
    }
    end_row();
    return rows;
}

/// Is there room for so many new pages, within the limit and with the log?
inline SqliteCode SpoolStore::make_room(std::uint64_t pages, bool& no_room) {
    const std::uint64_t log = pages * frame_size + log_head_size;
    no_room = log > log_limit();
    if (no_room) return {};
    SqliteCode code = checkpoint_beyond(log_limit() - log);
    std::uint64_t all = 0;
    std::uint64_t free = 0;
    if (code.ok()) code = table_.count_pages(all, free);
    no_room = (all + (pages > free ? pages - free : 0)) * spool_page > file_limit();
    return code;
}

inline SqliteCode SpoolStore::try_append(
    const std::vector<NewRow>& rows, std::int64_t written, bool& no_room) {
    // For the tree above the rows, the head, and what is moved to make room in a page.
    std::uint64_t pages = 8;
    for (const NewRow& row : rows)
        pages += row.data.size() / (spool_page - 4) + 1;
    if (const SqliteCode code = make_room(pages, no_room); !code.ok() || no_room) return code;
    const SqliteCode code = change(terms_.power, [&] {
        SqliteCode inserted;
        for (const NewRow& from : rows) {
            SpoolRow row;
            row.id = ++table_.head.newest;
            row.samples = static_cast<std::int64_t>(from.samples);
            row.written = written;
            row.data = from.data;
            row.seal = seal_of(row);
            table_.head.samples += row.samples;
            inserted = table_.insert(row, true);
            if (!inserted.ok()) break;
        }
        return inserted;
    });
    if (!code.ok()) return code;
    // It is in the log by now, so no failure here can undo it.
    try {
        checkpoint_beyond(log_room());
    } catch (const std::bad_alloc&) {
        forget_all();
    }
    return code;
}

inline Result<std::uint64_t> SpoolStore::append(
    const SampleTable& table, std::chrono::system_clock::time_point written) {
    for (const auto& [key, column] : table) {
        if (key.size() > longest_batch_key)
            return Error{Errc::bad_argument, Reason::fields, "a key is too long for the spool"};
    }
    const std::vector<NewRow> rows = rows_of(table);
    const auto at =
        std::chrono::duration_cast<std::chrono::microseconds>(written.time_since_epoch()).count();
    bool no_room = false;
    if (!rows.empty()) {
        const Result<void> appended = attempt([&] { return try_append(rows, at, no_room); });
        if (!appended) return appended.error();
    }
    if (no_room) {
        return Error{
            Errc::overloaded,
            Reason::file,
            place_.path() + ": has no room within its limit of " +
                std::to_string(terms_.max_bytes) + " bytes"};
    }
    return static_cast<std::uint64_t>(now_.newest);
}

// --- Reading ------------------------------------------------------------------------------------

inline SqliteCode SpoolStore::try_read(std::int64_t after, std::uint64_t count, SpoolPage& page) {
    if (is_rescuing()) {
        const SqliteCode code = rescue(rescue_pages);
        // What is newer has to wait until all is found that is older.
        if (!code.ok() || is_rescuing()) return code;
    }
    std::vector<std::string> damaged;
    std::vector<SpoolRow> bad;
    bool any = false;
    const std::int64_t from = (std::max)(after, now_.removed);
    const SqliteCode code = table_.read(from, [&](const SpoolRow& row) {
        std::optional<std::vector<BatchSeries>> series = read_batch(row.data);
        const std::uint64_t samples = series ? batch_samples(row.data).value_or(0) : 0;
        if (any && page.count + samples > count) return false;
        any = true;
        page.mark = static_cast<std::uint64_t>(row.id);
        if (!series || !is_whole(row)) {
            damaged.emplace_back(row.data);
            bad.push_back(row);
        }
        if (!series) return true;
        page.count += samples;
        for (BatchSeries& one : *series) {
            std::vector<Sample>& column = page.samples[one.key];
            if (column.empty()) {
                column = std::move(one.samples);
            } else {
                column.insert(column.end(), one.samples.begin(), one.samples.end());
            }
        }
        return page.count < count;
    });
    if (!code.ok()) return code;
    for (std::size_t i = 0; i != bad.size(); ++i) {
        bad[i].data = damaged[i];
        if (const SqliteCode done = drop_damaged(bad[i]); !done.ok()) return done;
    }
    // Something should be there, and is not: it may be in pages that no way leads to.
    const bool gone = !any && from == now_.removed && now_.samples > 0;
    return {gone ? SQLITE_CORRUPT : SQLITE_OK, 0};
}

inline Result<SpoolPage> SpoolStore::read(std::uint64_t after, std::uint64_t count) {
    SpoolPage page;
    const auto from = static_cast<std::int64_t>(
        (std::min)(after, std::uint64_t{std::numeric_limits<std::int64_t>::max()}));
    const Result<void> done = attempt([&] {
        page = {};
        page.mark = after;
        return try_read(from, count, page);
    });
    if (!done) return done.error();
    return page;
}

// --- Removing -----------------------------------------------------------------------------------

inline SqliteCode SpoolStore::try_remove(std::int64_t mark) {
    if (mark <= now_.removed) return {};
    SpoolTable::Extent extent;
    const SqliteCode code = table_.measure(
        now_.removed,
        mark,
        std::numeric_limits<std::size_t>::max(),
        std::numeric_limits<std::uint64_t>::max(),
        extent);
    if (!code.ok()) return code;
    now_.removed = mark;
    now_.samples = (std::max)(now_.samples - extent.samples, expected());
    state_.oldest_written.reset();
    // From here on it is done with, whatever becomes of the rows.
    const bool noted = place_.write_mark(now_, false);
    SqliteCode cleaned = now_.samples == 0 && !is_rescuing() ? SqliteCode{} : clean();
    if (now_.samples == 0 && !is_rescuing()) tidy();
    if (cleaned.is_damage() || !noted) return cleaned;
    return {};
}

inline Result<void> SpoolStore::remove(std::uint64_t mark) {
    const auto upto =
        static_cast<std::int64_t>((std::min)(mark, static_cast<std::uint64_t>(now_.newest)));
    return attempt([&] { return try_remove(upto); });
}

/// Removes the rows that are done with, some at a time.
inline SqliteCode SpoolStore::clean() {
    for (;;) {
        SpoolTable::Extent extent;
        SqliteCode code = table_.measure(0, now_.removed, chunk_rows, chunk_bytes, extent);
        if (!code.ok()) return code;
        if (extent.rows == 0) return give_back();
        code = change(false, [&] { return table_.erase(0, extent.last); });
        if (code.ok()) code = checkpoint_beyond(log_room());
        if (!code.ok()) return code;
    }
}

inline SqliteCode SpoolStore::checkpoint_beyond(std::uint64_t bytes) {
    return place_.log_bytes() > bytes ? table_.checkpoint() : SqliteCode{};
}

/// Makes a file that is beyond its limit smaller, where it has free pages.
inline SqliteCode SpoolStore::give_back() {
    constexpr std::uint64_t step = 1024;
    for (std::uint64_t before = 0;;) {
        std::uint64_t all = 0;
        std::uint64_t free = 0;
        SqliteCode code = table_.count_pages(all, free);
        // Where that makes it no smaller, it never will.
        const bool is_stuck = before != 0 && all >= before;
        before = all;
        if (!code.ok() || all * spool_page <= file_limit() || free == 0 || is_stuck) return code;
        code = table_.shrink((std::min)(free, step));
        if (code.ok()) code = table_.checkpoint();
        if (!code.ok()) return code;
    }
}

/// Nothing waits: back to the size of an empty spool, unless that was done just now.
inline void SpoolStore::tidy() {
    // Counts may be damaged, too.
    SpoolTable::Extent rest;
    if (!table_.measure(now_.removed, now_.newest, chunk_rows, chunk_bytes, rest).ok()) return;
    if (rest.rows != 0) {
        now_.samples = rest.samples;
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    const bool due = now - tidied_ >= tidy_pause;
    if (size_of_file(place_.path()) > small_file && due) {
        tidied_ = now;
        renew();
        return;
    }
    const SqliteCode cleaned = clean();
    if (cleaned.is_full()) {
        // The rows may well be what fills the disk.
        renew();
        return;
    }
    if (!cleaned.ok() || !(due || place_.log_bytes() > small_file)) return;
    tidied_ = now;
    if (table_.shrink(0).ok()) table_.checkpoint();
}

inline SqliteCode SpoolStore::try_drop(
    std::int64_t after, std::uint64_t bytes, std::uint64_t& samples) {
    std::uint64_t freed = 0;
    const std::int64_t from = (std::max)(after, now_.removed);
    while (freed < bytes) {
        SpoolTable::Extent extent;
        SqliteCode code = table_.measure(
            from, now_.newest, chunk_rows, (std::min)(bytes - freed, chunk_bytes), extent);
        if (!code.ok()) return code;
        if (extent.rows == 0) break;
        code = change(false, [&] {
            table_.head.samples -= extent.samples;
            return table_.erase(from, extent.last);
        });
        if (!code.ok()) return code;
        freed += extent.bytes;
        samples += static_cast<std::uint64_t>(extent.samples);
        state_.oldest_written.reset();
        if (code = checkpoint_beyond(log_room()); !code.ok()) return code;
    }
    return give_back();
}

inline Result<std::uint64_t> SpoolStore::drop(std::uint64_t after, std::uint64_t bytes) {
    std::uint64_t samples = 0;
    const auto from =
        static_cast<std::int64_t>((std::min)(after, static_cast<std::uint64_t>(now_.newest)));
    const Result<void> done = attempt([&] { return try_drop(from, bytes, samples); });
    // What is gone has to be counted, though not all that was asked for.
    if (!done && samples == 0) return done.error();
    return samples;
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_IMPL_SQLITE_STORE_HPP
