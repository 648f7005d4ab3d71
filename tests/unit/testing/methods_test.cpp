// SPDX-License-Identifier: BSL-1.0
// Tests of the methods that write and select signals and items.

#include <clarify/testing/detail/emulator/rpc_dispatch.hpp>

#include "emulated_api.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace methods_test {

using namespace clarify::testing::detail;

TEST_CASE("insert: makes signals once and keeps the latest value of a time") {
    EmulatedApi api;
    const json::value first = api.insert(R"(["2022-01-01T00:00:00Z"])", R"({"b":[1],"a":[null]})");
    CHECK(first.at("signalsByInput").at("a").at("created") == true);
    const json::value second =
        api.insert(R"(["2022-01-01T00:00:00Z","2022-01-01T00:00:00Z"])", R"({"b":[2,3.5]})");
    CHECK(second.at("signalsByInput").at("b").at("created") == false);
    CHECK(
        second.at("signalsByInput").at("b").at("id") ==
        first.at("signalsByInput").at("b").at("id"));
    api.store.visit([](Store& store) {
        CHECK(store.find_input("c618rbfqfsj7mjkj0ss1", "a")->samples.empty());
        const auto& samples = store.find_input("c618rbfqfsj7mjkj0ss1", "b")->samples;
        REQUIRE(samples.size() == 1);
        CHECK(samples.begin()->second == 3.5);
    });
}

TEST_CASE("insert: a broken data frame changes nothing") {
    EmulatedApi api;
    const auto complain = [&](const std::string& data) {
        return api.complaints("integration.insert", "{" + own + ",\"data\":" + data + "}");
    };
    CHECK(
        complain(R"({"times":["2022-01-01T00:00:00Z"],"series":{"ok":[1],"a":[1,2]}})") ==
        R"({"data.series.a":["must be as long as times"]})");
    CHECK(
        complain(R"({"times":["yesterday"],"series":{}})") ==
        R"({"data.times":["must be an array of RFC 3339 times"]})");
    CHECK(
        complain(R"({"times":["2022-01-01T00:00:00Z"],"series":{"a":[1e999],"b":["1"],"c":null,
                       "d e":[1]}})") ==
        R"({"data.series.a":["must be an array of finite numbers and nulls"],)"
        R"("data.series.b":["must be an array of finite numbers and nulls"],)"
        R"("data.series.c":["required"],"data.series.d e":["invalid input key"]})");
    CHECK(complain("{}") == R"({"data.series":["required"],"data.times":["required"]})");
    CHECK(complain("[]") == R"({"data":["must be an object"]})");
    CHECK(
        api.complaints("integration.insert", R"({"integration":"x","data":{}})")
            .find(R"("integration":["must match)") != std::string::npos);
    CHECK(api.store.visit([](Store& store) { return store.signals().empty(); }));
}

TEST_CASE("saveSignals: flags tell what changed") {
    EmulatedApi api;
    const auto save =
        [&](const std::string& key, const std::string& view, const std::string& more = "") {
            const json::value result = api.call(
                "integration.saveSignals",
                "{" + own + ",\"" + key + "\":{\"in\":" + view + "}" + more + "}");
            const json::value& summary = result.at("signalsByInput").at("in");
            return to_json(summary.at("created")) + " " + to_json(summary.at("updated"));
        };
    CHECK(save("signalsByInput", R"({"name":"a"})") == "true false");
    CHECK(save("inputs", R"({"name":"a"})") == "false false");
    CHECK(save("signalsByInput", R"({"name":"b"})", R"(,"createOnly":true)") == "false false");
    CHECK(save("signalsByInput", R"({"name":"b"})") == "false true");
    CHECK(save("signalsByInput", R"({"name":"b","annotations":{"k":"v"}})") == "false true");
    CHECK(
        api.complaints(
            "integration.saveSignals",
            "{" + own + R"(,"signalsByInput":{"in":{},"a b":{"name":"x"}}})") ==
        R"({"signalsByInput.a b":["invalid key"],"signalsByInput.in.name":["required"]})");
    CHECK(
        api.complaints("integration.saveSignals", "{" + own + R"(,"input":{"in":{"name":"a"}}})") ==
        R"({"input":["unknown parameter"],"signalsByInput":["required"]})");
}

TEST_CASE("saveSignals and publishSignals: since 1.2 the form of the result can be asked for") {
    EmulatedApi api;
    const std::string save = "{" + own +
        R"(,"signalsByInput":{"in":{"name":"a"}},)"
        R"("include":[],"format":{"dataAsArray":true})";
    const std::string complaint =
        R"({"format":["unknown parameter"],"include":["unknown parameter"]})";
    CHECK(api.complaints("integration.saveSignals", save + "}") == complaint);
    const json::value saved = api.call("integration.signals.save", save + "}", "1.2");
    CHECK(
        api.complaints("integration.saveSignals", save + R"(,"result":"resources"})", "1.2") ==
        R"({"result":["not supported by the emulator"]})");

    const std::string id = text_of(saved.at("signalsByInput").at("in").at("id"));
    const std::string publish = "{" + own + R"(,"itemsBySignal":{")" + id +
        R"(":{"name":"a"}},"include":[],"format":{"dataAsArray":true}})";
    CHECK(api.complaints("admin.publishSignals", publish) == complaint);
    CHECK(
        api.call("admin.publishSignals", publish, "1.2beta1")
            .at("itemsBySignal")
            .at(id)
            .at("created") == true);
}

TEST_CASE("selectSignals: filters, sorts and pages within one integration") {
    EmulatedApi api;
    api.insert("[]", R"({"a":[],"b":[],"c":[]})");
    api.call("integration.saveSignals", "{" + own + R"(,"signalsByInput":{
        "b":{"name":"Beta","engUnit":"K","gapDetection":"P1D","labels":{"city":["Oslo","Bergen"]},
             "annotations":{"app/key":"7"}}}})");
    const auto select = [&](const std::string& query) {
        const json::value result = api.call(
            "admin.selectSignals",
            "{" + own + ",\"query\":" + query + R"(,"format":{"dataAsArray":true}})");
        std::string inputs = to_json(result.at("meta").at("total")) + ":";
        for (const json::value& signal : result.at("data").as_array())
            inputs += text_of(signal.at("attributes").at("input"));
        return inputs;
    };
    CHECK(select("{}") == "-1:abc");
    CHECK(select(R"({"sort":["-input"],"limit":2,"total":true})") == "3:cb");
    CHECK(select(R"({"skip":1,"limit":1,"total":true})") == "3:b");
    CHECK(select(R"({"skip":5,"total":true})") == "3:");
    CHECK(select(R"({"limit":0})") == "-1:");
    CHECK(select(R"({"limit":-1,"skip":-3})") == "-1:abc");
    CHECK(select(R"({"sort":["name"]})") == "-1:bac");
    CHECK(select(R"({"filter":{"name":"Beta"}})") == "-1:b");
    CHECK(select(R"({"filter":{"name":{"$ne":"Beta"}}})") == "-1:ac");
    CHECK(select(R"({"filter":{"input":{"$in":["a","c","z"]}}})") == "-1:ac");
    CHECK(select(R"({"filter":{"input":{"$nin":["a"]}}})") == "-1:bc");
    CHECK(select(R"({"filter":{"input":{"$gt":"a","$lte":"b"}}})") == "-1:b");
    CHECK(select(R"({"filter":{"input":{"$gte":"b"},"engUnit":""}})") == "-1:c");
    CHECK(select(R"({"filter":{"labels.city":"Bergen"}})") == "-1:b");
    CHECK(select(R"({"filter":{"labels.city":{"$nin":["Bergen"]}}})") == "-1:ac");
    CHECK(select(R"({"filter":{"labels.city":null}})") == "-1:ac");
    CHECK(select(R"({"filter":{"annotations.app/key":"7"}})") == "-1:b");
    CHECK(select(R"({"filter":{"gapDetection":"PT24H"}})") == "-1:b");
    CHECK(select(R"({"filter":{"name":{"$regex":"^B.t"}}})") == "-1:b");
    CHECK(select(R"({"filter":{"$or":[{"input":"a"},{"input":"c","name":"c"}]}})") == "-1:ac");
    CHECK(select(R"({"filter":{"$and":[{"input":{"$gt":"a"}},{"input":{"$lt":"c"}}]}})") == "-1:b");
    CHECK(select(R"({"filter":{"$or":[]}})") == "-1:");
    CHECK(select(R"({"filter":{"createdAt":{"$gte":"2022-01-01T00:00:00.5Z"}}})") == "-1:abc");
    CHECK(select(R"({"filter":{"createdAt":{"$lt":"2022-01-01T00:00:01+00:00"}}})") == "-1:");
    CHECK(
        select(R"({"filter":{"type":"signals","updatedAt":{"$gt":"2022-01-01T00:00:01Z"}}})") ==
        "-1:b");

    const json::value other =
        api.call("admin.selectSignals", R"({"integration":"c618rbfqfsj7mjkj0sss"})");
    CHECK(other.at("data").as_object().empty());
}

TEST_CASE("selectSignals: a broken query is named") {
    EmulatedApi api;
    const auto complain = [&](const std::string& query) {
        return api.complaints("admin.selectSignals", "{" + own + ",\"query\":" + query + "}");
    };
    CHECK(complain(R"({"limit":1001})") == R"({"query.limit":["must be at most 1000"]})");
    CHECK(complain(R"({"limit":"1"})") == R"({"query.limit":["must be an integer"]})");
    CHECK(
        complain(R"({"sort":["nothing"]})") ==
        R"({"query.sort":["must name at most 10 known fields"]})");
    CHECK(
        complain(R"({"filter":{"$or":null}})") ==
        R"({"query.filter.$or":["must be an array of filters"]})");
    CHECK(complain(R"({"filter":{"$not":{}}})") == R"({"query.filter.$not":["unknown operator"]})");
    CHECK(
        complain(R"({"filter":{"nothing":1}})") == R"({"query.filter.nothing":["unknown field"]})");
    CHECK(
        complain(R"({"filter":{"name":{"$regex":"("}}})") ==
        R"({"query.filter.name.$regex":["must be a valid regular expression"]})");
    CHECK(
        complain(R"({"filter":{"name":{"$regex":")" + std::string(5000, '(') + R"("}}})") ==
        R"({"query.filter.name.$regex":["must be a valid regular expression"]})");
    CHECK(
        complain(R"({"filter":{"name":{"$in":"a"}}})") ==
        R"({"query.filter.name.$in":["must be an array of scalars"]})");
    CHECK(
        complain(R"({"filter":{"createdAt":{"$gt":"now"}}})") ==
        R"({"query.filter.createdAt":["must be an RFC 3339 time"]})");
}

TEST_CASE("selectSignals: a hostile pattern takes no exponential time") {
    EmulatedApi api;
    api.call(
        "integration.saveSignals",
        "{" + own + R"(,"signalsByInput":{"a":{"name":"n",
        "description":")" +
            std::string(900, 'a') + R"("}}})");
    const json::value result = api.call(
        "admin.selectSignals",
        "{" + own + R"(,"query":{"filter":{"description":{"$regex":"^(a+)+$b"}}}})");
    CHECK(result.at("data").as_object().empty());
}

TEST_CASE("publishSignals: one item a signal, connected and updated") {
    EmulatedApi api;
    const json::value inserted = api.insert("[]", R"({"a":[]})");
    const std::string signal = text_of(inserted.at("signalsByInput").at("a").at("id"));
    const auto publish = [&](const std::string& view,
                             const std::string& more = "",
                             std::string_view version = "1.1") {
        const json::value result = api.call(
            "admin.publishSignals",
            "{" + own + R"(,"itemsBySignal":{")" + signal + "\":" + view + "}" + more + "}",
            version);
        return result.at("itemsBySignal").at(signal);
    };
    const json::value first = publish(R"({"name":"StoredItem","visible":true})");
    CHECK(first.at("created") == true);
    CHECK(publish(R"({"name":"StoredItem","visible":true})").at("updated") == false);
    CHECK(publish(R"({"name":"B"})", R"(,"createOnly":true)").at("updated") == false);
    const json::value last = publish(R"({"name":"B"})");
    CHECK(last.at("updated") == true);
    CHECK(last.at("id") == first.at("id"));

    const json::value selected = api.call("admin.selectSignals", "{" + own + R"(,"include":["item"],
        "format":{"dataAsArray":true,"groupIncludedByType":true}})");
    CHECK(
        selected.at("data").at(0).at("relationships").at("item").at("data").at("id") ==
        first.at("id"));
    const json::value& item = selected.at("included").at("items").at(0);
    CHECK(item.at("id") == first.at("id"));
    CHECK(item.at("attributes").at("name") == "B");
    CHECK(item.at("attributes").at("gapDetection").is_null());

    publish(R"({"name":"B"})", "", "1.2");
    const json::value items = api.call("clarify.selectItems", R"({"format":{"dataAsArray":true}})");
    CHECK(items.at("data").at(0).at("attributes").at("gapDetection") == "PT1H30M");

    CHECK(
        api.complaints(
            "admin.publishSignals",
            "{" + own + R"(,"itemsBySignal":{"c618rbfqfsj7mjkj0ss1":{"name":"a"}}})") ==
        R"({"itemsBySignal.c618rbfqfsj7mjkj0ss1":["signal not found"]})");
}

TEST_CASE("selections: the shape follows the format") {
    SUBCASE("documented") {
        EmulatedApi api;
        const std::string id = api.item("a", "[]", "[]");
        const json::value keyed = api.call("clarify.selectItems", "{}");
        CHECK(keyed.at("data").at(id).at("type") == "items");
        CHECK(
            to_json(keyed.at("meta")) ==
            R"({"total":-1,"format":{"dataAsArray":false,"groupIncludedByType":false}})");
        const json::value flat =
            api.call("admin.selectSignals", "{" + own + R"(,"include":["items"]})");
        CHECK(text_of(flat.at("included").at(0).at("id")) == id);
        const json::value bare = api.call(
            "clarify.selectItems",
            R"({"include":null,"format":{"includeResourceHashFields":false}})");
        CHECK_FALSE(bare.as_object().contains("included"));
        CHECK_FALSE(bare.at("data").at(id).at("meta").as_object().contains("attributesHash"));
        CHECK(
            api.complaints("clarify.selectItems", R"({"include":["other"]})") ==
            R"({"include":["unknown relationship"]})");
    }
    SUBCASE("observed") {
        EmulatedApi api(true);
        const std::string id = api.item("a", "[]", "[]");
        const json::value result = api.call("clarify.selectItems", R"({"query":{"total":true}})");
        CHECK(
            to_json(result.at("meta")) ==
            R"({"total":1,"format":{"dataAsArray":false,"groupIncludedByType":false,)"
            R"("flattenResourceFields":false,"includeResourceHashFields":true}})");
        CHECK(result.at("data").at(id).at("attributes").at("sampleInterval") == "PT0S");
        CHECK(to_json(result.at("data").at(id).at("relationships")) == "{}");
        CHECK(
            to_json(api.call("clarify.selectItems", "{}", "1.2")
                        .at("data")
                        .at(id)
                        .at("relationships")) ==
            R"({"organization":{"data":{"type":"organizations","id":"cugorg00000000000000"}}})");
        CHECK(
            to_json(api.send("admin.selectSignals", "{" + own + R"(,"include":["item"]})")
                        .at("error")
                        .at("data")) ==
            R"({"pathErrors":[{"path":"params.include","error":"no enum values registered"}]})");
        api.call("admin.selectSignals", "{" + own + R"(,"include":null})");
        EmulatedApi documented;
        const std::string other = documented.item("a", "[]", "[]");
        CHECK(
            to_json(documented.call("clarify.selectItems", "{}", "1.2")
                        .at("data")
                        .at(other)
                        .at("relationships")) == "{}");
    }
}

}  // namespace methods_test
