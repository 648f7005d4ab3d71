// SPDX-License-Identifier: BSL-1.0
// A timer that can be left set while nobody has to stay for it: `io_context::run` returns all the same.

#ifndef CLARIFY_CORE_DETAIL_QUIET_TIMER_HPP
#define CLARIFY_CORE_DETAIL_QUIET_TIMER_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/work_count.hpp>
#include <clarify/core/timer.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace clarify::detail {

/** Calls a function on a serial executor at some time.

    A context stays as long as it counts work, and a wait is counted. One that rests is taken out of
    the count, and stays set: that costs no system call, where ending the wait and beginning another
    one would cost one each time. Whoever then needs it has it counted again.

    The count has to be right when the wait ends, in whatever thread that is and whoever rests or
    holds it at that moment. So the wait ends where the context completes it, not on the serial
    executor, and one atomic number says what the wait has to settle.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe, but for `hold`; one is used on its serial executor
    only, and destroyed where nothing of that runs.
*/
class QuietTimer {
public:
    explicit QuietTimer(const boost::asio::any_io_executor& serial)
        : timer_(serial),
          // A stand-in clock moves on as long as an alarm is set.
          can_rest_(time_source(serial) == nullptr),
          state_(std::make_shared<State>(serial)) {
        can_rest_ = can_rest_ && state_->count;
    }
    QuietTimer(const QuietTimer&) = delete;
    QuietTimer& operator=(const QuietTimer&) = delete;
    ~QuietTimer() { drop(); }

    TimePoint now() const noexcept { return timer_.now(); }
    TimePoint expiry() const noexcept { return timer_.expiry(); }
    /// Is it yet to ring?
    bool is_set() const noexcept { return state_->latest.load() != 0; }
    /// Does it stay set while it rests?
    bool can_rest() const noexcept { return can_rest_; }

    /// Arranges for `ring()` at `when`, instead of what was set before. Holds. Throws
    /// `std::bad_alloc`; then nothing is set. `ring` is copied, and throws nothing.
    template <class Ring>
    void set(TimePoint when, Ring ring) {
        drop();
        timer_.expires_at(when);
        const std::uint64_t turn = turns_ += 2;
        state_->latest.store(turn);
        state_->wait.store(turn);
        try {
            auto end = [state = state_,
                        serial = timer_.get_executor(),
                        turn,
                        ring = std::move(ring)](boost::system::error_code) noexcept {
                if (state->end_wait(turn)) hand_over(state, serial, turn, ring);
            };
            timer_.async_wait(
                boost::asio::bind_executor(boost::asio::system_executor{}, std::move(end)));
        } catch (...) {
            state_->wait.store(0);
            state_->latest.store(0);
            throw;
        }
    }
    /// It will not ring.
    void clear() noexcept {
        drop();
        timer_.expires_at((TimePoint::max)());
    }

    /// From now on the context need not stay for it. To be called where something else is counted:
    /// by what runs on the serial executor. Where the context cannot be told, it is cleared.
    void rest() noexcept {
        if (!can_rest_) return clear();
        std::uint64_t seen = state_->wait.load();
        if (seen == 0 || (seen & resting) != 0) return;
        if (state_->wait.compare_exchange_strong(seen, seen | resting)) state_->count.remove();
    }
    /// From now on the context stays for it. In any thread.
    void hold() noexcept {
        std::uint64_t seen = state_->wait.load();
        if ((seen & resting) == 0) return;
        // Counted before it says so: the wait may end at this moment.
        state_->count.add();
        if (!state_->wait.compare_exchange_strong(seen, seen & ~resting)) state_->count.remove();
    }

private:
    static constexpr std::uint64_t resting = 1;

    /// What the waits share with the timer, and keep when that is gone.
    struct State {
        explicit State(const boost::asio::any_io_executor& executor) : count(executor) {}

        /// Tells a wait that has ended whether it is the one that counts, and puts it back into the
        /// count, from which Asio is about to take it.
        bool end_wait(std::uint64_t turn) noexcept {
            std::uint64_t seen = wait.load();
            while ((seen & ~resting) == turn) {
                if (!wait.compare_exchange_weak(seen, 0)) continue;
                if ((seen & resting) != 0) count.add();
                return true;
            }
            return false;
        }
        bool take(std::uint64_t turn) noexcept { return latest.compare_exchange_strong(turn, 0); }

        WorkCount count;
        /// The turn that is yet to ring, or 0.
        std::atomic<std::uint64_t> latest{0};
        /// The turn that is being waited for, and whether it rests; or 0.
        std::atomic<std::uint64_t> wait{0};
    };

    /// Has it ring on the serial executor. Where there is twice no memory for that, it is not set any
    /// more, so that whoever needs it sets it.
    template <class Ring>
    static void hand_over(
        const std::shared_ptr<State>& state,
        const boost::asio::any_io_executor& serial,
        std::uint64_t turn,
        const Ring& ring) noexcept {
        for (int attempt = 0; attempt != 2; ++attempt) {
            try {
                boost::asio::post(serial, [state, turn, ring] {
                    if (state->take(turn)) ring();
                });
                return;
            } catch (...) {  // NOLINT(bugprone-empty-catch): once more
            }
        }
        state->take(turn);
    }
    /// Whatever was set, nobody waits for it any more. Its wait ends counted.
    void drop() noexcept {
        hold();
        state_->wait.store(0);
        state_->latest.store(0);
    }

    Timer timer_;
    bool can_rest_;
    std::uint64_t turns_ = 0;
    std::shared_ptr<State> state_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_QUIET_TIMER_HPP
