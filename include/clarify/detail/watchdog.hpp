// SPDX-License-Identifier: BSL-1.0
// Ends what takes too long, with one timer for all that runs in a client.

#ifndef CLARIFY_DETAIL_WATCHDOG_HPP
#define CLARIFY_DETAIL_WATCHDOG_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/async_op.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/process_mark.hpp>
#include <clarify/core/detail/quiet_timer.hpp>
#include <clarify/detail/deadline_queue.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace clarify::detail {

/// Why something must end before its time.
enum class Stop : std::uint8_t {
    none,
    timeout,
    cancelled,
    closed,
    /// It is the parent's of this process, where it goes on.
    forked,
};

/// Something that runs on the client's serial executor under a deadline: a call, or a task of the
/// authentication policy.
struct Activity : Expiring, TaskOwner, std::enable_shared_from_this<Activity> {
    Activity() = default;
    Activity(const Activity&) = delete;
    Activity& operator=(const Activity&) = delete;
    virtual ~Activity() = default;

    /// Ends the activity; the first reason counts. False where memory was short, and it has to be
    /// told once more.
    bool stop(Stop why) noexcept {
        if (stopped == Stop::none) stopped = why;
        if (told) return true;
        try {
            signal.emit(boost::asio::cancellation_type::terminal);
            told = true;
        } catch (...) {
            told = false;
        }
        return told;
    }

    /// Its deadline has come: stops it. Returns when it is to be asked again, if it is not to be let go
    /// of: also of one that has not reached its end yet.
    virtual std::optional<TimePoint> due(TimePoint now) noexcept;

    /// Has it been stopped, or been begun in a process that this one was forked from?
    bool is_over() noexcept {
        if (stopped == Stop::none && process.is_elsewhere()) stopped = Stop::forked;
        return stopped != Stop::none;
    }

    boost::asio::cancellation_signal signal;
    /// Where it was begun.
    ProcessMark process;
    Stop stopped = Stop::none;
    bool told = false;

    /// What could not be done for want of memory is tried again after this.
    static constexpr std::chrono::milliseconds memory_pause{10};
};

inline std::optional<TimePoint> Activity::due(TimePoint now) noexcept {
    if (stop(Stop::timeout)) return std::nullopt;
    return now + memory_pause;
}

/** Stops each activity at its deadline, and gives its owner a turn now and then.

    One timer for all. When the last activity ends it is left to run out, so that calls in quick
    succession cost no system call each; but no context stays for it then, and `io_context::run`
    returns with the last outcome.

    @par Thread safety
    All belongs to the serial executor it is made with.
*/
class Watchdog {
public:
    /// The client it belongs to.
    class Owner {
    public:
        /// Called each time the timer has run out, before activities are stopped: what was left for
        /// later may be done now.
        virtual void turn() noexcept = 0;
        /// When the next turn has to be, at the latest, though no deadline is due; `TimePoint::max()`
        /// for never. `idle`: no activity is watched.
        virtual TimePoint next_turn(TimePoint now, bool idle) const noexcept = 0;
        /// The watchdog, as long as its owner is there. What the timer calls holds no more of it.
        virtual std::weak_ptr<Watchdog> weak_watchdog() noexcept = 0;

    protected:
        ~Owner() = default;
    };

    /// The longest time between two turns while there is anything to watch.
    static constexpr std::chrono::milliseconds tick{100};
    static constexpr std::chrono::milliseconds memory_pause = Activity::memory_pause;

    Watchdog(Owner& owner, const boost::asio::any_io_executor& serial);
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    /// Stops `activity` at its deadline, unless it is let go of before. May throw.
    void watch(Activity& activity) {
        queue_.insert(activity);
        arm();
    }
    /// Does nothing for what is not watched. `settle` is due when the owner has done its part.
    void unwatch(Activity& activity) noexcept { queue_.remove(activity); }
    /// Where nothing is watched and the owner wants no turn, the context need not stay any more.
    void settle() noexcept {
        if (!timer_ || !queue_.empty()) return;
        if (owner_.next_turn(timer_->now(), true) == (TimePoint::max)()) timer_->rest();
    }
    /// The context stays until the timer has run out, if it is set. In any thread, while the context
    /// is there.
    void hold() noexcept {
        if (timer_) timer_->hold();
    }

    /// Stops all that is watched, whatever its deadline. False where some could not be told for want
    /// of memory: they are stopped at the next turn.
    bool stop_all(Stop why) noexcept;
    /// Stops what was begun in another process.
    void stop_elsewhere() noexcept;
    /// Sets the timer anew if it has to run out earlier now.
    void rearm() noexcept;
    /// Ends the timer's wait, since nothing is left to be watched.
    void rest() noexcept {
        if (timer_) timer_->clear();
    }
    /// Lets go of the timer, since its context goes. Nothing is stopped from then on.
    void release() noexcept { timer_.reset(); }

private:
    void arm();
    void expire() noexcept;

    Owner& owner_;
    DeadlineQueue queue_;
    std::optional<QuietTimer> timer_;
};

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/detail/impl/watchdog.hpp>
#endif

#endif  // CLARIFY_DETAIL_WATCHDOG_HPP
