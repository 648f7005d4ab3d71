// SPDX-License-Identifier: BSL-1.0
// The clock of every deadline and expiry.

#ifndef CLARIFY_CORE_CLOCK_HPP
#define CLARIFY_CORE_CLOCK_HPP

#include <chrono>

namespace clarify {

/// Monotonic: a change of the wall clock moves no deadline and no expiry.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

}  // namespace clarify

#endif  // CLARIFY_CORE_CLOCK_HPP
