// SPDX-License-Identifier: BSL-1.0
// Tests of the data frames that the emulator computes.

#include <clarify/api/time_zone.hpp>
#include <clarify/testing/detail/emulator/rpc_dispatch.hpp>

#include "emulated_api.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <iostream>
#include <string>

namespace testing_data_frame_test {

using namespace clarify::testing::detail;

TEST_CASE("dataFrame: raw samples of all items on common times") {
    EmulatedApi api;
    const std::string id = api.item(
        "a",
        R"(["2022-01-01T02:00:00Z","2022-01-01T01:00:00.25+01:00","2022-01-02T00:00:00Z"])",
        "[2,1.5,9]");
    const std::string window =
        R"("filter":{"times":{"$gte":"2022-01-01T00:00:00Z","$lt":"2022-01-02T00:00:00Z"}})";
    CHECK(
        api.frame("{" + window + "}", id) ==
        R"({"times":["2022-01-01T00:00:00.25Z","2022-01-01T02:00:00Z"],"series":{"ID":[1.5,2]}})");
    CHECK(
        api.frame("{" + window + R"(,"last":1})", id) ==
        R"({"times":["2022-01-01T02:00:00Z"],"series":{"ID":[2]}})");

    const std::string other = api.item("b", R"(["2022-01-01T02:00:00Z"])", "[7]");
    CHECK(
        api.frame("{" + window + "}", id) ==
        R"({"times":["2022-01-01T00:00:00.25Z","2022-01-01T02:00:00Z"],"series":{"ID":[1.5,2],")" +
            other + R"(":[null,7]}})");
    const std::string chosen = R"("filter":{"series":{"$in":[")" + other + R"("]}})";
    CHECK(
        api.frame("{" + chosen + "}", other) ==
        R"({"times":["2022-01-01T02:00:00Z"],"series":{"ID":[7]}})");
}

TEST_CASE("dataFrame: rollups have five series, and no row for an empty bucket") {
    EmulatedApi api;
    const std::string id = api.item(
        "a",
        R"(["2022-01-01T00:10:00Z","2022-01-01T00:50:00Z","2022-01-01T02:59:59Z"])",
        "[30,34,-2.5]");
    const std::string window =
        R"("filter":{"times":{"$gte":"2022-01-01T00:00:00Z","$lt":"2022-01-01T04:00:00Z"}})";
    CHECK(
        api.frame("{" + window + R"(,"rollup":"PT1H"})", id) ==
        R"({"times":["2022-01-01T00:00:00Z","2022-01-01T02:00:00Z"],"series":{"ID_avg":[32,-2.5],)"
        R"("ID_count":[2,1],"ID_max":[34,-2.5],"ID_min":[30,-2.5],"ID_sum":[64,-2.5]}})");
    const std::string only_count =
        R"("filter":{"times":{"$gte":"2022-01-01T00:30:00Z","$lt":"2022-01-01T04:00:00Z"},)"
        R"("series":{"$in":[")" +
        id + R"(_count"]}})";
    const auto rollup = [&](const std::string& rest) {
        return api.frame("{" + only_count + "," + rest + "}", id);
    };
    CHECK(
        rollup(R"("rollup":"window")") ==
        R"({"times":["2022-01-01T00:30:00Z"],"series":{"ID_count":[2]}})");
    CHECK(
        rollup(R"("rollup":"P1W")") ==
        R"({"times":["2021-12-27T00:00:00Z"],"series":{"ID_count":[2]}})");
    CHECK(
        rollup(R"("rollup":"P1W","firstDayOfWeek":7)") ==
        R"({"times":["2021-12-26T00:00:00Z"],"series":{"ID_count":[2]}})");
    CHECK(
        rollup(R"("rollup":"PT1H","origin":"2022-01-01T00:20:00Z")") ==
        R"({"times":["2022-01-01T00:20:00Z","2022-01-01T02:20:00Z"],"series":{"ID_count":[1,1]}})");
    CHECK(
        rollup(R"("rollup":"P1Y")") ==
        R"({"times":["2022-01-01T00:00:00Z"],"series":{"ID_count":[2]}})");
    CHECK(
        rollup(R"("rollup":"PT1H","last":1)") ==
        R"({"times":["2022-01-01T02:00:00Z"],"series":{"ID_count":[1]}})");
}

TEST_CASE("dataFrame: items are chosen by a query and included on request") {
    EmulatedApi api;
    const std::string a = api.item("a", R"(["2022-01-01T00:00:00Z"])", "[1]");
    const std::string b = api.item("b", R"(["2022-01-01T00:00:00Z"])", "[2]");
    const json::value result =
        api.call("clarify.dataFrame", R"({"query":{"filter":{"name":"b"}},"include":["item"],
        "format":{"dataAsArray":true,"groupIncludedByType":true}})");
    CHECK(result.at("meta").at("total") == 1);
    CHECK(to_json(result.at("data").at(0).at("series")) == "{\"" + b + "\":[2]}");
    CHECK(text_of(result.at("included").at("items").at(0).at("id")) == b);
}

TEST_CASE("dataFrame: a broken data query is named") {
    EmulatedApi api;
    const auto complain = [&](const std::string& params, std::string_view version = "1.1") {
        return api.complaints("clarify.dataFrame", params, version);
    };
    CHECK(complain(R"({"query":{"limit":51}})") == R"({"query.limit":["must be at most 50"]})");
    for (const char* rollup : {"PT0S", "PT", "-PT1H", "P1M1D", "hour", "PT0.0000001S"}) {
        CAPTURE(rollup);
        CHECK(
            complain(std::string(R"({"data":{"rollup":")") + rollup + "\"}}") ==
            R"({"data.rollup":["must be null, \"window\" or a positive duration such as PT1H"]})");
    }
    CHECK(
        complain(R"({"data":{"timeZone":"Mars/Olympus","firstDayOfWeek":0}})") ==
        R"x({"data.firstDayOfWeek":["must be from 1 (Monday) to 7 (Sunday)"],)x"
        R"("data.timeZone":["must be the name of a time zone"]})");
    CHECK(
        complain(R"({"data":{"filter":{"times":{"$gt":"2022-01-01T00:00:00Z","$lt":"x"}}}})") ==
        R"({"data.filter.times.$gt":["unknown parameter"],)"
        R"("data.filter.times.$lt":["must be an RFC 3339 time"]})");
    CHECK(
        complain(R"({"query":{"total":false}})", "1.2beta1") ==
        R"({"query.total":["unknown parameter"]})");
}

TEST_CASE("dataFrame: the window's length is limited by the rollup, unless servers were observed") {
    const auto days = [](int count, const std::string& rollup) {
        const ServerTime start{std::chrono::sys_days(std::chrono::year(2010) / 1 / 1)};
        return R"({"data":{"rollup":)" + rollup + R"(,"filter":{"times":{"$gte":")" +
            format_time(start) + R"(","$lt":")" + format_time(start + std::chrono::days{count}) +
            "\"}}}}";
    };
    const std::pair<const char*, int> limits[] = {
        {"null", 40},
        {"\"PT59S\"", 40},
        {"\"PT1M\"", 400},
        {"\"PT24H\"", 1900},
        {"\"P1M\"", 1900},
        {"\"P30D\"", 3660},
        {"\"P1Y\"", 3660},
    };
    EmulatedApi documented;
    EmulatedApi observed(true);
    for (const auto& [rollup, limit] : limits) {
        CAPTURE(rollup);
        documented.call("clarify.dataFrame", days(limit, rollup));
        observed.call("clarify.dataFrame", days(limit + 1, rollup));
        CHECK(
            documented.complaints("clarify.dataFrame", days(limit + 1, rollup)) ==
            R"({"data.filter.times":["must span at most )" + std::to_string(limit) +
                R"( days with this rollup"]})");
    }
    documented.call("clarify.dataFrame", days(5000, "\"window\""));
}

TEST_CASE("dataFrame: times that are not set have defaults") {
    EmulatedApi api;
    const std::string id = api.item(
        "a",
        R"(["2021-12-26T00:00:00Z","2022-01-07T00:00:00Z","2022-01-14T00:00:00Z"])",
        "[1,2,3]");
    const auto values = [&](const std::string& times) {
        const json::value frame =
            api.call("clarify.dataFrame", R"({"data":{"filter":{"times":)" + times + "}}}");
        return to_json(frame.at("data").at("series").at(id));
    };
    CHECK(values("{}") == "[1,2]");
    CHECK(values(R"({"$gte":"0001-01-01T00:00:00Z","$lt":"0001-01-01T00:00:00Z"})") == "[1,2]");
    CHECK(values(R"({"$gte":"2022-01-01T00:00:00Z"})") == "[2,3]");
    CHECK(values(R"({"$lt":"2022-01-01T00:00:00Z"})") == "[1]");
}

TEST_CASE("dataFrame: a window that ends before it begins has no values") {
    EmulatedApi api;
    api.item("a", R"(["2022-01-01T00:30:00Z","2022-01-01T02:00:00Z"])", "[1,2]");
    for (const char* const rollup :
         {"", R"(,"rollup":"PT1H","firstDayOfWeek":1)", R"(,"rollup":"window")"}) {
        CAPTURE(rollup);
        const json::value result = api.call(
            "clarify.dataFrame",
            R"({"data":{"filter":{"times":{"$gte":"2022-01-01T03:00:00Z",)"
            R"("$lt":"2022-01-01T00:00:00Z"},"series":{}})" +
                std::string{rollup} + "}}");
        CHECK(to_json(result.at("data")) == R"({"times":[],"series":{}})");
        CHECK(result.at("meta").at("total") == 1);
    }
}

TEST_CASE("dataFrame: days follow the clocks of the time zone") {
    if (!clarify::TimeZone::load("Europe/Oslo")) {
        std::cout << "skipped: this machine has no time zone database\n";
        return;
    }
    EmulatedApi api;
    const std::string id = api.item(
        "a",
        R"(["2026-03-28T22:59:59Z","2026-03-28T23:00:00Z","2026-03-29T21:59:59Z",)"
        R"("2026-03-29T22:00:00Z"])",
        "[1,2,4,8]");
    const json::value frame = api.call(
        "clarify.dataFrame",
        R"({"data":{"rollup":"P1D","timeZone":"Europe/Oslo","filter":{"times":)"
        R"({"$gte":"2026-03-20T00:00:00Z","$lt":"2026-04-01T00:00:00Z"}}}})");
    CHECK(
        to_json(frame.at("data").at("times")) ==
        R"(["2026-03-27T23:00:00Z","2026-03-28T23:00:00Z","2026-03-29T22:00:00Z"])");
    CHECK(to_json(frame.at("data").at("series").at(id + "_sum")) == "[1,6,8]");
}

TEST_CASE("dataFrame: the rollup of an item of states has the seconds in each of them") {
    EmulatedApi api;
    const std::string id = api.item(
        "a",
        R"(["2021-12-31T23:45:00Z","2022-01-01T00:15:00Z","2022-01-01T00:30:00Z"])",
        "[2,0,1]");
    const std::string signal =
        text_of(api.call("admin.selectSignals", "{" + own + R"(,"format":{"dataAsArray":true}})")
                    .at("data")
                    .at(0)
                    .at("id"));
    api.call(
        "admin.publishSignals",
        "{" + own + R"(,"itemsBySignal":{")" + signal +
            R"(":{"name":"a","valueType":"enum","gapDetection":"PT1H",)"
            R"("enumValues":{"0":"off","1":"on","9":"lost"}}}})");
    CHECK(
        api.frame(
            R"({"filter":{"times":{"$gte":"2022-01-01T00:00:00Z","$lt":"2022-01-01T04:00:00Z"}},)"
            R"("rollup":"PT1H"})",
            id) ==
        R"({"times":["2022-01-01T00:00:00Z","2022-01-01T01:00:00Z"],"series":{"ID_0":[900,0],)"
        R"("ID_1":[1800,1800],"ID_2":[900,0],"ID_9":[0,0]}})");
}

}  // namespace testing_data_frame_test
