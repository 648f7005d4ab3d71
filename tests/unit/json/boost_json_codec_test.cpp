// SPDX-License-Identifier: BSL-1.0

#include <clarify/json/boost_json_codec.hpp>

#include "codec_checks.hpp"

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace boost_json_codec_test {

using namespace clarify;
namespace json = boost::json;

namespace {

using Checks = CodecChecks<BoostJsonCodec>;

struct Base {
    std::string id_text;
};
BOOST_DESCRIBE_STRUCT(Base, (), (id_text))

BOOST_DEFINE_ENUM_CLASS(Kind, avg, state_seconds, default_)

struct Inner {
    std::vector<double> values;
    Kind kind = Kind::avg;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (values, kind))

struct Outer : Base {
    std::optional<int> row_limit;
    std::optional<Inner> the_inner_part;
    std::map<std::string, Inner> by_name;
    json::value any_value;
    bool class_ = false;
};
BOOST_DESCRIBE_STRUCT(Outer, (Base), (row_limit, the_inner_part, by_name, any_value, class_))

struct Sparse {
    std::optional<std::array<std::int64_t, 8>> a;
    std::optional<std::array<std::int64_t, 8>> b;
};
BOOST_DESCRIBE_STRUCT(Sparse, (), (a, b))

struct Opaque {};

}  // namespace

namespace sensors {

/// A type with a form of its own.
struct Level {
    int steps = 0;
    bool operator==(const Level&) const = default;

    friend Result<void> append_json_text(std::string& out, const Level& level) {
        if (level.steps < 0)
            return Error{Errc::bad_argument, Reason::params, "/steps: is negative"};
        out += "\"L" + std::to_string(level.steps) + '"';
        return {};
    }
    friend Result<void> read_json_text(std::string_view text, Level& level) {
        if (!text.starts_with("\"L"))
            return Error{Errc::decode, Reason::mismatch, "expected a level"};
        level.steps = std::atoi(std::string{text.substr(2)}.c_str());
        return {};
    }
};

/// A type whose form is what it holds.
struct Raw {
    std::string text;
    friend Result<void> append_json_text(std::string& out, const Raw& raw) {
        if (raw.text == "shrink") {
            out.clear();
        } else {
            out += raw.text;
        }
        return {};
    }
};

}  // namespace sensors

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: says which types it takes") {
    CHECK(JsonCodec<BoostJsonCodec>);
    CHECK(BoostJsonEncodable<std::span<const double>>);
    CHECK(BoostJsonEncodable<std::map<std::string_view, int>>);
    CHECK(BoostJsonEncodable<char[4]>);
    CHECK_FALSE(BoostJsonEncodable<Opaque>);
    CHECK_FALSE(BoostJsonEncodable<std::map<int, int>>);
    CHECK_FALSE(BoostJsonEncodable<char>);
    CHECK_FALSE(BoostJsonEncodable<std::unique_ptr<int>>);
    CHECK_FALSE(BoostJsonEncodable<std::filesystem::path>);
    CHECK(BoostJsonDecodable<std::vector<std::optional<Outer>>>);
    CHECK_FALSE(BoostJsonDecodable<std::string_view>);
    CHECK_FALSE(BoostJsonDecodable<const char*>);
    CHECK_FALSE(BoostJsonDecodable<std::span<double>>);
    CHECK_FALSE(BoostJsonDecodable<Opaque>);
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: scalars and containers go both ways") {
    round_trip(true, "true");
    round_trip(nullptr, "null");
    round_trip(-7, "-7");
    round_trip(20.5, "20.5");
    round_trip(1.0, "1");
    round_trip(1e300, "1e+300");
    round_trip(0.1F, "0.1");
    round_trip(std::string{"a\"\n\xC3\xA9"}, "\"a\\\"\\n\xC3\xA9\"");
    round_trip(std::optional<int>{}, "null");
    round_trip(std::optional<int>{3}, "3");
    round_trip(std::vector<int>{}, "[]");
    round_trip(std::vector<std::vector<int>>{{1}, {}, {2, 3}}, "[[1],[],[2,3]]");
    round_trip(std::vector<bool>{true, false}, "[true,false]");
    round_trip(std::deque<std::string>{"a", ""}, R"(["a",""])");
    round_trip(std::list<std::optional<double>>{1.5, std::nullopt}, "[1.5,null]");
    round_trip(std::array<int, 3>{1, 2, 3}, "[1,2,3]");
    round_trip(std::set<std::string>{"a", "b"}, R"(["a","b"])");
    round_trip(std::unordered_set<int>{5}, "[5]");
    round_trip(std::map<std::string, int>{{"", 0}, {"k\n", 1}}, R"({"":0,"k\n":1})");
    round_trip(std::unordered_map<std::string, bool>{{"k", true}}, R"({"k":true})");
    round_trip(
        json::value{{"a", {1, nullptr, true, "x", 2.5}}, {"b", json::object{}}},
        R"({"a":[1,null,true,"x",2.5],"b":{}})");
    round_trip(json::object{{"a", 1}}, R"({"a":1})");
    round_trip(json::array{1, "x"}, R"([1,"x"])");
    round_trip(json::string{"x"}, R"("x")");
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: writes views, literals and other ranges") {
    const double raw[] = {1, 2.5};
    CHECK(encoded("text") == R"("text")");
    CHECK(encoded(std::string_view{"a"}) == R"("a")");
    CHECK(encoded(static_cast<const char*>("p")) == R"("p")");
    CHECK(encoded(static_cast<const char*>(nullptr)) == "null");
    CHECK(encoded(raw) == "[1,2.5]");
    CHECK(encoded(std::span<const double>{raw}) == "[1,2.5]");
    CHECK(encoded(std::map<std::string_view, int>{{"k", 1}}) == R"({"k":1})");
    std::string out = "before";
    REQUIRE(BoostJsonCodec{}.encode(1, out).has_value());
    CHECK(out == "before1");
}

TEST_CASE("BoostJsonCodec: NaN and infinity are null where that is chosen") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr float infinity = std::numeric_limits<float>::infinity();
    JsonCodecOptions options;
    options.non_finite = NonFinite::null;
    const BoostJsonCodec codec{options};
    std::string out;
    CHECK(codec.encode(std::vector<double>{1, nan, -nan, 2.5}, out));
    CHECK(codec.encode(std::vector<float>{infinity, -infinity}, out));
    CHECK(codec.encode(json::value{{"x", nan}}, out));
    CHECK(out == R"([1,null,null,2.5][null,null]{"x":null})");
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: NaN and infinity are refused with a pointer to them") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    const std::map<std::string, std::map<std::string, std::vector<double>>> data{
        {"data", {{"a/b~", {1, 2, 3, nan}}}}};
    const Error error = encode_error(data);
    CHECK(error.reason() == Reason::params);
    CHECK(error.message() == "/data/a~1b~0/3: NaN and infinity have no JSON text");
    CHECK(error.fate() == Fate::unsent);
    CHECK(encode_error(nan).message() == "NaN and infinity have no JSON text");
    CHECK(encode_error(-std::numeric_limits<float>::infinity()).reason() == Reason::params);
    CHECK(
        encode_error(json::value{{"x", {0, nan}}}).message() ==
        "/x/1: NaN and infinity have no JSON text");
    Outer outer;
    outer.the_inner_part = Inner{};
    outer.the_inner_part->values = {nan};
    CHECK(
        encode_error(outer).message() ==
        "/theInnerPart/values/0: NaN and infinity have no JSON text");
}

TEST_CASE_FIXTURE(
    Checks, "BoostJsonCodec: text that is not UTF-8 is refused with a pointer to it") {
    CHECK(encode_error("\xFF").reason() == Reason::encoding);
    CHECK(
        encode_error(json::value{{"a", {"ok", "\xC3"}}}).message() ==
        "/a/1: the text is not UTF-8");
    const Error error = encode_error(std::map<std::string, int>{{"k\x80\x1B", 1}});
    CHECK(error.reason() == Reason::encoding);
    CHECK(error.message() == "/k\\x80\\x1b: the text is not UTF-8");
    CHECK(decode_error<std::string>("\"\xFF\"").code() == Errc::json);
    CHECK(decode_error<json::value>("[\"\xED\xA0\x80\"]").reason() == Reason::encoding);
    CHECK(decode_error<json::value>(R"(["\ud800"])").reason() == Reason::encoding);
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: escapes are read in values and keys of every kind") {
    const std::string_view text = R"({"k\u00e9\n":"\ud83d\ude00\u0000"})";
    const std::string face{"\xF0\x9F\x98\x80\0", 5};
    CHECK(decoded<std::map<std::string, std::string>>(text).at("k\xC3\xA9\n") == face);
    const json::value value = decoded<json::value>(text);
    CHECK(std::string_view{value.at("k\xC3\xA9\n").get_string()} == face);
    CHECK(decoded<Base>(R"({"id\u0054ext":"x"})").id_text == "x");
}

TEST_CASE_FIXTURE(
    Checks, "BoostJsonCodec: described structs are written in camelCase, without empty optionals") {
    Outer outer;
    outer.id_text = "a";
    outer.row_limit = 3;
    outer.by_name["n"] = Inner{};
    outer.by_name["n"].kind = Kind::state_seconds;
    outer.any_value = {1, "x"};
    outer.class_ = true;
    CHECK(
        encoded(outer) ==
        R"({"idText":"a","rowLimit":3,"byName":{"n":{"values":[],"kind":"stateSeconds"}},)"
        R"("anyValue":[1,"x"],"class":true})");
    CHECK(encoded(Sparse{}) == "{}");
    CHECK(encoded(Kind::default_) == R"("default")");
    const Error error = encode_error(static_cast<Kind>(77));
    CHECK(error.reason() == Reason::params);
}

TEST_CASE_FIXTURE(
    Checks, "BoostJsonCodec: described structs are read, with unknown members ignored") {
    const auto outer = decoded<Outer>(R"( {"future":{"a":[1,{}]},"class":true,"idText":"a",
        "theInnerPart":{"kind":"stateSeconds","values":[1,2.5],"unit":null},"byName":{"x":{"values":[],"kind":"default"}},
        "anyValue":{"deep":[0.1]},"ROWLIMIT":7,"rowLimit":null} )");
    CHECK(outer.id_text == "a");
    CHECK_FALSE(outer.row_limit);
    CHECK(outer.class_);
    REQUIRE(outer.the_inner_part);
    CHECK(outer.the_inner_part->kind == Kind::state_seconds);
    CHECK(outer.the_inner_part->values == std::vector<double>{1, 2.5});
    CHECK(outer.by_name.at("x").kind == Kind::default_);
    CHECK(outer.any_value == json::value{{"deep", {0.1}}});
    std::string many = "{";
    for (int i = 0; i < 10'000; ++i)
        many += "\"x" + std::to_string(i) + "\":[],";
    CHECK(decoded<Base>(many + R"("idText":"z"})").id_text == "z");
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: the last of equal keys counts") {
    CHECK(decoded<Base>(R"({"idText":"a","idText":"b"})").id_text == "b");
    CHECK(
        decoded<Inner>(R"({"values":[1,2],"kind":"avg","values":[3]})").values ==
        std::vector<double>{3});
    CHECK(decoded<std::map<std::string, int>>(R"({"a":1,"a":2})").at("a") == 2);
    CHECK(decoded<json::value>(R"({"a":1,"a":2})") == json::value{{"a", 2}});
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: what does not fit is named with its place") {
    struct Case {
        Error error;
        Reason reason;
        std::string_view message;
    };
    using Items = std::map<std::string, std::vector<Outer>>;
    const std::array cases{
        Case{
            decode_error<Items>(R"({"items":[{"idText":7}]})"),
            Reason::mismatch,
            "/items/0/idText: expected a string, found a number"},
        Case{
            decode_error<Items>(
                R"({"items":[{"idText":"a","byName":{},"anyValue":1,"class":true},{"idText":"b"}]})"),
            Reason::members,
            "/items/1/byName: a required member is missing"},
        Case{
            decode_error<Items>(R"({"items":[{"rowLimit":3000000000}]})"),
            Reason::out_of_range,
            "/items/0/rowLimit: the number does not fit an integer of 32 bits"},
        Case{
            decode_error<Items>(R"({"items":null})"),
            Reason::mismatch,
            "/items: expected an array, found null"},
        Case{
            decode_error<Inner>(R"({"kind":"other"})"),
            Reason::mismatch,
            "/kind: expected one of avg, stateSeconds, default, found another text"},
        Case{
            decode_error<Inner>(R"({"values":[1,null]})"),
            Reason::mismatch,
            "/values/1: expected a number, found null"},
        Case{
            decode_error<std::vector<bool>>("[1]"),
            Reason::mismatch,
            "/0: expected a boolean, found a number"},
        Case{
            decode_error<std::array<int, 2>>("[1]"),
            Reason::mismatch,
            "expected an array of 2 elements, found fewer"},
        Case{
            decode_error<std::array<int, 2>>("[1,2,3]"),
            Reason::mismatch,
            "expected an array of 2 elements, found more"},
        Case{
            decode_error<json::object>("[]"),
            Reason::mismatch,
            "expected an object, found an array"},
        Case{
            decode_error<std::nullptr_t>("{}"), Reason::mismatch, "expected null, found an object"},
    };
    const Error range = decode_error<Items>(R"({"items":[{"anyValue":{"a":[1,1e999]}}]})");
    CHECK(range.code() == Errc::json);
    CHECK(range.reason() == Reason::number_range);
    CHECK(range.message() == "/items/0/anyValue/a/1: the number is too large");
    for (const Case& one : cases) {
        CHECK(one.error.code() == Errc::decode);
        CHECK(one.error.reason() == one.reason);
        CHECK(one.error.message() == one.message);
    }
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: keys of a peer are cut and made printable in messages") {
    using Flags = std::map<std::string, bool>;
    CHECK(
        decode_error<Flags>("{\"a\\u001b[31m\\n/\":1}").message() ==
        "/a\\x1b[31m\\n~1: expected a boolean, found a number");
    const std::string key(1'000'000, 'k');
    const Error error = decode_error<Flags>("{\"" + key + "\":1}");
    CHECK(error.message() == '/' + key.substr(0, 48) + "...: expected a boolean, found a number");
    std::string deep = "1e999";
    for (int i = 0; i < 60; ++i)
        deep = "{\"" + std::string(40, 'k') + "\":" + deep + "}";
    CHECK(decode_error<json::value>(deep).message().size() < 300);
}

TEST_CASE_FIXTURE(Checks, "BoostJsonCodec: text that is not JSON is an error of its own kind") {
    struct Case {
        const char* text;
        Reason reason;
    };
    for (const Case& one :
         {Case{"", Reason::empty},
          Case{"  ", Reason::empty},
          Case{"{", Reason::syntax},
          Case{"{\"a\":1", Reason::syntax},
          Case{"{\"a\":1} x", Reason::syntax},
          Case{"{\"a\":tru}", Reason::syntax},
          Case{"nope", Reason::syntax},
          Case{"\xFF", Reason::encoding}}) {
        CAPTURE(one.text);
        const Error dynamic = decode_error<json::value>(one.text);
        CHECK(dynamic.code() == Errc::json);
        CHECK(dynamic.reason() == one.reason);
        const Error typed = decode_error<std::map<std::string, int>>(one.text);
        CHECK(typed.code() == Errc::json);
        CHECK(typed.reason() == one.reason);
    }
    CHECK(decoded<int>("\xEF\xBB\xBF 7 ") == 7);
}

TEST_CASE_FIXTURE(
    Checks, "BoostJsonCodec: decoded values outlive the codec and use default storage") {
    json::value value;
    {
        const BoostJsonCodec codec{with_memory(10'000)};
        value =
            codec.decode<json::value>(R"({"a":["a text that takes a block of its own"]})").value();
    }
    CHECK(value.storage().get() == json::storage_ptr{}.get());
    json::array& grows = value.at("a").get_array();
    for (int i = 0; i < 10'000; ++i)
        grows.emplace_back("a text that takes a block of its own");
    CHECK(grows.size() == 10'001);
}

TEST_CASE_FIXTURE(
    Checks, "BoostJsonCodec: a type's own functions come first and fail with its place") {
    using sensors::Level;
    round_trip(std::vector<Level>{Level{1}, Level{12}}, R"(["L1","L12"])");
    CHECK(
        encode_error(std::vector<Level>{Level{1}, Level{-1}}).message() == "/1/steps: is negative");
    // What it appends must be one JSON value, and no deeper than the limit.
    using sensors::Raw;
    CHECK(encoded(std::vector<Raw>{Raw{"[1, 2]"}}) == "[[1, 2]]");
    for (const char* garbage : {"", "1,2", "[1", "nan", "1}", "shrink", "\"\xff\""}) {
        CAPTURE(garbage);
        CHECK(encode_error(std::vector<Raw>{Raw{garbage}}).reason() == Reason::params);
    }
    CHECK(
        encode_error(std::vector<Raw>{Raw{std::string(64, '[') + std::string(64, ']')}}).reason() ==
        Reason::depth);
    const Error error = decode_error<std::map<std::string, Level>>(R"({"k":7})");
    CHECK(error.code() == Errc::decode);
    CHECK(error.reason() == Reason::mismatch);
    CHECK(error.message() == "/k: expected a level");
}

}  // namespace boost_json_codec_test
