// SPDX-License-Identifier: BSL-1.0
// A spool on the disk: batches go in and out, within a limit, whatever is damaged or full.

#ifndef CLARIFY_INGEST_DETAIL_SQLITE_STORE_HPP
#define CLARIFY_INGEST_DETAIL_SQLITE_STORE_HPP

#include <clarify/api/samples.hpp>
#include <clarify/core/detail/process_mark.hpp>
#include <clarify/core/result.hpp>
#include <clarify/ingest/detail/spool_format.hpp>
#include <clarify/ingest/detail/spool_pages.hpp>
#include <clarify/ingest/detail/spool_place.hpp>
#include <clarify/ingest/detail/sqlite.hpp>
#include <clarify/ingest/detail/sqlite_table.hpp>
#include <clarify/ingest/sample_spool.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clarify::detail {

/// What a spool is to be.
struct SpoolTerms {
    std::string api_url;
    std::string integration;
    std::uint64_t max_bytes = 0;
    /// Shall a commit outlive a power cut?
    bool power = true;
};

/** A spool as `SampleSpool` has it, but for its being moved.

    What waits is told by `now_`, which is also the mark beside the file; the head of the table may lag
    behind it where the disk is full. A database that SQLite finds damaged is set aside, and what can be
    read of it is taken into a new one, a piece with each call, before anything else is read.
*/
class SpoolStore {
public:
    static Result<std::unique_ptr<SpoolStore>> open(
        const std::filesystem::path& path, SpoolTerms terms);
    SpoolStore(const SpoolStore&) = delete;
    SpoolStore& operator=(const SpoolStore&) = delete;
    ~SpoolStore();

    Result<std::uint64_t> append(
        const SampleTable& table, std::chrono::system_clock::time_point written);
    Result<SpoolPage> read(std::uint64_t after, std::uint64_t count);
    Result<void> remove(std::uint64_t mark);
    Result<std::uint64_t> drop(std::uint64_t after, std::uint64_t bytes);
    const SpoolState& state() const noexcept { return state_; }
    const std::string& path() const noexcept { return place_.path(); }

private:
    /// A batch, as it will be a row.
    struct NewRow {
        std::string data;
        std::size_t samples = 0;
    };
    /// How much a row may have, so that whoever reads them need not take too many at once.
    static constexpr std::size_t row_samples = 16'384;
    static constexpr std::size_t row_columns = 16'384;
    /// How much is removed at once, so that the log stays small.
    static constexpr std::size_t chunk_rows = 32;
    static constexpr std::uint64_t chunk_bytes = std::uint64_t{1} << 20U;
    /// How much of a damaged file is looked at with one call.
    static constexpr std::uint32_t rescue_pages = 8'192;
    /// A file of so much is not worth to be made anew when nothing waits in it.
    static constexpr std::uint64_t small_file = std::uint64_t{256} << 10U;
    /// How often it is made anew, or brought back to its empty size.
    static constexpr std::chrono::seconds tidy_pause{5};
    static constexpr std::size_t most_damage = 256;

    SpoolStore(SpoolPlace place, SpoolTerms terms)
        : place_(std::move(place)), terms_(std::move(terms)) {}

    // What waits in the file, and what is done with.
    Result<void> enter();
    Result<void> enter_what_is_there();
    Result<void> enter_file();
    Result<void> check_identity() const;
    SqliteCode settle_removed();
    SqliteCode settle_log(const std::string& copy, const SpoolLog& log);
    Result<void> begin_anew();
    Result<void> make(SpoolHead head);
    Result<void> renew();

    // Damage.
    Result<void> set_aside();
    SqliteCode rescue(std::uint32_t pages);
    SqliteCode take_row(const SpoolRow& row);
    SqliteCode end_rescue();
    void note_damage(SpoolDamage damage);
    SqliteCode drop_damaged(const SpoolRow& row);
    void keep_bytes(const SpoolRow& row, SpoolDamage& damage);

    // One attempt each.
    SqliteCode try_append(const std::vector<NewRow>& rows, std::int64_t written, bool& no_room);
    SqliteCode try_read(std::int64_t after, std::uint64_t count, SpoolPage& page);
    SqliteCode try_remove(std::int64_t mark);
    SqliteCode try_drop(std::int64_t after, std::uint64_t bytes, std::uint64_t& samples);
    template <class Attempt>
    Result<void> attempt(Attempt&& attempt);

    SqliteCode make_room(std::uint64_t pages, bool& no_room);
    SqliteCode clean();
    SqliteCode give_back();
    SqliteCode checkpoint_beyond(std::uint64_t bytes);
    void tidy();
    void tidy_at_end() noexcept;
    void note_done() noexcept;
    void forget_all() noexcept;
    template <class Change>
    SqliteCode change(bool last, Change&& make);
    bool is_rescuing() const noexcept { return table_.head.rescue != 0; }
    /// What is still to be found in a damaged file.
    std::int64_t expected() const noexcept {
        return is_rescuing() && table_.head.expected > 0 ? table_.head.expected : 0;
    }
    std::uint64_t file_limit() const noexcept { return terms_.max_bytes / 4 * 3; }
    std::uint64_t log_limit() const noexcept { return terms_.max_bytes / 4; }
    /// How long the log may get before it is taken into the file.
    std::uint64_t log_room() const noexcept {
        constexpr std::uint64_t most = std::uint64_t{16} << 20U;
        return log_limit() / 2 < most ? log_limit() / 2 : most;
    }
    void update_state();
    Error fault(SqliteCode code, const char* what) const;
    static std::vector<NewRow> rows_of(const SampleTable& table);

    SpoolPlace place_;
    SpoolTerms terms_;
    ProcessMark process_;
    SpoolTable table_;
    SpoolMark now_;
    SpoolState state_;
    std::optional<SpoolPages> damaged_pages_;
    /// Which of the damage in `state_` is being looked at.
    std::size_t rescue_damage_ = most_damage;
    /// Where single batches are set aside.
    std::string batches_path_;
    std::chrono::steady_clock::time_point tidied_ = std::chrono::steady_clock::now();
};

}  // namespace clarify::detail

#include <clarify/ingest/detail/impl/sqlite_store.hpp>
#include <clarify/ingest/detail/impl/sqlite_store_open.hpp>

#endif  // CLARIFY_INGEST_DETAIL_SQLITE_STORE_HPP
