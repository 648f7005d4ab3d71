// SPDX-License-Identifier: BSL-1.0
// How samples become one value for each bucket of a data query.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_AGGREGATION_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_AGGREGATION_HPP

#include <clarify/api/detail/buckets.hpp>
#include <clarify/testing/detail/emulator/data_request.hpp>
#include <clarify/testing/detail/emulator/time_text.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

/// The samples of one series; a missing value is simply not there.
using Series = std::map<ServerTime, double>;

/// Series by key.
using Frame = std::map<std::string, Series>;

/// What is asked of the samples in a bucket.
struct Aggregation {
    enum class Kind {
        count,
        min,
        max,
        sum,
        avg,
        first,
        last,
        state_seconds,
        state_percent,
        state_rate,
    };

    bool is_about_state() const { return kind >= Kind::state_seconds; }

    Kind kind = Kind::avg;
    /// Of those about a state.
    double state = 0;
};

/// The aggregation that has a name, in its short or long spelling; nullopt for an unknown one.
std::optional<Aggregation::Kind> aggregation_named(std::string_view name);

/** The buckets of a data query that has a rollup and a window that is not empty.

    A rollup by `window` has one bucket, the window; before and after it are buckets as long.
*/
class RequestBuckets {
public:
    explicit RequestBuckets(const DataRequest& query);

    /// The start of the bucket that holds `time`.
    ServerTime start(ServerTime time) const;

    /// The end of the bucket that starts at `start`, where the next one starts.
    ServerTime end(ServerTime start) const;

    /// The start of the bucket that is `count` buckets after the one that starts at `start`, or of
    /// the first one on the way there that begins outside the years 0 to 9999.
    ServerTime moved(ServerTime start, std::int64_t count) const;

private:
    // Nullopt for a rollup by window.
    std::optional<clarify::detail::Buckets> calendar_;
    ServerTime from_;
    // Of the window.
    Microseconds width_;
};

/// How long a value is good for where an item says nothing of gaps.
inline constexpr std::chrono::hours default_gap_detection{960};

/// What an aggregation is made of.
struct SampleRange {
    /// The last one before `from` too, if a state is asked for.
    const Series& samples;
    ServerTime from;
    /// Not included.
    ServerTime until;
    std::chrono::nanoseconds gap_detection = default_gap_detection;
};

/** A value for the start of each bucket about which something is known.

    Only samples in the range count. A state lasts until the next sample, but no longer than the gap
    detection, and the one before the range lasts into it; a bucket that is cut by the range has still
    the length of a whole one.

    @throws RpcFailure when there are more buckets than the emulator answers with.
*/
Series aggregate(
    const SampleRange& range, const RequestBuckets& buckets, const Aggregation& aggregation);

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/aggregation.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_AGGREGATION_HPP
