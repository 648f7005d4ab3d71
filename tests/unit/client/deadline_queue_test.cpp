// SPDX-License-Identifier: BSL-1.0
// The order in which activities expire, whatever is added and removed in between.

#include <clarify/detail/deadline_queue.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace deadline_queue_test {

using namespace clarify;
using namespace clarify::detail;
using namespace std::chrono_literals;

namespace {

const TimePoint start{1'000h};

}  // namespace

TEST_CASE("DeadlineQueue: gives the earliest deadline first") {
    std::array<Expiring, 5> entries;
    const std::array<int, 5> seconds{3, 1, 4, 2, 5};
    DeadlineQueue queue;
    CHECK(queue.empty());
    for (std::size_t i = 0; i != entries.size(); ++i) {
        entries[i].deadline = start + std::chrono::seconds{seconds[i]};
        queue.insert(entries[i]);
    }
    CHECK(queue.size() == 5);
    for (int second = 1; second <= 5; ++second) {
        CHECK(queue.first().deadline == start + std::chrono::seconds{second});
        queue.remove(queue.first());
    }
    CHECK(queue.empty());
}

TEST_CASE("DeadlineQueue: an entry that is not in it can be removed") {
    DeadlineQueue queue;
    Expiring entry;
    queue.remove(entry);
    queue.insert(entry);
    queue.remove(entry);
    queue.remove(entry);
    CHECK(queue.empty());
    queue.insert(entry);
    CHECK(&queue.first() == &entry);
}

TEST_CASE("DeadlineQueue: entries without a deadline come last") {
    Expiring never;
    Expiring soon;
    soon.deadline = start;
    DeadlineQueue queue;
    queue.insert(never);
    queue.insert(soon);
    CHECK(&queue.first() == &soon);
    CHECK(queue.entries().size() == 2);
}

TEST_CASE("DeadlineQueue: agrees with a sorted set on any sequence of operations") {
    for (const unsigned seed : {11U, 22U, 33U, 44U}) {
        CAPTURE(seed);
        std::minstd_rand random{seed};
        const auto below = [&random](std::size_t limit) {
            return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
        };
        DeadlineQueue queue;
        std::multiset<TimePoint> oracle;
        std::vector<std::unique_ptr<Expiring>> inside;
        const auto take_out = [&](std::size_t index) {
            queue.remove(*inside[index]);
            oracle.erase(oracle.find(inside[index]->deadline));
            inside.erase(inside.begin() + static_cast<std::ptrdiff_t>(index));
        };
        for (int round = 0; round != 5'000; ++round) {
            // Grows for a while, then shrinks, so that small and large heaps are both seen.
            const bool growing = (round / 500) % 2 == 0;
            if (inside.empty() || below(3) < (growing ? 2U : 1U)) {
                inside.push_back(std::make_unique<Expiring>());
                // Few different deadlines, so that many are equal.
                inside.back()->deadline = start + std::chrono::milliseconds{below(50)};
                oracle.insert(inside.back()->deadline);
                queue.insert(*inside.back());
            } else if (below(2) == 0) {
                take_out(below(inside.size()));
            } else {
                const Expiring* const first = &queue.first();
                const auto found =
                    std::find_if(inside.begin(), inside.end(), [&](const auto& entry) {
                        return entry.get() == first;
                    });
                REQUIRE(found != inside.end());
                take_out(static_cast<std::size_t>(found - inside.begin()));
            }
            REQUIRE(queue.size() == oracle.size());
            REQUIRE(queue.empty() == oracle.empty());
            if (!oracle.empty()) REQUIRE(queue.first().deadline == *oracle.begin());
        }
        for (const auto& entry : inside)
            queue.remove(*entry);
        CHECK(queue.empty());
    }
}

}  // namespace deadline_queue_test
