// SPDX-License-Identifier: BSL-1.0
// How a spool lies on the disk: its tables, its rows with their seals, and the mark beside it.

#ifndef CLARIFY_INGEST_DETAIL_SPOOL_FORMAT_HPP
#define CLARIFY_INGEST_DETAIL_SPOOL_FORMAT_HPP

#include <clarify/ingest/detail/batch.hpp>
#include <clarify/ingest/detail/batch_bytes.hpp>
#include <clarify/ingest/detail/crc32c.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::detail {

/* A spool FILE, format 1, is a database of SQLite with pages of 4096 bytes, in WAL mode and with
   incremental vacuum:

     FILE            application_id 0x436C5370 ("ClSp"), user_version `spool_version`
     FILE-wal        SQLite's log; gone after a clean end
     FILE-mark       64 bytes, see `SpoolMark`
     FILE-new        a database that is being made, of no meaning
     FILE.damaged-T  what was no whole spool at the time T, in seconds since 1970; with -wal its log

     table batch: one row a batch, in the order in which they were appended
       id       its number, from 1 on, never used again
       samples  how many there are
       written  when it was appended, in microseconds since 1970 by the wall clock
       seal     CRC-32C of id, samples and written (8 bytes each, the lowest first), and the first
                seven bytes of data, which are its mark, version and own checksum
       data     the samples, see `append_batch`
     table spool: one row
       newest   the number of the newest batch there ever was
       removed  batches up to this number are done with
       samples  the sum over the batches that wait
       api_url, integration   for whom they are
       rescue   the T of a damaged file that batches are still being taken from; 0 for none
       page     the first page of it that was not looked at
       expected how many samples are still to be found in it; -1 where nobody knows
       seal     CRC-32C of all that, see `SpoolHead`

   Batches up to the `removed` of the mark do not wait either, whether their rows are there or not. What
   waits can be read without SQLite: a row is found by its own seal and checksum in whatever page it
   lies. */
inline constexpr std::uint32_t spool_application = 0x436C5370U;
/// The version, and its complement, so that a changed bit is not taken for a newer version.
constexpr std::uint32_t spool_user_version(std::uint32_t version) noexcept {
    return version << 16U | (~version & 0xFFFFU);
}
inline constexpr std::uint32_t spool_format = 1;
inline constexpr std::uint32_t spool_version = spool_user_version(spool_format);
inline constexpr std::size_t spool_page = 4096;
/// What is read of the main file before SQLite does.
inline constexpr std::size_t spool_head_size = 100;
inline constexpr std::string_view spool_batch_table =
    "CREATE TABLE batch(id INTEGER PRIMARY KEY,samples INTEGER NOT NULL,"
    "written INTEGER NOT NULL,seal INTEGER NOT NULL,data BLOB NOT NULL)";
inline constexpr std::string_view spool_head_table =
    "CREATE TABLE spool(one INTEGER PRIMARY KEY,newest INTEGER NOT NULL,removed INTEGER NOT NULL,"
    "samples INTEGER NOT NULL,api_url TEXT NOT NULL,integration TEXT NOT NULL,"
    "rescue INTEGER NOT NULL,page INTEGER NOT NULL,expected INTEGER NOT NULL,seal INTEGER NOT "
    "NULL)";

/// One batch. `data` belongs to whoever made it.
struct SpoolRow {
    std::int64_t id = 0;
    std::int64_t samples = 0;
    std::int64_t written = 0;
    std::int64_t seal = 0;
    std::string_view data;
};

inline std::int64_t seal_of(const SpoolRow& row) {
    std::string text;
    BatchWriter out{text};
    for (const std::int64_t number : {row.id, row.samples, row.written})
        out.fixed(static_cast<std::uint64_t>(number), 8);
    out.text(row.data.substr(0, batch_head));
    return crc32c(text);
}

/// Is it, bit by bit, a batch that was appended?
inline bool is_whole(const SpoolRow& row) {
    return row.id > 0 && row.seal == seal_of(row) && check_batch(row.data) == BatchFault::none;
}

/// The one row of the table spool.
struct SpoolHead {
    std::int64_t newest = 0;
    std::int64_t removed = 0;
    std::int64_t samples = 0;
    std::string api_url;
    std::string integration;
    std::int64_t rescue = 0;
    std::int64_t page = 0;
    std::int64_t expected = 0;

    std::int64_t seal() const {
        std::string text;
        BatchWriter out{text};
        for (const std::int64_t number : {newest, removed, samples, rescue, page, expected})
            out.fixed(static_cast<std::uint64_t>(number), 8);
        for (const std::string& part : {api_url, integration}) {
            out.number(part.size());
            out.text(part);
        }
        return crc32c(text);
    }
};

/** What is kept beside the database and its log: what both must have at least.

    A log that was cut looks like a shorter one, and SQLite drops without a word what lies behind a damaged
    frame. This is written after each commit, in place, so it is never ahead of the log: where it says
    more than is found, that was lost. Where the disk is full, it still takes note of what was removed.
*/
struct SpoolMark {
    std::int64_t newest = 0;
    std::int64_t removed = 0;
    /// The sum over the batches between the two.
    std::int64_t samples = 0;
    /// The file is about to become FILE.damaged-T; 0 where it is not.
    std::int64_t rescue = 0;

    static constexpr std::string_view magic = "ClSpMark";
    static constexpr std::size_t size = 64;

    std::string to_bytes() const {
        std::string text{magic};
        BatchWriter out{text};
        for (const std::int64_t number : {newest, removed, samples, rescue})
            out.fixed(static_cast<std::uint64_t>(number), 8);
        text.resize(size - 4, '\0');
        out.fixed(crc32c(text), 4);
        return text;
    }
    static std::optional<SpoolMark> from_bytes(std::string_view bytes) {
        if (bytes.size() != size || !bytes.starts_with(magic)) return std::nullopt;
        BatchReader in{bytes};
        in.text(magic.size());
        std::array<std::int64_t, 4> numbers{};
        for (std::int64_t& number : numbers)
            number = static_cast<std::int64_t>(in.fixed(8));
        in.text(size - 4 - magic.size() - 8 * numbers.size());
        if (in.fixed(4) != crc32c(bytes.substr(0, size - 4))) return std::nullopt;
        SpoolMark mark;
        mark.newest = numbers[0];
        mark.removed = numbers[1];
        mark.samples = numbers[2];
        mark.rescue = numbers[3];
        return mark;
    }
};

/// What the first bytes of a file say.
enum class SpoolKind { spool, newer, other };

inline std::uint32_t big_endian(std::string_view bytes, std::size_t at) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i != 4; ++i)
        value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

/// Of the first `spool_head_size` bytes of a file, or as many as it has.
inline SpoolKind kind_of(std::string_view head) noexcept {
    constexpr std::string_view magic{"SQLite format 3\0", 16};
    if (head.size() < spool_head_size || !head.starts_with(magic)) return SpoolKind::other;
    if (big_endian(head, 68) != spool_application) return SpoolKind::other;
    const std::uint32_t version = big_endian(head, 60);
    const std::uint32_t format = version >> 16U;
    if (version != spool_user_version(format) || format == 0) return SpoolKind::other;
    if (format > spool_format) return SpoolKind::newer;
    return big_endian(head, 16) >> 16U == spool_page ? SpoolKind::spool : SpoolKind::other;
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_SPOOL_FORMAT_HPP
