// SPDX-License-Identifier: BSL-1.0
// Tests of the resources' hashes and of the rules for saves.

#include <clarify/testing/detail/emulator/json_text.hpp>
#include <clarify/testing/detail/emulator/stored_resource.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace stored_resource_test {

using namespace clarify::testing::detail;

namespace {

SaveView read(
    std::string_view text,
    ParameterErrors& errors,
    SaveKind kind = SaveKind::item,
    bool strict = false) {
    const auto document = parse_json(text);
    return read_save_view(ParamsReader(document->value.get_object(), "x", errors, strict), kind);
}

RpcFailure::Complaints complaints(
    std::string_view text, SaveKind kind = SaveKind::item, bool strict = false) {
    ParameterErrors errors;
    read(text, errors, kind, strict);
    try {
        errors.throw_if_any();
    } catch (const RpcFailure& failure) {
        return failure.params();
    }
    return {};
}

}  // namespace

TEST_CASE("hash: agrees with values that servers produced") {
    StoredItem price;
    price.attributes.name = "Electricity price";
    price.attributes.description = "Used by Demo data timeline: Mystery box.";
    price.attributes.source_type = "prediction";
    price.attributes.eng_unit = "EUR/kWh";
    price.attributes.gap_detection = std::chrono::hours{2};
    price.attributes.labels = {
        {"city", {"Oslo"}},
        {"country", {"Norway"}},
        {"data-source", {"Nordpool"}},
        {"location", {"Oslo"}}};
    price.attributes.visible = true;
    CHECK(resource_hash(attributes_json(price)) == "df105ac1e2dde32794909e3be8c6e435ab1c12f3");

    StoredItem gap;
    gap.attributes.name = "Item 33";
    gap.attributes.gap_detection = std::chrono::hours{960};
    gap.attributes.visible = true;
    CHECK(resource_hash(attributes_json(gap)) == "f6d49808e47b5996daf602342b597f2b9fb2c546");

    StoredItem plain;
    plain.attributes.name = "test";
    plain.attributes.value_type.clear();
    plain.attributes.source_type.clear();
    CHECK(resource_hash(attributes_json(plain)) == "cc65e86b937c9d743a2b004b4f5de9ccde46bfc8");
}

TEST_CASE("hash: agrees for relationships") {
    CHECK(resource_hash(json::object()) == "5f36b2ea290645ee34d943220a14b54ee5ea5be5");
    StoredSignal signal;
    signal.item = "cbpmaq6rpn52969vfl00";
    const json::object shown = resource_json(signal, ResourceStyle());
    CHECK(shown.at("meta").at("relationshipsHash") == "ac55c70f73c20e38394fb64d7b7fb2e848ae568b");
}

TEST_CASE("hash: does not depend on how resources are shown") {
    StoredItem item;
    item.attributes.name = "test";
    ResourceStyle observed;
    observed.unset_duration_is_zero = true;
    const json::object documented_json = resource_json(item, ResourceStyle());
    const json::object observed_json = resource_json(item, observed);
    CHECK(documented_json.at("attributes").at("gapDetection").is_null());
    CHECK(observed_json.at("attributes").at("gapDetection") == "PT0S");
    CHECK(
        documented_json.at("meta").at("attributesHash") ==
        observed_json.at("meta").at("attributesHash"));

    ResourceStyle bare;
    bare.hashes = false;
    CHECK_FALSE(resource_json(item, bare).at("meta").as_object().contains("attributesHash"));
}

TEST_CASE("save: unset, null and empty mean the default") {
    ParameterErrors errors;
    const SaveView view = read(
        R"({"name":"a","valueType":"","sourceType":null,"labels":null,
                                   "sampleInterval":null,"gapDetection":"PT0S"})",
        errors);
    CHECK(errors.empty());
    StoredAttributes expected;
    expected.name = "a";
    CHECK(view.attributes == expected);
}

TEST_CASE("save: every broken rule is named with its path") {
    const auto found = complaints(R"({"name":"","description":5,"valueType":"x","gapDetection":"1h",
        "sampleInterval":"-PT1S","labels":{"a b":[],"ok":[1],"no":"text"},
        "enumValues":{"10000":"a","01":"b","7":""},"annotations":{"a.b":"c","d":1},
        "visible":"yes","other":1})");
    for (const char* path :
         {"x.name",
          "x.description",
          "x.valueType",
          "x.gapDetection",
          "x.sampleInterval",
          "x.labels.a b",
          "x.labels.ok",
          "x.labels.no",
          "x.enumValues.10000",
          "x.enumValues.01",
          "x.enumValues.7",
          "x.annotations.a.b",
          "x.annotations.d",
          "x.visible",
          "x.other"}) {
        CAPTURE(path);
        CHECK(found.contains(path));
    }
    CHECK(found.size() == 15);
}

TEST_CASE("save: lengths are counted in characters") {
    std::string name;
    for (int i = 0; i < 128; ++i)
        name += "\u00e6";
    CHECK(complaints("{\"name\":\"" + name + "\"}").empty());
    CHECK(complaints("{\"name\":\"" + name + "x\"}").contains("x.name"));
}

TEST_CASE("save: only items are visible") {
    CHECK(complaints(R"({"name":"a","visible":true})", SaveKind::signal).contains("x.visible"));
    CHECK(complaints(R"({"name":"a","visible":true})", SaveKind::item).empty());
}

TEST_CASE("save: a strict reader refuses null, except for durations") {
    const auto found =
        complaints(R"({"name":"a","engUnit":null,"gapDetection":null})", SaveKind::signal, true);
    CHECK(found.contains("x.engUnit"));
    CHECK(found.size() == 1);
}

TEST_CASE("save: annotations are merged, attributes are replaced") {
    StoredItem item;
    item.attributes.name = "old";
    item.attributes.description = "text";
    item.annotations = {{"keep", "1"}, {"drop", "2"}};
    ParameterErrors errors;
    const SaveView view = read(R"({"name":"new","annotations":{"drop":"","add":"3"}})", errors);
    const ServerTime now{std::chrono::hours{1}};

    CHECK(apply_save(item, view, now));
    CHECK(item.attributes.name == "new");
    CHECK(item.attributes.description.empty());
    CHECK(item.annotations == StoredAnnotations{{"add", "3"}, {"keep", "1"}});
    CHECK(item.updated_at == now);

    CHECK_FALSE(apply_save(item, view, now + std::chrono::hours{1}));
    CHECK(item.updated_at == now);
}

}  // namespace stored_resource_test
