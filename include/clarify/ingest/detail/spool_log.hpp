// SPDX-License-Identifier: BSL-1.0
// SQLite's write-ahead log, looked at without SQLite: what of it is whole, and what lies behind that.

#ifndef CLARIFY_INGEST_DETAIL_SPOOL_LOG_HPP
#define CLARIFY_INGEST_DETAIL_SPOOL_LOG_HPP

#include <clarify/ingest/detail/spool_file.hpp>
#include <clarify/ingest/detail/spool_format.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace clarify::detail {

/** The checksum of the log, which goes on from frame to frame: two sums of words, the lowest byte of a
    word first or last as its head says.
*/
class LogSum {
public:
    explicit LogSum(bool highest_first) noexcept : highest_first_(highest_first) {}

    /// Of a multiple of eight bytes.
    void add(std::string_view bytes) noexcept {
        for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
            first_ += word(bytes, at) + second_;
            second_ += word(bytes, at + 4) + first_;
        }
    }
    /// Is it what stands there?
    bool is(std::string_view bytes, std::size_t at) const noexcept {
        return big_endian(bytes, at) == first_ && big_endian(bytes, at + 4) == second_;
    }

private:
    std::uint32_t word(std::string_view bytes, std::size_t at) const noexcept {
        const std::uint32_t value = big_endian(bytes, at);
        if (highest_first_) return value;
        return value >> 24U | (value >> 8U & 0xFF00U) | (value << 8U & 0xFF0000U) | value << 24U;
    }

    bool highest_first_;
    std::uint32_t first_ = 0;
    std::uint32_t second_ = 0;
};

/// What a log holds.
struct SpoolLog {
    /// How large it is, and how much of it SQLite will take.
    std::uint64_t size = 0;
    std::uint64_t whole = 0;
    /// The newest image of each page in it: where it begins. Of all frames that belong to this log, or
    /// only of those that SQLite will take.
    std::map<std::uint32_t, std::uint64_t> pages;
    /// How many pages the database has by the last commit; 0 where there is none.
    std::uint32_t page_count = 0;
    /// Lies behind the whole part what belongs to this log, or is there no telling?
    bool doubtful = false;
};

inline constexpr std::size_t log_head_size = 32;
inline constexpr std::size_t frame_head_size = 24;
inline constexpr std::size_t frame_size = frame_head_size + spool_page;

/** Looks at every frame of a log.

    @param beyond also takes the pages of frames that SQLite will not take, but that carry the salt
           of this log: behind damage, and of a transaction that was not finished
*/
inline SpoolLog look_at_log(const SpoolFile& file, bool beyond) {
    SpoolLog log;
    log.size = file.size();
    std::string head = file.read(0, log_head_size);
    if (head.size() < log_head_size) {
        log.doubtful = log.size != 0;
        return log;
    }
    const std::uint32_t magic = big_endian(head, 0);
    LogSum sum{(magic & 1U) != 0};
    sum.add(std::string_view{head}.substr(0, 24));
    bool whole = (magic & ~1U) == 0x377F0682U && sum.is(head, 24) &&
        big_endian(head, 8) == spool_page && big_endian(head, 4) == 3007000U;
    log.doubtful = !whole;
    std::string salt = head.substr(16, 8);
    if (whole) log.whole = log_head_size;
    std::map<std::uint32_t, std::uint64_t> open;
    for (std::uint64_t at = log_head_size;; at += frame_size) {
        const std::string frame = file.read(at, frame_size);
        if (frame.size() < frame_size) break;
        // Where the head is damaged, the first frame knows the salt.
        if (log.whole == 0 && at == log_head_size) salt = frame.substr(8, 8);
        const bool ours = frame.compare(8, 8, salt) == 0;
        if (whole) {
            sum.add(std::string_view{frame}.substr(0, 8));
            sum.add(std::string_view{frame}.substr(frame_head_size));
            whole = ours && sum.is(frame, 16) && big_endian(frame, 0) != 0;
        }
        if (!whole && ours) log.doubtful = true;
        if (log.doubtful && !beyond) break;
        // What a salt was changed in, or what an earlier log has left.
        if (!ours || !(whole || beyond)) continue;
        open[big_endian(frame, 0)] = at + frame_head_size;
        const std::uint32_t commit = big_endian(frame, 4);
        if (whole && commit != 0) {
            log.whole = at + frame_size;
            log.page_count = commit;
            for (const auto& [page, where] : open)
                log.pages[page] = where;
            open.clear();
        }
    }
    if (beyond) {
        for (const auto& [page, where] : open)
            log.pages[page] = where;
    }
    return log;
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_SPOOL_LOG_HPP
