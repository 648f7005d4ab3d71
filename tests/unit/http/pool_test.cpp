// SPDX-License-Identifier: BSL-1.0

#include <clarify/http/detail/pool/pool.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace pool_test {

using namespace clarify;
using namespace clarify::detail;
using namespace std::chrono_literals;

namespace {

const TimePoint start{1'000h};
const TimePoint never = TimePoint::max();

/// A handle of its own, so that a connection handed out twice or lost does not compile or is
/// noticed.
using Handle = std::unique_ptr<int>;
using TestPool = Pool<Handle, int*>;
using Step = TestPool::Step;

Handle connection(int number) { return std::make_unique<int>(number); }

PoolLimits limits(std::size_t max_connections, std::size_t max_waiting = 100) {
    PoolLimits result;
    result.max_connections = max_connections;
    result.max_waiting = max_waiting;
    return result;
}

/// Opens `count` connections and gives them back in order: the last one was used last.
void fill(TestPool& pool, int count, TimePoint expires = never) {
    for (int i = 0; i != count; ++i)
        REQUIRE(pool.acquire(start, false).step == Step::open);
    for (int i = 0; i != count; ++i)
        REQUIRE_FALSE(pool.give_back(connection(i), expires, start).has_value());
}

std::vector<Handle> take_doomed(TestPool& pool) {
    std::vector<Handle> doomed;
    while (Handle connection = pool.next_doomed())
        doomed.push_back(std::move(connection));
    return doomed;
}

int reuse(TestPool& pool, TimePoint now = start) {
    TestPool::Decision decision = pool.acquire(now, false);
    REQUIRE(decision.step == Step::reuse);
    return *decision.connection;
}

}  // namespace

TEST_CASE("Pool: opens connections up to the limit, then lets wait, then refuses") {
    TestPool pool{limits(2, 2)};
    int waiters[2] = {};
    CHECK(pool.acquire(start, false).step == Step::open);
    CHECK(pool.acquire(start, false).step == Step::open);
    CHECK(pool.places() == 2);
    for (int& waiter : waiters) {
        CHECK(pool.acquire(start, false).step == Step::wait);
        pool.enqueue(&waiter);
    }
    CHECK(pool.acquire(start, false).step == Step::overloaded);
    CHECK(pool.acquire(start, true).step == Step::overloaded);
    CHECK(pool.waiting() == 2);
    CHECK(pool.places() == 2);
}

TEST_CASE("Pool: a queue of length 0 refuses at once") {
    TestPool pool{limits(1, 0)};
    CHECK(pool.acquire(start, false).step == Step::open);
    CHECK(pool.acquire(start, false).step == Step::overloaded);
}

TEST_CASE("Pool: the connection that was used last is used first") {
    TestPool pool{limits(3)};
    fill(pool, 3);
    CHECK(pool.idle() == 3);
    CHECK(reuse(pool) == 2);
    CHECK(reuse(pool) == 1);
    CHECK_FALSE(pool.give_back(connection(1), never, start).has_value());
    CHECK(reuse(pool) == 1);
    CHECK(reuse(pool) == 0);
    CHECK(pool.idle() == 0);
    CHECK(pool.places() == 3);
}

TEST_CASE("Pool: the first in line gets the connection that is given back") {
    TestPool pool{limits(1)};
    int a = 0;
    int b = 0;
    REQUIRE(pool.acquire(start, false).step == Step::open);
    pool.enqueue(&a);
    pool.enqueue(&b);
    std::optional<TestPool::Handover> first = pool.give_back(connection(7), never, start);
    REQUIRE(first.has_value());
    CHECK(first->waiter == &a);
    REQUIRE(first->connection);
    CHECK(*first->connection == 7);
    CHECK(pool.idle() == 0);
    CHECK(pool.places() == 1);
    const std::optional<TestPool::Handover> second =
        pool.give_back(std::move(first->connection), never, start);
    REQUIRE(second.has_value());
    CHECK(second->waiter == &b);
    CHECK(pool.waiting() == 0);
}

TEST_CASE("Pool: the first in line may open a connection where one was lost") {
    TestPool pool{limits(1)};
    int waiter = 0;
    REQUIRE(pool.acquire(start, false).step == Step::open);
    pool.enqueue(&waiter);
    const std::optional<TestPool::Handover> handover = pool.give_up(start);
    REQUIRE(handover.has_value());
    CHECK(handover->waiter == &waiter);
    CHECK_FALSE(handover->connection);
    CHECK(pool.places() == 1);
    CHECK_FALSE(pool.give_up(start).has_value());
    CHECK(pool.places() == 0);
    CHECK(pool.acquire(start, false).step == Step::open);
}

TEST_CASE("Pool: a newcomer does not overtake those in line") {
    TestPool pool{limits(1)};
    int waiter = 0;
    REQUIRE(pool.acquire(start, false).step == Step::open);
    pool.enqueue(&waiter);
    CHECK(pool.acquire(start, false).step == Step::wait);
    CHECK(pool.acquire(start, true).step == Step::wait);
}

TEST_CASE("Pool: as long as somebody is in line nobody else is served, whatever is free") {
    TestPool pool{limits(3)};
    int waiter = 0;
    fill(pool, 1);
    pool.enqueue(&waiter);
    CHECK(pool.acquire(start, false).step == Step::wait);
    CHECK(pool.acquire(start, true).step == Step::wait);
    REQUIRE(pool.abandon(&waiter));
    CHECK(pool.acquire(start, false).step == Step::reuse);
}

TEST_CASE("Pool: a connection is not used from the instant it expires") {
    TestPool pool{limits(2)};
    REQUIRE(pool.acquire(start, false).step == Step::open);
    REQUIRE(pool.acquire(start, false).step == Step::open);
    CHECK_FALSE(pool.give_back(connection(1), start + 10s, start).has_value());
    CHECK_FALSE(pool.give_back(connection(2), start + 5s, start).has_value());
    CHECK(reuse(pool, start + 5s) == 1);
    const std::vector<Handle> doomed = take_doomed(pool);
    REQUIRE(doomed.size() == 1);
    CHECK(*doomed[0] == 2);
    CHECK(pool.places() == 1);
    CHECK(take_doomed(pool).empty());
    CHECK_FALSE(pool.give_back(connection(1), start + 10s, start).has_value());
    CHECK(reuse(pool, start + 10s - 1ns) == 1);
    CHECK_FALSE(pool.give_back(connection(1), start + 10s, start).has_value());
    CHECK(pool.acquire(start + 10s, false).step == Step::open);
    CHECK(take_doomed(pool).size() == 1);
    CHECK(pool.places() == 1);
}

TEST_CASE("Pool: who wants a fresh connection gets no idle one") {
    TestPool pool{limits(2)};
    fill(pool, 1);
    CHECK(pool.acquire(start, true).step == Step::open);
    CHECK(pool.idle() == 1);
    CHECK(pool.places() == 2);
    CHECK(take_doomed(pool).empty());
}

TEST_CASE("Pool: a fresh connection takes the place of the idle one used longest ago") {
    TestPool pool{limits(2)};
    fill(pool, 2);
    CHECK(pool.acquire(start, true).step == Step::open);
    CHECK(pool.places() == 2);
    const std::vector<Handle> doomed = take_doomed(pool);
    REQUIRE(doomed.size() == 1);
    CHECK(*doomed[0] == 0);
    CHECK(reuse(pool) == 1);
}

TEST_CASE("Pool: who wants a fresh connection waits like others when all are lent") {
    TestPool pool{limits(1)};
    REQUIRE(pool.acquire(start, false).step == Step::open);
    CHECK(pool.acquire(start, true).step == Step::wait);
}

TEST_CASE("Pool: who gives up waiting is passed over") {
    TestPool pool{limits(1)};
    int waiters[3] = {};
    REQUIRE(pool.acquire(start, false).step == Step::open);
    for (int& waiter : waiters)
        pool.enqueue(&waiter);
    CHECK(pool.abandon(&waiters[1]));
    CHECK_FALSE(pool.abandon(&waiters[1]));
    CHECK(pool.waiting() == 2);
    CHECK(pool.give_back(connection(1), never, start)->waiter == &waiters[0]);
    CHECK_FALSE(pool.abandon(&waiters[0]));
    CHECK(pool.give_back(connection(1), never, start)->waiter == &waiters[2]);
    CHECK_FALSE(pool.give_back(connection(1), never, start).has_value());
    CHECK(pool.idle() == 1);
}

TEST_CASE("Pool: clear gives up what is idle, and leaves what is lent") {
    TestPool pool{limits(3)};
    fill(pool, 3);
    REQUIRE(reuse(pool) == 2);
    pool.clear();
    CHECK(pool.idle() == 0);
    CHECK(pool.places() == 1);
    CHECK(take_doomed(pool).size() == 2);
    CHECK_FALSE(pool.give_up(start).has_value());
    CHECK(pool.places() == 0);
}

TEST_CASE("Pool: on any way through its states no place, connection or waiter is lost") {
    for (const unsigned seed : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U}) {
        CAPTURE(seed);
        std::minstd_rand random{seed};
        const auto below = [&random](std::size_t limit) {
            return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
        };
        const std::size_t max_connections = 1 + below(4);
        const std::size_t max_waiting = below(6);
        TestPool pool{limits(max_connections, max_waiting)};
        TimePoint now = start;
        // The world outside: lent places (a null handle is one still being opened), and who waits
        // in which order.
        std::vector<Handle> lent;
        std::deque<int*> line;
        std::vector<std::unique_ptr<int>> people;
        int opened = 0;
        int closed = 0;

        const auto serve = [&](std::optional<TestPool::Handover> handover) {
            if (!handover) {
                CHECK(line.empty());
                return;
            }
            REQUIRE_FALSE(line.empty());
            CHECK(handover->waiter == line.front());
            line.pop_front();
            lent.push_back(std::move(handover->connection));
        };
        for (int round = 0; round != 3'000; ++round) {
            switch (below(6)) {
                case 0:
                case 1: {
                    const bool fresh = below(4) == 0;
                    TestPool::Decision decision = pool.acquire(now, fresh);
                    closed += static_cast<int>(take_doomed(pool).size());
                    switch (decision.step) {
                        case Step::reuse:
                            CHECK_FALSE(fresh);
                            REQUIRE(decision.connection);
                            lent.push_back(std::move(decision.connection));
                            break;
                        case Step::open:
                            lent.emplace_back();
                            break;
                        case Step::wait:
                            CHECK(line.size() < max_waiting);
                            people.push_back(std::make_unique<int>(round));
                            pool.enqueue(people.back().get());
                            line.push_back(people.back().get());
                            break;
                        case Step::overloaded:
                            CHECK(line.size() == max_waiting);
                            break;
                    }
                    break;
                }
                case 2:
                case 3: {
                    if (lent.empty()) break;
                    const std::size_t index = below(lent.size());
                    Handle handle = std::move(lent[index]);
                    lent.erase(lent.begin() + static_cast<std::ptrdiff_t>(index));
                    if (!handle) handle = connection(++opened);
                    if (below(3) == 0) {
                        ++closed;
                        serve(pool.give_up(start));
                    } else {
                        serve(pool.give_back(
                            std::move(handle), now + std::chrono::seconds{1 + below(10)}, now));
                    }
                    break;
                }
                case 4:
                    if (!line.empty()) {
                        const auto who =
                            line.begin() + static_cast<std::ptrdiff_t>(below(line.size()));
                        CHECK(pool.abandon(*who));
                        line.erase(who);
                    }
                    break;
                default:
                    now += std::chrono::milliseconds{below(3'000)};
                    break;
            }
            CHECK(pool.places() <= max_connections);
            CHECK(pool.places() == lent.size() + pool.idle());
            CHECK(pool.waiting() == line.size());
            CHECK((line.empty() || pool.idle() == 0));
            CHECK((line.empty() || pool.places() == max_connections));
        }
        const auto being_used =
            std::count_if(lent.begin(), lent.end(), [](const Handle& h) { return h != nullptr; });
        CHECK(opened == closed + static_cast<int>(pool.idle()) + static_cast<int>(being_used));
    }
}

TEST_CASE("Pool: a sweep gives up what is idle and has expired, or is no longer good") {
    TestPool pool{limits(4)};
    for (int i = 0; i != 4; ++i)
        REQUIRE(pool.acquire(start, false).step == Step::open);
    for (int i = 0; i != 3; ++i)
        REQUIRE_FALSE(pool.give_back(connection(i), start + (i + 1) * 10s, start).has_value());
    CHECK(pool.next_event(start) == start + 10s);
    pool.sweep(start + 10s, [](const Handle& handle) { return *handle != 2; });
    std::vector<Handle> doomed = take_doomed(pool);
    REQUIRE(doomed.size() == 2);
    CHECK(*doomed[0] + *doomed[1] == 2);
    CHECK(pool.idle() == 1);
    CHECK(pool.places() == 2);
    CHECK(pool.next_event(start + 10s) == start + 20s);
    CHECK(reuse(pool, start + 10s) == 1);
    CHECK(pool.next_event(start + 10s) == never);
}

TEST_CASE("Pool: while opening is held back, one waits for the connections that there are") {
    TestPool pool{limits(4)};
    int waiters[2] = {};
    fill(pool, 1);
    CHECK(reuse(pool) == 0);
    REQUIRE(pool.acquire(start, false).step == Step::open);
    pool.hold_back(start + 1s);
    // Nobody waits for its end yet.
    CHECK(pool.next_event(start) == never);
    for (int& waiter : waiters) {
        CHECK(pool.acquire(start, false).step == Step::wait);
        pool.enqueue(&waiter);
    }
    CHECK(pool.next_event(start) == start + 1s);
    // The place that could not be filled is not passed on.
    CHECK_FALSE(pool.give_up(start).has_value());
    CHECK(pool.places() == 1);
    CHECK_FALSE(pool.offer_room(start + 1s - 1ns).has_value());
    // The connection that there is serves on.
    CHECK(pool.give_back(connection(0), never, start)->waiter == &waiters[0]);
    // And when the pause is over there is room again.
    const auto room = pool.offer_room(start + 1s);
    REQUIRE(room.has_value());
    CHECK(room->waiter == &waiters[1]);
    CHECK_FALSE(room->connection);
    CHECK(pool.places() == 2);
    CHECK_FALSE(pool.offer_room(start + 1s).has_value());
}

TEST_CASE("Pool: opening is not held back where there is nothing to wait for") {
    TestPool pool{limits(4)};
    int waiter = 0;
    pool.hold_back(start + 1s);
    CHECK(pool.acquire(start, false).step == Step::open);
    CHECK(pool.acquire(start, false).step == Step::wait);
    pool.enqueue(&waiter);
    const auto handover = pool.give_up(start);
    REQUIRE(handover.has_value());
    CHECK(handover->waiter == &waiter);
    CHECK_FALSE(handover->connection);
}

TEST_CASE(
    "Pool: a connection may be idle for so long, less if the server says so, and grow so old") {
    PoolLimits some = limits(1);
    some.idle_timeout = 30s;
    some.lifetime = 60s;
    const TestPool pool{some};
    CHECK(pool.expiry(start, std::nullopt, start + 5s) == start + 35s);
    CHECK(pool.expiry(start, std::nullopt, start + 40s) == start + 60s);
    // A second less than promised, so that a request does not meet the server's goodbye.
    CHECK(pool.expiry(start, 10s, start + 5s) == start + 14s);
    CHECK(pool.expiry(start, 90s, start + 5s) == start + 35s);
    CHECK(pool.expiry(start, 1s, start + 5s) == start + 5s);
    CHECK(pool.expiry(start, 0s, start + 5s) == start + 4s);
}

TEST_CASE("Pool: a connection whose time is up when it is given back is closed, not handed on") {
    TestPool pool{limits(1)};
    int waiter = 0;
    REQUIRE(pool.acquire(start, false).step == Step::open);
    pool.enqueue(&waiter);
    const auto handover = pool.give_back(connection(7), start + 1s, start + 1s);
    REQUIRE(handover.has_value());
    CHECK(handover->waiter == &waiter);
    CHECK_FALSE(handover->connection);
    const std::vector<Handle> doomed = take_doomed(pool);
    REQUIRE(doomed.size() == 1);
    CHECK(*doomed.front() == 7);
    CHECK_FALSE(pool.give_back(connection(8), start + 1s, start + 2s).has_value());
    CHECK(pool.places() == 0);
    CHECK(pool.idle() == 0);
}

namespace {

/// A connection, opened at `start`, with one exchange: when it began, and when its reply came.
ConnectionUse used(TimePoint begun, TimePoint proven, TimePoint opened = start) {
    return {opened, begun, proven};
}

/// Opens a place for each, and gives them back in order.
void rest(TestPool& pool, const std::vector<ConnectionUse>& uses) {
    for (std::size_t i = 0; i != uses.size(); ++i)
        REQUIRE(pool.acquire(start, false).step == Step::open);
    int number = 0;
    for (const ConnectionUse& use : uses)
        REQUIRE_FALSE(pool.give_back(connection(number++), never, use.proven, use).has_value());
}

std::vector<int> doomed_numbers(TestPool& pool) {
    std::vector<int> numbers;
    for (const Handle& handle : take_doomed(pool))
        numbers.push_back(*handle);
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

}  // namespace

TEST_CASE("Pool: a silence retires all that were at rest before") {
    TestPool pool{limits(8)};
    rest(pool, {used(start, start + 1s), used(start, start + 2s), used(start, start + 3s)});
    REQUIRE(reuse(pool, start + 10s) == 2);
    pool.heard_nothing(used(start + 10s, start + 3s), start + 12s);
    CHECK(doomed_numbers(pool) == std::vector<int>{0, 1});
    CHECK(pool.idle() == 0);
    CHECK(pool.places() == 1);
    // What was in use then is heard of on its own.
    CHECK_FALSE(pool.give_up(start + 12s).has_value());
    CHECK(pool.acquire(start + 12s, false).step == Step::open);
}

TEST_CASE("Pool: what has been opened since a silence began stays") {
    TestPool pool{limits(8)};
    rest(
        pool,
        {used(start, start + 1s),
         used(start + 11s, start + 12s, start + 11s),
         ConnectionUse{start + 11s, start + 11s, start + 11s}});
    pool.heard_nothing(used(start + 10s, start + 3s), start + 13s);
    CHECK(doomed_numbers(pool) == std::vector<int>{0});
    CHECK(pool.idle() == 2);
}

TEST_CASE("Pool: where another one answers, only those at rest for longer are retired") {
    TestPool pool{limits(8)};
    rest(
        pool,
        {used(start, start + 1s),
         used(start, start + 5s),
         // There before, and well since.
         used(start + 11s, start + 12s)});
    pool.heard_nothing(used(start + 10s, start + 3s), start + 13s);
    CHECK(doomed_numbers(pool) == std::vector<int>{0});
    CHECK(pool.idle() == 2);
}

TEST_CASE("Pool: a limit of a moment says nothing about the others") {
    TestPool pool{limits(8)};
    rest(pool, {used(start, start + 1s)});
    pool.heard_nothing(used(start + 10s, start + 3s), start + 10s + 249ms);
    CHECK(pool.idle() == 1);
    pool.heard_nothing(used(start + 10s, start + 3s), start + 10s + 250ms);
    CHECK(pool.idle() == 0);
}

TEST_CASE("Pool: all that fell silent together are one silence") {
    TestPool pool{limits(8)};
    for (int i = 0; i != 5; ++i) {
        rest(pool, {used(start, start + 1s)});
        pool.heard_nothing(used(start + 10s, start + 3s), start + 12s + i * 1ms);
        CHECK(doomed_numbers(pool) == std::vector<int>{0});
        CHECK(pool.places() == 0);
    }
}

TEST_CASE(
    "Pool: a method that is always slow retires more and more rarely, at most once a minute") {
    TestPool pool{limits(8)};
    int retired = 0;
    TimePoint now = start + 1min;
    // Each second: a quick exchange, and a slow one on a connection that has worked a moment ago.
    for (int second = 0; second != 600; ++second) {
        rest(pool, {used(now - 2s, now - 1900ms, now - 1h)});
        pool.heard_nothing(used(now - 500ms, now - 600ms, now - 1h), now);
        const std::size_t count = doomed_numbers(pool).size();
        retired += static_cast<int>(count);
        if (count == 0) {
            CHECK(reuse(pool, now) == 0);
            CHECK_FALSE(pool.give_up(now).has_value());
        }
        now += 1s;
    }
    CHECK(retired >= 10);
    CHECK(retired <= 17);
    // After a while of quiet the first silence counts at once.
    now += 11min;
    rest(pool, {used(now - 2s, now - 1900ms)});
    pool.heard_nothing(used(now - 500ms, now - 600ms), now);
    CHECK(doomed_numbers(pool).size() == 1);
}

}  // namespace pool_test
