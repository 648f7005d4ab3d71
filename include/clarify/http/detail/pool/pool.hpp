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

/// When a connection did what.
struct ConnectionUse {
    TimePoint opened = (TimePoint::min)();
    /// When its last exchange began.
    TimePoint begun = (TimePoint::min)();
    /// When it showed for the last time that it works: by a complete reply, or by being opened.
    TimePoint proven = (TimePoint::min)();
};

/** The state machine of the connections to one origin.

    Every place is in one of three states: idle, lent, or free. Who comes takes the idle connection
    that was used last, else a free place to open one in, else waits in line. Whoever gives a place
    back passes it to the first in line, so nobody is overtaken.

    Where the system has no resource for another connection, opening is held back for a while: as
    long as there are others, one waits in line for them.

    Where a connection falls silent, those that were at rest may lead nowhere as well: a box on the
    way has forgotten them, or the network is another one. They are retired, so that the next
    exchange connects anew instead of losing its time, too; see `heard_nothing`.

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
    /// it is to be closed. `use`: what it has done.
    std::optional<Handover> give_back(
        Connection connection, TimePoint expires, TimePoint now, ConnectionUse use = {}) {
        if (now >= expires) {
            doomed_.push_back(std::move(connection));
            return give_up(now);
        }
        if (!waiting_.empty()) return hand_over(std::move(connection));
        idle_.push_back({std::move(connection), expires, use});
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

    /** An exchange on a connection got not one byte of an answer within its limit: retires those that
        were at rest before it began.

        What else may be the reason is a slow method, whose every call ends so. It must not cost the
        others their connections again and again:
        - Where one that was there before has answered an exchange that began later, the network is
          well. Then only those are retired that had been at rest for at least as long as the
          silent one: what forgets connections, forgets those first.
        - Where the silent one had worked since others were retired the last time, that was not
          the cure, or something new: from time to time twice as long, up to a minute, none is retired.
          After ten minutes without, that begins anew.
        - A limit of less than a quarter of a second says nothing.
    */
    void heard_nothing(const ConnectionUse& silent, TimePoint now) {
        using namespace std::chrono_literals;
        if (now - silent.begun < 250ms) return;
        const bool network_is_well =
            std::any_of(idle_.begin(), idle_.end(), [&](const Idle& entry) {
                return entry.use.opened < silent.begun && entry.use.begun >= silent.begun;
            });
        const auto is_suspect = [&](const Idle& entry) {
            return network_is_well ? entry.use.proven <= silent.proven
                                   : entry.use.proven < silent.begun;
        };
        if (std::none_of(idle_.begin(), idle_.end(), is_suspect)) return;
        if (retired_at_) {
            const bool was_cured = silent.proven > *retired_at_;
            if (now - *retired_at_ > 10min)
                doubts_ = 0;
            else if (was_cured && doubts_ < 7)
                ++doubts_;
            const Clock::duration pause = doubts_ == 0 ? 0s : 1s * (1U << (doubts_ - 1));
            if (now - *retired_at_ < std::min<Clock::duration>(pause, 1min)) return;
        }
        retired_at_ = now;
        std::erase_if(idle_, [&](Idle& entry) {
            if (!is_suspect(entry)) return false;
            doomed_.push_back(std::move(entry.connection));
            --places_;
            return true;
        });
    }

    /// A connection to be closed, out of `acquire`, `give_back`, `heard_nothing`, `sweep` and `clear`; false when there
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
        ConnectionUse use;
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
    /// When connections were retired for a silence the last time.
    std::optional<TimePoint> retired_at_;
    /// How often since then one fell silent that had worked since.
    unsigned doubts_ = 0;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_POOL_POOL_HPP
