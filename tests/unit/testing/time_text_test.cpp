// SPDX-License-Identifier: BSL-1.0
// Tests of the times and durations of the emulator.

#include <clarify/testing/detail/emulator/time_text.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace time_text_test {

using namespace clarify::testing::detail;
using namespace std::chrono_literals;

namespace {

ServerTime at(std::int64_t micros) { return ServerTime(Microseconds{micros}); }

ServerTime at(std::string_view text) { return parse_time(text).value(); }

std::string normal(std::string_view text) {
    const auto time = parse_time(text);
    return time ? format_time(*time) : "invalid";
}

std::string canonical(std::string_view text) {
    const auto duration = parse_fixed_duration(text);
    return duration ? format_fixed_duration(*duration) : "invalid";
}

}  // namespace

TEST_CASE("time: RFC 3339 is read, and written in UTC without trailing zeros") {
    CHECK(normal("1970-01-01T00:00:00Z") == "1970-01-01T00:00:00Z");
    CHECK(normal("2022-03-25T09:58:19.610Z") == "2022-03-25T09:58:19.61Z");
    CHECK(normal("2022-01-01T00:00:00+02:00") == "2021-12-31T22:00:00Z");
    CHECK(normal("2022-01-01T00:00:00-00:30") == "2022-01-01T00:30:00Z");
    CHECK(normal("2022-01-01t00:00:00z") == "2022-01-01T00:00:00Z");
    CHECK(normal("2024-02-29T23:59:59.999999Z") == "2024-02-29T23:59:59.999999Z");
    CHECK(normal("0001-01-01T00:00:00Z") == "0001-01-01T00:00:00Z");
    CHECK(normal("9999-12-31T23:59:59.999999Z") == "9999-12-31T23:59:59.999999Z");
}

TEST_CASE("time: digits finer than a microsecond are floored, also before 1970") {
    CHECK(at("1970-01-01T00:00:00.0000019Z") == at(1));
    CHECK(at("1969-12-31T23:59:59.9999999Z") == at(-1));
}

TEST_CASE("time: what is not RFC 3339 is refused") {
    for (const char* text :
         {"",
          "2022",
          "2022-01-01",
          "2022-01-01T00:00:00",
          "2022-01-01 00:00:00Z",
          "2022-13-01T00:00:00Z",
          "2023-02-29T00:00:00Z",
          "2022-01-01T24:00:00Z",
          "2022-01-01T00:60:00Z",
          "2022-01-01T00:00:60Z",
          "2022-01-01T00:00:00.Z",
          "2022-01-01T00:00:00+0200",
          "2022-01-01T00:00:00+02",
          "2022-01-01T00:00:00Zx",
          "22-01-01T00:00:00Z",
          "2022-1-01T00:00:00Z",
          "+022-01-01T00:00:00Z"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_time(text));
    }
}

TEST_CASE("duration: fixed ones have a canonical text") {
    CHECK(canonical("PT0.001S") == "PT0.001S");
    CHECK(canonical("-PT0.001S") == "-PT0.001S");
    CHECK(canonical("P4D") == "PT96H");
    CHECK(canonical("P1W") == "PT168H");
    CHECK(canonical("-P1W1DT3H2M0.001S") == "-PT195H2M0.001S");
    CHECK(canonical("P0DT0H0M30.000000S") == "PT30S");
    CHECK(canonical("P40D") == "PT960H");
    CHECK(canonical("PT90S") == "PT1M30S");
    CHECK(canonical("PT1.5S") == "PT1.5S");
    CHECK(canonical("PT0S") == "PT0S");
    CHECK(canonical("P20DT") == "PT480H");
    CHECK(canonical("pt2h") == "PT2H");
    CHECK(parse_fixed_duration("PT1.001S") == 1001ms);
}

TEST_CASE("duration: what is no fixed duration is refused") {
    for (const char* text :
         {"",
          "10s",
          "P1Y",
          "P1M",
          "P-3H",
          "PT1.5H",
          "P1H",
          "PT1D",
          "PT1S1M",
          "PT1M1M",
          "PT.5S",
          "PT1.S",
          "P1",
          "1D",
          "PT9999999999999H",
          "PT99999999999999999999S",
          "P1YT1H"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_fixed_duration(text));
    }
}

TEST_CASE("duration: years and months do not mix with a fixed part") {
    CHECK(parse_duration("P1Y2M")->months == 14);
    CHECK(parse_duration("-P6M")->months == -6);
    CHECK(parse_duration("P1D")->fixed == 24h);
    CHECK_FALSE(parse_duration("P1M1D"));
    CHECK_FALSE(parse_duration("P1YT1S"));
}

}  // namespace time_text_test
