// SPDX-License-Identifier: BSL-1.0
// Finds batches in the pages of a spool without SQLite, whatever else is damaged.

#ifndef CLARIFY_INGEST_DETAIL_SPOOL_PAGES_HPP
#define CLARIFY_INGEST_DETAIL_SPOOL_PAGES_HPP

#include <clarify/ingest/detail/spool_file.hpp>
#include <clarify/ingest/detail/spool_format.hpp>
#include <clarify/ingest/detail/spool_log.hpp>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

/// A number as SQLite writes it, the highest bits first: reads it from `bytes` at `at`, and moves on. 0
/// where there is none.
inline std::uint64_t sqlite_number(std::string_view bytes, std::size_t& at) noexcept {
    std::uint64_t value = 0;
    for (int i = 0; at < bytes.size(); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[at++]);
        if (i == 8) return value << 8U | byte;
        value = value << 7U | (byte & 0x7FU);
        if (byte < 0x80U) return value;
    }
    at = bytes.size() + 1;
    return 0;
}

/// The head of the record that SQLite makes of a row: what its columns are.
struct RecordHead {
    std::array<std::uint64_t, 5> types{};
    std::size_t size = 0;

    /// False where it is no row of a batch of that many bytes.
    bool read(std::string_view record, std::uint64_t whole) noexcept {
        const std::uint64_t claimed = sqlite_number(record, size);
        for (std::uint64_t& type : types)
            type = sqlite_number(record, size);
        // The number of the batch is kept elsewhere, and the data is a blob.
        return size == claimed && size <= record.size() && types[0] == 0 && types[4] >= 12 &&
            types[4] % 2 == 0 && (types[4] - 12) / 2 < whole;
    }
};

/// The row of a batch from its record. Whether it is whole has to be seen by its seal.
inline bool read_record(std::string_view record, SpoolRow& row) noexcept {
    RecordHead head;
    if (!head.read(record, record.size())) return false;
    std::size_t at = head.size;
    constexpr std::array<std::size_t, 10> sizes{0, 1, 2, 3, 4, 6, 8, 0, 0, 0};
    std::array<std::int64_t, 3> numbers{};
    for (std::size_t i = 0; i != numbers.size(); ++i) {
        const std::uint64_t type = head.types[i + 1];
        if (type == 0 || type == 7 || type >= sizes.size()) return false;
        const std::size_t size = sizes[static_cast<std::size_t>(type)];
        if (record.size() - at < size) return false;
        std::uint64_t value = type == 9 ? 1 : 0;
        for (std::size_t byte = 0; byte != size; ++byte) {
            const auto next = static_cast<unsigned char>(record[at + byte]);
            if (byte == 0 && next >= 0x80U) value = ~std::uint64_t{0};
            value = value << 8U | next;
        }
        numbers[i] = static_cast<std::int64_t>(value);
        at += size;
    }
    if ((head.types[4] - 12) / 2 != record.size() - at) return false;
    row.samples = numbers[0];
    row.written = numbers[1];
    row.seal = numbers[2];
    row.data = record.substr(at);
    return true;
}

/** The pages of a spool, as its log has them, else its file.

    Nothing is locked, so that it may be read while another process writes to it: what is found is a
    whole batch all the same, by its checksum.
*/
class SpoolPages {
public:
    /// No row of a batch has more bytes; what claims to have is none.
    static constexpr std::uint64_t largest_row = std::uint64_t{16} << 20U;

    /// @param beyond see `look_at_log`
    SpoolPages(const std::string& path, const std::string& log, bool beyond)
        : file_(SpoolFile::open(path, O_RDONLY)), log_file_(SpoolFile::open(log, O_RDONLY)) {
        if (log_file_) log_ = look_at_log(log_file_, beyond);
        const std::uint64_t size = file_ ? file_.size() : 0;
        count_ = static_cast<std::uint32_t>((size + spool_page - 1) / spool_page);
        if (!log_.pages.empty()) count_ = (std::max)(count_, log_.pages.rbegin()->first);
        if (!beyond && log_.page_count != 0) count_ = log_.page_count;
    }

    /// How many pages there may be: they are numbered from 1 on.
    std::uint32_t count() const noexcept { return count_; }
    const SpoolLog& log() const noexcept { return log_; }

    /// Calls `found(row)` for each whole batch whose row begins in a page.
    template <class Found>
    void look_at(std::uint32_t number, Found&& found) {
        constexpr std::size_t cells_at = 8;
        constexpr char leaf_of_table = 0x0D;
        if (!read(number, page_)) return;
        const std::size_t start = number == 1 ? spool_head_size : 0;
        if (page_[start] != leaf_of_table) return;
        const std::size_t cells = two_bytes(start + 3);
        if (start + cells_at + 2 * cells > spool_page) return;
        for (std::size_t i = 0; i != cells; ++i) {
            SpoolRow row;
            if (read_cell(two_bytes(start + cells_at + 2 * i), row) && is_whole(row)) found(row);
        }
    }

private:
    std::size_t two_bytes(std::size_t at) const noexcept {
        return static_cast<std::size_t>(static_cast<unsigned char>(page_[at])) << 8U |
            static_cast<unsigned char>(page_[at + 1]);
    }
    bool read(std::uint32_t number, std::string& page) const {
        const auto logged = log_.pages.find(number);
        if (logged != log_.pages.end()) return log_file_.read(logged->second, spool_page, page);
        if (number == 0 || !file_) return false;
        // The last page of a file that was cut still has its beginning.
        file_.read(std::uint64_t{number - 1} * spool_page, spool_page, page);
        if (page.empty()) return false;
        page.resize(spool_page, '\0');
        return true;
    }
    /// See "B-tree Pages" in SQLite's description of its format.
    bool read_cell(std::size_t at, SpoolRow& row) {
        constexpr std::size_t most_local = spool_page - 35;
        constexpr std::size_t least_local = (spool_page - 12) * 32 / 255 - 23;
        const std::uint64_t size = sqlite_number(page_, at);
        row.id = static_cast<std::int64_t>(sqlite_number(page_, at));
        if (size < batch_head || size > largest_row || at > spool_page) return false;
        auto local = static_cast<std::size_t>(size);
        if (size > most_local) {
            local = least_local + static_cast<std::size_t>((size - least_local) % (spool_page - 4));
            if (local > most_local) local = least_local;
        }
        if (at + local > spool_page) return false;
        record_.assign(page_, at, local);
        if (RecordHead head; !head.read(record_, size)) return false;
        if (local != size) {
            if (at + local + 4 > spool_page) return false;
            std::uint32_t next = big_endian(page_, at + local);
            while (record_.size() != size) {
                if (!read(next, overflow_)) return false;
                next = big_endian(overflow_, 0);
                const std::uint64_t missing = size - record_.size();
                record_.append(
                    overflow_,
                    4,
                    static_cast<std::size_t>((std::min<std::uint64_t>)(missing, spool_page - 4)));
            }
        }
        return read_record(record_, row);
    }

    SpoolFile file_;
    SpoolFile log_file_;
    SpoolLog log_;
    std::uint32_t count_ = 0;
    std::string page_;
    std::string overflow_;
    std::string record_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_SPOOL_PAGES_HPP
