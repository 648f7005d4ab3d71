// SPDX-License-Identifier: BSL-1.0
// Tests of what the emulator evaluates.

#include <clarify/testing/detail/emulator/rpc_dispatch.hpp>

#include "emulated_api.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace testing_evaluate_test {

using namespace clarify::testing::detail;

namespace {

/// Two items with values from 10:00 to 11:00 on 1 January 2022.
struct Scene {
    Scene()
        : pump(api.item(
              "pump",
              R"(["2022-01-01T10:00:00Z","2022-01-01T10:05:00Z","2022-01-01T10:20:00Z"])",
              "[1,3,8]")),
          fan(api.item(
              "fan", R"(["2022-01-01T10:09:59.999999Z","2022-01-01T10:59:00Z"])", "[10,20]")) {}

    std::string item(
        std::string_view alias, const std::string& id, std::string_view rest, bool is_1_2 = false) {
        return R"({"alias":")" + std::string{alias} + R"(","id":")" + id + R"(",")" +
            (is_1_2 ? "timeAggregation" : "aggregation") + R"(":)" + std::string{rest} + "}";
    }

    /// The frame of an evaluation between 10:00 and 11:00 as text.
    std::string frame(
        const std::string& parts,
        const std::string& rest = R"(,"rollup":"PT10M")",
        std::string_view version = "1.1") {
        return to_json(api.call("clarify.evaluate", params(parts, rest), version).at("data"));
    }

    static std::string params(
        const std::string& parts, const std::string& rest = R"(,"rollup":"PT10M")") {
        return "{" + parts +
            R"(,"data":{"filter":{"times":{"$gte":"2022-01-01T10:00:00Z",)"
            R"("$lt":"2022-01-01T11:00:00Z"}})" +
            rest + "}}";
    }

    EmulatedApi api;
    const std::string pump;
    const std::string fan;
};

std::string minutes(std::string_view list) {
    std::string times;
    for (; !list.empty(); list.remove_prefix(list.size() < 3 ? list.size() : 3)) {
        times += (times.empty() ? "\"" : ",\"") + std::string("2022-01-01T10:") +
            std::string(list.substr(0, 2)) + ":00Z\"";
    }
    return R"({"times":[)" + times + R"(],"series":)";
}

}  // namespace

TEST_CASE("evaluate: items and calculations of them and of earlier ones") {
    Scene scene;
    CHECK(
        scene.frame(
            R"("items":[)" + scene.item("i1", scene.pump, R"("avg")") + "," +
            scene.item("i2", scene.fan, R"("max")") +
            R"(],"calculations":[{"alias":"c1","formula":"i1 + i2"},)"
            R"({"alias":"c2","formula":"c1 > 11"},)"
            R"({"alias":"c3","formula":"time_seconds % 3600 / bucket_seconds"}])") ==
        minutes("00 20 50") +
            R"({"c1":[12,null,null],"c2":[1,null,null],"c3":[0,2,5],)"
            R"("i1":[2,8,null],"i2":[10,null,20]}})");
}

TEST_CASE("evaluate: all aggregations over time") {
    Scene scene;
    std::string items;
    for (const std::string_view name : {"count", "min", "max", "sum", "avg", "first", "last"}) {
        items += (items.empty() ? "" : ",") +
            scene.item("x_" + std::string{name}, scene.pump, '"' + std::string{name} + '"');
    }
    CHECK(
        scene.frame(R"("items":[)" + items + "]") ==
        minutes("00 20") +
            R"({"x_avg":[2,8],"x_count":[2,1],"x_first":[1,8],"x_last":[3,8],)"
            R"("x_max":[3,8],"x_min":[1,8],"x_sum":[4,8]}})");
}

TEST_CASE("evaluate: the time in a state, as long as the item says that a value is good for") {
    EmulatedApi api;
    // In state 1 from before the window until 10:10, then 0, and 1 again from 10:40.
    const std::string id = api.item(
        "state",
        R"(["2022-01-01T09:55:00Z","2022-01-01T10:10:00Z","2022-01-01T10:40:00Z"])",
        "[1,0,1]");
    const auto part = [&](const std::string& alias, const std::string& name, int state) {
        return R"({"alias":")" + alias + R"(","id":")" + id + R"(","aggregation":"state-)" + name +
            R"(","state":)" + std::to_string(state) + "}";
    };
    const std::string parts = R"("items":[)" + part("one", "seconds", 1) + "," +
        part("zero", "histogram-percent", 0) + "," + part("rate", "rate", 1) + "," +
        part("never", "histogram-seconds", 7) +
        R"(],"calculations":[{"alias":"on","formula":"rate > 0"}])";
    const std::string hour = R"(,"rollup":"PT30M")";
    CHECK(
        to_json(api.call("clarify.evaluate", Scene::params(parts, hour)).at("data")) ==
        minutes("00 30") +
            R"({"never":[0,0],"on":[1,1],"one":[600,1200],"rate":[0.3333333333333333,)"
            R"(0.6666666666666666],"zero":[66.66666666666666,33.33333333333333]}})");

    // A value that is good for a quarter of an hour.
    const std::string signal =
        text_of(api.call("admin.selectSignals", "{" + own + R"(,"format":{"dataAsArray":true}})")
                    .at("data")
                    .at(0)
                    .at("id"));
    api.call(
        "admin.publishSignals",
        "{" + own + R"(,"itemsBySignal":{")" + signal +
            R"(":{"name":"state","gapDetection":"PT15M"}}})");
    CHECK(
        to_json(api.call("clarify.evaluate", Scene::params(parts, hour)).at("data")) ==
        minutes("00 30") +
            R"({"never":[0,0],"on":[1,1],"one":[600,900],"rate":[0.3333333333333333,0.5],)"
            R"("zero":[50,0]}})");
}

TEST_CASE("evaluate: a lag moves values to later buckets, a lead to earlier ones") {
    Scene scene;
    const auto moved = [&](const std::string& how, const std::string& rollup) {
        return scene.frame(
            R"("items":[)" + scene.item("i", scene.pump, R"("sum",)" + how) + "]",
            R"(,"rollup":")" + rollup + '"');
    };
    CHECK(moved(R"("lag":1)", "PT10M") == minutes("10 30") + R"({"i":[4,8]}})");
    CHECK(moved(R"("lag":5)", "PT10M") == minutes("50") + R"({"i":[4]}})");
    CHECK(moved(R"("lead":2)", "PT10M") == minutes("00") + R"({"i":[8]}})");
    CHECK(moved(R"("lead":3,"lag":2)", "PT10M") == minutes("10") + R"({"i":[8]}})");
    // The window after the one that was asked for has no values, nor has the one before.
    CHECK(moved(R"("lag":1)", "window") == R"({"times":[],"series":{"i":[]}})");
    CHECK(moved(R"("lag":0)", "window") == minutes("00") + R"({"i":[12]}})");
    CHECK(moved(R"("lag":-24)", "PT1H") == R"({"times":[],"series":{"i":[]}})");
    // What is before the window is moved into it.
    scene.api.insert(R"(["2022-01-01T09:59:00Z"])", R"({"pump":[5]})");
    CHECK(moved(R"("lag":1)", "PT10M") == minutes("00 10 30") + R"({"i":[5,4,8]}})");
}

TEST_CASE("evaluate: what would be moved out of the calendar is not there") {
    Scene scene;
    for (const char* const how :
         {R"("state-seconds","state":1,"lag":1000,"lead":-1000)",
          R"("state-seconds","state":1,"lag":-1000,"lead":1000)",
          R"("sum","lead":1000)"}) {
        for (const char* const rollup : {"P100000D", "P999Y"}) {
            CAPTURE(how);
            CAPTURE(rollup);
            CHECK(
                scene.frame(
                    R"("items":[)" + scene.item("i", scene.pump, how) + "]",
                    std::string(R"(,"rollup":")") + rollup + '"') ==
                R"({"times":[],"series":{"i":[]}})");
        }
    }
}

TEST_CASE("evaluate: gaps are filled as long as a value is good, and only between values") {
    Scene scene;
    const std::string parts = R"("items":[)" + scene.item("i", scene.pump, R"("last")") +
        R"-(],"calculations":[{"alias":"c","formula":"gapfill(i)"},{"alias":"d","formula":"i"}])-";
    CHECK(
        scene.frame(parts) ==
        minutes("00 10 20 30 40 50") +
            R"({"c":[3,3,8,8,8,8],"d":[3,null,8,null,null,null],)"
            R"("i":[3,null,8,null,null,null]}})");
}

TEST_CASE("evaluate: groups, by the member that the version has") {
    Scene scene;
    const auto group = [](const std::string& member, const std::string& together) {
        return R"("groups":[{"alias":"g",)" + member +
            R"("timeAggregation":"max","groupAggregation":")" + together + R"("}])";
    };
    const std::string released = R"("filter":{},)";
    const std::string before = R"("query":{"filter":{},"limit":50,"skip":0,"total":false},)";
    const std::string rollup = R"(,"rollup":"PT10M")";
    CHECK(
        scene.frame(group(released, "sum"), rollup, "1.2") ==
        minutes("00 20 50") + R"({"g":[13,8,20]}})");
    CHECK(
        scene.frame(group(before, "count"), rollup, "1.2beta1") ==
        minutes("00 20 50") + R"({"g":[2,1,1]}})");
    CHECK(
        scene.frame(group(R"("filter":{"name":"fan"},)", "avg"), rollup, "1.2") ==
        minutes("00 50") + R"({"g":[10,20]}})");
    const auto complaints = [&](const std::string& parts, std::string_view version) {
        return scene.api.complaints("clarify.evaluate", Scene::params(parts), version);
    };
    CHECK(complaints(group(before, "sum"), "1.2") == R"({"groups.0.query":["unknown parameter"]})");
    CHECK(
        complaints(group(released, "sum"), "1.2beta1") ==
        R"({"groups.0.filter":["unknown parameter"]})");
    CHECK(complaints(group(released, "sum"), "1.1") == R"({"groups":["unknown parameter"]})");
    CHECK(
        complaints(group(released, "first"), "1.2") ==
        R"({"groups.0.groupAggregation":["unknown aggregation"]})");
}

TEST_CASE("evaluate: the names of the aggregation by version") {
    Scene scene;
    const auto complaints = [&](bool new_name, std::string_view version) {
        const std::string parts =
            R"("items":[)" + scene.item("i", scene.pump, R"("max")", new_name) + "]";
        const json::value reply = scene.api.send("clarify.evaluate", Scene::params(parts), version);
        const auto* const error = reply.as_object().if_contains("error");
        return error == nullptr ? "" : to_json(error->at("data").at("params"));
    };
    CHECK(complaints(false, "1.1") == "");
    CHECK(complaints(true, "1.2") == "");
    CHECK(complaints(false, "1.2") == "");
    CHECK(complaints(true, "1.1") == R"({"items.0.timeAggregation":["unknown parameter"]})");
}

TEST_CASE("evaluate: a request with nulls, without names of aggregations, and without a time") {
    Scene scene;
    // The times are those of a client that writes an unset one as the year 1.
    const json::value result = scene.api.call(
        "clarify.evaluate",
        R"({"items":null,"groups":[{"alias":"g1","query":{"filter":{},"limit":50,"skip":0,)"
        R"("total":false}}],"calculations":[{"alias":"c1","formula":"g1 * 2"}],)"
        R"("data":{"filter":{"times":{"$gte":"0001-01-01T00:00:00Z","$lt":"0001-01-01T00:00:00Z"},)"
        R"("series":{}},"rollup":"P1W","firstDayOfWeek":1},"include":null,)"
        R"("format":{"dataAsArray":false,"groupIncludedByType":false}})",
        "1.2beta1");
    CHECK(
        to_json(result.at("data")) ==
        R"({"times":["2021-12-27T00:00:00Z"],"series":{"c1":[19],"g1":[9.5]}})");
    CHECK_FALSE(result.as_object().contains("included"));
}

TEST_CASE("evaluate: the result counts its series, and has those that were asked for") {
    Scene scene;
    const std::string parts = R"("items":[)" + scene.item("i1", scene.pump, R"("max")") + "," +
        scene.item("i2", scene.fan, R"("max")") +
        R"(],"calculations":[{"alias":"c","formula":"i1 * 2"}],"include":["item"],)"
        R"("format":{"dataAsArray":true,"groupIncludedByType":true})";
    const json::value all = scene.api.call("clarify.evaluate", Scene::params(parts));
    CHECK(all.at("meta").at("total") == 3);
    CHECK(all.at("data").as_array().size() == 1);
    CHECK(all.at("included").at("items").as_array().size() == 2);
    const json::value one = scene.api.call(
        "clarify.evaluate",
        "{" + parts +
            R"(,"data":{"filter":{"times":{"$gte":"2022-01-01T00:00:00Z"},)"
            R"("series":{"$in":["c"]}},"rollup":"PT10M","last":1}})");
    CHECK(one.at("meta").at("total") == 1);
    CHECK(
        to_json(one.at("data").at(0)) ==
        R"({"times":["2022-01-01T10:20:00Z"],"series":{"c":[16]}})");
}

TEST_CASE("evaluate: everything that is wrong is told at once, with its path") {
    Scene scene;
    CHECK(
        scene.api.complaints(
            "clarify.evaluate",
            R"({"items":[{"id":"x","aggregation":"median","lag":1001},)"
            R"({"id":"00000000000000000000","aggregation":"state-rate","alias":"0"},)"
            R"({"id":")" +
                scene.pump +
                R"(","aggregation":"max","state":10000,"alias":"i"},7],)"
                R"("calculations":[{"alias":"i","formula":"j"},{}]})") ==
        R"({"calculations.0.alias":["must differ from the other aliases"],)"
        R"("calculations.0.formula":["has no variable j at character 1"],)"
        R"("calculations.1.alias":["required"],"calculations.1.formula":["required"],)"
        R"("data.rollup":["required"],"items.0.aggregation":["unknown aggregation"],)"
        R"("items.0.alias":["required"],"items.0.id":["must match ^[a-v0-9]{20}$"],)"
        R"("items.0.lag":["must be from -1000 to 1000"],)"
        R"("items.1.alias":["must match ^[A-Za-z_][A-Za-z0-9_]{0,27}$"],)"
        R"("items.1.id":["item not found"],"items.1.state":["required"],)"
        R"("items.2.state":["must be from 0 to 9999"],"items.3":["must be an object"]})");
}

TEST_CASE("evaluate: at most 100 calculations, and the windows of dataFrame but the longest") {
    Scene scene;
    const auto calculations = [](int count) {
        std::string list;
        for (int i = 0; i != count; ++i) {
            list += (i == 0 ? "" : ",") + std::string(R"({"alias":"c)") + std::to_string(i) +
                R"(","formula":"1"})";
        }
        return R"("calculations":[)" + list + "]";
    };
    scene.api.call("clarify.evaluate", Scene::params(calculations(100)));
    CHECK(
        scene.api.complaints("clarify.evaluate", Scene::params(calculations(101))) ==
        R"({"calculations":["must be at most 100"]})");
    const auto window = [](const std::string& rollup) {
        return R"({"data":{"filter":{"times":{"$gte":"2020-01-01T00:00:00Z",)"
               R"("$lt":"2030-01-01T00:00:00Z"}},"rollup":")" +
            rollup + R"("}})";
    };
    CHECK(
        scene.api.complaints("clarify.evaluate", window("P1Y")) ==
        R"({"data.filter.times":["must span at most 1900 days with this rollup"]})");
    scene.api.call("clarify.dataFrame", window("P1Y"));
    scene.api.call("clarify.evaluate", window("window"));
}

TEST_CASE("evaluate: a window without time has no values") {
    Scene scene;
    const std::string params = R"({"items":[)" + scene.item("i", scene.pump, R"("max")") +
        R"(],"data":{"filter":{"times":{"$gte":"2022-01-01T10:00:00Z",)"
        R"("$lt":"2022-01-01T10:00:00Z"}},"rollup":"window"}})";
    CHECK(
        to_json(scene.api.call("clarify.evaluate", params).at("data")) ==
        R"({"times":[],"series":{}})");
}

}  // namespace testing_evaluate_test
