// SPDX-License-Identifier: BSL-1.0
// When a call may be sent to a server that allows a method so many times a second.

#ifndef CLARIFY_DETAIL_RATE_LIMITER_HPP
#define CLARIFY_DETAIL_RATE_LIMITER_HPP

#include <clarify/client_options.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/random.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/detail/time_span.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
        take_anyway(now);
        return true;
    }
    /// Takes the next one, be it there or not.
    void take_anyway(TimePoint now) noexcept { full_ = (std::max)(full_, now) + interval_; }

    Clock::duration interval() const noexcept { return interval_; }
    unsigned size() const noexcept { return static_cast<unsigned>(slack_ / interval_) + 1; }

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
    /// The first of its methods.
    const std::string& name() const noexcept { return methods_.front(); }
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

    /// When the call at the head may be sent, if it is not yet; see `take`.
    TimePoint turn_of_head(std::optional<TimePoint> slot) const noexcept {
        return slot ? *slot : bucket_.ready();
    }
    /// May the call at the head be sent, which has the slot at `slot` of all who share the limit? Unset: it
    /// takes its turn among those of this client.
    bool take(TimePoint now, std::optional<TimePoint> slot) noexcept {
        if (!slot) return bucket_.take(now);
        if (now < *slot) return false;
        bucket_.take_anyway(now);
        return true;
    }

    bool occupied() const noexcept { return occupied_; }
    Signal& places() noexcept { return places_; }
    const TokenBucket& bucket() const noexcept { return bucket_; }

private:
    std::vector<std::string> methods_;
    TokenBucket bucket_;
    Signal places_;
    bool occupied_ = false;
    std::size_t waiting_ = 0;
};

/// Is the store of shared limits of use, and who is this client there?
class PaceUse {
public:
    /// After a failure the store is left alone for so long.
    static constexpr std::chrono::seconds pause{30};

    bool is_worth_asking(TimePoint now) const noexcept { return now >= alone_until_; }
    /// Is this to be told?
    bool failed(TimePoint now) noexcept {
        alone_until_ = time_after(now, pause);
        return !std::exchange(has_failed_, true);
    }
    void succeeded() noexcept { has_failed_ = false; }
    std::uint64_t sharer() const noexcept { return sharer_; }

private:
    std::uint64_t sharer_ = unforeseeable_number();
    TimePoint alone_until_ = (TimePoint::min)();
    bool has_failed_ = false;
};

/// The lines of a client.
class RateLimiter {
public:
    explicit RateLimiter(const ClientOptions& options) {
        for (const RateLimit& limit : options.rate_limits)
            lines_.emplace_back(limit);
        if (options.pace.store) pace_.emplace();
    }

    /// Null where limits are not shared.
    PaceUse* pace() noexcept { return pace_ ? &*pace_ : nullptr; }
    const PaceUse* pace() const noexcept { return pace_ ? &*pace_ : nullptr; }

    /// The line for a method; null where it has no limit.
    RateLine* find(std::string_view method) noexcept {
        const auto found = std::find_if(
            lines_.begin(), lines_.end(), [&](RateLine& line) { return line.is_for(method); });
        return found == lines_.end() ? nullptr : &*found;
    }

private:
    std::deque<RateLine> lines_;
    std::optional<PaceUse> pace_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_RATE_LIMITER_HPP
