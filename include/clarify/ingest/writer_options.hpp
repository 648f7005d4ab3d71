// SPDX-License-Identifier: BSL-1.0
// What can be chosen for a writer of samples.

#ifndef CLARIFY_INGEST_WRITER_OPTIONS_HPP
#define CLARIFY_INGEST_WRITER_OPTIONS_HPP

#include <clarify/core/clock.hpp>
#include <clarify/ingest/writer_stats.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace clarify {

/// What becomes of new samples where there is no room.
enum class OnFull : std::uint8_t {
    /// They are refused (`Errc::overloaded`).
    refuse,
    /// The oldest that wait make room for them, and are counted (`DropReason::overflow`).
    drop_oldest,
};

/** What can be chosen for a writer. Checked when one is made.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct SampleWriterOptions {
    SampleWriterOptions() {}

    /// How long samples are gathered before they are sent, in milliseconds; longer where the rate limit
    /// or a failure holds them back. Default 1 s; not negative. 0: no longer than those have it.
    std::chrono::milliseconds max_delay{1'000};
    /// What becomes of new samples where there is no room. Default: they are refused.
    OnFull on_full = OnFull::refuse;
    /// How many bytes of samples may be on their way to a spool that lasts; see
    /// `MemorySpool` for the one in memory. Default 64 MiB; at least 1.
    std::uint64_t max_unspooled = std::uint64_t{64} << 20U;
    /// How long samples that nobody waits for may be on their way to a spool that lasts, in milliseconds.
    /// Default 500 ms; not negative.
    std::chrono::milliseconds spool_delay{500};
    /// Told of each sample that was set aside, before it is forgotten. On the writer's serial executor; what
    /// takes long there delays the writer. It must not throw; what it throws is swallowed.
    std::function<void(const RejectedSample&)> on_rejected;
    /// Told whenever `WriterStats::state` has changed, or something was found damaged. As `on_rejected`.
    std::function<void(const WriterStats&)> on_change;
    /// Makes the random part of every pause the same each time, for tests. Unset, the default: another
    /// one for every writer.
    std::optional<std::uint32_t> seed;
    /// Stands in for the steady clock, in tests. Null, the default: the steady clock.
    std::shared_ptr<TimeSource> clock;

    /// @throws std::invalid_argument naming the first member that is out of its range.
    void check() const;
};

/// What can be chosen for one write.
struct WriteOptions {
    WriteOptions() {}

    /// Wait for room where there is none? Else the write ends with `Errc::overloaded`. Default true.
    bool wait_for_room = true;
    /// Wait until the samples are stored or set aside? Else the write ends when they are in the
    /// spool. Default false.
    bool until_stored = false;
};

}  // namespace clarify

#include <clarify/ingest/impl/writer_options.hpp>

#endif  // CLARIFY_INGEST_WRITER_OPTIONS_HPP
