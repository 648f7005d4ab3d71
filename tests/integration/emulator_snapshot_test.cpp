// SPDX-License-Identifier: BSL-1.0
// What an emulator has stored, as JSON: put in and taken out.

#include "api_bench.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace emulator_snapshot_test {

using namespace clarify;

namespace {

const Timestamp begin = Timestamp::parse("2026-01-01T00:00:00Z").value();

const std::string plant = R"({
    "items": {"flow": {"name": "Flow", "visible": true, "labels": {"site": ["pier"]}},
              "cugb0000000000000000": {"name": "Level", "gapDetection": "PT2H"}},
    "signals": {
        "pump/flow": {
            "id": "cuga0000000000000000",
            "attributes": {"name": "Flow", "engUnit": "l/s", "annotations": {"app/key": "1"}},
            "item": "flow",
            "data": {"times": ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"],
                     "values": [1.5, null]}},
        "tank/level": {"item": "cugb0000000000000000"},
        "bare": {}}})";

std::string problem_of(testing::Emulator& emulator, const std::string& json) {
    try {
        emulator.load(json);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("Emulator: what a JSON text describes is what a client reads") {
    ApiBench bench;
    bench.emulator.load(plant);
    CHECK(bench.emulator.signal_id("pump/flow") == "cuga0000000000000000");
    CHECK(bench.emulator.item_id("tank/level") == "cugb0000000000000000");
    CHECK(bench.emulator.signal_count() == 3);
    CHECK(bench.emulator.sample_count("pump/flow") == 1);
    ResourceQuery query;
    query.sort = {"name"};
    const auto items = bench.run(bench.client.select_items(query));
    REQUIRE_MESSAGE(items.has_value(), items.error().to_string());
    REQUIRE(items->data.size() == 2);
    CHECK(items->data[0].name == "Flow");
    CHECK(items->data[0].visible);
    CHECK(items->data[0].id == bench.emulator.item_id("pump/flow"));
    const auto data =
        bench.run(bench.client.data_frame(query, DataQuery{begin, begin + std::chrono::hours{2}}));
    REQUIRE(data.has_value());
    CHECK(data->data.at(begin, items->data[0].id) == 1.5);
    // What is loaded again changes nothing, nor does it come twice.
    bench.emulator.load(
        R"({"signals":{"bare":{"id":")" + *bench.emulator.signal_id("bare") + R"("}}})");
    CHECK(bench.emulator.signal_count() == 3);
}

TEST_CASE("Emulator: what is dumped can be loaded elsewhere, and is the same there") {
    ApiBench bench;
    bench.emulator.load(plant);
    DataFrame frame;
    frame.append(begin, {{"bare", 0.1}, {"new", -1e300}});
    REQUIRE(bench.run(bench.client.insert(frame)).has_value());
    testing::Emulator other(plain_http());
    other.load(bench.emulator.dump());
    CHECK(other.dump() == bench.emulator.dump());
    CHECK(other.samples("new") == bench.emulator.samples("new"));
    CHECK(testing::Emulator(plain_http()).dump() == R"({"items":{},"signals":{}})");
}

TEST_CASE("Emulator: a text with faults is refused as a whole, each fault with its path") {
    testing::Emulator emulator(plain_http());
    CHECK(problem_of(emulator, "{") == "the text is not a JSON object");
    CHECK(problem_of(emulator, "[]") == "the text is not a JSON object");
    CHECK(
        problem_of(
            emulator,
            R"({"items":{"a":{}},"signals":{"ok":{},"b c":{"id":"x","item":"z",)"
            R"("data":{"times":[1],"values":"x"},"more":1}},"x":1})") ==
        "items.a.name: required; signals.b c: invalid input key; "
        "signals.b c.data.times: must be an array of RFC 3339 times; "
        "signals.b c.data.values: must be an array; "
        "signals.b c.id: must match ^[a-v0-9]{20}$; signals.b c.item: item not found; "
        "signals.b c.more: unknown parameter; x: unknown parameter");
    CHECK(emulator.signal_count() == 0);
    emulator.load(plant);
    CHECK(
        problem_of(
            emulator,
            R"({"signals":{"other":{"id":"cuga0000000000000000"},)"
            R"("bare":{"id":"cuga0000000000000001"}}})") ==
        "signals.bare.id: belongs to another input; signals.other.id: belongs to another input");
    CHECK(
        problem_of(
            emulator,
            R"({"signals":{"c":{"id":"cuga0000000000000002"},)"
            R"("d":{"id":"cuga0000000000000002"}}})") == "signals.d.id: belongs to another input");
}

}  // namespace emulator_snapshot_test
