// SPDX-License-Identifier: BSL-1.0
// When a call may be sent to a server that allows a method so many times a second.

#ifndef CLARIFY_DETAIL_RATE_LIMITER_HPP
#define CLARIFY_DETAIL_RATE_LIMITER_HPP

#include <clarify/client_options.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/signal.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::detail {

/** A token bucket, told the time: decisions only.

    It is kept as the time at which it will be full again, so that nothing has to be filled up in
    the meantime.
*/
class TokenBucket {
public:
    /// A full one, of `size` tokens, that gains one in every `interval`.
    TokenBucket(Clock::duration interval, unsigned size)
        : interval_(interval), slack_(interval * (size - 1)) {}

    /// When the next token is there; in the past where it is.
    TimePoint ready() const noexcept {
        return full_ == (TimePoint::min)() ? (TimePoint::min)() : full_ - slack_;
    }
    /// When one more is there after so many others are taken, each as soon as it can be.
    TimePoint ready_after(std::size_t taken, TimePoint now) const noexcept {
        const TimePoint full = (std::max)(full_, now);
        const auto most = static_cast<std::size_t>(((TimePoint::max)() - full) / interval_);
        if (taken >= most) return (TimePoint::max)();
        const auto count = static_cast<Clock::duration::rep>(taken);
        return (std::max)(now, full + interval_ * count - slack_);
    }
    /// Takes a token if there is one.
    bool take(TimePoint now) noexcept {
        if (now < ready()) return false;
        full_ = (std::max)(full_, now) + interval_;
        return true;
    }

private:
    Clock::duration interval_;
    /// How long before it is full it has a token to give.
    Clock::duration slack_;
    TimePoint full_ = (TimePoint::min)();
};

/// The calls that wait for the tokens of one bucket, in the order in which they came.
class RateLine {
public:
    explicit RateLine(const RateLimit& limit)
        : methods_(limit.methods),
          bucket_(
              std::chrono::duration_cast<Clock::duration>(
                  std::chrono::duration<double>{1 / limit.per_second}),
              limit.burst) {}
    RateLine(const RateLine&) = delete;
    RateLine& operator=(const RateLine&) = delete;

    bool is_for(std::string_view method) const noexcept {
        return std::find(methods_.begin(), methods_.end(), method) != methods_.end();
    }
    /// Takes a token where nobody waits and one is there.
    bool pass(TimePoint now) noexcept { return !occupied_ && bucket_.take(now); }
    /// When somebody has a turn who comes to the line now, unless others leave it before theirs.
    TimePoint turn(TimePoint now) const noexcept { return bucket_.ready_after(waiting_, now); }

    /// A place in the line, with the wait at its head included.
    class Place {
    public:
        explicit Place(RateLine& line) noexcept : line_(line) { ++line_.waiting_; }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() { --line_.waiting_; }

    private:
        RateLine& line_;
    };

    /** The place at the head of the line. Whoever has it waits for the clock, all others for the
        place, which is handed on when its owner leaves, for whatever reason.
    */
    class Head {
    public:
        explicit Head(RateLine& line) noexcept : line_(line) { line_.occupied_ = true; }
        Head(const Head&) = delete;
        Head& operator=(const Head&) = delete;
        // Still occupied where somebody waits, who will find it so: nobody comes in between.
        ~Head() { line_.occupied_ = line_.places_.notify_one(); }

    private:
        RateLine& line_;
    };

    bool occupied() const noexcept { return occupied_; }
    Signal& places() noexcept { return places_; }
    TokenBucket& bucket() noexcept { return bucket_; }

private:
    std::vector<std::string> methods_;
    TokenBucket bucket_;
    Signal places_;
    bool occupied_ = false;
    std::size_t waiting_ = 0;
};

/// The lines of a client.
class RateLimiter {
public:
    explicit RateLimiter(const std::vector<RateLimit>& limits) {
        for (const RateLimit& limit : limits)
            lines_.emplace_back(limit);
    }

    /// The line for a method; null where it has no limit.
    RateLine* find(std::string_view method) noexcept {
        const auto found = std::find_if(
            lines_.begin(), lines_.end(), [&](RateLine& line) { return line.is_for(method); });
        return found == lines_.end() ? nullptr : &*found;
    }

private:
    std::deque<RateLine> lines_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_RATE_LIMITER_HPP
