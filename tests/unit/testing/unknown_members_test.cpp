// SPDX-License-Identifier: BSL-1.0
// Tests of the members that a later version of the API may have.

#include "emulated_api.hpp"

#include <doctest/doctest.h>

#include <string>

namespace unknown_members_test {

using namespace clarify::testing::detail;

namespace {

std::string decorated(const char* text, std::string_view key = {}) {
    json::value value = parse_json(text)->value;
    add_unknown_members(value, key);
    return to_json(value);
}

}  // namespace

TEST_CASE("unknown members: in every object but those whose members are named by data") {
    constexpr const char* more = R"("notYetKnown":{"version":7})";
    CHECK(decorated("{}") == "{" + std::string{more} + "}");
    CHECK(decorated(R"([{"a":1}])") == R"([{"a":1,)" + std::string{more} + "}]");
    CHECK(decorated(R"({"a":[1]})", "labels") == R"({"a":[1]})");
    CHECK(decorated("{}", "annotations") == "{}");
    CHECK(
        decorated(R"({"in":{"id":"x"}})", "signalsByInput") ==
        R"({"in":{"id":"x",)" + std::string{more} + "}}");
    // `data` is a frame, a link, or resources by their identifiers.
    CHECK(
        decorated(R"({"times":[],"series":{"a":[1]}})", "data") ==
        R"({"times":[],"series":{"a":[1]},)" + std::string{more} + "}");
    CHECK(
        decorated(R"({"type":"items","id":"x"})", "data") ==
        R"({"type":"items","id":"x",)" + std::string{more} + "}");
    CHECK(
        decorated(R"({"x":{"type":"items"}})", "data") ==
        R"({"x":{"type":"items",)" + std::string{more} + "}}");
}

TEST_CASE("unknown members: in results, errors and around them, where they are asked for") {
    MethodSettings settings = EmulatedApi::settings();
    settings.unknown_members = true;
    EmulatedApi api{settings};
    const json::value reply = api.send("clarify.selectItems", "{}");
    CHECK(reply.as_object().contains("notYetKnown"));
    CHECK(reply.at("result").as_object().contains("notYetKnown"));
    CHECK(reply.at("result").at("meta").at("format").as_object().contains("notYetKnown"));
    const json::value failed = api.send("clarify.selectItems", R"({"x":1})");
    CHECK(failed.at("error").at("data").as_object().contains("notYetKnown"));
    CHECK(to_json(failed.at("error").at("data").at("params")) == R"({"x":["unknown parameter"]})");
    EmulatedApi plain;
    CHECK_FALSE(plain.send("clarify.selectItems", "{}").as_object().contains("notYetKnown"));
}

}  // namespace unknown_members_test
