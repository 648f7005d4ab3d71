// SPDX-License-Identifier: BSL-1.0
// Tests of connecting signals to items in the emulator.

#include <clarify/testing/detail/emulator/rpc_dispatch.hpp>

#include "emulated_api.hpp"

#include <doctest/doctest.h>

#include <string>

namespace connect_test {

using namespace clarify::testing::detail;

namespace {

const std::string array = R"("format":{"dataAsArray":true,"groupIncludedByType":true})";

/// One item with a signal, and two signals without an item.
struct Scene {
    Scene() { api.insert(R"(["2022-01-01T00:00:00Z"])", R"({"b":[2],"c":[3]})"); }

    /// Which item the signal of an input has, as text.
    std::string item_of(const std::string& input) {
        return to_json(
            api.call(
                   "admin.selectSignals",
                   "{" + own + R"(,"query":{"filter":{"input":")" + input + R"("}},)" + array + "}")
                .at("data")
                .at(0)
                .at("relationships")
                .at("item")
                .at("data"));
    }

    std::string reference() const { return R"({"type":"items","id":")" + item + R"("})"; }

    json::value run(const std::string& method, const std::string& rest) {
        return api.call(method, "{" + own + "," + rest + "," + array + "}", "1.2");
    }

    EmulatedApi api;
    const std::string item = api.item("a", R"(["2022-01-01T00:00:00Z"])", "[1]");
};

}  // namespace

TEST_CASE("connectSignals: signals show their data in the item, and are what is answered") {
    Scene scene;
    const json::value result = scene.run(
        "admin.signals.connect",
        R"("item":")" + scene.item +
            R"(","query":{"filter":{"input":{"$in":["b","c"]}},"sort":["input"],"total":true},)"
            R"("include":["item"])");
    CHECK(result.at("meta").at("total") == 2);
    REQUIRE(result.at("data").as_array().size() == 2);
    const json::value& first = result.at("data").at(0);
    CHECK(first.at("attributes").at("input") == "b");
    CHECK(to_json(first.at("relationships").at("item").at("data")) == scene.reference());
    CHECK(first.at("meta").at("updatedAt") != first.at("meta").at("createdAt"));
    CHECK(result.at("included").at("items").as_array().size() == 1);
    CHECK(scene.item_of("b") == scene.reference());
    // The samples of the last one to be read are those that are seen, all at the same time here.
    CHECK(
        scene.api.frame("{\"rollup\":\"window\",\"filter\":{}}", scene.item).find("_count") !=
        std::string::npos);
}

TEST_CASE("disconnectSignals: signals show their data nowhere, and stay as they are") {
    Scene scene;
    CHECK(scene.item_of("a") == scene.reference());
    const json::value result =
        scene.run("admin.disconnectSignals", R"("query":{"filter":{"input":"a"}})");
    REQUIRE(result.at("data").as_array().size() == 1);
    CHECK(result.at("data").at(0).at("relationships").at("item").at("data").is_null());
    CHECK(result.at("meta").at("total") == -1);
    CHECK(scene.item_of("a") == "null");
    // What is connected as it should be is not changed, but among the signals that are answered.
    CHECK(
        scene.run("admin.disconnectSignals", R"("query":{"filter":{"input":"a"}})")
            .at("data")
            .as_array()
            .size() == 1);
}

TEST_CASE("connectSignals and disconnectSignals: a dry run tells what would be, and does nothing") {
    Scene scene;
    const json::value connected = scene.run(
        "admin.connectSignals",
        R"("item":")" + scene.item + R"(","query":{"filter":{"input":"b"}},"dryRun":true)");
    CHECK(
        to_json(connected.at("data").at(0).at("relationships").at("item").at("data")) ==
        scene.reference());
    CHECK(scene.item_of("b") == "null");
    const json::value disconnected =
        scene.run("admin.signals.disconnect", R"("query":{},"dryRun":true)");
    CHECK(disconnected.at("data").as_array().size() == 3);
    CHECK(disconnected.at("data").at(0).at("relationships").at("item").at("data").is_null());
    CHECK(scene.item_of("a") == scene.reference());
}

TEST_CASE("connectSignals: what is wrong is told, and older versions do not know it") {
    Scene scene;
    const auto complaints = [&](const std::string& rest) {
        return scene.api.complaints("admin.connectSignals", "{" + own + rest + "}", "1.2beta1");
    };
    CHECK(complaints("") == R"({"item":["required"]})");
    CHECK(complaints(R"(,"item":"00000000000000000000")") == R"({"item":["item not found"]})");
    CHECK(
        complaints(R"(,"item":")" + scene.item + R"(","query":{"limit":1001},"dryRun":1)") ==
        R"({"dryRun":["must be true or false"],"query.limit":["must be at most 1000"]})");
    for (const char* const method :
         {"admin.connectSignals", "admin.signals.connect", "admin.disconnectSignals"}) {
        const json::value reply = scene.api.send(method, "{" + own + "}", "1.1");
        CHECK(reply.at("error").at("code") == -32601);
    }
    // Nothing is left out without a word: the default is a page of 20.
    for (int i = 0; i != 30; ++i)
        scene.api.insert("[]", R"({"more)" + std::to_string(i) + R"(":[]})");
    CHECK(scene.run("admin.disconnectSignals", R"("query":{})").at("data").as_array().size() == 20);
}

}  // namespace connect_test
