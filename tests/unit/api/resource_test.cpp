// SPDX-License-Identifier: BSL-1.0
// Signals and items: read as servers send them, saved as Clarify takes them, hashed as it does.

#include <clarify/api/detail/resource_check.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/api/selection.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace resource_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view signal_text = R"({
    "type":"signals","id":"c8keagasahsp3cpvma20",
    "meta":{"annotations":{"a/b":"c"},"attributesHash":"220596a7b7b4ea2ac5abb6a13e6198f161443226",
            "relationshipsHash":"ac55c70f73c20e38394fb64d7b7fb2e848ae568b",
            "createdAt":"2022-01-01T00:00:00Z","updatedAt":"2022-01-01T00:00:00.5Z","new":1},
    "attributes":{"name":"Temperature","description":"Inside temperature","valueType":"numeric",
      "sourceType":"measurement","engUnit":"°C","sampleInterval":null,"gapDetection":"PT1H",
      "labels":{"data-source":["My Smart Thermostat"],"location":["Living room","inside"]},
      "enumValues":{},"input":"temp","colour":"red"},
    "relationships":{"integration":{"data":{"type":"integrations","id":"c8ktonqsahsmemfs7lv0"}},
                     "item":{"data":{"type":"items","id":"c8l95d2sahsh22imiabg"}},
                     "tags":{"data":[{"type":"tags","id":"1"},{"type":"tags","id":"2"}]},
                     "other":null}})";

constexpr std::string_view item_text = R"({
    "type":"items","id":"c5ep6ojsbu8cohpih9bg",
    "meta":{"attributesHash":"df105ac1e2dde32794909e3be8c6e435ab1c12f3",
            "relationshipsHash":"5f36b2ea290645ee34d943220a14b54ee5ea5be5",
            "annotations":{"clarify/industry-type":"mysterybox"},
            "createdAt":"2021-10-06T12:15:30.344Z","updatedAt":"2022-03-25T09:58:19.598Z"},
    "attributes":{"name":"Electricity price","description":"Used by Demo data timeline: Mystery box.",
      "valueType":"numeric","sourceType":"prediction","engUnit":"EUR/kWh","sampleInterval":null,
      "gapDetection":"PT2H",
      "labels":{"city":["Oslo"],"country":["Norway"],"data-source":["Nordpool"],"location":["Oslo"]},
      "enumValues":{},"visible":true},
    "relationships":{}})";

template <class T>
T read(std::string_view text) {
    T value;
    const Result<void> done = read_json_text(text, value);
    REQUIRE_MESSAGE(done.has_value(), done.error().to_string());
    return value;
}

template <class T>
std::string written(const T& value) {
    std::string out;
    REQUIRE(append_json_text(out, value).has_value());
    return out;
}

}  // namespace

TEST_CASE("Signal: all of it is read, and what is unknown is ignored") {
    const auto signal = read<Signal>(signal_text);
    CHECK(signal.id == "c8keagasahsp3cpvma20");
    CHECK(signal.name == "Temperature");
    CHECK(signal.input == "temp");
    CHECK(signal.eng_unit == "°C");
    CHECK_FALSE(signal.sample_interval);
    CHECK(signal.gap_detection == FixedDuration{1h});
    CHECK(signal.labels.get("location").size() == 2);
    CHECK(signal.meta.annotations.at("a/b") == "c");
    CHECK(signal.meta.created_at->to_string() == "2022-01-01T00:00:00Z");
    CHECK(signal.meta.updated_at->to_string() == "2022-01-01T00:00:00.5Z");
    REQUIRE(signal.item());
    CHECK(signal.item()->id == "c8l95d2sahsh22imiabg");
    CHECK(signal.integration()->type == "integrations");
    CHECK(signal.relationships.at("tags").to_many);
    CHECK(signal.relationships.at("tags").links.size() == 2);
}

TEST_CASE("Signal: one that is not connected, with durations as live servers send them") {
    const auto signal = read<Signal>(
        R"({"id":"x","attributes":{"valueType":"vector","gapDetection":"PT0S","sampleInterval":"P0D",)"
        R"("enumValues":{"0":"off","10":"on"}},"relationships":{"item":{"data":null}}})");
    CHECK_FALSE(signal.item());
    CHECK_FALSE(signal.integration());
    CHECK_FALSE(signal.gap_detection);
    CHECK_FALSE(signal.sample_interval);
    CHECK(signal.value_type.known() == ValueType::other);
    CHECK(signal.value_type.text() == "vector");
    CHECK(signal.enum_values.at(10) == "on");
    const auto seconds =
        read<Item>(R"({"id":"x","attributes":{"gapDetection":3456000.0,"sampleInterval":0.001}})");
    CHECK(seconds.gap_detection == FixedDuration{960h});
    CHECK(seconds.sample_interval == FixedDuration{1ms});
    CHECK_FALSE(read<Item>(R"({"id":"x","attributes":{"gapDetection":0}})").gap_detection);
    // Attributes that stand beside the others.
    CHECK(read<Item>(R"({"id":"x","name":"flat","visible":true})").name == "flat");
}

TEST_CASE("resources: a fault is told with its place, and nothing is changed") {
    Signal signal;
    signal.name = "kept";
    for (const std::string_view text :
         {R"({"attributes":{"name":7}})",
          R"({"meta":{"createdAt":"soon"}})",
          R"({"attributes":{"gapDetection":"1h"}})",
          R"({"attributes":{"gapDetection":1e10}})",
          R"({"attributes":{"gapDetection":true}})",
          R"({"attributes":{"enumValues":{"x":"y"}}})",
          "[]",
          "{"}) {
        CAPTURE(text);
        const Result<void> done = read_json_text(text, signal);
        REQUIRE(done.has_error());
        CHECK(done.error().code() == Errc::decode);
    }
    CHECK(
        read_json_text(R"({"attributes":{"name":7}})", signal).error().message() ==
        "/attributes/name: expected a string, found a number");
    CHECK(signal.name == "kept");
}

TEST_CASE("SignalSave: every attribute is written, in the form that Clarify documents") {
    SignalSave save;
    save.annotations["clarify/clarify-go/example/publish"] = "true";
    save.name = "Building status";
    save.description = "Aggregated status.";
    save.value_type = ValueType::enumeration;
    save.source_type = SourceType::aggregation;
    save.sample_interval = 15min;
    save.gap_detection = 2h;
    save.labels =
        Labels{{"data-source", {"environmental sensors"}}, {"location", {"pier", "banana stand"}}};
    save.enum_values = {{0, "not on fire"}, {1, "on fire"}};
    CHECK(
        written(save) ==
        R"({"annotations":{"clarify/clarify-go/example/publish":"true"},)"
        R"("name":"Building status","description":"Aggregated status.",)"
        R"("valueType":"enum","sourceType":"aggregation","engUnit":"",)"
        R"("sampleInterval":"PT15M","gapDetection":"PT2H",)"
        R"("labels":{"data-source":["environmental sensors"],"location":["banana stand","pier"]},)"
        R"("enumValues":{"0":"not on fire","1":"on fire"}})");
    ItemSave item;
    item.name = "my test signal";
    CHECK(
        written(item) ==
        R"({"name":"my test signal","description":"","valueType":"numeric",)"
        R"("sourceType":"measurement","engUnit":"","sampleInterval":null,"gapDetection":null,)"
        R"("labels":{},"enumValues":{},"visible":true})");
    const auto signal = read<Signal>(signal_text);
    CHECK(ItemSave{signal}.name == "Temperature");
    CHECK(ItemSave{signal}.annotations.empty());
    CHECK_FALSE(ItemSave{Item{}}.visible);
}

TEST_CASE("hashes: those that Clarify computed") {
    const auto item = read<Item>(item_text);
    CHECK(attributes_hash(item) == "df105ac1e2dde32794909e3be8c6e435ab1c12f3");
    CHECK(attributes_hash(item) == item.meta.attributes_hash);
    CHECK(relationships_hash(item.relationships) == item.meta.relationships_hash);
    Relationships connected;
    connected["item"].links.emplace_back("items", "cbpmaq6rpn52969vfl00");
    CHECK(relationships_hash(connected) == "ac55c70f73c20e38394fb64d7b7fb2e848ae568b");
    // A name, and empty texts for the rest.
    Item bare;
    bare.name = "test";
    bare.value_type = ValueType::other;
    bare.source_type = SourceType::other;
    CHECK(attributes_hash(bare) == "cc65e86b937c9d743a2b004b4f5de9ccde46bfc8");
}

TEST_CASE("hashes: they change with attributes, and not with annotations or the order of labels") {
    const auto item = read<Item>(item_text);
    Item other = item;
    other.meta.annotations["x"] = "y";
    CHECK(attributes_hash(other) == attributes_hash(item));
    CHECK(attributes_hash(ItemSave{item}) == attributes_hash(item));
    other.name += " & more";
    CHECK(attributes_hash(other) != attributes_hash(item));
    const auto signal = read<Signal>(signal_text);
    CHECK(attributes_hash(SignalSave{signal}, "temp") == attributes_hash(signal));
    CHECK(attributes_hash(SignalSave{signal}, "temp2") != attributes_hash(signal));
}

TEST_CASE("saves: everything that Clarify would refuse is named with its path") {
    SignalSave save;
    FieldErrors errors;
    detail::check(save, "signalsByInput.a", errors);
    REQUIRE(errors.size() == 1);
    CHECK(errors.all()[0].path == "signalsByInput.a.name");
    save.name = std::string(129, 'x');
    save.description = "\xFF";
    save.gap_detection = -1s;
    save.labels.add("no spaces", "x");
    save.enum_values[10000] = "";
    save.annotations["dot.ted"] = "x";
    errors = {};
    detail::check(save, "signalsByInput.a", errors);
    std::string all;
    for (const FieldError& error : errors.all())
        all += error.path + ": " + error.message + '\n';
    CHECK(
        all ==
        "signalsByInput.a.name: has more than 128 characters\n"
        "signalsByInput.a.description: is not UTF-8\n"
        "signalsByInput.a.gapDetection: is negative\n"
        "signalsByInput.a.labels.no spaces: is not a valid label key: 1 to 128 letters, digits and "
        "- _ /\n"
        "signalsByInput.a.enumValues.10000: is not a valid state: 0 to 9999\n"
        "signalsByInput.a.enumValues.10000: is empty\n"
        "signalsByInput.a.annotations.dot.ted: is not a valid annotation key: 1 to 128 letters, "
        "digits and "
        "- _ /\n");
    // 128 characters may have more bytes.
    ItemSave item;
    for (int i = 0; i != 128; ++i)
        item.name += "å";
    errors = {};
    detail::check(item, "x", errors);
    CHECK(errors.empty());
}

TEST_CASE("Selection: arrays and objects, grouped and flat, counted and not") {
    const std::string signal{signal_text};
    const std::string item{item_text};
    auto selection = read<Selection<Signal>>(
        R"({"meta":{"total":2,"format":{"new":1}},"data":[)" + signal +
        R"(],"included":{"items":[)" + item + R"(],"others":[1]}})");
    CHECK(selection.total == 2);
    REQUIRE(selection.data.size() == 1);
    REQUIRE(selection.included_item("c5ep6ojsbu8cohpih9bg") != nullptr);
    CHECK(selection.included_item("c5ep6ojsbu8cohpih9bg")->name == "Electricity price");
    CHECK(selection.included_item("nobody") == nullptr);
    selection = read<Selection<Signal>>(
        R"({"included":[)" + item + R"(,{"type":"organizations","id":"x"}],"data":{"k":)" + signal +
        R"(,"other":{}},"meta":{"total":-1,"issues":null}})");
    CHECK_FALSE(selection.total);
    CHECK(selection.data.size() == 2);
    CHECK(selection.data[1].id == "other");
    CHECK(selection.included_items.size() == 1);
    CHECK(read<Selection<Item>>(R"({"data":[],"included":null})").data.empty());
    CHECK(read<Selection<Item>>(R"({"data":null})").data.empty());
    const auto data = read<DataSelection>(
        R"({"meta":{"total":1},"data":{"times":["2024-01-01T00:00:00Z"],"series":{"a":[1.5]}},)"
        R"("included":{"items":[)" +
        item + "]}}");
    CHECK(data.data.column("a")[0] == 1.5);
    CHECK(data.total == 1);
    CHECK(data.included_items.size() == 1);
}

}  // namespace resource_test
