// SPDX-License-Identifier: BSL-1.0
// Tests of the emulator's exact JSON.

#include <clarify/testing/detail/emulator/json_text.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace json_text_test {

using namespace clarify::testing::detail;

namespace {

std::string round_trip(std::string_view text) {
    const auto document = parse_json(text);
    return document ? to_json(document->value) : "invalid";
}

}  // namespace

TEST_CASE("JSON: numbers are parsed exactly and printed at their shortest") {
    CHECK(round_trip("20.5") == "20.5");
    CHECK(round_trip("0.1") == "0.1");
    CHECK(round_trip("2.0") == "2");
    CHECK(round_trip("-0") == "-0");
    CHECK(round_trip("1e21") == "1e+21");
    CHECK(round_trip("5e-324") == "5e-324");
    CHECK(round_trip("9007199254740993") == "9007199254740993");
    CHECK(round_trip("18446744073709551615") == "18446744073709551615");
    CHECK(round_trip("-9223372036854775808") == "-9223372036854775808");
    CHECK(round_trip("100000000000000000000000000") == "1e+26");
    CHECK(round_trip("1.7976931348623157e308") == "1.7976931348623157e+308");
}

TEST_CASE("JSON: any double survives text in both directions") {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const auto value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        const std::string text = to_json(json::value(value));
        const auto document = parse_json(text);
        REQUIRE(document);
        if (document->value.is_double()) {
            REQUIRE(
                std::bit_cast<std::uint64_t>(document->value.get_double()) ==
                std::bit_cast<std::uint64_t>(value));
        } else {
            REQUIRE(document->value.to_number<double>() == value);
        }
    }
}

TEST_CASE("JSON: a number out of range is an infinity, and prints as null") {
    const auto document = parse_json("1e999");
    REQUIRE(document);
    CHECK(document->value.get_double() == std::numeric_limits<double>::infinity());
    CHECK(to_json(document->value) == "null");
    CHECK(to_json(json::value(std::nan(""))) == "null");
    CHECK(round_trip("1e-999") == "0");
}

TEST_CASE("JSON: the spelling of a numeric id is kept") {
    CHECK(parse_json(R"({"id":1.0})")->id_number == "1.0");
    CHECK(parse_json(R"({"id":-0})")->id_number == "-0");
    CHECK(parse_json(R"({"id":12345678901234567890123})")->id_number == "12345678901234567890123");
    CHECK(parse_json(R"({"\u0069d":7})")->id_number == "7");
    CHECK(parse_json(R"({"id":1,"id":"a"})")->id_number.empty());
    CHECK(parse_json(R"({"id":"1","x":2,"y":{"id":3},"z":[4]})")->id_number.empty());
}

TEST_CASE("JSON: texts are escaped no more than needed") {
    CHECK(
        round_trip(R"("a\"\\\n\r\t\u0001\u001f/\u00e6<>&")") ==
        "\"a\\\"\\\\\\n\\r\\t\\u0001\\u001f/\u00e6<>&\"");
    CHECK(
        to_json(json::value("a<b>&\u2028\u2029\u00e6"), JsonEscapes::html) ==
        "\"a\\u003cb\\u003e\\u0026\\u2028\\u2029\u00e6\"");
}

TEST_CASE("JSON: structures keep their order") {
    CHECK(
        round_trip(R"( {"b":[1,{},[],null],"a":{"x":true,"y":false}} )") ==
        R"({"b":[1,{},[],null],"a":{"x":true,"y":false}})");
}

TEST_CASE("JSON: what is not strict JSON is refused") {
    for (const char* text :
         {"",
          " ",
          "{",
          "[1,]",
          "{}{}",
          "01",
          "NaN",
          "Infinity",
          "'a'",
          "[1] x",
          "{\"a\":1,}",
          "\"\x01\"",
          "\"\xff\"",
          "// c\n1",
          "\"\\ud800\"",
          "nul"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_json(text));
    }
}

TEST_CASE("JSON: the depth is limited") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(parse_json(nested(30)));
    CHECK_FALSE(parse_json(nested(40)));
    CHECK_FALSE(parse_json(std::string(1'000'000, '[')));
}

}  // namespace json_text_test
