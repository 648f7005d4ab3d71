// SPDX-License-Identifier: BSL-1.0
// Moments: their text both ways, rounding, and arithmetic at the ends of their range.

#include <clarify/api/timestamp.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <type_traits>

namespace timestamp_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

std::int64_t parsed(std::string_view text) {
    const auto time = Timestamp::parse(text);
    REQUIRE_MESSAGE(time, text);
    return time->microseconds();
}

std::string printed(std::int64_t microseconds) {
    return Timestamp::from_microseconds(microseconds).to_string();
}

}  // namespace

static_assert(sizeof(Timestamp) == 8 && std::is_trivially_copyable_v<Timestamp>);

TEST_CASE("Timestamp: RFC 3339 is read, with offsets and any number of decimals") {
    CHECK(parsed("1970-01-01T00:00:00Z") == 0);
    CHECK(parsed("2022-01-01T00:00:00Z") == 1'640'995'200'000'000);
    CHECK(parsed("2022-01-01t02:00:00+02:00") == 1'640'995'200'000'000);
    CHECK(parsed("2021-12-31T19:30:00-04:30") == 1'640'995'200'000'000);
    CHECK(parsed("2022-01-01T00:00:00-00:00") == 1'640'995'200'000'000);
    CHECK(parsed("1970-01-01T00:00:00.5z") == 500'000);
    CHECK(parsed("1970-01-01T00:00:00.000001Z") == 1);
    CHECK(parsed("1970-01-01T00:00:00.1234567890123456789Z") == 123'456);
    CHECK(parsed("2000-01-03T00:00:00Z") == 946'857'600'000'000);
    CHECK(parsed("2024-02-29T23:59:59.999999Z") == 1'709'251'199'999'999);
    CHECK(parsed("0000-01-01T00:00:00Z") == -62'167'219'200'000'000);
    CHECK(parsed("0001-01-01T00:00:00Z") == -62'135'596'800'000'000);
    CHECK(parsed("9999-12-31T23:59:59.999999Z") == 253'402'300'799'999'999);
}

TEST_CASE("Timestamp: a fraction finer than a microsecond is floored, before 1970 too") {
    CHECK(parsed("1969-12-31T23:59:59.9999999Z") == -1);
    CHECK(parsed("1969-12-31T23:59:59.9999990Z") == -1);
    CHECK(parsed("1969-12-31T23:59:59.9999981Z") == -2);
    using nanoseconds = std::chrono::sys_time<std::chrono::nanoseconds>;
    CHECK(Timestamp{nanoseconds{-1ns}}.microseconds() == -1);
    CHECK(Timestamp{nanoseconds{-1000ns}}.microseconds() == -1);
    CHECK(Timestamp{nanoseconds{-1001ns}}.microseconds() == -2);
    CHECK(Timestamp{nanoseconds{1999ns}}.microseconds() == 1);
}

TEST_CASE("Timestamp: a leap second becomes the second after it") {
    CHECK(parsed("2016-12-31T23:59:60Z") == parsed("2017-01-01T00:00:00Z"));
    CHECK(parsed("2016-12-31T23:59:60.25Z") == parsed("2017-01-01T00:00:00.25Z"));
    CHECK(parsed("2016-12-31T15:59:60-08:00") == parsed("2017-01-01T00:00:00Z"));
    CHECK(parsed("1972-07-01T00:59:60+01:00") == parsed("1972-07-01T00:00:00Z"));
}

TEST_CASE("Timestamp: what is not RFC 3339 is refused, and named") {
    for (const std::string_view text :
         {"",
          "2022-01-01",
          "2022-01-01T00:00:00",
          "2022-01-01 00:00:00Z",
          "2022-01-01T00:00Z",
          "2022-1-01T00:00:00Z0",
          "2022-13-01T00:00:00Z",
          "2022-00-01T00:00:00Z",
          "2022-02-29T00:00:00Z",
          "2022-01-01T24:00:00Z",
          "2022-01-01T00:60:00Z",
          "2022-01-01T23:58:60Z",
          "2022-01-01T23:59:61Z",
          "2022-01-01T23:59:60+01:00",
          "2022-01-01T00:00:00.Z",
          "2022-01-01T00:00:00,5Z",
          "2022-01-01T00:00:00+0200",
          "2022-01-01T00:00:00+02",
          "2022-01-01T00:00:00+24:00",
          "2022-01-01T00:00:00+02:60",
          "2022-01-01T00:00:00ZZ",
          "2022-01-01T00:00:00Z ",
          "+022-01-01T00:00:00Z",
          "20220101T000000.0000Z",
          "12022-01-01T00:00:00Z"}) {
        CAPTURE(text);
        const auto time = Timestamp::parse(text);
        REQUIRE_FALSE(time);
        CHECK(time.error().code() == Errc::bad_argument);
        CHECK(time.error().reason() == Reason::syntax);
        CHECK(time.error().to_string().find(text) != std::string::npos);
    }
}

TEST_CASE("Timestamp: text is in UTC, without trailing zeros of the fraction") {
    CHECK(printed(0) == "1970-01-01T00:00:00Z");
    CHECK(printed(250'000) == "1970-01-01T00:00:00.25Z");
    CHECK(printed(-1) == "1969-12-31T23:59:59.999999Z");
    CHECK(printed(100) == "1970-01-01T00:00:00.0001Z");
    CHECK(printed(946'857'600'000'000) == "2000-01-03T00:00:00Z");
    CHECK(printed(1'709'251'199'000'010) == "2024-02-29T23:59:59.00001Z");
    CHECK(printed(-62'167'219'200'000'000) == "0000-01-01T00:00:00Z");
    CHECK(printed(253'402'300'799'999'999) == "9999-12-31T23:59:59.999999Z");
    CHECK(printed(253'402'300'800'000'000) == "+010000-01-01T00:00:00Z");
    CHECK(Timestamp::min().to_string() == "-290308-12-21T19:59:05.224192Z");
    CHECK(Timestamp::max().to_string() == "+294247-01-10T04:00:54.775807Z");
}

TEST_CASE("Timestamp: any moment that RFC 3339 can express comes back the same") {
    std::mt19937_64 random{1};
    std::uniform_int_distribution<std::int64_t> any{
        -62'167'219'200'000'000, 253'402'300'799'999'999};
    for (int i = 0; i != 100'000; ++i) {
        const std::int64_t count = any(random);
        const std::string text = printed(count);
        std::int64_t back = 0;
        REQUIRE_MESSAGE(detail::read_timestamp(text, back), text);
        REQUIRE(back == count);
        const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(
            Timestamp::from_microseconds(count).time_point())};
        REQUIRE(std::stoi(text.substr(0, 4)) == static_cast<int>(date.year()));
        REQUIRE(std::stoul(text.substr(5, 2)) == static_cast<unsigned>(date.month()));
        REQUIRE(std::stoul(text.substr(8, 2)) == static_cast<unsigned>(date.day()));
    }
}

TEST_CASE("Timestamp: arithmetic is that of chrono, and ends where the range ends") {
    constexpr Timestamp day = std::chrono::sys_days{std::chrono::year{2026} / 11 / 24};
    static_assert(day + 90min - day == 1h + 30min);
    CHECK((day + 1ns).microseconds() == day.microseconds());
    CHECK((day - 1ns).microseconds() == day.microseconds() - 1);
    CHECK(day < day + 1us);
    CHECK(Timestamp::max() + 1us == Timestamp::max());
    CHECK(Timestamp::min() - 1us == Timestamp::min());
    CHECK(Timestamp::max() - Timestamp::min() == std::chrono::microseconds::max());
    CHECK(Timestamp::min() - Timestamp::max() == std::chrono::microseconds::min());
    CHECK(day + std::chrono::hours{std::numeric_limits<std::int64_t>::max()} == Timestamp::max());
    CHECK(
        Timestamp{std::chrono::sys_time<std::chrono::hours>{std::chrono::hours::min()}} ==
        Timestamp::min());
    const auto before =
        std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    CHECK(Timestamp::now() >= Timestamp{before});
}

TEST_CASE("Timestamp: JSON is a string in RFC 3339") {
    std::string out;
    REQUIRE(append_json_text(out, Timestamp::from_microseconds(1'500'000)));
    CHECK(out == R"("1970-01-01T00:00:01.5Z")");
    Timestamp time;
    REQUIRE(read_json_text(R"("1970-01-01T01:00:01.5+01:00")", time));
    CHECK(time.microseconds() == 1'500'000);
    CHECK(read_json_text("1500000", time).error().code() == Errc::decode);
    CHECK(read_json_text(R"("today")", time).error().code() == Errc::decode);
    CHECK(time.microseconds() == 1'500'000);
    const auto refused = append_json_text(out, Timestamp::max());
    CHECK(refused.error().reason() == Reason::out_of_range);
    CHECK(out == R"("1970-01-01T00:00:01.5Z")");
}

}  // namespace timestamp_test
