// SPDX-License-Identifier: BSL-1.0
// Bodies of the clock that a test sets by hand.

#ifndef CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_MANUAL_CLOCK_HPP
#define CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_MANUAL_CLOCK_HPP

#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <type_traits>

namespace clarify::testing {

inline TimeSource::Alarm ManualClock::set_alarm(TimePoint when, std::function<void()> ring) {
    Alarm alarm = 0;
    {
        const std::lock_guard lock{mutex_};
        alarm = ++last_;
        if (when == (TimePoint::max)()) return alarm;
        if (when > now()) {
            times_.emplace(alarm, when);
            alarms_.emplace(Key{when, alarm}, std::move(ring));
            return alarm;
        }
    }
    ring();
    return alarm;
}

inline void ManualClock::clear_alarm(Alarm alarm) noexcept {
    // Destroyed after the lock is released, for it may own what clears another alarm.
    decltype(alarms_)::node_type cleared;
    const std::lock_guard lock{mutex_};
    const auto found = times_.find(alarm);
    if (found == times_.end()) return;
    cleared = alarms_.extract(Key{found->second, alarm});
    times_.erase(found);
}

inline std::optional<TimePoint> ManualClock::next_alarm() const {
    const std::lock_guard lock{mutex_};
    if (alarms_.empty()) return std::nullopt;
    return alarms_.begin()->first.first;
}

inline std::function<void()> ManualClock::step(TimePoint when) {
    std::function<void()> ring;
    const std::lock_guard lock{mutex_};
    const auto first = alarms_.begin();
    const bool due = first != alarms_.end() && first->first.first <= when;
    // Another thread may have moved the clock further already.
    const TimePoint to = (std::max)(now(), due ? first->first.first : when);
    now_.store(to.time_since_epoch().count(), std::memory_order_release);
    if (due) {
        ring = std::move(first->second);
        times_.erase(first->first.second);
        alarms_.erase(first);
    }
    return ring;
}

inline void ManualClock::advance_to(TimePoint when) {
    while (const std::function<void()> ring = step(when))
        ring();
}

inline Halt ManualClock::run_to(boost::asio::io_context& context, TimePoint limit) {
    if (context.stopped()) context.restart();
    for (;;) {
        context.poll();
        if (context.stopped()) return Halt::finished;
        const std::optional<TimePoint> next = next_alarm();
        if (!next) return Halt::stuck;
        if (*next > limit) return Halt::time_up;
        advance_to(*next);
    }
}

inline Halt ManualClock::run(boost::asio::io_context& context) {
    return run_to(context, (TimePoint::max)());
}

inline Halt ManualClock::run_for(boost::asio::io_context& context, Clock::duration span) {
    const TimePoint limit = clarify::detail::time_after(now(), span);
    const Halt halt = run_to(context, limit);
    advance_to(limit);
    return halt;
}

template <class Condition>
bool ManualClock::run_until(
    boost::asio::io_context& context, Condition&& condition, Clock::duration at_most) {
    const TimePoint limit = clarify::detail::time_after(now(), at_most);
    if (context.stopped()) context.restart();
    for (;;) {
        if (condition()) return true;
        if (context.poll_one() != 0 && !context.stopped()) continue;
        // The last handler of all may have made it true.
        if (context.stopped()) return condition();
        const std::optional<TimePoint> next = next_alarm();
        if (!next || *next > limit) return false;
        advance_to(*next);
    }
}

template <class T>
T ManualClock::run(boost::asio::io_context& context, boost::asio::awaitable<T> task) {
    struct Outcome {
        std::optional<std::exception_ptr> ended;
        std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
    };
    // Shared with the handler, which a task that cannot end leaves behind.
    const auto outcome = std::make_shared<Outcome>();
    if constexpr (std::is_void_v<T>) {
        boost::asio::co_spawn(
            executor(context), std::move(task), [outcome](std::exception_ptr thrown) {
                outcome->ended = std::move(thrown);
            });
    } else {
        boost::asio::co_spawn(
            executor(context), std::move(task), [outcome](std::exception_ptr thrown, T value) {
                outcome->ended = std::move(thrown);
                outcome->value.emplace(std::move(value));
            });
    }
    if (!run_until(context, [&] { return outcome->ended.has_value(); }))
        throw std::logic_error{"the task waits for something that no alarm of the clock brings"};
    if (*outcome->ended) std::rethrow_exception(*outcome->ended);
    if constexpr (!std::is_void_v<T>) return std::move(*outcome->value);
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_DOUBLES_IMPL_MANUAL_CLOCK_HPP
