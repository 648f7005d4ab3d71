// SPDX-License-Identifier: BSL-1.0
// Where buckets begin: from the origin, in both directions, in months, and with the clocks.

#include <clarify/api/detail/buckets.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace buckets_test {

using namespace clarify;
using namespace std::chrono_literals;
using detail::Buckets;

namespace {

constexpr std::int64_t origin = 946'857'600'000'000;

Timestamp at(std::string_view text) { return Timestamp::parse(text).value(); }

std::int64_t start(std::int64_t time, std::chrono::microseconds width) {
    return Buckets{width}.start(Timestamp::from_microseconds(time)).microseconds();
}

TimeZone oslo() {
    std::string file = "TZif2" + std::string(15, '\0');
    const std::string counts{"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4", 24};
    const std::string type{"\0\0\x0E\x10\0\0CET\0", 10};
    file += counts + type + file + counts + type + "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
    return TimeZone::parse(file).value();
}

}  // namespace

TEST_CASE("Buckets: fixed widths lie at whole multiples from the first Monday of 2000") {
    CHECK(start(origin - 5'400'000'000, 1h) == origin - 7'200'000'000);
    CHECK(start(origin - 1, 2us) == origin - 2);
    CHECK(start(origin - 1, 3us) == origin - 3);
    CHECK(start(origin + 1, 2us) == origin);
    CHECK(start(origin + 1, 3us) == origin);
    CHECK(start(1, 1us) == 1);
    CHECK(start(0, 35us) == -25);
    CHECK(start(-1, 2us) == -2);
    CHECK(start(1, 2us) == 0);
    CHECK(start(1, 3us) == 0);
    CHECK(start(-3, 3us) == -3);
    CHECK(start(-1, 3us) == -3);
    CHECK(start(1, 11us) == -4);
    CHECK(start(1, 13us) == 0);
    CHECK(start(0, 7 * 24h) == at("1969-12-29T00:00:00Z").microseconds());
    CHECK(
        start(at("2022-01-01T00:00:00Z").microseconds(), 7 * 24h) ==
        at("2021-12-27T00:00:00Z").microseconds());
    // Less than a microsecond is one, and nothing is divided by zero.
    CHECK(Buckets{1ns}.start(Timestamp::from_microseconds(5)).microseconds() == 5);
    CHECK(Buckets{-1h}.start(Timestamp::from_microseconds(5)).microseconds() == 5);
}

TEST_CASE("Buckets: weeks begin on the day that is asked for") {
    const Timestamp thursday = at("2022-01-06T12:00:00Z");
    const std::vector<std::string> starts{
        "2022-01-03",
        "2022-01-04",
        "2022-01-05",
        "2022-01-06",
        "2021-12-31",
        "2022-01-01",
        "2022-01-02"};
    for (int day = 1; day <= 7; ++day) {
        const Buckets weeks{CalendarDuration::weeks(1), {}, day};
        CHECK(
            weeks.start(thursday) == at(starts[static_cast<std::size_t>(day) - 1] + "T00:00:00Z"));
        CHECK(weeks.next(thursday) == weeks.start(thursday) + 168h);
    }
}

TEST_CASE("Buckets: months are those of the calendar") {
    const Buckets months{CalendarDuration::months(1)};
    CHECK(months.start(at("2024-02-29T23:59:59.999999Z")) == at("2024-02-01T00:00:00Z"));
    CHECK(months.next(at("2024-02-29T23:59:59.999999Z")) == at("2024-03-01T00:00:00Z"));
    CHECK(months.next(at("2024-12-01T00:00:00Z")) == at("2025-01-01T00:00:00Z"));
    const Buckets quarters{CalendarDuration::months(3)};
    CHECK(quarters.start(at("1999-12-31T00:00:00Z")) == at("1999-10-01T00:00:00Z"));
    CHECK(quarters.start(at("2026-11-24T00:00:00Z")) == at("2026-10-01T00:00:00Z"));
    const Buckets years{CalendarDuration::years(1)};
    CHECK(years.start(at("1969-07-20T00:00:00Z")) == at("1969-01-01T00:00:00Z"));
    const Buckets from_the_31st{CalendarDuration::months(1), {}, 1, at("2021-01-31T06:00:00Z")};
    CHECK(from_the_31st.start(at("2021-03-03T05:00:00Z")) == at("2021-01-31T06:00:00Z"));
    CHECK(from_the_31st.start(at("2021-03-03T07:00:00Z")) == at("2021-03-03T06:00:00Z"));
}

TEST_CASE("Buckets: an origin of one's own replaces the first day of the week") {
    const Timestamp own = at("2026-11-24T00:00:10Z");
    const Buckets buckets{15s, {}, 3, own};
    CHECK(buckets.start(own) == own);
    CHECK(buckets.start(own - 1us) == own - 15s);
    CHECK(buckets.next(own) == own + 15s);
}

TEST_CASE("Buckets: days follow the clocks, and last 23 or 25 hours") {
    for (const CalendarDuration width : {CalendarDuration::days(1), CalendarDuration{24h}}) {
        const Buckets days{width, oslo()};
        CHECK(days.start(at("2026-07-01T00:00:00Z")) == at("2026-06-30T22:00:00Z"));
        CHECK(days.start(at("2026-01-01T00:00:00Z")) == at("2025-12-31T23:00:00Z"));
        const Timestamp spring = days.start(at("2026-03-29T12:00:00Z"));
        CHECK(days.next(spring) - spring == 23h);
        const Timestamp autumn = days.start(at("2026-10-25T12:00:00Z"));
        CHECK(days.next(autumn) - autumn == 25h);
    }
    const Buckets months{CalendarDuration::months(1), oslo()};
    CHECK(months.start(at("2026-07-15T00:00:00Z")) == at("2026-06-30T22:00:00Z"));
    CHECK(months.next(at("2026-07-15T00:00:00Z")) == at("2026-07-31T22:00:00Z"));
    // Narrow ones do not: they are the same all the year.
    const Buckets quarters{15min, oslo()};
    CHECK(quarters.start(at("2026-03-29T01:10:00Z")) == at("2026-03-29T01:00:00Z"));
}

TEST_CASE("Buckets: every moment is in one bucket, and they follow each other") {
    std::mt19937_64 random{1};
    std::uniform_int_distribution<std::int64_t> times{0, 4'000'000'000'000'000};
    const std::vector<CalendarDuration> widths{
        1us,
        7us,
        10min,
        1h,
        90min,
        2h,
        24h,
        CalendarDuration::days(3),
        CalendarDuration::weeks(1),
        CalendarDuration::months(1),
        CalendarDuration::months(5),
        CalendarDuration::years(2)};
    for (const CalendarDuration width : widths) {
        CAPTURE(width);
        for (const TimeZone& zone : {TimeZone{}, oslo()}) {
            const Buckets buckets{width, zone};
            for (int i = 0; i != 500; ++i) {
                const auto time = Timestamp::from_microseconds(times(random));
                const Timestamp begin = buckets.start(time);
                const Timestamp end = buckets.next(time);
                REQUIRE(begin <= time);
                REQUIRE(time < end);
                REQUIRE(buckets.start(begin) == begin);
                REQUIRE(buckets.start(end) == end);
                REQUIRE(buckets.next(begin) == end);
                REQUIRE(buckets.start(end - 1us) == begin);
            }
        }
    }
}

}  // namespace buckets_test
