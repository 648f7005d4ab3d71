// SPDX-License-Identifier: BSL-1.0
// Time zones: the same as the C library says, and the hours that come twice or never.

#include <clarify/api/detail/zone_data.hpp>
#include <clarify/api/time_zone.hpp>

#include "../../support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace time_zone_test {

using namespace clarify;
using detail::ZoneRule;

namespace {

Timestamp at(std::string_view text) { return Timestamp::parse(text).value(); }

/// The offset in seconds that the C library finds.
long system_offset(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    localtime_r(&time, &parts);
    return parts.tm_gmtoff;
}

/// A file of version 2 without changes, but for those given, and with a rule.
std::string zone_file(
    const std::vector<std::pair<std::int64_t, int>>& changes,
    const std::vector<std::int32_t>& offsets,
    const std::string& rule) {
    const auto number = [](std::uint64_t value, int width) {
        std::string out;
        for (int i = width; i-- != 0;)
            out += static_cast<char>(value >> (8 * i) & 0xFFU);
        return out;
    };
    const auto header = [&](std::size_t times) {
        std::string out = "TZif2" + std::string(15, '\0');
        for (const std::size_t count : {0UL, 0UL, 0UL, times, offsets.size(), 4UL})
            out += number(count, 4);
        return out;
    };
    const auto types = [&] {
        std::string out;
        for (const std::int32_t offset : offsets)
            out += number(static_cast<std::uint32_t>(offset), 4) + std::string(2, '\0');
        return out + std::string("ABC\0", 4);
    };
    std::string out = header(0) + types() + header(changes.size());
    for (const auto& change : changes)
        out += number(static_cast<std::uint64_t>(change.first), 8);
    for (const auto& change : changes)
        out += static_cast<char>(change.second);
    return out + types() + '\n' + rule + '\n';
}

}  // namespace

TEST_CASE("TimeZone: offsets are those that the C library finds") {
    if (!TimeZone::load("Europe/Oslo")) {
        std::cout << "skipped: this machine has no time zone database\n";
        return;
    }
    std::mt19937_64 random{1};
    // 1900 to 2100, beyond the last entry of every file.
    std::uniform_int_distribution<std::int64_t> seconds{-2'208'988'800, 4'102'444'800};
    for (const char* name :
         {"Europe/Oslo",
          "America/New_York",
          "America/Sao_Paulo",
          "Australia/Lord_Howe",
          "Asia/Kathmandu",
          "Africa/Casablanca",
          "Europe/Dublin",
          "Pacific/Apia",
          "America/St_Johns",
          "Etc/GMT+5"}) {
        CAPTURE(name);
        const auto zone = TimeZone::load(name);
        REQUIRE(zone.has_value());
        // NOLINTNEXTLINE(concurrency-mt-unsafe): this test has one thread
        setenv("TZ", name, 1);
        tzset();
        for (int i = 0; i != 5'000; ++i) {
            const std::int64_t time = seconds(random);
            CAPTURE(time);
            REQUIRE(
                zone->offset_at(Timestamp::from_microseconds(time * 1'000'000)).count() ==
                system_offset(time));
        }
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this test has one thread
    unsetenv("TZ");
    tzset();
}

TEST_CASE("TimeZone: a file's changes come first, its rule afterwards") {
    const auto zone = TimeZone::parse(
        zone_file({{0, 1}, {1'000'000, 0}}, {600, 1200}, "CET-1CEST,M3.5.0,M10.5.0/3"));
    REQUIRE(zone.has_value());
    CHECK_FALSE(zone->is_utc());
    CHECK(zone->offset_at(Timestamp::from_microseconds(-1)).count() == 600);
    CHECK(zone->offset_at(Timestamp::from_microseconds(0)).count() == 1200);
    CHECK(zone->offset_at(Timestamp::from_microseconds(999'999'999'999)).count() == 1200);
    CHECK(zone->offset_at(at("2026-01-01T00:00:00Z")).count() == 3600);
    CHECK(zone->offset_at(at("2026-03-29T00:59:59.999999Z")).count() == 3600);
    CHECK(zone->offset_at(at("2026-03-29T01:00:00Z")).count() == 7200);
    CHECK(zone->offset_at(at("2026-10-25T00:59:59Z")).count() == 7200);
    CHECK(zone->offset_at(at("2026-10-25T01:00:00Z")).count() == 3600);
}

TEST_CASE("TimeZone: an hour that comes twice is the first, one that is left out its end") {
    const auto zone = TimeZone::parse(zone_file({}, {3600}, "CET-1CEST,M3.5.0,M10.5.0/3"));
    REQUIRE(zone.has_value());
    CHECK(zone->from_local(at("2026-10-25T02:30:00Z")) == at("2026-10-25T00:30:00Z"));
    CHECK(zone->from_local(at("2026-10-25T03:00:00Z")) == at("2026-10-25T02:00:00Z"));
    for (const char* local :
         {"2026-03-29T02:00:00Z", "2026-03-29T02:30:00Z", "2026-03-29T02:59:59.5Z"})
        CHECK(zone->from_local(at(local)) == at("2026-03-29T01:00:00Z"));
    CHECK(zone->from_local(at("2026-03-29T03:00:00Z")) == at("2026-03-29T01:00:00Z"));
    CHECK(zone->from_local(at("2026-03-29T01:59:59Z")) == at("2026-03-29T00:59:59Z"));
    CHECK(zone->to_local(at("2026-07-01T00:00:00.000001Z")) == at("2026-07-01T02:00:00.000001Z"));
    CHECK(TimeZone{}.from_local(at("2026-03-29T02:30:00Z")) == at("2026-03-29T02:30:00Z"));
}

TEST_CASE("ZoneRule: every way to name a day of the year") {
    // As if in Ireland, whose winter is the exception, and south of the equator.
    const auto irish = ZoneRule::parse("IST-1GMT0,M10.5.0,M3.5.0/1");
    REQUIRE(irish.has_value());
    const auto seconds = [](std::string_view text) { return at(text).microseconds() / 1'000'000; };
    CHECK(irish->offset_at(seconds("2026-01-01T00:00:00Z")) == 0);
    CHECK(irish->offset_at(seconds("2026-07-01T00:00:00Z")) == 3600);
    const auto days = ZoneRule::parse("<-03>3<-02>,J60/0,59/-1");
    REQUIRE(days.has_value());
    CHECK(days->begins.in_year(2023) == seconds("2023-03-01T00:00:00Z"));
    CHECK(days->begins.in_year(2024) == seconds("2024-03-01T00:00:00Z"));
    CHECK(days->ends.in_year(2024) == seconds("2024-02-28T23:00:00Z"));
    const auto fixed = ZoneRule::parse("<+0545>-5:45");
    REQUIRE(fixed.has_value());
    CHECK(fixed->offset_at(0) == 20'700);
    for (const std::string_view text :
         {"",
          "CE-1",
          "CET",
          "CET-25",
          "CET-1CEST",
          "CET-1CEST,M3.5.0",
          "CET-1CEST,M13.5.0,M10.5.0",
          "CET-1CEST,M3.6.0,M10.5.0",
          "CET-1CEST,M3.5.7,M10.5.0",
          "CET-1CEST,J0,M10.5.0",
          "CET-1CEST,J366,M10.5.0",
          "CET-1CEST,366,M10.5.0",
          "CET-1CEST,M3.5.0/168,M10.5.0",
          "CET-1CEST,M3.5.0,M10.5.0x",
          "<+05-5"}) {
        CAPTURE(text);
        CHECK_FALSE(ZoneRule::parse(text).has_value());
    }
}

TEST_CASE("TimeZone: names that are none and files that are broken are refused") {
    CHECK(TimeZone::load("UTC").value().is_utc());
    // The second is a folder of the database.
    for (const char* const name : {"Mars/Olympus", "Europe", "America/Argentina"})
        CHECK(TimeZone::load(name).error().reason() == Reason::not_found);
    for (const char* name : {"", "/etc/passwd", "../passwd", "Europe/Oslo;", "-x"})
        CHECK(TimeZone::load(name).error().reason() == Reason::syntax);
    const std::string good = zone_file({{0, 1}}, {0, 60}, "UTC0");
    REQUIRE(TimeZone::parse(good).has_value());
    for (std::size_t length = 0; length != good.size(); ++length)
        CHECK_FALSE(TimeZone::parse(good.substr(0, length)).has_value());
    std::mt19937 random{1};
    for (int i = 0; i != 20'000; ++i) {
        std::string bad = good;
        bad[random() % bad.size()] = static_cast<char>(random());
        const auto zone = TimeZone::parse(bad);
        if (zone) zone->offset_at(Timestamp::from_microseconds(1'000'000));
    }
}

TEST_CASE("TimeZone: the environment names no other database") {
    const support::TemporaryDirectory folder;
    std::filesystem::create_directory(folder / "Mars");
    folder.write("Mars/Olympus", zone_file({{0, 1}}, {0, 60}, "UTC0"));
    ::setenv("TZDIR", folder.path().c_str(), 1);
    CHECK(TimeZone::load("Mars/Olympus").error().reason() == Reason::not_found);
    ::unsetenv("TZDIR");
}

}  // namespace time_zone_test
