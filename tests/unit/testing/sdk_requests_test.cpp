// SPDX-License-Identifier: BSL-1.0
// Tests of the emulator with requests of Clarify's SDKs for Go and Python: with the members, the
// spelling and the order in which they were seen on the wire when the SDKs were run against it.

#include <clarify/testing/detail/emulator/rpc_dispatch.hpp>

#include "emulated_api.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace testing_sdk_requests_test {

using namespace clarify::testing::detail;

namespace {

/// An emulator for an SDK, and the identifiers that it has learnt from it.
struct Wire {
    /// Sends a request in which `<name>` stands for an identifier, and returns the reply.
    json::value send(std::string request, std::string_view version = "1.1") {
        for (const auto& [name, id] : ids) {
            const std::string placeholder = "<" + name + ">";
            for (auto at = request.find(placeholder); at != std::string::npos;
                 at = request.find(placeholder)) {
                request.replace(at, placeholder.size(), id);
            }
        }
        api.now += std::chrono::seconds{1};
        const auto outcome = api.dispatcher.handle(request, version, api.now);
        return parse_json(outcome.body.value())->value;
    }

    /// The result, which must be there.
    json::value result(const std::string& request, std::string_view version = "1.1") {
        const json::value reply = send(request, version);
        INFO(to_json(reply));
        REQUIRE(reply.as_object().contains("result"));
        return reply.at("result");
    }

    void learn(const std::string& name, const json::value& summary) {
        ids[name] = text_of(summary.at("id"));
    }

    EmulatedApi api;
    std::map<std::string, std::string> ids{{"own", "c618rbfqfsj7mjkj0ss1"}};
};

const std::string go = R"({"jsonrpc":"2.0","method":")";
const std::string python = R"({"jsonrpc": "2.0", "method": ")";

/// The Go SDK's view of its signals: unset attributes are empty texts, and unset filters are null.
struct GoWire : Wire {
    GoWire() {
        const json::value inserted = result(
            go +
            R"(integration.insert","id":1,"params":{"data":{"times":["2022-01-01T00:00:00Z",)"
            R"("2022-01-01T00:30:00Z","2022-01-01T01:00:00Z"],"series":{"pump/status":[0,1,2],)"
            R"("spare":[null,null,null],"temp":[-3.25,null,-1.25]}},"integration":"<own>"}})");
        learn("status", inserted.at("signalsByInput").at("pump/status"));
        learn("spare", inserted.at("signalsByInput").at("spare"));
        learn("temp", inserted.at("signalsByInput").at("temp"));
        const json::value saved = result(
            go +
            R"(integration.saveSignals","id":1,"params":{"integration":"<own>","signalsByInput":)"
            R"({"pump/status":{"name":"Status","description":"","valueType":"enum",)"
            R"("sourceType":"aggregation","engUnit":"","sampleInterval":null,)"
            R"("gapDetection":"PT2H","labels":{},"enumValues":{"0":"off","1":"on"}},)"
            R"("temp":{"annotations":{"app/key":"1"},"name":"\u003cin\u003e \u0026 \"out\"",)"
            R"("description":"d","valueType":"","sourceType":"","engUnit":"°C",)"
            R"("sampleInterval":"PT1.5S","gapDetection":"PT1H30M",)"
            R"("labels":{"location":["Living room","inside"]},"enumValues":{}}}}})");
        CHECK(saved.at("signalsByInput").at("temp").at("updated") == true);
        const json::value published = result(
            go +
            R"(admin.publishSignals","id":1,"params":{"integration":"<own>","itemsBySignal":)"
            R"({"<status>":{"name":"Status","description":"","valueType":"enum",)"
            R"("sourceType":"aggregation","engUnit":"","sampleInterval":null,)"
            R"("gapDetection":"PT2H","labels":{},"enumValues":{"0":"off","1":"on"},)"
            R"("visible":true},"<temp>":{"name":"Temperature","description":"",)"
            R"("valueType":"numeric","sourceType":"measurement","engUnit":"°C",)"
            R"("sampleInterval":null,"gapDetection":"PT1H30M","labels":{},"enumValues":{},)"
            R"("visible":true,"annotations":{"clarify/clarify-go/publisher/name":"app"}}}}})");
        learn("status item", published.at("itemsBySignal").at(ids.at("status")));
        learn("temp item", published.at("itemsBySignal").at(ids.at("temp")));
    }
};

}  // namespace

TEST_CASE("Go SDK: signals and items are selected, and what is published again is not changed") {
    GoWire wire;
    const json::value signals = wire.result(
        go +
        R"(admin.selectSignals","id":1,"params":{"format":{"dataAsArray":true,)"
        R"("groupIncludedByType":true},"include":null,"integration":"<own>","query":)"
        R"({"filter":{"annotations.app/key":{"$in":["1"]},"input":{"$gte":"t","$lt":"u"}},)"
        R"("limit":50,"skip":0,"total":false}}})");
    REQUIRE(signals.at("data").as_array().size() == 1);
    const json::value& attributes = signals.at("data").at(0).at("attributes");
    CHECK(attributes.at("name") == R"(<in> & "out")");
    CHECK(attributes.at("valueType") == "numeric");
    CHECK(attributes.at("sourceType") == "measurement");
    CHECK(attributes.at("sampleInterval") == "PT1.5S");
    CHECK_FALSE(signals.as_object().contains("included"));

    // How the routine that publishes signals walks through them, and ends.
    const json::value with_items = wire.result(
        go +
        R"(admin.selectSignals","id":1,"params":{"format":{"dataAsArray":true,)"
        R"("groupIncludedByType":true},"include":["item"],"integration":"<own>","query":)"
        R"({"filter":{},"sort":["id"],"limit":1000,"skip":0,"total":false}}})");
    CHECK(with_items.at("data").as_array().size() == 3);
    CHECK(with_items.at("included").at("items").as_array().size() == 2);
    CHECK(
        to_json(wire.result(
            go +
            R"(admin.publishSignals","id":1,"params":{"integration":"<own>",)"
            R"("itemsBySignal":{}}})")) == R"({"itemsBySignal":{}})");

    const json::value items = wire.result(
        go +
        R"(clarify.selectItems","id":1,"params":{"format":{"dataAsArray":true,)"
        R"("groupIncludedByType":true},"include":[],"query":{"filter":{"$and":)"
        R"([{"name":{"$regex":"e"}},{"name":{"$nin":["Status"]}}]},"limit":-1,"skip":0,)"
        R"("total":true}}})");
    CHECK(items.at("meta").at("total") == 1);
    CHECK(text_of(items.at("data").at(0).at("id")) == wire.ids.at("temp item"));
}

TEST_CASE("Go SDK: data of items as it is, in buckets, and for a time the wrong way round") {
    GoWire wire;
    const auto frame = [&](const std::string& times, const std::string& rest) {
        std::string text = to_json(
            wire.result(
                    go + R"(clarify.dataFrame","id":1,"params":{"data":{"filter":{"times":{)" +
                    times + R"(},"series":{}})" + rest +
                    R"(},"format":{"dataAsArray":false,"groupIncludedByType":true},)"
                    R"("include":["items"],"query":{"filter":{"id":{"$in":["<temp item>"]}},)"
                    R"("limit":50,"skip":0,"total":false}}})")
                .at("data"));
        const std::string& id = wire.ids.at("temp item");
        for (auto at = text.find(id); at != std::string::npos; at = text.find(id))
            text.replace(at, id.size(), "ID");
        return text;
    };
    const std::string hours = R"(,"rollup":"PT1H","firstDayOfWeek":1)";
    const std::string day = R"("$gte":"2022-01-01T00:00:00Z","$lt":"2022-01-02T00:00:00Z")";
    CHECK(
        frame(day, "") ==
        R"({"times":["2022-01-01T00:00:00Z","2022-01-01T01:00:00Z"],)"
        R"("series":{"ID":[-3.25,-1.25]}})");
    CHECK(
        frame(day, hours) ==
        R"({"times":["2022-01-01T00:00:00Z","2022-01-01T01:00:00Z"],)"
        R"("series":{"ID_avg":[-3.25,-1.25],"ID_count":[1,1],"ID_max":[-3.25,-1.25],)"
        R"("ID_min":[-3.25,-1.25],"ID_sum":[-3.25,-1.25]}})");
    const std::string reversed = R"("$gte":"2022-01-02T00:00:00Z","$lt":"2022-01-01T00:00:00Z")";
    CHECK(frame(reversed, hours) == R"({"times":[],"series":{}})");
    CHECK(frame(reversed, "") == R"({"times":[],"series":{}})");
    CHECK(
        frame(day, R"(,"rollup":"PT168H","firstDayOfWeek":7,"timeZone":"UTC")")
            .find(R"("times":["2021-12-26T00:00:00Z"])") != std::string::npos);
}

TEST_CASE("Go SDK: evaluate by the version 1.2alpha1, and what it must not leave out") {
    GoWire wire;
    const json::value evaluated = wire.result(
        go +
            R"(clarify.evaluate","id":1,"params":{"calculations":[{"alias":"c1",)"
            R"("formula":"i1 + g1"},{"alias":"c2","formula":"c1 \u003e -7"},)"
            R"-({"alias":"c3","formula":"floor(sin(2*PI*time_seconds/3600) + 0.5) + max(c1,c2)"}],)-"
            R"("data":{"filter":{"times":{"$gte":"2022-01-01T00:00:00Z",)"
            R"("$lt":"2022-01-01T02:00:00Z"},"series":{}},"rollup":"PT1H","firstDayOfWeek":1},)"
            R"("format":{"dataAsArray":false,"groupIncludedByType":true},)"
            R"("groups":[{"alias":"g1","query":{"filter":{"id":{"$in":["<temp item>"]}},)"
            R"("limit":50,"skip":0,"total":false},"timeAggregation":"sum",)"
            R"("groupAggregation":"max"},{"alias":"g2","query":{"filter":{},"limit":50,)"
            R"("skip":0,"total":false},"timeAggregation":"state-seconds",)"
            R"("groupAggregation":"sum","state":1}],"include":["item"],"items":[{"alias":"i1",)"
            R"("id":"<temp item>","timeAggregation":"max"},{"alias":"i2","id":"<status item>",)"
            R"("timeAggregation":"state-rate","state":0},{"alias":"i3","id":"<temp item>",)"
            R"("lag":1}]}})",
        "1.2alpha1");
    CHECK(
        to_json(evaluated.at("data")) ==
        R"({"times":["2022-01-01T00:00:00Z","2022-01-01T01:00:00Z"],"series":{)"
        R"("c1":[-6.5,-2.5],"c2":[1,1],"c3":[1,1],"g1":[-3.25,-1.25],"g2":[1800,0],)"
        R"("i1":[-3.25,-1.25],"i2":[0.5,0],"i3":[null,-3.25]}})");
    CHECK(evaluated.at("included").at("items").as_array().size() == 2);

    // Its routine that evaluates sends neither a time nor a rollup.
    const json::value refused = wire.send(
        go +
            R"(clarify.evaluate","id":1,"params":{"calculations":[],"data":{"filter":{"times":)"
            R"({"$gte":"0001-01-01T00:00:00Z","$lt":"0001-01-01T00:00:00Z"},"series":{}}},)"
            R"("format":{"dataAsArray":false,"groupIncludedByType":false},"groups":null,)"
            R"("include":[],"items":[{"alias":"a","id":"<temp item>"}]}})",
        "1.2alpha1");
    CHECK(
        to_json(refused.at("error").at("data").at("params")) == R"({"data.rollup":["required"]})");
}

TEST_CASE("Go SDK: a signal is connected, and not any more") {
    GoWire wire;
    const json::value connected = wire.result(
        go +
            R"(admin.connectSignals","id":1,"params":{"format":{"dataAsArray":true,)"
            R"("groupIncludedByType":true},"integration":"<own>","item":"<temp item>","query":)"
            R"({"filter":{"id":{"$in":["<spare>"]}},"limit":50,"skip":0,"total":false}}})",
        "1.2alpha1");
    CHECK(
        text_of(connected.at("data").at(0).at("relationships").at("item").at("data").at("id")) ==
        wire.ids.at("temp item"));
    const json::value disconnected = wire.result(
        go +
            R"(admin.disconnectSignals","id":1,"params":{"format":{"dataAsArray":true,)"
            R"("groupIncludedByType":true},"integration":"<own>","query":{"filter":{"input":)"
            R"({"$in":["spare"]}},"limit":50,"skip":0,"total":false}}})",
        "1.2alpha1");
    CHECK(disconnected.at("data").at(0).at("relationships").at("item").at("data").is_null());
}

TEST_CASE("Python SDK: its spelling of methods, parameters, durations and what is not set") {
    Wire wire;
    const json::value inserted = wire.send(
        python +
        R"(integration.Insert", "id": "1", "params": {"integration": "<own>", "data": {"times": )"
        R"(["2022-01-01T00:00:00+00:00", "2022-01-01T02:00:00+01:00"], "series": )"
        R"({"temp": [-3.25, null], "pump/status": [0.0, 1.0]}}}})");
    CHECK(inserted.at("id") == "1");
    wire.learn("temp", inserted.at("result").at("signalsByInput").at("temp"));
    wire.learn("status", inserted.at("result").at("signalsByInput").at("pump/status"));
    const json::value saved = wire.result(
        python +
        R"(integration.SaveSignals", "id": "1", "params": {"integration": "<own>", "inputs": )"
        R"({"temp": {"name": "Temperature <\u00e5>", "description": "d", "labels": {"location": )"
        R"(["inside"]}, "sourceType": "measurement", "valueType": "numeric", "engUnit": )"
        R"("\u00b0C", "enumValues": {}, "sampleInterval": "P0DT0H0M1.500000S", )"
        R"("gapDetection": "P1DT2H0M0.000000S", "annotations": null}}, "createOnly": false}})");
    CHECK(saved.at("signalsByInput").at("temp").at("updated") == true);
    const json::value selected = wire.result(
        python +
        R"(admin.SelectSignals", "id": "1", "params": {"integration": "<own>", "query": )"
        R"({"filter": {"$and": [{"name": {"$ne": "x"}}, {"labels.location": {"$in": ["inside"]}}]}, )"
        R"("sort": [], "limit": 20, "skip": 0, "total": false}, "include": ["item"], "format": )"
        R"({"dataAsArray": true, "groupIncludedByType": true}}})");
    REQUIRE(selected.at("data").as_array().size() == 1);
    const json::value& attributes = selected.at("data").at(0).at("attributes");
    CHECK(attributes.at("name") == "Temperature <å>");
    CHECK(attributes.at("sampleInterval") == "PT1.5S");
    CHECK(attributes.at("gapDetection") == "PT26H");
    CHECK(selected.at("included").at("items").as_array().empty());

    const json::value published = wire.result(
        python +
        R"(admin.PublishSignals", "id": "1", "params": {"integration": "<own>", "itemsBySignal": )"
        R"({"<temp>": {"name": "Temperature", "description": "d", "labels": {}, "sourceType": )"
        R"("measurement", "valueType": "numeric", "engUnit": "\u00b0C", "enumValues": {}, )"
        R"("sampleInterval": null, "gapDetection": "P0DT2H0M0.000000S", "annotations": null, )"
        R"("visible": true}}, "createOnly": false}})");
    wire.learn("item", published.at("itemsBySignal").at(wire.ids.at("temp")));
    const json::value items = wire.send(
        python +
        R"(clarify.SelectItems", "id": 0, "params": {"query": {"filter": {"name": "Temperature"}, )"
        R"("sort": [], "limit": 10, "skip": 0, "total": false}, "include": [], "format": )"
        R"({"dataAsArray": true, "groupIncludedByType": true}}})");
    CHECK(items.at("id") == 0);
    CHECK(items.at("result").at("data").as_array().size() == 1);

    const json::value frame = wire.result(
        python +
        R"(clarify.dataFrame", "id": "1", "params": {"query": {"filter": {}, "sort": [], )"
        R"("limit": 20, "skip": 0, "total": false}, "data": {"filter": {"times": {"$gte": )"
        R"("2022-01-01T00:00:00+00:00", "$lt": "2022-01-02T00:00:00+00:00"}}, "rollup": null, )"
        R"("timeZone": "UTC", "firstDayOfWeek": 1, "origin": null, "last": -1}, "include": )"
        R"(["item"], "format": {"dataAsArray": false, "groupIncludedByType": true}}})");
    CHECK(to_json(frame.at("data").at("series").at(wire.ids.at("item"))) == "[-3.25]");
    const json::value evaluated = wire.result(
        python +
        R"(clarify.evaluate", "id": "1", "params": {"items": [{"id": "<item>", "aggregation": )"
        R"("max", "state": null, "lead": null, "lag": null, "alias": "i1"}], "calculations": )"
        R"([{"formula": "i1 * 2", "alias": "c1"}], "data": {"filter": {"times": {"$gte": )"
        R"("2022-01-01T00:00:00+00:00", "$lt": "2022-01-02T00:00:00+00:00"}, "series": {"$in": )"
        R"(["c1"]}}, "rollup": "PT1H", "timeZone": null, "firstDayOfWeek": null, "origin": null, )"
        R"("last": -1}, "include": [], "format": {"dataAsArray": false, "groupIncludedByType": )"
        R"(true}}})");
    CHECK(
        to_json(evaluated.at("data")) ==
        R"({"times":["2022-01-01T00:00:00Z"],"series":{"c1":[-6.5]}})");
}

TEST_CASE("Python SDK: groups and connections of its experimental client") {
    Wire wire;
    wire.ids["item"] = wire.api.item("temp", R"(["2022-01-01T00:00:00Z"])", "[-3.25]");
    wire.api.insert("[]", R"({"spare":[]})");
    const json::value evaluated = wire.result(
        python +
            R"(clarify.evaluate", "id": "1", "params": {"items": [], "groups": [{"query": )"
            R"({"filter": {}, "sort": null, "limit": null, "skip": null, "total": null}, )"
            R"("timeAggregation": "avg", "groupAggregation": "sum", "state": null, "lead": null, )"
            R"("lag": null, "alias": "g1"}], "calculations": [], "data": {"outsidePoints": true, )"
            R"("filter": {"times": {"$gte": "2022-01-01T00:00:00+00:00", "$lt": )"
            R"("2022-01-02T00:00:00+00:00"}}, "rollup": "window", "timeZone": null, )"
            R"("firstDayOfWeek": null, "origin": null, "last": -1}, "include": [], "format": )"
            R"({"dataAsArray": false, "groupIncludedByType": true}}})",
        "1.2alpha1");
    CHECK(to_json(evaluated.at("data").at("series")) == R"({"g1":[-3.25]})");
    for (const bool dry : {true, false}) {
        const json::value connected = wire.result(
            python +
                R"(admin.connectSignals", "id": "1", "params": {"integration": "<own>", "query": )"
                R"({"filter": {"input": "spare"}, "sort": [], "limit": 20, "skip": 0, "total": )"
                R"(false}, "item": "<item>", "include": ["item"], "format": {"dataAsArray": )"
                R"(true, "groupIncludedByType": false}, "dryRun": )" +
                (dry ? "true}}" : "false}}"),
            "1.2alpha1");
        CHECK(connected.at("data").as_array().size() == 1);
        // Flat, which the SDK asks for but cannot read.
        CHECK(connected.at("included").at(0).at("type") == "items");
    }
    const json::value disconnected = wire.result(
        python +
            R"(admin.disconnectSignals", "id": "1", "params": {"integration": "<own>", "query": )"
            R"({"filter": {"input": "spare"}, "sort": [], "limit": 20, "skip": 0, "total": )"
            R"(false}, "include": [], "format": {"dataAsArray": true, "groupIncludedByType": )"
            R"(false}, "dryRun": false}})",
        "1.2alpha1");
    CHECK(disconnected.at("data").at(0).at("relationships").at("item").at("data").is_null());
}

}  // namespace testing_sdk_requests_test
