// SPDX-License-Identifier: BSL-1.0
// How samples are grouped in time.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_BUCKET_WIDTH_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_BUCKET_WIDTH_HPP

#include <clarify/testing/detail/emulator/time_text.hpp>

#include <chrono>
#include <cstdint>

namespace clarify::testing::detail {

/// How samples are grouped in time.
struct BucketWidth {
    enum class Kind { none, window, fixed, months };

    Kind kind = Kind::none;
    /// Of Kind::fixed, positive.
    Microseconds width{0};
    /// Of Kind::months, positive.
    std::int64_t months = 0;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_BUCKET_WIDTH_HPP
