// SPDX-License-Identifier: BSL-1.0
// How far a client is on its way to its end, and who waits for that: decisions only.

#ifndef CLARIFY_DETAIL_ENDING_HPP
#define CLARIFY_DETAIL_ENDING_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/error.hpp>
#include <clarify/detail/outbox.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clarify::detail {

/// Somebody who waits until the last call of a client that is being closed has ended.
struct DrainWait : Deliverable {
    std::optional<Error> error;
};

/** The stages of a client: open, draining (no new calls, those in flight go on), closed.

    Knows how many calls are in flight, and until when they may be.

    @par Thread safety
    All belongs to the client's serial executor, but for `close_later`.
*/
class Ending {
public:
    bool is_open() const noexcept { return stage_ == Stage::open; }
    bool is_draining() const noexcept { return stage_ == Stage::draining; }
    bool is_closed() const noexcept { return stage_ == Stage::closed; }

    void call_begun() noexcept { ++calls_; }
    void call_ended() noexcept { --calls_; }
    bool has_calls() const noexcept { return calls_ != 0; }

    /// No call may begin any more, and those in flight may go on until `until` at most. Said again,
    /// the earliest time counts. Whether it was said for the first time to a client that was open.
    bool drain(TimePoint until) noexcept {
        drain_until_ = (std::min)(drain_until_, until);
        if (stage_ != Stage::open) return false;
        stage_ = Stage::draining;
        return true;
    }
    /// When calls in flight have to be ended; never where the client is not draining.
    TimePoint drain_ends() const noexcept {
        return stage_ == Stage::draining ? drain_until_ : (TimePoint::max)();
    }

    /// No call may be in flight any more, and none of so many operations that make several. False
    /// where that was said before.
    bool close(TimePoint now, std::size_t operations = 0) noexcept {
        const bool cut_short = stage_ == Stage::draining && (calls_ != 0 || operations != 0);
        if (cut_short) {
            cut_short_ = now >= drain_until_ ? Errc::timeout : Errc::closed;
            cut_calls_ = calls_;
            cut_operations_ = operations;
        }
        return std::exchange(stage_, Stage::closed) != Stage::closed;
    }
    /// Leaves `close` for later, where there is no memory to get to the executor.
    void close_later() noexcept { close_later_ = true; }
    /// Is that to be made up for now?
    bool take_close_later() noexcept { return close_later_.exchange(false); }

    /// Adds one who waits for the last call. May throw.
    void add(std::shared_ptr<DrainWait> wait) { waits_.push_back(std::move(wait)); }
    /// False where it does not wait any more.
    bool remove(const std::shared_ptr<DrainWait>& wait) { return std::erase(waits_, wait) != 0; }
    /// All that wait, who are to be told that it is over: each with an error where calls in flight
    /// did not get the time they had been given.
    std::vector<std::shared_ptr<DrainWait>> take_waits() noexcept {
        std::vector<std::shared_ptr<DrainWait>> waits = std::exchange(waits_, {});
        for (const std::shared_ptr<DrainWait>& wait : waits) {
            if (cut_short_ != Errc{}) wait->error = cut_error();
        }
        return waits;
    }

private:
    Error cut_error() const noexcept {
        try {
            return Error{
                cut_short_,
                Reason::none,
                "cut short: " + std::to_string(cut_calls_) + " calls under way, and " +
                    std::to_string(cut_operations_) + " operations of several calls"};
        } catch (...) {
            return Error{cut_short_};
        }
    }

    enum class Stage : std::uint8_t { open, draining, closed };

    Stage stage_ = Stage::open;
    std::atomic<bool> close_later_ = false;
    /// Why calls were ended that had been given time.
    Errc cut_short_{};
    std::size_t cut_calls_ = 0;
    std::size_t cut_operations_ = 0;
    /// Calls that have begun and not ended.
    std::size_t calls_ = 0;
    TimePoint drain_until_ = (TimePoint::max)();
    std::vector<std::shared_ptr<DrainWait>> waits_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_ENDING_HPP
