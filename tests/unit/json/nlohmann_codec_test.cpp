// SPDX-License-Identifier: BSL-1.0
// What is particular to nlohmann::json; the rest is in nlohmann_codec_conformance_test.cpp.

#include <clarify/json/nlohmann_codec.hpp>

#include "codec_checks.hpp"

#include <boost/describe/class.hpp>

#include <doctest/doctest.h>
#include <unit/json/decode_time_checks.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nlohmann_codec_test {

using namespace clarify;
using nlohmann::json;

namespace {

using Checks = CodecChecks<NlohmannCodec>;

struct Item {
    std::string item_id;
    std::optional<json> any_value;
    std::map<std::string, json> by_name;
};
BOOST_DESCRIBE_STRUCT(Item, (), (item_id, any_value, by_name))

struct Opaque {};

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

/// What a text takes beside its `std::string`, with what the allocator adds.
std::size_t block_of(const std::string& text) {
    return text.capacity() > 15 ? text.capacity() + 1 + 16 : 0;
}

/// What a value takes beside its own bytes.
std::size_t footprint(const json& value) {
    std::size_t bytes = 0;
    if (const auto* text = value.get_ptr<const json::string_t*>()) {
        bytes = sizeof *text + 16 + block_of(*text);
    } else if (const auto* list = value.get_ptr<const json::array_t*>()) {
        bytes = sizeof *list + 16 + list->capacity() * sizeof(json) + 16;
        for (const json& element : *list)
            bytes += footprint(element);
    } else if (const auto* object = value.get_ptr<const json::object_t*>()) {
        constexpr std::size_t links = 4 * sizeof(void*);
        bytes = sizeof *object + 16;
        for (const auto& member : *object)
            bytes += links + sizeof member + 16 + block_of(member.first) + footprint(member.second);
    }
    return bytes;
}

}  // namespace

TEST_CASE("NlohmannCodec: says which types it takes") {
    CHECK(JsonCodec<NlohmannCodec>);
    CHECK(NlohmannEncodable<json>);
    CHECK(NlohmannDecodable<json>);
    CHECK(NlohmannDecodable<json::array_t>);
    CHECK(NlohmannDecodable<json::object_t>);
    CHECK(NlohmannDecodable<std::vector<std::optional<Item>>>);
    CHECK_FALSE(NlohmannEncodable<nlohmann::ordered_json>);
    CHECK_FALSE(NlohmannDecodable<nlohmann::ordered_json>);
    CHECK_FALSE(NlohmannEncodable<Opaque>);
    CHECK_FALSE(NlohmannDecodable<std::string_view>);
}

TEST_CASE("NlohmannCodec: NaN and infinity are null where that is chosen") {
    JsonCodecOptions options;
    options.non_finite = NonFinite::null;
    std::string out;
    CHECK(NlohmannCodec{options}.encode(json{1, std::nan("")}, out));
    CHECK(out == "[1,null]");
}

TEST_CASE("NlohmannCodec: refuses options out of range") {
    JsonCodecOptions options;
    options.max_depth = 1025;
    CHECK_THROWS_AS(NlohmannCodec{options}, std::invalid_argument);
    CHECK_THROWS_AS(NlohmannCodec{Checks::with_memory(0)}, std::invalid_argument);
}

TEST_CASE_FIXTURE(Checks, "NlohmannCodec: values of every kind go both ways") {
    const std::string text =
        R"({"":[],"a":[1,-2,null,true,false,"x\"\u0001",2.5,{}],"b":{"c":{"d":[[]]}}})";
    const json value = json::parse(text);
    round_trip(value, text);
    round_trip(json{}, "null");
    round_trip(json::array_t{1, "x"}, R"([1,"x"])");
    round_trip(json::object_t{{"k", 1.5}}, R"({"k":1.5})");
    round_trip(std::optional<json>{}, "null");
    CHECK(decoded<json>(R"({"k":1,"k":2})") == json{{"k", 2}});
}

TEST_CASE_FIXTURE(Checks, "NlohmannCodec: numbers have the kinds of the library's own parser") {
    CHECK(decoded<json>("1").is_number_unsigned());
    CHECK(decoded<json>("0").is_number_unsigned());
    CHECK(decoded<json>("-1").type() == json::value_t::number_integer);
    CHECK(
        decoded<json>("-9223372036854775808").get<std::int64_t>() ==
        std::numeric_limits<std::int64_t>::min());
    CHECK(
        decoded<json>("18446744073709551615").get<std::uint64_t>() ==
        std::numeric_limits<std::uint64_t>::max());
    CHECK(decoded<json>("18446744073709551616").get<double>() == 18446744073709551616.0);
    CHECK(decoded<json>("1.0").is_number_float());
    CHECK(decoded<json>("1e2").is_number_float());
    CHECK(std::signbit(decoded<json>("-0").get<double>()));
    CHECK(decode_error<json>("[1e400]").code() == Errc::json);
    CHECK(decode_error<json>("[1e400]").reason() == Reason::number_range);
    CHECK(decode_error<double>("1e400").reason() == Reason::out_of_range);
    CHECK(encoded(json(std::numeric_limits<std::int64_t>::min())) == "-9223372036854775808");
    CHECK(encoded(json(std::numeric_limits<std::uint64_t>::max())) == "18446744073709551615");
    CHECK(encoded(json(1.0)) == "1");
}

TEST_CASE_FIXTURE(Checks, "NlohmannCodec: random doubles survive bit by bit") {
    std::mt19937_64 random{44};
    json numbers = json::array();
    while (numbers.size() < 10'000) {
        const double number = std::bit_cast<double>(random());
        if (std::isfinite(number)) numbers.push_back(number);
    }
    const json back = decoded<json>(encoded(numbers));
    REQUIRE(back.size() == numbers.size());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        wrong += std::bit_cast<std::uint64_t>(back[i].get<double>()) !=
            std::bit_cast<std::uint64_t>(numbers[i].get<double>());
    }
    CHECK(wrong == 0);
}

TEST_CASE_FIXTURE(Checks, "NlohmannCodec: what has no JSON form is refused with a pointer to it") {
    const json nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(
        encode_error(json{{"a", {1, {{"b", nan}}}}}).message() ==
        "/a/1/b: NaN and infinity have no JSON text");
    CHECK(encode_error(json(-std::numeric_limits<double>::infinity())).reason() == Reason::params);
    const Error binary = encode_error(json::array({json::binary({1, 2})}));
    CHECK(binary.message() == "/0: a binary value has no JSON form");
    CHECK(binary.reason() == Reason::params);
    CHECK(encode_error(json(json::value_t::discarded)).reason() == Reason::params);
    CHECK(encode_error(json{{"k", "\xFF"}}).message() == "/k: the text is not UTF-8");
    CHECK(encode_error(json{{"\xC3", 1}}).reason() == Reason::encoding);
}

TEST_CASE_FIXTURE(Checks, "NlohmannCodec: described structs may hold its values") {
    const std::string text = R"({"itemId":"a","anyValue":[1,{"b":null}],"byName":{"x":0.1}})";
    const auto item = decoded<Item>(text);
    CHECK(item.any_value == json{1, {{"b", nullptr}}});
    CHECK(item.by_name.at("x") == json(0.1));
    CHECK(encoded(item) == text);
    CHECK(
        decode_error<Item>(R"({"itemId":"a","byName":{"x":{"y":[1e999]}}})").message() ==
        "/byName/x/y/0: the number is too large");
    CHECK(
        decode_error<std::vector<json::object_t>>("[{},[]]").message() ==
        "/1: expected an object, found an array");
}

TEST_CASE_FIXTURE(Checks, "NlohmannCodec: text that is not JSON is an error of its own kind") {
    using Case = std::pair<const char*, Reason>;
    for (const auto& [text, reason] :
         {Case{"", Reason::empty},
          Case{"{", Reason::syntax},
          Case{"{\"a\":1} x", Reason::syntax},
          Case{"[tru]", Reason::syntax},
          Case{"nope", Reason::syntax},
          Case{"[NaN]", Reason::syntax},
          Case{"[\"\xFF\"]", Reason::encoding},
          Case{R"(["\ud800"])", Reason::encoding}}) {
        CAPTURE(text);
        const Error error = decode_error<json>(text);
        CHECK(error.code() == Errc::json);
        CHECK(error.reason() == reason);
    }
}

TEST_CASE_FIXTURE(Checks, "NlohmannCodec: bounds the depth both ways") {
    const json fits = decoded<json>(nested(64));
    CHECK(encoded(fits) == nested(64));
    CHECK(decode_error<json>(nested(65)).reason() == Reason::depth);
    CHECK(decode_error<json>(nested(100'000)).reason() == Reason::depth);
    CHECK(encode_error(json::array({fits})).reason() == Reason::depth);
    JsonCodecOptions options;
    options.max_depth = 1024;
    CHECK(NlohmannCodec{options}.decode<json>(nested(1024)).has_value());
    CHECK(decode_error<json>(nested(1025), options).reason() == Reason::depth);
}

TEST_CASE_FIXTURE(Checks, "NlohmannCodec: text that takes too much memory is refused") {
    const auto refused = [](const std::string& part) {
        std::string text = "[" + part;
        while (text.size() < std::size_t{1} << 20U)
            text += ',' + part;
        const Error error = decode_error<json>(text + ']', with_memory(std::size_t{8} << 20U));
        CHECK(error.code() == Errc::too_large);
        CHECK(error.reason() == Reason::parse);
    };
    refused("0");
    refused("[]");
    refused("{}");
    refused("\"\"");
    refused(R"({"":0})");
    CHECK(decode_error<json>("\"123456789\"", with_memory(8)).code() == Errc::too_large);
}

TEST_CASE_FIXTURE(Checks, "NlohmannCodec: the memory limit covers what a value really takes") {
    std::string series = "[0";
    std::string keys = "{\"\":0";
    std::string lists = "[0";
    for (int i = 0; i < 2'000; ++i) {
        const std::string number = std::to_string(i);
        series += ',' + number + ".125";
        keys += ",\"a key that takes a block of its own " + number + R"(":{"name":"short","n":[)" +
            number + "]}";
        lists += R"(,[],"","a text that takes a block of its own")";
    }
    for (const std::string& text : {series + ']', keys + '}', lists + ']'}) {
        const std::size_t taken = footprint(decoded<json>(text));
        const std::size_t needed = memory_for<json>(text);
        CHECK(needed >= taken);
        CHECK(needed <= 2 * taken);
    }
}

TEST_CASE("NlohmannCodec: broken text is an error, never anything worse") {
    const std::string good =
        R"({"a":[{"b":{}},{"x":[1,-2.5e3,"\u00e9\ud83d\ude00",true,null,{}],"c":[]}]})";
    std::mt19937_64 random{99};
    const NlohmannCodec codec;
    std::size_t broken = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string text = good;
        for (std::size_t edits = 1 + random() % 3; edits > 0; --edits)
            text[random() % text.size()] = static_cast<char>(random());
        // A buffer of its own lets a sanitizer see a read behind the end.
        const std::vector<char> exact(text.begin(), text.end());
        const std::string_view view{exact.data(), exact.size()};
        detail::JsonScanner scanner{view};
        scanner.document();
        const auto value = codec.decode<json>(view);
        CAPTURE(text);
        if (value.has_value() != scanner.ok())
            CHECK(value.error().reason() == Reason::number_range);
        broken += value.has_error() ? 1U : 0U;
    }
    CHECK(broken > 1'000);
}

TEST_CASE("nlohmann: the clock is looked at while a large value is read") {
    constexpr std::size_t size = std::size_t{512} << 10U;
    for (const std::string_view part : {"1", "1.5", "\"abc\"", "[]", "{}", R"({"a":[{}]})"})
        decode_time::check_codec<json>(NlohmannCodec{}, decode_time::text(part, size));
}

}  // namespace nlohmann_codec_test
