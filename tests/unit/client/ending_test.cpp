// SPDX-License-Identifier: BSL-1.0
// The stages of a client that comes to its end, and what is handed over on the way.

#include <clarify/detail/ending.hpp>
#include <clarify/detail/outbox.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace ending_test {

using namespace clarify;
using namespace clarify::detail;
using namespace std::chrono_literals;

namespace {

const TimePoint start{1'000h};

struct Wait : DrainWait {
    explicit Wait(std::vector<Wait*>* order = nullptr) : told(order) {}

    void finish() override {
        if (short_of_memory) throw std::bad_alloc{};
        ++finishes;
        if (told != nullptr) told->push_back(this);
    }

    std::vector<Wait*>* told;
    bool short_of_memory = false;
    int finishes = 0;
};

/// Hands over all that was left for later.
void deliver_all(Outbox& outbox) {
    std::shared_ptr<Deliverable> first = outbox.take();
    while (first) {
        const std::shared_ptr<Deliverable> what = std::exchange(first, nullptr);
        first = std::exchange(what->next, nullptr);
        outbox.deliver(what);
    }
}

}  // namespace

TEST_CASE("Ending: a client is open, drains until the earliest time it was told, and is closed") {
    Ending ending;
    CHECK(ending.is_open());
    CHECK(ending.drain_ends() == TimePoint::max());
    CHECK(ending.drain(start + 2s));
    CHECK(ending.is_draining());
    CHECK(ending.drain_ends() == start + 2s);
    CHECK_FALSE(ending.drain(start + 1s));
    CHECK(ending.drain_ends() == start + 1s);
    CHECK_FALSE(ending.drain(start + 3s));
    CHECK(ending.drain_ends() == start + 1s);
    CHECK(ending.close(start));
    CHECK(ending.is_closed());
    CHECK_FALSE(ending.close(start));
    CHECK_FALSE(ending.drain(start));
    CHECK(ending.is_closed());
    CHECK(ending.drain_ends() == TimePoint::max());
}

TEST_CASE("Ending: those who wait hear whether calls in flight got their time") {
    struct Row {
        bool drained;
        bool in_flight;
        TimePoint closed;
        Errc outcome;
    };
    const std::vector<Row> rows{
        {true, false, start, Errc{}},
        {true, true, start, Errc::closed},
        {true, true, start + 1s, Errc::timeout},
        {false, true, start, Errc{}},
    };
    for (const Row& row : rows) {
        Ending ending;
        if (row.in_flight) ending.call_begun();
        const auto wait = std::make_shared<Wait>();
        ending.add(wait);
        if (row.drained) ending.drain(start + 1s);
        ending.close(row.closed);
        CHECK(ending.has_calls() == row.in_flight);
        REQUIRE(ending.take_waits().size() == 1);
        CHECK((wait->error ? wait->error->code() : Errc{}) == row.outcome);
        CHECK(ending.take_waits().empty());
    }
}

TEST_CASE("Ending: who waits hears how much was cut short") {
    Ending ending;
    ending.call_begun();
    ending.add(std::make_shared<Wait>());
    ending.drain(start + 1s);
    ending.close(start + 1s, 2);
    const auto waits = ending.take_waits();
    REQUIRE(waits.size() == 1);
    const Error& error = waits.front()->error.value();
    CHECK(error.code() == Errc::timeout);
    CHECK(error.message() == "cut short: 1 calls under way, and 2 operations of several calls");
    // An operation may be between two calls.
    Ending other;
    other.add(std::make_shared<Wait>());
    other.drain(start + 1s);
    other.close(start, 1);
    CHECK(other.take_waits().front()->error.value().code() == Errc::closed);
}

TEST_CASE("Ending: who does not wait any more is not told") {
    Ending ending;
    const auto one = std::make_shared<Wait>();
    const auto other = std::make_shared<Wait>();
    ending.add(one);
    ending.add(other);
    CHECK(ending.remove(one));
    CHECK_FALSE(ending.remove(one));
    const auto waits = ending.take_waits();
    REQUIRE(waits.size() == 1);
    CHECK(waits.front() == other);
}

TEST_CASE("Ending: what was left for later is done once") {
    Ending ending;
    CHECK_FALSE(ending.take_close_later());
    ending.close_later();
    CHECK(ending.take_close_later());
    CHECK_FALSE(ending.take_close_later());
}

TEST_CASE("Outbox: hands over once, and keeps what there was no memory for") {
    Outbox outbox;
    const auto what = std::make_shared<Wait>();
    what->short_of_memory = true;
    CHECK_FALSE(outbox.deliver(what));
    CHECK_FALSE(outbox.empty());
    deliver_all(outbox);
    CHECK_FALSE(outbox.empty());
    what->short_of_memory = false;
    deliver_all(outbox);
    CHECK(outbox.empty());
    CHECK(what->finishes == 1);
    CHECK(outbox.deliver(what));
    CHECK(what->finishes == 1);
}

TEST_CASE("Outbox: what was lost on its way is handed over again") {
    Outbox outbox;
    const auto what = std::make_shared<Wait>();
    outbox.deliver(what);
    outbox.postpone(what);
    deliver_all(outbox);
    CHECK(what->finishes == 1);
    outbox.mark_lost(*what);
    outbox.postpone(what);
    deliver_all(outbox);
    CHECK(what->finishes == 2);
}

TEST_CASE("Outbox: gives out in the order in which it was given, each once") {
    Outbox outbox;
    std::vector<Wait*> told;
    std::vector<std::shared_ptr<Wait>> all;
    for (int i = 0; i != 4; ++i)
        all.push_back(std::make_shared<Wait>(&told));
    for (const auto& each : all)
        outbox.postpone(each);
    outbox.postpone(all.front());
    deliver_all(outbox);
    CHECK(told == std::vector<Wait*>{all[0].get(), all[1].get(), all[2].get(), all[3].get()});
}

TEST_CASE("Outbox: lets go of all that it keeps, however many, without calling anybody") {
    Outbox outbox;
    std::weak_ptr<Wait> last;
    for (int i = 0; i != 100'000; ++i) {
        const auto what = std::make_shared<Wait>();
        last = what;
        outbox.postpone(what);
    }
    outbox.clear();
    CHECK(outbox.empty());
    CHECK(last.expired());
}

}  // namespace ending_test
