// SPDX-License-Identifier: BSL-1.0
// How a spool is opened, and what becomes of one that is damaged.

#ifndef CLARIFY_INGEST_DETAIL_IMPL_SQLITE_STORE_OPEN_HPP
#define CLARIFY_INGEST_DETAIL_IMPL_SQLITE_STORE_OPEN_HPP

#include <clarify/core/errc.hpp>
#include <clarify/core/error.hpp>
#include <clarify/ingest/detail/batch.hpp>
#include <clarify/ingest/detail/spool_file.hpp>
#include <clarify/ingest/detail/spool_log.hpp>
#include <clarify/ingest/detail/sqlite_store.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace clarify::detail {

inline Result<std::unique_ptr<SpoolStore>> SpoolStore::open(
    const std::filesystem::path& path, SpoolTerms terms) {
    constexpr std::uint64_t least = std::uint64_t{1} << 20U;
    if (terms.max_bytes < least) {
        return spool_error(path.string(), "a spool needs a limit of at least 1048576 bytes", 0);
    }
    Result<SpoolPlace> place = SpoolPlace::find(path);
    if (!place) return place.error();
    std::unique_ptr<SpoolStore> store{new SpoolStore{std::move(*place), std::move(terms)}};
    const Result<void> entered = store->enter();
    if (!entered) return entered.error();
    if (store->is_rescuing()) {
        // What is large takes longer than whoever waits for this should.
        try {
            store->rescue(rescue_pages);
        } catch (...) {
            store->forget_all();
            throw;
        }
    } else if (store->now_.samples == 0) {
        store->tidy_at_end();
    }
    store->update_state();
    return store;
}

inline SpoolStore::~SpoolStore() {
    if (process_.is_elsewhere()) {
        table_.forget();
        place_.forget();
        return;
    }
    if (table_.is_open() && now_.samples == 0 && !is_rescuing()) tidy_at_end();
}

/// Now, and not some seconds later.
inline void SpoolStore::tidy_at_end() noexcept {
    try {
        tidied_ -= tidy_pause;
        tidy();
    } catch (...) {
        forget_all();
    }
}

// --- Opening ------------------------------------------------------------------------------------

inline Result<void> SpoolStore::enter() {
    try {
        return enter_what_is_there();
    } catch (...) {
        // What is open half way must not be taken for a spool in which nothing waits.
        forget_all();
        throw;
    }
}

/// Opens what there is, makes what there is not, and sets aside what is no spool.
inline Result<void> SpoolStore::enter_what_is_there() {
    if (place_.has_file() && place_.file().is_at(place_.path())) {
        switch (kind_of(place_.file().read(0, spool_head_size))) {
            case SpoolKind::newer:
                return spool_error(place_.path(), "was written by a newer version", 0);
            case SpoolKind::spool:
                return enter_file();
            case SpoolKind::other:
                break;
        }
        return set_aside();
    }
    return begin_anew();
}

inline Result<void> SpoolStore::enter_file() {
    // SQLite drops without a word what lies behind damage in its log, and then writes over it.
    std::string copy;
    SpoolLog log;
    if (const SpoolFile file = SpoolFile::open(place_.log_path(), O_RDONLY); file)
        log = look_at_log(file, false);
    if (log.doubtful) {
        copy = place_.aside_path(place_.free_stamp()) + "-wal";
        if (!copy_file(place_.log_path(), copy)) {
            ::unlink(copy.c_str());
            copy.clear();
        }
    }
    SqliteCode code = table_.open(place_.path());
    if (code.ok()) {
        now_.newest = table_.head.newest;
        now_.removed = table_.head.removed;
        now_.samples = table_.head.samples + expected();
        if (const Result<void> identity = check_identity(); !identity) {
            table_.abandon();
            if (!copy.empty()) ::unlink(copy.c_str());
            return identity;
        }
        code = settle_removed();
    }
    if (code.ok()) code = settle_log(copy, log);
    if (code.ok() && is_rescuing() && rescue_damage_ == most_damage) {
        SpoolDamage damage;
        damage.file = place_.aside_path(table_.head.rescue);
        damage.bytes = size_of_file(damage.file);
        rescue_damage_ = state_.damage.size();
        note_damage(damage);
    }
    if (code.ok()) {
        if (!place_.write_mark(now_, true)) {
            const int system = errno;
            table_.abandon();
            return SpoolPlace::full_or(
                spool_error(place_.mark_path(), "cannot be written", system), system);
        }
        return {};
    }
    if (!copy.empty()) ::unlink(copy.c_str());
    if (code.is_damage()) return set_aside();
    table_.abandon();
    return fault(code, "cannot be opened");
}

inline Result<void> SpoolStore::check_identity() const {
    const SpoolHead& head = table_.head;
    if (head.api_url == terms_.api_url && head.integration == terms_.integration) return {};
    return spool_error(
        place_.path(),
        "holds samples for the integration " + head.integration + " at " + head.api_url +
            ", not for " + terms_.integration + " at " + terms_.api_url,
        0);
}

/// What the mark says is done with, though the disk was too full to say so in the database.
inline SqliteCode SpoolStore::settle_removed() {
    if (!place_.mark() || place_.mark()->removed <= now_.removed) return {};
    SpoolTable::Extent extent;
    const SqliteCode code = table_.measure(
        now_.removed,
        place_.mark()->removed,
        std::numeric_limits<std::size_t>::max(),
        std::numeric_limits<std::uint64_t>::max(),
        extent);
    now_.removed = place_.mark()->removed;
    now_.samples = (std::max)(now_.samples - extent.samples, expected());
    return code;
}

/// Is all there that the mark knows of? If not, looks for it in what is left of the log.
inline SqliteCode SpoolStore::settle_log(const std::string& copy, const SpoolLog& log) {
    // A copy: it is written over with what is found.
    const std::optional<SpoolMark> mark = place_.mark();
    const bool less = mark && mark->newest > now_.newest;
    if (!less && (mark || copy.empty())) {
        if (!copy.empty()) ::unlink(copy.c_str());
        return {};
    }
    const SqliteCode code = change(true, [&] {
        SqliteCode taken;
        const std::int64_t newest = table_.head.newest;
        if (mark) table_.head.newest = (std::max)(newest, mark->newest);
        if (copy.empty()) return taken;
        SpoolPages pages{std::string{}, copy, true};
        for (std::uint32_t page = 1; page <= pages.count() && taken.ok(); ++page) {
            pages.look_at(page, [&](const SpoolRow& row) {
                if (taken.ok() && row.id > newest) taken = take_row(row);
            });
        }
        return taken;
    });
    if (!code.ok()) return code;
    SpoolDamage damage;
    damage.file = copy;
    damage.bytes = log.size - log.whole;
    if (mark) {
        const std::int64_t lost = mark->samples - now_.samples;
        damage.samples = static_cast<std::uint64_t>((std::max<std::int64_t>)(lost, 0));
    }
    note_damage(damage);
    return code;
}

/// There is no file of that name: a first one, or the next one after another was set aside.
inline Result<void> SpoolStore::begin_anew() {
    if (is_there(place_.path())) return place_.taken();
    if (!place_.has_file() && !place_.mark()) place_.read_mark();
    const std::optional<SpoolMark> mark = place_.mark();
    const bool was_there = mark && (mark->samples != 0 || mark->rescue != 0);
    if (was_there || is_there(place_.log_path())) return set_aside();
    SpoolHead head;
    if (mark) {
        head.newest = mark->newest;
        head.removed = mark->newest;
    }
    return make(head);
}

/// Makes a database with that head, and opens it.
inline Result<void> SpoolStore::make(SpoolHead head) {
    head.api_url = terms_.api_url;
    head.integration = terms_.integration;
    if (const Result<void> prepared = place_.prepare_new(); !prepared) return prepared;
    SqliteCode code = SpoolTable::make(place_.new_path(), head);
    if (!code.ok()) return fault(code, "cannot be made");
    if (const Result<void> used = place_.use_new(); !used) return used;
    code = table_.open(place_.path());
    if (!code.ok()) {
        table_.abandon();
        return fault(code, "cannot be opened");
    }
    now_ = {};
    now_.newest = head.newest;
    now_.removed = head.removed;
    now_.samples = expected();
    place_.write_mark(now_, true);
    sync_folder(place_.path());
    return {};
}

/// Nothing waits: begins with an empty file.
inline Result<void> SpoolStore::renew() {
    // Should this end half way, the mark says that nothing was lost, and which number is next.
    now_.removed = now_.newest;
    if (!place_.write_mark(now_, true)) return {};
    table_.abandon();
    place_.remove_empty();
    SpoolHead head;
    head.newest = now_.newest;
    head.removed = now_.newest;
    return make(head);
}

// --- Damage -------------------------------------------------------------------------------------

inline void SpoolStore::note_damage(SpoolDamage damage) {
    state_.lost += damage.samples.value_or(0);
    if (state_.damage.size() < most_damage) state_.damage.push_back(std::move(damage));
}

/// The file is no whole spool: it gets another name, and a new one takes its place, into which is
/// taken what can be read of it.
inline Result<void> SpoolStore::set_aside() {
    const bool unknown = !place_.mark() && now_.newest == 0;
    SpoolMark mark = place_.mark().value_or(now_);
    std::int64_t stamp = place_.mark() ? place_.mark()->rescue : 0;
    // Interrupted between two names?
    if (stamp == 0 || is_there(place_.path())) stamp = place_.free_stamp();
    mark.rescue = stamp;
    if (!unknown) place_.write_mark(mark, true);
    table_.abandon();
    damaged_pages_.reset();
    if (const int failed = place_.set_aside(stamp); failed != 0)
        return spool_error(place_.path(), "is damaged, and cannot be renamed", failed);
    SpoolHead head;
    // Numbers that nobody can have used, where nobody knows which were.
    head.newest = unknown ? stamp << 20U : mark.newest;
    head.removed = mark.removed;
    head.rescue = stamp;
    head.page = 1;
    head.expected = unknown ? -1 : mark.samples;
    SpoolDamage damage;
    damage.file = place_.aside_path(stamp);
    damage.bytes = size_of_file(damage.file);
    if (const Result<void> made = make(head); !made) return made;
    rescue_damage_ = state_.damage.size();
    note_damage(damage);
    return {};
}

/// Takes what can be read of so many pages of the damaged file into the new one.
inline SqliteCode SpoolStore::rescue(std::uint32_t pages) {
    if (!damaged_pages_) {
        const std::string aside = place_.aside_path(table_.head.rescue);
        damaged_pages_.emplace(aside, aside + "-wal", true);
    }
    while (pages != 0) {
        const SqliteCode code = change(false, [&] {
            SqliteCode taken;
            std::uint64_t bytes = 0;
            while (pages != 0 && taken.ok() && bytes < log_room()) {
                if (table_.head.page > damaged_pages_->count()) break;
                const auto page = static_cast<std::uint32_t>(table_.head.page);
                damaged_pages_->look_at(page, [&](const SpoolRow& row) {
                    bytes += row.data.size();
                    if (taken.ok()) taken = take_row(row);
                });
                ++table_.head.page;
                --pages;
            }
            return taken;
        });
        if (!code.ok()) return code;
        if (table_.head.page > damaged_pages_->count()) return end_rescue();
        if (const SqliteCode done = checkpoint_beyond(log_room()); !done.ok()) return done;
    }
    return {};
}

/// A batch that was found in what is damaged, unless it is done with.
inline SqliteCode SpoolStore::take_row(const SpoolRow& row) {
    if (row.id <= now_.removed) return {};
    const SqliteCode code = table_.insert(row, false);
    if (!code.ok() || table_.changes() == 0) return code;
    SpoolHead& head = table_.head;
    head.newest = (std::max)(head.newest, row.id);
    head.samples += row.samples;
    if (is_rescuing() && head.expected > 0)
        head.expected = (std::max<std::int64_t>)(head.expected - row.samples, 0);
    return code;
}

/// All that can be read was taken: the rest is lost.
inline SqliteCode SpoolStore::end_rescue() {
    const std::int64_t lost = table_.head.expected;
    const SqliteCode code = change(true, [&] {
        table_.head.rescue = 0;
        table_.head.page = 0;
        table_.head.expected = 0;
        return SqliteCode{};
    });
    if (!code.ok()) return code;
    damaged_pages_.reset();
    if (lost >= 0) {
        state_.lost += static_cast<std::uint64_t>(lost);
        if (rescue_damage_ < state_.damage.size())
            state_.damage[rescue_damage_].samples = static_cast<std::uint64_t>(lost);
    }
    rescue_damage_ = most_damage;
    return code;
}

/// A single batch whose bytes were changed: mended where its samples are whole, else set aside.
inline SqliteCode SpoolStore::drop_damaged(const SpoolRow& row) {
    if (check_batch(row.data) == BatchFault::none && batch_samples(row.data)) {
        SpoolRow mended = row;
        mended.samples = static_cast<std::int64_t>(*batch_samples(row.data));
        mended.seal = seal_of(mended);
        return change(false, [&] { return table_.mend(mended); });
    }
    SpoolDamage damage;
    damage.bytes = row.data.size();
    if (const std::int64_t samples = SpoolTable::plausible(row.samples); samples != 0)
        damage.samples = static_cast<std::uint64_t>(samples);
    keep_bytes(row, damage);
    const SqliteCode
        code =
            change(
                false, [&] {
                    table_.head.samples = (std::max<std::int64_t>)(
            table_.head.samples - static_cast<std::int64_t>(damage.samples.value_or(0)), 0);
                    return table_.erase(row.id - 1, row.id);
                });
    if (code.ok()) note_damage(std::move(damage));
    return code;
}

/// Adds the bytes of a batch to a file beside the spool.
inline void SpoolStore::keep_bytes(const SpoolRow& row, SpoolDamage& damage) {
    if (batches_path_.empty()) batches_path_ = place_.aside_path(place_.free_stamp()) + "-batches";
    SpoolFile file = SpoolFile::open(batches_path_, O_WRONLY | O_CREAT);
    if (file && file.write(file.size(), row.data)) damage.file = batches_path_;
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_IMPL_SQLITE_STORE_OPEN_HPP
