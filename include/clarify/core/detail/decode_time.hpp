// SPDX-License-Identifier: BSL-1.0
// Until when a reply may be read.

#ifndef CLARIFY_CORE_DETAIL_DECODE_TIME_HPP
#define CLARIFY_CORE_DETAIL_DECODE_TIME_HPP

#include <clarify/core/clock.hpp>

#include <cstddef>
#include <exception>

namespace clarify::detail {

/// Thrown through whoever reads, and turned into an error by whoever began that.
struct DecodeTimeUp : std::exception {
    const char* what() const noexcept override { return "the call took too long"; }
};

/** What all who read the parts of one reply ask whether the deadline of its call has passed.

    They say how much they have done; the clock is looked at now and then, for a small reply never.
*/
class DecodeTime {
public:
    /// The work before the first look at the clock, and between two looks, in bytes of text or memory.
    static constexpr std::size_t first_look = std::size_t{64} << 10U;
    static constexpr std::size_t next_look = std::size_t{16} << 10U;

    /// Null is the steady clock.
    DecodeTime(TimePoint deadline, const TimeSource* clock) noexcept
        : deadline_(deadline), clock_(clock) {}

    /// How much may be done before `spend` has to be told.
    std::size_t left() const noexcept { return left_; }
    /// So much was done, or is about to be. Throws `DecodeTimeUp`, from then on each time.
    void spend(std::size_t bytes) {
        if (bytes < left_) {
            left_ -= bytes;
            return;
        }
        left_ = 0;
        if ((clock_ != nullptr ? clock_->now() : Clock::now()) >= deadline_) throw DecodeTimeUp{};
        left_ = next_look;
    }
    /// The same, where nothing may be thrown: the next one to tell will find out.
    void note(std::size_t bytes) noexcept { left_ -= bytes < left_ ? bytes : left_; }

private:
    TimePoint deadline_;
    const TimeSource* clock_;
    std::size_t left_ = first_look;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_DECODE_TIME_HPP
