// SPDX-License-Identifier: BSL-1.0
// Queries: what is written, what is left to the server, and what a server would refuse.

#include <clarify/api/query.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace query_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

template <class Query>
std::string written(const Query& query) {
    std::string out;
    REQUIRE(append_json_text(out, query).has_value());
    return out;
}

template <class Query>
std::string refused(const Query& query) {
    std::string out = "kept";
    const Result<void> done = append_json_text(out, query);
    REQUIRE(done.has_error());
    CHECK(done.error().code() == Errc::bad_argument);
    CHECK(out == "kept");
    return std::string{done.error().message()};
}

Timestamp at(std::string_view text) { return Timestamp::parse(text).value(); }

}  // namespace

TEST_CASE("ResourceQuery: only what is set is written") {
    CHECK(written(ResourceQuery{}) == R"({"filter":{}})");
    ResourceQuery query{field("id").in({"c8keagasahsp3cpvma20", "c8l8bc2sahsgjg5cckcg"})};
    query.sort = {"-id", "name"};
    query.limit = 10;
    query.skip = 20;
    query.total = true;
    CHECK(
        written(query) ==
        R"({"filter":{"id":{"$in":["c8keagasahsp3cpvma20","c8l8bc2sahsgjg5cckcg"]}},)"
        R"("sort":["-id","name"],"limit":10,"skip":20,"total":true})");
    query.limit = 0;
    CHECK(written(query).find(R"("limit":0)") != std::string::npos);
}

TEST_CASE("ResourceQuery: what a server would refuse is named with its path") {
    ResourceQuery query{field("") == 1};
    query.sort = {"-"};
    query.limit = 1001;
    FieldErrors errors;
    detail::check(query, "query", 1000, errors);
    REQUIRE(errors.size() == 3);
    CHECK(errors.all()[0].path == "query.filter");
    CHECK(errors.all()[1].path == "query.limit");
    CHECK(errors.all()[1].message == "is more than 1000");
    CHECK(errors.all()[2].path == "query.sort");
    CHECK(refused(query).find("query.sort") != std::string::npos);
}

TEST_CASE("Rollup: none, a window, and durations that stay what they are") {
    CHECK(Rollup{}.is_none());
    CHECK(Rollup::parse("window").value() == Rollup::window());
    CHECK(Rollup::parse("PT1H").value() == Rollup{1h});
    CHECK(Rollup::parse("P1M").value().to_string() == "P1M");
    CHECK(Rollup::parse("PT24H").value().to_string() == "PT24H");
    CHECK(Rollup::parse("P1D").value().to_string() == "P1D");
    CHECK(Rollup::parse("P1D").value() != Rollup::parse("PT24H").value());
    for (const char* text : {"-PT1H", "PT0S", "", "hour", "Window"}) {
        CAPTURE(text);
        CHECK(Rollup::parse(text).error().code() == Errc::bad_argument);
    }
}

TEST_CASE("DataQuery: only what is set is written") {
    CHECK(written(DataQuery{}) == "{}");
    DataQuery query{at("2024-01-01T00:00:00Z"), at("2024-01-02T00:00:00Z")};
    CHECK(
        written(query) ==
        R"({"filter":{"times":{"$gte":"2024-01-01T00:00:00Z","$lt":"2024-01-02T00:00:00Z"}}})");
    query.to.reset();
    query.series = {"c1", "c2"};
    query.rollup = CalendarDuration::months(1);
    query.time_zone = "Europe/Oslo";
    query.first_day_of_week = std::chrono::Sunday;
    query.origin = at("2000-01-01T00:00:00Z");
    query.last = 5;
    query.outside_points = true;
    CHECK(
        written(query) ==
        R"({"filter":{"times":{"$gte":"2024-01-01T00:00:00Z"},"series":{"$in":["c1","c2"]}},)"
        R"("rollup":"P1M","timeZone":"Europe/Oslo","firstDayOfWeek":7,)"
        R"("origin":"2000-01-01T00:00:00Z","last":5,"outsidePoints":true})");
    query = {};
    query.rollup = Rollup::window();
    query.first_day_of_week = std::chrono::Monday;
    CHECK(written(query) == R"({"rollup":"window","firstDayOfWeek":1})");
}

TEST_CASE("DataQuery: what a server would refuse is named with its path") {
    DataQuery query{at("2024-01-02T00:00:00Z"), at("2024-01-01T00:00:00Z"), Rollup{-1h}};
    query.time_zone = "../etc/passwd";
    query.first_day_of_week = std::chrono::weekday{9};
    query.last = 0;
    query.series = {""};
    query.origin = Timestamp::max();
    const std::string message = refused(query);
    for (const char* path :
         {"data.filter.times: ",
          "data.rollup: ",
          "data.timeZone: ",
          "data.firstDayOfWeek: ",
          "data.last: ",
          "data.filter.series: ",
          "data.origin: "}) {
        CAPTURE(path);
        CHECK(message.find(path) != std::string::npos);
    }
}

TEST_CASE("longest_window: the limits that the API documents") {
    constexpr auto day = 24h;
    CHECK(longest_window({}, true) == FixedDuration{40 * day});
    CHECK(longest_window(Rollup{59s}, true) == FixedDuration{40 * day});
    CHECK(longest_window(Rollup{1min}, true) == FixedDuration{400 * day});
    CHECK(longest_window(Rollup{CalendarDuration::days(1)}, true) == FixedDuration{1900 * day});
    CHECK(longest_window(Rollup{CalendarDuration::days(30)}, true) == FixedDuration{3660 * day});
    // A month has 28 days at least, and a year 365.
    CHECK(longest_window(Rollup{CalendarDuration::months(1)}, true) == FixedDuration{1900 * day});
    CHECK(longest_window(Rollup{CalendarDuration::years(1)}, true) == FixedDuration{3660 * day});
    CHECK(longest_window(Rollup{CalendarDuration::years(1)}, false) == FixedDuration{1900 * day});
    CHECK_FALSE(longest_window(Rollup::window(), true));
}

}  // namespace query_test
