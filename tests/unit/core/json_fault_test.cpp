// SPDX-License-Identifier: BSL-1.0
// Where a fault is, and in which words it is told.

#include <clarify/core/detail/json_fault.hpp>
#include <clarify/core/detail/json_reader.hpp>
#include <clarify/core/detail/json_writer.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace json_fault_test {

using namespace clarify;
using namespace clarify::detail;

namespace {

std::string pointer(std::string_view text) { return JsonPlace{text}.pointer(); }

}  // namespace

TEST_CASE("JsonPlace: points to the value that begins or has ended where the text ends") {
    CHECK(pointer("").empty());
    CHECK(pointer("7").empty());
    CHECK(pointer("{").empty());
    CHECK(pointer("[") == "/0");
    CHECK(pointer("[1, ") == "/1");
    CHECK(pointer("[1, [2, 3]") == "/1");
    CHECK(pointer("[1, [2, 3], ") == "/2");
    CHECK(pointer(R"({"a":)") == "/a");
    CHECK(pointer(R"({"a":1)") == "/a");
    CHECK(pointer(R"({"a":1,)").empty());
    CHECK(pointer(R"({"a":"b","c":{"d":[null,{"e":)") == "/c/d/1/e");
    CHECK(pointer(R"({"a":"b","c":{"d":[null,{"e":1}]})") == "/c");
    CHECK(pointer(R"({"a":{"b":1}})").empty());
    CHECK(pointer(R"({"a\"]":["[{,\\")") == R"(/a"]/0)");
    CHECK(pointer(R"({"":)") == "/");
}

TEST_CASE(
    "JsonPlace: keys are unescaped, then made printable, cut and escaped as a pointer has it") {
    CHECK(pointer(R"({"a\/b~c":)") == "/a~1b~0c");
    CHECK(pointer(R"({"\u001b\u00e9":)") == R"(/\x1b\xc3\xa9)");
    CHECK(pointer("{\"" + std::string(60, 'k') + "\":") == '/' + std::string(48, 'k') + "...");
    const std::string_view missing = "a/b";
    CHECK(JsonPlace{R"([{"a":1})"}.pointer(&missing) == "/0/a~1b");
}

TEST_CASE("JsonPlace: of a long pointer the innermost part is kept") {
    std::string text;
    for (int i = 0; i != 1000; ++i)
        text += "{\"key" + std::to_string(i) + "\":";
    const std::string found = pointer(text);
    CHECK(found.size() < 260);
    CHECK(found.starts_with(".../key"));
    CHECK(found.ends_with("/key998/key999"));
}

TEST_CASE("JsonPlace: text that breaks off anywhere does no harm") {
    const std::string_view text = R"({"a\"b":[1,"x\\",{"c":"\u00e9"}],"d":null}]]}}"\)";
    for (std::size_t size = 0; size <= text.size(); ++size)
        CHECK(pointer(text.substr(0, size)).size() < 20);
}

TEST_CASE("JsonReader: the first fault stays, and broken text is told apart") {
    JsonReader in{R"({"a":[1,"x"]})"};
    std::int64_t number = 0;
    CHECK_FALSE(in.document([&] {
        return in.object([&](const JsonKey& key) {
            CHECK(key == "a");
            return in.array([&] { return in.integer(number); });
        });
    }));
    CHECK_FALSE(in.fail(Reason::members, "later"));
    CHECK(in.error().code() == Errc::decode);
    CHECK(in.error().reason() == Reason::mismatch);
    CHECK(in.error().message() == "/a/1: expected an integer, found a string");

    JsonReader broken{R"([tru])"};
    CHECK_FALSE(broken.document([&] { return broken.expect(JsonKind::number, "a number"); }));
    CHECK(broken.error().code() == Errc::json);
    CHECK(broken.error().reason() == Reason::syntax);
    CHECK(broken.error().message() == "the text is not valid JSON, at byte 1");
    CHECK(broken.error(Errc::decode).code() == Errc::decode);
}

TEST_CASE("JsonWriter: a fault points to its value, whatever is written after it") {
    std::string text = "before";
    JsonWriter out{text};
    out.open('{');
    out.key("a");
    out.open('[');
    out.element();
    out.number(1.5);
    out.element();
    CHECK_FALSE(out.string("\xFF"));
    out.close(']');
    CHECK_FALSE(out.key("\xFE"));
    out.null();
    out.close('}');
    CHECK(out.done().error().code() == Errc::bad_argument);
    CHECK(out.done().error().reason() == Reason::encoding);
    CHECK(out.done().error().message() == "/a/1: the text is not UTF-8");
}

TEST_CASE("JsonWriter: commas stand where they belong, and depth is bounded") {
    std::string text;
    JsonWriter out{text, JsonSpelling::plain, 2};
    out.open('[');
    out.element();
    out.open('{');
    out.key("a");
    out.boolean(true);
    out.key_text("\"b\":");
    out.null();
    out.close('}');
    out.element();
    out.open('[');
    CHECK(out.done());
    CHECK_FALSE(out.open('['));
    CHECK(text == R"([{"a":true,"b":null},[)");
    CHECK(out.done().error().message() == "/1/0: the value is nested too deeply");
}

}  // namespace json_fault_test
