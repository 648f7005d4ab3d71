// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/retry_after.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace retry_after_test {

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

TEST_CASE("Retry-After: a date means nothing without another one") {
    CHECK(wait("Sun, 06 Nov 1994 08:49:38 GMT", "") == absent);
    CHECK(wait("Sun, 06 Nov 1994 08:49:38 GMT", "0") == absent);
    const std::string twice = std::string{now}.append(", ").append(now);
    CHECK(wait("Sun, 06 Nov 1994 08:49:38 GMT", twice) == absent);
}

TEST_CASE(
    "Retry-After: a date in a reply without a date is measured against the clock that is given") {
    using std::chrono::sys_days;
    const auto local = [](std::string_view text, std::string_view date = "") {
        const std::chrono::system_clock::time_point clock =
            sys_days{std::chrono::year{1994} / 11 / 6} + std::chrono::hours{8} +
            std::chrono::minutes{49} + std::chrono::milliseconds{37'900};
        const auto parsed = parse_retry_after(text, date, clock);
        return parsed ? parsed->count() : absent;
    };
    CHECK(local("Sun, 06 Nov 1994 08:49:47 GMT") == 10'000);
    CHECK(local("Sunday, 06-Nov-94 08:49:47 GMT") == 10'000);
    CHECK(local("Sun Nov  6 08:49:47 1994") == 10'000);
    // What is no date is as good as none.
    CHECK(local("Sun, 06 Nov 1994 08:49:47 GMT", "0") == 10'000);
    CHECK(local("Sun, 06 Nov 1994 08:49:47 GMT", "yesterday") == 10'000);
    // The reply's own goes first, whatever the clock says.
    CHECK(local("Sun, 06 Nov 1994 08:49:47 GMT", "Sun, 06 Nov 1994 08:49:46 GMT") == 1'000);
    CHECK(local("Mon, 07 Nov 2050 08:49:47 GMT", "Mon, 07 Nov 2050 08:49:40 GMT") == 7'000);
    CHECK(local("Sun, 06 Nov 1994 08:49:37 GMT") == 0);
    CHECK(local("Sat, 05 Nov 1994 08:49:47 GMT") == 0);
    CHECK(local("Sat, 01 Jan 0000 00:00:00 GMT") == 0);
    CHECK(local("Fri, 31 Dec 9999 23:59:59 GMT") == day);
    CHECK(local("7") == 7'000);
    CHECK(local("soon") == absent);
    CHECK(local("") == absent);
}

TEST_CASE("Retry-After: a date may have any of the three forms, and so may the reply's own") {
    constexpr std::array same{
        "Sun, 06 Nov 1994 08:49:37 GMT"sv,
        "Sunday, 06-Nov-94 08:49:37 GMT"sv,
        "Sun Nov  6 08:49:37 1994"sv};
    constexpr std::array later{
        "Sun, 06 Nov 1994 08:49:47 GMT"sv,
        "Sunday, 06-Nov-94 08:49:47 GMT"sv,
        "Sun Nov  6 08:49:47 1994"sv};
    for (const std::string_view date : same) {
        for (const std::string_view text : same) {
            CAPTURE(text);
            CAPTURE(date);
            CHECK(wait(text, date) == 0);
        }
        for (const std::string_view text : later) {
            CAPTURE(text);
            CAPTURE(date);
            CHECK(wait(text, date) == 10'000);
        }
    }
    CHECK(wait("Wed Nov 16 08:49:38 1994", "Wed Nov 16 08:49:37 1994") == 1'000);
    CHECK(wait("Sun Nov 06 08:49:38 1994") == 1'000);
    CHECK(wait("Wednesday, 29-Feb-00 00:00:10 GMT", "Wednesday, 29-Feb-00 00:00:00 GMT") == 10'000);
}

TEST_CASE("Retry-After: a year of two digits is at most 50 years later than the other date") {
    constexpr std::string_view own = "Sat, 28 Nov 2026 12:00:00 GMT";
    CHECK(wait("Saturday, 28-Nov-26 12:00:05 GMT", own) == 5'000);
    CHECK(wait("Sunday, 29-Nov-26 12:00:01 GMT", own) == day);
    CHECK(wait("Friday, 27-Nov-26 12:00:00 GMT", own) == 0);
    CHECK(wait("Saturday, 28-Nov-76 12:00:00 GMT", own) == day);
    CHECK(wait("Saturday, 28-Nov-76 12:00:01 GMT", own) == 0);
    CHECK(wait("Sunday, 29-Nov-76 00:00:00 GMT", own) == 0);
    CHECK(wait("Friday, 01-Jan-77 00:00:00 GMT", own) == 0);
    CHECK(wait("Sunday, 06-Nov-94 08:49:37 GMT", own) == 0);
    // The turn of a century.
    CHECK(wait("Friday, 01-Jan-00 00:00:04 GMT", "Thu, 31 Dec 2099 23:59:59 GMT") == 5'000);
    CHECK(wait("Thursday, 31-Dec-99 23:59:59 GMT", "Fri, 01 Jan 2100 00:00:00 GMT") == 0);
    CHECK(wait("Saturday, 01-Jan-00 00:00:04 GMT", "Friday, 31-Dec-99 23:59:59 GMT") == 5'000);
    CHECK(wait("Friday, 31-Dec-99 23:59:59 GMT", "Saturday, 01-Jan-00 00:00:04 GMT") == 0);
    CHECK(wait("Sat, 01 Jan 2000 00:00:04 GMT", "Friday, 31-Dec-99 23:59:59 GMT") == 5'000);
    CHECK(wait("Thu Dec 31 23:59:59 2099", "Friday, 01-Jan-00 00:00:00 GMT") == 0);
    for (int year = 0; year != 100; ++year) {
        CAPTURE(year);
        const std::string digits{
            static_cast<char>('0' + year / 10), static_cast<char>('0' + year % 10)};
        CHECK(
            wait(
                "Monday, 10-May-" + digits + " 10:00:30 GMT",
                "Monday, 10-May-" + digits + " 10:00:00 GMT") == 30'000);
    }
    // A day that its year does not have.
    CHECK(wait("Monday, 29-Feb-00 00:00:00 GMT", "Sat, 27 Feb 2100 00:00:00 GMT") == absent);
    CHECK(wait("Sunday, 29-Feb-23 00:00:00 GMT", own) == absent);
    CHECK(wait("Sunday, 06-Nov-94 08:49:37 GMT", "Sat, 01 Jan 0000 00:00:00 GMT") == 0);
}

TEST_CASE("Retry-After: refuses dates that are nearly of an old form") {
    for (const std::string_view text :
         {"Sunday, 06-Nov-1994 08:49:38 GMT"sv,
          "Sun, 06-Nov-94 08:49:38 GMT"sv,
          "Sunday, 06 Nov 94 08:49:38 GMT"sv,
          "Sunday, 6-Nov-94 08:49:38 GMT"sv,
          "Sunday,  6-Nov-94 08:49:38 GMT"sv,
          "Sundae, 06-Nov-94 08:49:38 GMT"sv,
          "sunday, 06-Nov-94 08:49:38 GMT"sv,
          "Sundays, 06-Nov-94 08:49:38 GMT"sv,
          "Sunday 06-Nov-94 08:49:38 GMT"sv,
          "Sunday, 06-Nov-94 08:49:38 UTC"sv,
          "Sunday, 06-Nov-94 08:49:38"sv,
          "Sunday, 06-Nov-94 24:00:00 GMT"sv,
          "Sunday, 31-Nov-94 08:49:38 GMT"sv,
          "Sunday, 00-Nov-94 08:49:38 GMT"sv,
          "Sunday, 06-Nov--4 08:49:38 GMT"sv,
          "Sunday,"sv,
          ","sv,
          "Sun Nov 6 08:49:38 1994"sv,
          "Sun Nov   6 08:49:38 1994"sv,
          "Sun Nov  6 08:49:38 94"sv,
          "Sun Nov  6 08:49:38 1994 GMT"sv,
          "Sun, Nov  6 08:49:38 1994"sv,
          "Sun Nov 6  08:49:38 1994"sv,
          "Sun Nov    08:49:38 1994"sv,
          "Sun Nov  0 08:49:38 1994"sv,
          "Sun Nov 31 08:49:38 1994"sv,
          "Sun nov  6 08:49:38 1994"sv,
          "Sun Nov  6 08:60:38 1994"sv,
          "Sunday Nov  6 08:49:38 1994"sv,
          "Sun Nov  6 08:49:38 1994\n"sv}) {
        CAPTURE(text);
        CHECK(wait(text) == absent);
        CHECK(wait("Sun, 06 Nov 1994 08:49:38 GMT", text) == absent);
    }
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

}  // namespace retry_after_test
