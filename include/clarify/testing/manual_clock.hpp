// SPDX-License-Identifier: BSL-1.0
// A clock that a test sets by hand, so that a day passes in milliseconds.

#ifndef CLARIFY_TESTING_MANUAL_CLOCK_HPP
#define CLARIFY_TESTING_MANUAL_CLOCK_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/detail/time_span.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace clarify::testing {

/// Why `ManualClock::run` or `run_for` returned.
enum class Halt : std::uint8_t {
    /// Nothing is left to do on the context, or a handler stopped it.
    finished,
    /// Something waits that no alarm will wake: for a socket, for the test itself, or for ever.
    stuck,
    /// The span of time that was asked for has passed, and something still waits.
    time_up,
};

/** A clock that moves only when it is told to.

    ```cpp
    boost::asio::io_context context;
    auto clock = std::make_shared<clarify::testing::ManualClock>();
    clarify::ClientOptions options;
    options.clock = clock;
    // ... a client over a ScriptedBackend, with those options ...
    auto outcome = clock->run(context, client.call("clarify.selectItems"));  // takes no time
    clock->run_for(context, std::chrono::hours{24});                         // nor does this
    ```

    It starts at a moment that is the same in every run, and never goes back. The date that it tells is
    the beginning of the year 2000 at first and moves along; it may be set (`set_wall_time`), as a
    machine's may.

    The `run` functions do what `io_context::run` does, but wherever that would wait, they move the
    clock to the next alarm instead. Only what waits on this clock can be skipped: all that the
    library itself waits for, and each `clarify::Timer` on an executor of the context, strands included,
    that was made after a client with this clock, or after `executor(context)` was called. A `steady_timer` or a socket on the same context goes by real time, so
    these functions are for tests without sockets: they return (`Halt::stuck`) rather than wait for
    one.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe. The `run` functions want the context for
    themselves: no other thread may run it meanwhile. For one that has its own threads, use
    `advance`.
    @par Exceptions
    One that a handler throws leaves the `run` functions, as it would leave `io_context::run`.
*/
class ManualClock final : public TimeSource, public std::enable_shared_from_this<ManualClock> {
public:
    /// One that starts at a moment that is the same in every run, far from both ends of time.
    ManualClock() = default;
    /// One that starts at `start`. Leave room before it for the spans that are subtracted from it,
    /// such as the life of a token.
    explicit ManualClock(TimePoint start) : start_(start), now_(start.time_since_epoch().count()) {}
    ManualClock(const ManualClock&) = delete;
    ManualClock& operator=(const ManualClock&) = delete;

    /// The moment that the clock has been moved to. Takes no lock.
    TimePoint now() const noexcept override {
        return TimePoint{Clock::duration{now_.load(std::memory_order_acquire)}};
    }
    /// How far the clock has been moved since it was made.
    Clock::duration elapsed() const noexcept { return now() - start_; }
    /// The date. Takes no lock.
    std::chrono::system_clock::time_point wall_now() const noexcept override {
        using Wall = std::chrono::system_clock;
        const Wall::duration moved{wall_moved_.load(std::memory_order_acquire)};
        return wall_start + moved + std::chrono::duration_cast<Wall::duration>(elapsed());
    }
    /// Sets the date, forwards or back: it goes on from there. Moves nothing else, and rings nothing.
    void set_wall_time(std::chrono::system_clock::time_point date) noexcept {
        wall_moved_.fetch_add((date - wall_now()).count(), std::memory_order_acq_rel);
    }

    /** Moves the clock, and rings on the way the alarms whose time comes.

        They ring in the order of their times, each at its own time: `now()` says so meanwhile. What
        an alarm wakes runs later, when somebody runs its context. A time that has passed already
        changes nothing.
    */
    void advance_to(TimePoint when);
    /// The same, so much further than where the clock stands now; nothing for a negative span.
    void advance(Clock::duration by) { advance_to(clarify::detail::time_after(now(), by)); }

    /// When the next alarm rings, if one is set. After a `Halt::stuck` there is none.
    std::optional<TimePoint> next_alarm() const;

    /// A serial executor over `context` on which `clarify::Timer` follows this clock: for the timers
    /// of the application that is tested. So it does on all other executors of the context from then on,
    /// until another clock is set; a client with a clock sets that, too. The clock must be owned by a
    /// `shared_ptr`.
    boost::asio::any_io_executor executor(boost::asio::io_context& context) {
        return clarify::detail::SerialExecutor::over(context.get_executor(), shared_from_this());
    }

    /// Runs `context` until nothing is left to do on it, or until it is stuck. A context that has
    /// been stopped is restarted.
    Halt run(boost::asio::io_context& context);
    /** Runs `context` for `span`; the clock then stands exactly that much later, in any case.

        A span of zero runs what can run without time passing. What waits for the very end runs
        too. Where the context is finished before, the alarms of the rest of the span still ring,
        but what they wake waits for the next run.
    */
    Halt run_for(boost::asio::io_context& context, Clock::duration span);
    /** Runs `context` until `condition()` holds; it is asked before each handler.

        Returns whether it holds: not where the context is finished or stuck before, or where it
        would take longer than `at_most`, a week by default.
    */
    template <class Condition>
    bool run_until(
        boost::asio::io_context& context,
        Condition&& condition,
        Clock::duration at_most = std::chrono::hours{24 * 7});
    /** Runs `task` to its end, on an `executor(context)`, and returns or throws what it does.

        @throws std::logic_error where it cannot end: it waits for something that no alarm brings.
        Its coroutine then stays on the context, and is destroyed with it.
    */
    template <class T>
    T run(boost::asio::io_context& context, boost::asio::awaitable<T> task);

    /// For timers: `ring` is called by whoever moves the clock to `when`, or inside this call if
    /// that has come already, never under a lock. One for the end of time never rings.
    Alarm set_alarm(TimePoint when, std::function<void()> ring) override;
    /// Forgets an alarm, and destroys its function; nothing where it has rung.
    void clear_alarm(Alarm alarm) noexcept override;

private:
    using Key = std::pair<TimePoint, Alarm>;

    /// Takes out the first alarm due by `when`, and moves the clock to it, else to `when`.
    std::function<void()> step(TimePoint when);
    Halt run_to(boost::asio::io_context& context, TimePoint limit);

    // Far enough from zero that subtracting any reasonable span is no trouble.
    TimePoint start_{std::chrono::hours{24 * 365}};
    std::atomic<Clock::rep> now_ = start_.time_since_epoch().count();
    static constexpr std::chrono::sys_days wall_start{
        std::chrono::year{2000} / std::chrono::January / 1};
    std::atomic<std::chrono::system_clock::rep> wall_moved_ = 0;
    mutable std::mutex mutex_;
    Alarm last_ = 0;
    std::map<Key, std::function<void()>> alarms_;
    std::unordered_map<Alarm, TimePoint> times_;
};

}  // namespace clarify::testing

#include <clarify/testing/detail/doubles/impl/manual_clock.hpp>

#endif  // CLARIFY_TESTING_MANUAL_CLOCK_HPP
