// SPDX-License-Identifier: BSL-1.0
// A clock that is moved by being looked at.

#ifndef CLARIFY_TESTS_SUPPORT_READING_CLOCK_HPP
#define CLARIFY_TESTS_SUPPORT_READING_CLOCK_HPP

#include <clarify/core/clock.hpp>

#include <chrono>
#include <functional>

namespace support {

/// For what is done without waiting, but not for ever. Rings nothing. Of one thread.
class ReadingClock final : public clarify::TimeSource {
public:
    clarify::TimePoint now() const noexcept override { return at(++readings_); }
    Alarm set_alarm(clarify::TimePoint, std::function<void()>) override { return 1; }
    void clear_alarm(Alarm) noexcept override {}

    /// What the reading of this number tells, from 1.
    static clarify::TimePoint at(int reading) {
        return clarify::TimePoint{std::chrono::milliseconds{reading}};
    }
    int readings() const noexcept { return readings_; }

private:
    mutable int readings_ = 0;
};

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_READING_CLOCK_HPP
