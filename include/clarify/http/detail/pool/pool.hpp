// SPDX-License-Identifier: BSL-1.0
// Which connection serves which exchange: decisions only, no I/O.

#ifndef CLARIFY_HTTP_DETAIL_POOL_POOL_HPP
#define CLARIFY_HTTP_DETAIL_POOL_POOL_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/time_span.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace clarify::detail {

/// See `HttpOptions`.
struct PoolLimits {
    std::size_t max_connections = 16;
    std::size_t max_waiting = 16'384;
    Clock::duration idle_timeout = std::chrono::seconds{30};
    Clock::duration lifetime = std::chrono::minutes{15};
};

/** The state machine of the connections to one origin.

    Every place is in one of three states: idle, lent, or free. Who comes takes the idle connection
    that was used last, else a free place to open one in, else waits in line. Whoever gives a place
    back passes it to the first in line, so nobody is overtaken.

    Where the system has no resource for another connection, opening is held back for a while: as
    long as there are others, one waits in line for them.

    Giving back and closing allocate nothing: there is room for every place from the start.

    `Connection` is a movable handle that is true when it holds one; `Waiter` is a pointer-like
    token of somebody in line.
*/
template <class Connection, class Waiter>
class Pool {
public:
    enum class Step { reuse, open, wait, overloaded };
    struct Decision {
        Step step;
        Connection connection;
    };
    /// What a place that came free means for the first in line: a connection to reuse, or room to
    /// open one.
    struct Handover {
        Waiter waiter;
        Connection connection;
    };

    explicit Pool(PoolLimits limits) : limits_(limits) {}

    /// A newcomer asks. After `wait` the caller must `enqueue`. `fresh`: no idle connection,
    /// please.
    Decision acquire(TimePoint now, bool fresh) {
        drop_expired(now);
        if (waiting_.empty()) {
            if (!fresh && !idle_.empty()) {
                Connection connection = std::move(idle_.back().connection);
                idle_.pop_back();
                return {Step::reuse, std::move(connection)};
            }
            // An idle connection that may not be used makes room by being closed.
            if (fresh && !idle_.empty() && places_ == limits_.max_connections) {
                doomed_.push_back(std::move(idle_.front().connection));
                idle_.erase(idle_.begin());
                --places_;
            }
            const bool held_back = now < held_back_until_ && places_ > idle_.size();
            if (places_ < limits_.max_connections && !held_back) {
                add_place();
                return {Step::open, Connection{}};
            }
        }
        return {
            waiting_.size() < limits_.max_waiting ? Step::wait : Step::overloaded, Connection{}};
    }

    void enqueue(Waiter waiter) { waiting_.push_back(waiter); }
    /// Somebody in line gave up. False if a place had been handed to them already.
    bool abandon(const Waiter& waiter) {
        for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
            if (*at == waiter) {
                waiting_.erase(at);
                return true;
            }
        }
        return false;
    }

    /// When a connection that was opened at `opened_at` and serves at `now` may no longer be used.
    /// `promised`: how long its server says that it keeps it idle.
    TimePoint expiry(
        TimePoint opened_at,
        std::optional<std::chrono::seconds> promised,
        TimePoint now) const noexcept {
        Clock::duration idle = limits_.idle_timeout;
        // A second less than the server promises, for the time that a request is under way.
        if (promised) {
            idle = (std::min)(idle, clock_span(*promised) - std::chrono::seconds{1});
        }
        return (std::min)(time_after(now, idle), time_after(opened_at, limits_.lifetime));
    }

    /// A connection has served: until `expires` the first in line gets it, else it becomes idle. Later
    /// it is to be closed.
    std::optional<Handover> give_back(Connection connection, TimePoint expires, TimePoint now) {
        if (now >= expires) {
            doomed_.push_back(std::move(connection));
            return give_up(now);
        }
        if (!waiting_.empty()) return hand_over(std::move(connection));
        idle_.push_back({std::move(connection), expires});
        return std::nullopt;
    }
    /// A place has no connection any more: the first in line may open one.
    std::optional<Handover> give_up(TimePoint now) {
        // The last of all is never held back: nobody else would serve those in line.
        const bool held_back = now < held_back_until_ && places_ > 1;
        if (!waiting_.empty() && !held_back) return hand_over(Connection{});
        --places_;
        return std::nullopt;
    }
    /// Opening failed for want of a resource; who is in line had better wait for others until then.
    void hold_back(TimePoint until) noexcept { held_back_until_ = until; }
    /// Room that nobody was offered while opening was held back. To be asked again until it has
    /// none.
    std::optional<Handover> offer_room(TimePoint now) {
        if (waiting_.empty() || now < held_back_until_ || places_ >= limits_.max_connections) {
            return std::nullopt;
        }
        add_place();
        return hand_over(Connection{});
    }

    /// A connection to be closed, out of `acquire`, `give_back`, `sweep` and `clear`; false when there
    /// is none.
    Connection next_doomed() noexcept {
        if (doomed_.empty()) return Connection{};
        Connection connection = std::move(doomed_.back());
        doomed_.pop_back();
        return connection;
    }
    /// Gives up the idle connections whose time is up, or for which `is_good(connection)` is false.
    template <class IsGood>
    void sweep(TimePoint now, IsGood&& is_good) {
        std::erase_if(idle_, [&](Idle& entry) {
            if (now < entry.expires && is_good(entry.connection)) return false;
            doomed_.push_back(std::move(entry.connection));
            --places_;
            return true;
        });
    }
    /// When something is to be done though nobody comes: an idle connection expires, or opening is
    /// no longer held back and somebody waits for that.
    TimePoint next_event(TimePoint now) const noexcept {
        TimePoint next = (TimePoint::max)();
        for (const Idle& entry : idle_)
            next = (std::min)(next, entry.expires);
        if (now < held_back_until_ && !waiting_.empty()) next = (std::min)(next, held_back_until_);
        return next;
    }
    /// Gives up every idle connection.
    void clear() {
        for (auto& entry : idle_)
            doomed_.push_back(std::move(entry.connection));
        places_ -= idle_.size();
        idle_.clear();
    }

    std::size_t idle() const noexcept { return idle_.size(); }
    /// Idle and lent together.
    std::size_t places() const noexcept { return places_; }
    std::size_t waiting() const noexcept { return waiting_.size(); }

private:
    struct Idle {
        Connection connection;
        TimePoint expires;
    };

    std::optional<Handover> hand_over(Connection connection) {
        Waiter first = std::move(waiting_.front());
        waiting_.pop_front();
        return Handover{std::move(first), std::move(connection)};
    }
    void drop_expired(TimePoint now) {
        sweep(now, [](const Connection&) { return true; });
    }
    void add_place() {
        const std::size_t wanted = places_ + 1;
        if (idle_.capacity() < wanted) idle_.reserve(2 * wanted);
        if (doomed_.capacity() < wanted) doomed_.reserve(2 * wanted);
        ++places_;
    }

    PoolLimits limits_;
    std::vector<Idle> idle_;
    std::vector<Connection> doomed_;
    std::deque<Waiter> waiting_;
    std::size_t places_ = 0;
    TimePoint held_back_until_ = (TimePoint::min)();
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_POOL_POOL_HPP
