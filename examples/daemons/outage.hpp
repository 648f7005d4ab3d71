// SPDX-License-Identifier: BSL-1.0
// When a state that lasts is to be told: once when it begins, once when it ends.

#ifndef CLARIFY_DAEMONS_OUTAGE_HPP
#define CLARIFY_DAEMONS_OUTAGE_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace daemons {

/** Follows failures and successes, and finds where an outage begins and where it ends.

    It begins with the first failure, and ends with a success. One that begins within a minute of the
    end of another one is the same trouble coming and going: then it ends only with a success after a
    time without failures, ten seconds at first and twice as long each time, up to ten minutes. So
    the number of lines in a log does not grow with the number of failures.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class Outage {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    struct Past {
        Duration lasted;
        std::uint64_t failures;
    };

    /// Something failed. Does an outage begin with it?
    bool failed(Time now) {
        last_ = now;
        ++failures_;
        if (lasting_) return false;
        lasting_ = true;
        since_ = now;
        failures_ = 1;
        const bool again = ended_ && now - *ended_ < std::chrono::minutes{1};
        quiet_ = again ? std::clamp<Duration>(2 * quiet_, shortest, longest) : Duration{0};
        return true;
    }

    /// Something succeeded. What outage ends with it, if one does?
    std::optional<Past> succeeded(Time now) {
        if (!lasting_ || now - last_ < quiet_) return std::nullopt;
        lasting_ = false;
        ended_ = now;
        return Past{now - since_, failures_};
    }

    bool lasting() const { return lasting_; }

private:
    static constexpr Duration shortest = std::chrono::seconds{10};
    static constexpr Duration longest = std::chrono::minutes{10};

    bool lasting_ = false;
    Time since_;
    Time last_;
    std::uint64_t failures_ = 0;
    std::optional<Time> ended_;
    Duration quiet_{0};
};

/// Lets something be told at once, and then no more than once in a minute.
class Rarely {
public:
    /// It happened. May it be told, and how often was it not since the last time?
    std::optional<std::uint64_t> happened(Outage::Time now) {
        if (told_ && now - *told_ < std::chrono::minutes{1}) {
            ++untold_;
            return std::nullopt;
        }
        told_ = now;
        const std::uint64_t untold = untold_;
        untold_ = 0;
        return untold;
    }

private:
    std::optional<Outage::Time> told_;
    std::uint64_t untold_ = 0;
};

}  // namespace daemons

#endif  // CLARIFY_DAEMONS_OUTAGE_HPP
