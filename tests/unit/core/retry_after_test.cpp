// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/retry_after.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

using namespace clarify;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view now = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::int64_t absent = -1;
constexpr std::int64_t day = 86'400'000;

/// The wait in milliseconds, or `absent`.
std::int64_t wait(std::string_view retry_after, std::string_view date = now) {
    const auto parsed = parse_retry_after(retry_after, date);
    return parsed ? parsed->count() : absent;
}

}  // namespace

TEST_CASE("Retry-After: reads seconds") {
    CHECK(wait("0") == 0);
    CHECK(wait("1") == 1'000);
    CHECK(wait("007") == 7'000);
    CHECK(wait(" \t120 ") == 120'000);
    CHECK(wait("86400") == day);
    CHECK(wait("30", "") == 30'000);
    CHECK(wait("30", "nonsense") == 30'000);
}

TEST_CASE("Retry-After: a wait beyond a day is a day, however long its text") {
    CHECK(wait("86401") == day);
    CHECK(wait("1000000000") == day);
    CHECK(wait("18446744073709551616") == day);
    CHECK(wait(std::string(500, '9')) == day);
    CHECK(wait(std::string(500, '0')) == 0);
    CHECK(wait("Mon, 06 Nov 2194 08:49:37 GMT") == day);
    CHECK(wait("Fri, 31 Dec 9999 23:59:59 GMT", "Sat, 01 Jan 0000 00:00:00 GMT") == day);
}

TEST_CASE("Retry-After: what is not understood counts as absent") {
    for (const std::string_view text :
         {""sv,
          " "sv,
          "-5"sv,
          "+5"sv,
          "5s"sv,
          "5.5"sv,
          "1e9"sv,
          "0x10"sv,
          "abc"sv,
          "5, 6"sv,
          "5 6"sv,
          "?"sv,
          "\xFF"sv,
          "5\0"sv,
          "never"sv}) {
        CAPTURE(text);
        CHECK(wait(text) == absent);
    }
}

TEST_CASE("Retry-After: a date is measured against the reply's own date") {
    CHECK(wait("Sun, 06 Nov 1994 08:49:38 GMT") == 1'000);
    CHECK(wait("Sun, 06 Nov 1994 09:49:37 GMT") == 3'600'000);
    CHECK(wait("Mon, 07 Nov 1994 08:49:37 GMT") == day);
    CHECK(wait(" Sun, 06 Nov 1994 08:50:00 GMT ", "\tSun, 06 Nov 1994 08:49:37 GMT ") == 23'000);
    CHECK(wait("Thu, 29 Feb 2024 00:00:00 GMT", "Wed, 28 Feb 2024 23:59:50 GMT") == 10'000);
    CHECK(wait("Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 31 Dec 1999 23:59:60 GMT") == 0);
}

TEST_CASE("Retry-After: a date that has passed is no wait") {
    CHECK(wait(now) == 0);
    CHECK(wait("Sun, 06 Nov 1994 08:49:36 GMT") == 0);
    CHECK(wait("Sat, 01 Jan 0001 00:00:00 GMT") == 0);
}

TEST_CASE("Retry-After: a date means nothing without the reply's own") {
    CHECK(wait("Sun, 06 Nov 1994 08:49:38 GMT", "") == absent);
    CHECK(wait("Sun, 06 Nov 1994 08:49:38 GMT", "0") == absent);
    CHECK(
        wait("Sun, 06 Nov 1994 08:49:38 GMT", std::string{now} + ", " + std::string{now}) ==
        absent);
}

TEST_CASE("Retry-After: refuses dates that do not exist") {
    for (const std::string_view text :
         {"Sun, 32 Nov 1994 08:49:37 GMT"sv,
          "Sun, 00 Nov 1994 08:49:37 GMT"sv,
          "Sun, 30 Feb 2024 08:49:37 GMT"sv,
          "Sun, 29 Feb 2023 08:49:37 GMT"sv,
          "Sun, 06 Nox 1994 08:49:37 GMT"sv,
          "Sun, 06 nov 1994 08:49:37 GMT"sv,
          "Sun, 06 Nov 1994 24:00:00 GMT"sv,
          "Sun, 06 Nov 1994 08:60:00 GMT"sv,
          "Sun, 06 Nov 1994 08:49:61 GMT"sv,
          "Sun, 06 Nov 1994 08:49:37 UTC"sv,
          "Sun, 06 Nov 1994 08:49:37"sv,
          "Sun, 6 Nov 1994 08:49:37 GMT"sv,
          "Sun 06 Nov 1994 08:49:37 GMT "sv,
          "Sun, 06 Nov 1994 08:49:-7 GMT"sv}) {
        CAPTURE(text);
        CHECK(wait(text, "Sat, 01 Jan 1994 00:00:00 GMT") == absent);
    }
}
