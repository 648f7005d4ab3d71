// SPDX-License-Identifier: BSL-1.0
// Looks into a spool, also one that a process is working on, without changing anything.

#ifndef CLARIFY_INGEST_DETAIL_SPOOL_READER_HPP
#define CLARIFY_INGEST_DETAIL_SPOOL_READER_HPP

#include <clarify/api/timestamp.hpp>
#include <clarify/ingest/detail/batch.hpp>
#include <clarify/ingest/detail/spool_file.hpp>
#include <clarify/ingest/detail/spool_format.hpp>
#include <clarify/ingest/detail/spool_pages.hpp>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

/// What waits in a spool.
struct SpoolSummary {
    std::uint64_t batches = 0;
    std::uint64_t samples = 0;
    std::size_t inputs = 0;
    /// The earliest and the latest time of a sample.
    std::optional<Timestamp> oldest;
    std::optional<Timestamp> newest;
    /// When the oldest batch was appended.
    std::optional<Timestamp> written;
    /// Database, log and mark.
    std::uint64_t bytes = 0;
    /// How many samples should be there, and are not. Unset: nobody can tell.
    std::optional<std::uint64_t> missing;
};

/** A spool as its files have it at one moment.

    Takes no lock and has no part of SQLite. While its owner works on it, it is read again until
    nothing has changed meanwhile, some times; then what was found last counts.
*/
class SpoolReader {
public:
    explicit SpoolReader(std::string path) : path_(std::move(path)) {}

    /// What the first bytes of the file say; 0, or what the system says where it cannot be read.
    int kind(SpoolKind& kind) const {
        const SpoolFile file = SpoolFile::open(path_, O_RDONLY);
        if (!file) return errno;
        kind = kind_of(file.read(0, spool_head_size));
        return 0;
    }

    SpoolSummary summary() {
        SpoolSummary summary;
        constexpr int attempts = 5;
        for (int attempt = 0; attempt != attempts; ++attempt) {
            const std::optional<SpoolMark> before = mark();
            summary = look(before);
            const std::optional<SpoolMark> after = mark();
            if (before.has_value() == after.has_value() &&
                (!before || before->to_bytes() == after->to_bytes()))
                break;
        }
        return summary;
    }

    /// Calls `take(series)` for each batch that waits, oldest first, with its columns.
    template <class Take>
    void each_batch(Take&& take) {
        SpoolPages pages{path_, log_path(), false};
        std::vector<Place> places = find(pages, mark());
        for (const Place& place : places) {
            std::optional<std::vector<BatchSeries>> series;
            pages.look_at(place.page, [&](const SpoolRow& row) {
                if (row.id == place.id && !series) series = read_batch(row.data);
            });
            if (series) take(std::as_const(*series));
        }
    }

private:
    /// Where a batch begins.
    struct Place {
        std::int64_t id;
        std::uint32_t page;
    };

    std::string log_path() const { return path_ + "-wal"; }
    std::string mark_path() const { return path_ + "-mark"; }
    std::optional<SpoolMark> mark() const {
        const SpoolFile file = SpoolFile::open(mark_path(), O_RDONLY);
        return file ? SpoolMark::from_bytes(file.read(0, SpoolMark::size + 1)) : std::nullopt;
    }

    static std::vector<Place> find(SpoolPages& pages, const std::optional<SpoolMark>& mark) {
        std::vector<Place> places;
        for (std::uint32_t page = 1; page <= pages.count(); ++page) {
            pages.look_at(page, [&](const SpoolRow& row) {
                if (!mark || row.id > mark->removed) places.push_back({row.id, page});
            });
        }
        std::ranges::sort(places, {}, &Place::id);
        // A page that is free may still show what has moved elsewhere.
        const auto rest = std::ranges::unique(places, {}, &Place::id);
        places.erase(rest.begin(), rest.end());
        return places;
    }

    SpoolSummary look(const std::optional<SpoolMark>& mark) {
        SpoolSummary summary;
        summary.bytes = size_of_file(path_) + size_of_file(log_path()) + size_of_file(mark_path());
        SpoolPages pages{path_, log_path(), false};
        std::set<std::int64_t> seen;
        std::set<std::string, std::less<>> inputs;
        std::int64_t oldest_batch = 0;
        for (std::uint32_t page = 1; page <= pages.count(); ++page) {
            pages.look_at(page, [&](const SpoolRow& row) {
                if ((mark && row.id <= mark->removed) || !seen.insert(row.id).second) return;
                const auto series = read_batch(row.data);
                if (!series) return;
                ++summary.batches;
                if (oldest_batch == 0 || row.id < oldest_batch) {
                    oldest_batch = row.id;
                    summary.written = Timestamp::from_microseconds(row.written);
                }
                for (const BatchSeries& one : *series) {
                    if (!inputs.contains(one.key)) inputs.insert(one.key);
                    summary.samples += one.samples.size();
                    for (const Sample& sample : one.samples) {
                        if (!summary.oldest || sample.time < *summary.oldest)
                            summary.oldest = sample.time;
                        if (!summary.newest || sample.time > *summary.newest)
                            summary.newest = sample.time;
                    }
                }
            });
        }
        summary.inputs = inputs.size();
        if (mark) {
            const auto wanted =
                static_cast<std::uint64_t>((std::max<std::int64_t>)(mark->samples, 0));
            summary.missing = wanted - (std::min)(wanted, summary.samples);
        }
        return summary;
    }

    std::string path_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_SPOOL_READER_HPP
