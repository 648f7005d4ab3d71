// SPDX-License-Identifier: BSL-1.0
// How wide the buckets are in which samples are grouped.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_BUCKET_WIDTH_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_BUCKET_WIDTH_HPP

#include <clarify/testing/detail/emulator/time_text.hpp>

#include <chrono>
#include <cstdint>

namespace clarify::testing::detail {

/// How wide the buckets of samples are: the `rollup` of a request.
struct BucketWidth {
    enum class Kind { none, window, fixed, months };

    Kind kind = Kind::none;
    /// Positive for `Kind::fixed`, else 0.
    Microseconds width{0};
    /// Positive for `Kind::months`, else 0.
    std::int64_t months = 0;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_BUCKET_WIDTH_HPP
