// SPDX-License-Identifier: BSL-1.0
// When inserts begin.

#include <clarify/ingest/detail/insert_pace.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <utility>

namespace insert_pace_test {

using namespace clarify;
using namespace clarify::detail;
using namespace std::chrono_literals;

namespace {

const TimePoint start{1'000h};

Error away() { return Error{Errc::connect, Reason::refused}; }
Error busy(std::chrono::milliseconds wait) {
    HttpFailure failure;
    failure.status = 503;
    failure.retry_after = wait;
    Error error{Errc::status};
    return error.set_http(std::move(failure));
}

}  // namespace

TEST_CASE("InsertPace: nothing is due where nothing waits, and the first sample sets the time") {
    InsertPace pace{1s, 1s};
    CHECK(pace.due(false) == (TimePoint::max)());
    CHECK(pace.due(true) == (TimePoint::max)());
    pace.arrived(start);
    pace.arrived(start + 500ms);
    CHECK(pace.due(false) == start + 1s);
    CHECK(pace.due(true) == start);
    pace.emptied();
    CHECK(pace.due(true) == (TimePoint::max)());
}

TEST_CASE("InsertPace: the rate holds for what is in a hurry, too") {
    InsertPace pace{100ms, 1s};
    pace.arrived(start);
    pace.begun(start + 100ms);
    pace.succeeded();
    CHECK(pace.due(false) == start + 1100ms);
    CHECK(pace.due(true) == start + 1100ms);
    pace.emptied();
    pace.arrived(start + 5s);
    CHECK(pace.due(false) == start + 5100ms);
}

TEST_CASE("InsertPace: what an insert leaves is as old as that at most") {
    InsertPace pace{3s, 1s};
    pace.arrived(start);
    pace.begun(start + 3s);
    CHECK(pace.due(false) == start + 6s);
}

TEST_CASE("InsertPace: pauses grow to a minute, are random, and end with a success") {
    InsertPace pace{1s, 1s};
    pace.arrived(start);
    TimePoint now = start;
    for (const auto longest : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}) {
        pace.begun(now);
        pace.failed(now, away(), 0.75);
        const Clock::duration pause = std::chrono::duration_cast<Clock::duration>(longest) * 3 / 4;
        // The rate and the delay hold besides.
        CHECK(pace.due(false) == now + (std::max)(Clock::duration{1s}, pause));
        now = pace.due(false);
    }
    CHECK(pace.failing_since() == start);
    pace.begun(now);
    pace.failed(now, away(), 0);
    CHECK(pace.due(true) == now + 1s);
    pace.succeeded();
    CHECK_FALSE(pace.failing_since());
    pace.begun(now);
    pace.failed(now, away(), 0.999);
    CHECK(pace.due(true) <= now + 1s);
}

TEST_CASE("InsertPace: a wait that is asked for lengthens the pause, within reason") {
    InsertPace pace{1s, 1s};
    pace.arrived(start);
    pace.failed(start, busy(20s), 0);
    CHECK(pace.due(true) == start + 20s);
    InsertPace other{1s, 1s};
    other.arrived(start);
    other.failed(start, busy(24h), 0);
    CHECK(other.due(true) == start + 10min);
}

}  // namespace insert_pace_test
