// SPDX-License-Identifier: BSL-1.0
// The slots of a rate limit that several share, told the time: decisions only.

#ifndef CLARIFY_PACE_DETAIL_PACE_LINE_HPP
#define CLARIFY_PACE_DETAIL_PACE_LINE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/pace/pace_store.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace clarify::detail {

/** A bucket of tokens that may be taken before they are there (the generic cell rate algorithm), kept
    as the time at which it will be full again, and who has taken some lately.

    Times are microseconds of one clock that all who share it have.
*/
class PaceLine {
public:
    using Time = std::chrono::microseconds;
    /// Whoever has had no slot for so long shares no more.
    static constexpr Time memory = std::chrono::minutes{1};
    /// Of more it is not known who they are.
    static constexpr std::size_t most_sharers = 1'000;

    PaceSlot reserve(const PaceTerms& terms, Time now) {
        forget(now);
        const Time interval = (std::max)(Time{1}, std::chrono::ceil<Time>(terms.interval));
        const Time full = (std::max)(full_, now);
        const Time slot = (std::max)(now, full - interval * (terms.burst - 1));
        PaceSlot out;
        out.wait = std::chrono::duration_cast<Clock::duration>(slot - now);
        out.is_reserved = out.wait <= terms.patience;
        if (out.is_reserved) {
            full_ = full + interval;
            keep(terms.sharer, slot + memory);
        } else {
            keep(terms.sharer, now + memory);
        }
        out.sharers = static_cast<unsigned>(sharers_.size());
        return out;
    }

    /// In lines: when it is full, and of each sharer who it is and until when it is one.
    std::string write() const {
        std::string out = std::to_string(full_.count()) + '\n';
        for (const Sharer& each : sharers_)
            out += std::to_string(each.id) + ' ' + std::to_string(each.until.count()) + '\n';
        return out;
    }
    /// Nothing unless it is whole.
    static std::optional<PaceLine> read(std::string_view text) {
        PaceLine line;
        const std::optional<std::int64_t> full = number<std::int64_t>(text, '\n');
        if (!full || *full < 0) return std::nullopt;
        line.full_ = Time{*full};
        while (!text.empty()) {
            const std::optional<std::uint64_t> id = number<std::uint64_t>(text, ' ');
            const std::optional<std::int64_t> until = number<std::int64_t>(text, '\n');
            if (!id || !until || line.sharers_.size() == most_sharers) return std::nullopt;
            line.sharers_.push_back({*id, Time{*until}});
        }
        return line;
    }

private:
    struct Sharer {
        std::uint64_t id;
        Time until;
    };

    void forget(Time now) {
        std::erase_if(sharers_, [now](const Sharer& each) { return each.until < now; });
    }
    void keep(std::uint64_t id, Time until) {
        const auto known = std::find_if(
            sharers_.begin(), sharers_.end(), [id](const Sharer& each) { return each.id == id; });
        if (known != sharers_.end()) {
            known->until = (std::max)(known->until, until);
        } else if (sharers_.size() != most_sharers) {
            sharers_.push_back({id, until});
        }
    }
    /// Takes a number and what ends it from the front.
    template <class T>
    static std::optional<T> number(std::string_view& text, char end) {
        T value{};
        const auto [at, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
        const auto size = static_cast<std::size_t>(at - text.data());
        if (failed != std::errc{} || size == text.size() || *at != end) return std::nullopt;
        text.remove_prefix(size + 1);
        return value;
    }

    Time full_{0};
    std::vector<Sharer> sharers_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_PACE_DETAIL_PACE_LINE_HPP
