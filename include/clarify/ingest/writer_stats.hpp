// SPDX-License-Identifier: BSL-1.0
// What a writer of samples tells about itself.

#ifndef CLARIFY_INGEST_WRITER_STATS_HPP
#define CLARIFY_INGEST_WRITER_STATS_HPP

#include <clarify/api/timestamp.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/error.hpp>
#include <clarify/ingest/sample_spool.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clarify {

/// Why a sample is not stored and does not wait any more.
enum class DropReason : std::uint8_t {
    /// The service refused it for what it is, or it is too large: it was set aside.
    rejected,
    /// It was the oldest when there was no room (`OnFull::drop_oldest`).
    overflow,
    /// It was in a part of the spool that cannot be read.
    damaged,
    /// The writer ended without a spool that lasts, and handed it back or lost it.
    closed,
};
/// How many reasons there are.
inline constexpr std::size_t drop_reasons = 4;

/// The enumerator's name.
constexpr std::string_view to_string(DropReason reason) noexcept {
    constexpr std::array<std::string_view, drop_reasons> names{
        "rejected", "overflow", "damaged", "closed"};
    const auto index = static_cast<std::size_t>(reason);
    return index < names.size() ? names[index] : "unknown";
}

/** What became of samples: `offered` is the sum of the rest, at every instant.

    Of several samples for one input and time the ones that were replaced while they waited count as
    stored with the last one.
*/
struct SampleCounts {
    SampleCounts() {}

    /// Taken by this writer, and what was waiting in the spool when it began.
    std::uint64_t offered = 0;
    /// Stored by the service.
    std::uint64_t stored = 0;
    /// By `DropReason`.
    std::array<std::uint64_t, drop_reasons> dropped{};

    /// Those that neither are stored nor were dropped.
    std::uint64_t pending() const noexcept { return offered - stored - dropped_in_all(); }
    std::uint64_t dropped_for(DropReason reason) const noexcept {
        return dropped[static_cast<std::size_t>(reason)];
    }
    std::uint64_t dropped_in_all() const noexcept {
        return std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0});
    }
};

/// How a writer is. The first one that is true counts.
enum class WriterState : std::uint8_t {
    /// It takes no more samples: it is being drained, or was closed.
    closing,
    /// There is no room: new samples are refused, or take the place of the oldest ones.
    full,
    /// The spool cannot be read or written: new samples are refused.
    damaged,
    /// The last attempt to store samples failed; the next one follows.
    waiting,
    /// All is well.
    ok,
};

/// The enumerator's name.
constexpr std::string_view to_string(WriterState state) noexcept {
    constexpr std::array<std::string_view, 5> names{"closing", "full", "damaged", "waiting", "ok"};
    const auto index = static_cast<std::size_t>(state);
    return index < names.size() ? names[index] : "unknown";
}

/// A snapshot, of one instant.
struct WriterStats {
    WriterStats() {}

    WriterState state = WriterState::ok;
    /// How long it has been in this state.
    Clock::duration state_for{};
    /// For how long nothing could be stored, though something was to be: since the first failure
    /// after a success. Unset while all is well.
    std::optional<Clock::duration> failing_for;
    /// What storing samples waits for, or where that is nothing, why new ones are refused.
    std::optional<Error> error;
    SampleCounts counts;
    /// Those that wait for the spool, and those in it.
    std::uint64_t bytes = 0;
    /// How long ago the oldest that wait were taken, by the wall clock; zero where none wait, and where
    /// the clock was set back.
    Clock::duration oldest_age{};
    /// How many frames were sent.
    std::uint64_t requests = 0;
    /// What was found damaged in the spool and set aside.
    std::vector<SpoolDamage> damage;
};

/// A sample that was set aside, for it will never be stored.
struct RejectedSample {
    RejectedSample(std::string key, Timestamp at, double what, std::string why)
        : input(std::move(key)), time(at), value(what), reason(std::move(why)) {}

    std::string input;
    Timestamp time;
    double value;
    /// The service's words, with a path where it gave one. Show them, but do not trust them.
    std::string reason;
};

}  // namespace clarify

#endif  // CLARIFY_INGEST_WRITER_STATS_HPP
