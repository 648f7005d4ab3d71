// How samples are grouped in time.
//
// SPDX-License-Identifier: BSL-1.0

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
    Microseconds width{0};  ///< of Kind::fixed, positive
    std::int64_t months = 0;  ///< of Kind::months, positive
};

}  // namespace clarify::testing::detail

#endif
