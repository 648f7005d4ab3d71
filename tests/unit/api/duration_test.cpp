// SPDX-License-Identifier: BSL-1.0
// Lengths of time: what is read, what is refused, and the one text of each.

#include <clarify/api/duration.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace duration_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

std::int64_t fixed(std::string_view text) {
    const auto duration = FixedDuration::parse(text);
    REQUIRE_MESSAGE(duration, text);
    return duration->value().count();
}

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t hour = 3600 * second;

}  // namespace

TEST_CASE("FixedDuration: weeks to seconds are read, in either case of letters") {
    CHECK(fixed("PT0.001S") == 1'000'000);
    CHECK(fixed("-PT0.001S") == -1'000'000);
    CHECK(fixed("PT2M") == 120 * second);
    CHECK(fixed("P4D") == 96 * hour);
    CHECK(fixed("P1W") == 168 * hour);
    CHECK(fixed("-P1W1DT3H2M0.001S") == -(8 * 24 * hour + 3 * hour + 120 * second + 1'000'000));
    CHECK(fixed("P0DT0H0M30.000000S") == 30 * second);
    CHECK(fixed("pt1h30m") == hour + hour / 2);
    CHECK(fixed("PT0S") == 0);
    for (const char* text : {"P", "PT"})
        CHECK(fixed(text) == 0);
    CHECK(fixed("P20DT") == 480 * hour);
    CHECK(fixed("PT1.0000000019S") == second + 1);
    CHECK(fixed("PT9223372036.854775807S") == std::numeric_limits<std::int64_t>::max());
    CHECK(fixed("-PT9223372036.854775808S") == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("FixedDuration: what is no fixed duration is refused, and named") {
    for (const std::string_view text :
         {"",      "10s",   "P1Y",    "P1M",    "P-3H",  "PT1.5H", "P1",    "PT1",   "1D",
          "P1H",   "PT1D",  "PT1S1M", "PT1M1M", "P1D1W", "PT.5S",  "PT1.S", "--P1D", "P1DT1H T",
          "PTT1S", "P1DTT", " P1D",   "P1D ",   "P1,5D", "+P1D",   "P1T"}) {
        CAPTURE(text);
        const auto duration = FixedDuration::parse(text);
        REQUIRE_FALSE(duration);
        CHECK(duration.error().code() == Errc::bad_argument);
        CHECK(duration.error().reason() == Reason::syntax);
    }
    for (const std::string_view text :
         {"PT9223372036.854775808S",
          "-PT9223372036.854775809S",
          "P106752D",
          "PT99999999999999999999H",
          "P99999999999999999999999999999999W"}) {
        CAPTURE(text);
        const auto duration = FixedDuration::parse(text);
        REQUIRE_FALSE(duration);
        CHECK(duration.error().reason() == Reason::out_of_range);
    }
}

TEST_CASE("FixedDuration: the text is the server's own") {
    const std::vector<std::pair<FixedDuration, std::string>> texts{
        {0s, "PT0S"},
        {40 * 24h, "PT960H"},
        {std::chrono::weeks{1}, "PT168H"},
        {90s, "PT1M30S"},
        {1500ms, "PT1.5S"},
        {-90min, "-PT1H30M"},
        {1ns, "PT0.000000001S"},
        {1h + 1ms, "PT1H0.001S"},
        {std::chrono::nanoseconds::max(), "PT2562047H47M16.854775807S"},
        {std::chrono::nanoseconds::min(), "-PT2562047H47M16.854775808S"},
        {std::chrono::years{1000}, "PT2562047H47M16.854775807S"}};
    for (const auto& [duration, text] : texts) {
        CHECK(duration.to_string() == text);
        CHECK(fixed(text) == duration.value().count());
    }
}

TEST_CASE("FixedDuration: every whole millisecond below 20 s is read exactly") {
    for (int i = 1; i != 20'000; ++i) {
        const FixedDuration duration = std::chrono::milliseconds{i};
        REQUIRE(fixed(duration.to_string()) == duration.value().count());
    }
    std::mt19937_64 random{1};
    for (int i = 0; i != 20'000; ++i) {
        const FixedDuration duration =
            std::chrono::nanoseconds{static_cast<std::int64_t>(random())};
        REQUIRE(fixed(duration.to_string()) == duration.value().count());
    }
}

TEST_CASE("CalendarDuration: a day is not 24 hours, and a month is no number of days") {
    const auto day = CalendarDuration::parse("P1D");
    const auto hours = CalendarDuration::parse("PT24H");
    const auto month = CalendarDuration::parse("P1M");
    REQUIRE((day && hours && month));
    CHECK(day->days() == 1);
    CHECK(day->fixed() == 0s);
    CHECK(hours->days() == 0);
    CHECK(hours->fixed() == 24h);
    CHECK(*day != *hours);
    CHECK(month->months() == 1);
    CHECK(*month != CalendarDuration::days(30));
    CHECK(CalendarDuration::parse("P1W").value() == CalendarDuration::days(7));
    CHECK(CalendarDuration::parse("P2Y3M").value() == CalendarDuration::months(27));
    CHECK(CalendarDuration::parse("P1Y").value() == CalendarDuration::years(1));
    CHECK(CalendarDuration::parse("P1DT12H").value() == CalendarDuration{36h});
    CHECK(CalendarDuration::parse("P0YT5M").value() == CalendarDuration{5min});
    CHECK(CalendarDuration::parse("P0DT5M").value() == CalendarDuration{5min});
    CHECK(CalendarDuration::parse("-P6M").value() == CalendarDuration::months(-6));
}

TEST_CASE("CalendarDuration: zero and mixtures are refused") {
    for (const std::string_view text : {"PT0S", "P0D", "P", "P0Y", "PT"}) {
        CAPTURE(text);
        CHECK(CalendarDuration::parse(text).error().reason() == Reason::out_of_range);
    }
    for (const std::string_view text : {"P1M1D", "P1YT1S", "P1Y1W", "", "window", "1M"}) {
        CAPTURE(text);
        CHECK(CalendarDuration::parse(text).error().reason() == Reason::syntax);
    }
    for (const std::string_view text : {"P9999999999999999999M", "P999999999999D", "P106752DT1S"}) {
        CAPTURE(text);
        CHECK(CalendarDuration::parse(text).error().reason() == Reason::out_of_range);
    }
}

TEST_CASE("CalendarDuration: the text is read back as the same") {
    const std::vector<std::pair<CalendarDuration, std::string>> texts{
        {CalendarDuration::months(27), "P2Y3M"},
        {CalendarDuration::years(1), "P1Y"},
        {CalendarDuration::months(6), "P6M"},
        {CalendarDuration::months(-18), "-P1Y6M"},
        {CalendarDuration::weeks(2), "P14D"},
        {CalendarDuration::days(1), "P1D"},
        {24h, "PT24H"},
        {90min, "PT1H30M"}};
    for (const auto& [duration, text] : texts) {
        CHECK(duration.to_string() == text);
        CHECK(CalendarDuration::parse(text).value() == duration);
    }
}

TEST_CASE("CalendarDuration: the shortest length is that of the API's limits") {
    CHECK(CalendarDuration::months(1).shortest() == 28 * 24h);
    CHECK(CalendarDuration::years(1).shortest() == 365 * 24h);
    CHECK(CalendarDuration::months(14).shortest() == (365 + 56) * 24h);
    CHECK(CalendarDuration::days(2).shortest() == 48h);
    CHECK(CalendarDuration{5min}.shortest() == 5min);
    CHECK(CalendarDuration::months(std::numeric_limits<std::int64_t>::max()).shortest() > 1000h);
    CHECK(CalendarDuration::days(1).is_positive());
    CHECK_FALSE(CalendarDuration{-1s}.is_positive());
}

TEST_CASE("durations: JSON is a string") {
    std::string out;
    REQUIRE(append_json_text(out, FixedDuration{90s}));
    REQUIRE(append_json_text(out, CalendarDuration::months(1)));
    CHECK(out == R"("PT1M30S""P1M")");
    FixedDuration fixed_one;
    CalendarDuration calendar{1s};
    REQUIRE(read_json_text(R"("PT960H")", fixed_one));
    CHECK(fixed_one == 960h);
    REQUIRE(read_json_text(R"("P1Y")", calendar));
    CHECK(calendar == CalendarDuration::years(1));
    CHECK(read_json_text(R"("P1Y")", fixed_one).error().code() == Errc::decode);
    CHECK(read_json_text("5", calendar).error().code() == Errc::decode);
    CHECK(fixed_one == 960h);
}

}  // namespace duration_test
