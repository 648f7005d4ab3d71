// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/json_scan.hpp>

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace json_scan_test {

using namespace clarify;
using namespace clarify::detail;

namespace {

Reason reason_for(std::string_view text, std::size_t max_depth = 64) {
    JsonScanner scanner{text, max_depth};
    scanner.document();
    return scanner.reason();
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("JsonScanner: accepts well-formed documents") {
    const std::array good{
        "0",
        "-0",
        "-0.0e-0",
        "1.5E+3",
        "123456789012345678901234567890",
        "1e400",
        "0.1",
        "true",
        "false",
        "null",
        "\"\"",
        "\"a b\"",
        "[]",
        "{}",
        "[[],{},[{}]]",
        " [ 1 , 2 ] ",
        "\t\r\n{ \"a\" : [ null , true , { \"b\" : -1 } ] }\n",
        R"({"a":1,"a":2,"":3})",
        R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC")",
        R"("\ud83d\ude00")",
        R"("\uD800\uDC00\uDBFF\uDFFF")",
        "\"\x7F\"",
        "\"\xC2\x80\"",
        "\"\xDF\xBF\"",
        "\"\xE0\xA0\x80\"",
        "\"\xED\x9F\xBF\"",
        "\"\xEE\x80\x80\"",
        "\"\xEF\xBF\xBF\"",
        "\"\xF0\x90\x80\x80\"",
        "\"\xF4\x8F\xBF\xBF\"",
        "\xEF\xBB\xBF{}",
        "\xEF\xBB\xBF 1",
        "\"long enough for eight bytes at a time, twice \xC3\xA9 over\"",
    };
    for (const char* text : good) {
        CAPTURE(text);
        CHECK(reason_for(text) == Reason::none);
    }
    const std::string_view nul_escape = R"(["\u0000"])";
    CHECK(reason_for(nul_escape) == Reason::none);
}

TEST_CASE("JsonScanner: refuses what is not JSON") {
    const std::array bad{
        "{",
        "[",
        "]",
        "}",
        "\"",
        "{]",
        "[}",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,,2]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{\"a\",1}",
        "{1:2}",
        "{a:1}",
        "{'a':1}",
        "[']",
        "nul",
        "nulL",
        "True",
        "tru",
        "truee",
        "nan",
        "NaN",
        "Infinity",
        "-Infinity",
        "-",
        "+1",
        "01",
        "-01",
        "00",
        "1.",
        ".5",
        "-.5",
        "1.e3",
        "1e",
        "1e+",
        "1E-",
        "0x10",
        "1_000",
        "1,",
        "1 2",
        "{} {}",
        "[][]",
        "nullnull",
        "\"a\"b",
        "// c\n1",
        "1 // c",
        "/* c */ 1",
        "# c",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u123\"",
        "\"\\u12G4\"",
        "\"\\u+123\"",
        "\"\\U0041\"",
        "\"\\'\"",
        "\"a\nb\"",
        "\"a\tb\"",
        "\"\x01\"",
        "\"\x1F\"",
        "\"0123456789\n\"",
        "\xEF\xBB\xBF\xEF\xBB\xBF{}",
        "{\"a\":1 \"b\":2}",
        "[\"a\" : 1]",
        "{\"a\":[}",
        "\v1",
        "\f1",
        "\xC2\xA0"
        "1",
        "\xEF\xBB",
        "undefined",
        "(1)",
        "<html>",
    };
    for (const char* text : bad) {
        CAPTURE(text);
        const Reason reason = reason_for(text);
        CHECK((reason == Reason::syntax || reason == Reason::encoding));
    }
    CHECK(reason_for(std::string_view{"\0", 1}) == Reason::syntax);
    CHECK(reason_for(std::string_view{"1\0", 2}) == Reason::syntax);
    CHECK(reason_for(std::string_view{"\"\0\"", 3}) == Reason::syntax);
}

TEST_CASE("JsonScanner: tells empty documents and broken encodings apart") {
    for (const char* text : {"", " ", "\n\t\r ", "\xEF\xBB\xBF", "\xEF\xBB\xBF "}) {
        CHECK(reason_for(text) == Reason::empty);
    }
    const std::array bad{
        "\"\x80\"",
        "\"\xBF\"",
        "\"\xC0\xAF\"",
        "\"\xC1\xBF\"",
        "\"\xC3\"",
        "\"\xC3(\"",
        "\"\xE0\x80\xAF\"",
        "\"\xE0\x9F\xBF\"",
        "\"\xED\xA0\x80\"",
        "\"\xED\xBF\xBF\"",
        "\"\xE2\x82\"",
        "\"\xF0\x80\x80\xAF\"",
        "\"\xF0\x8F\xBF\xBF\"",
        "\"\xF4\x90\x80\x80\"",
        "\"\xF5\x80\x80\x80\"",
        "\"\xFE\"",
        "\"\xFF\"",
        "\"\xF0\x9F\x98\"",
        R"("\ud800")",
        R"("\udc00")",
        R"("\ud800\ud800")",
        R"("\ud800\u0041")",
        R"("\ud800x")",
        R"("\udc00\ud800")",
        R"("\uD83D\n")",
        R"({"\udfff":1})",
        "{\"\xFF\":1}",
        "\xFF\xFE[\0",
        "\xFE\xFF\0[",
        "\xE9",
    };
    for (const char* text : bad) {
        CAPTURE(text);
        CHECK(reason_for(text) == Reason::encoding);
    }
}

TEST_CASE("JsonScanner: each byte at each place of a string is judged as it is alone") {
    // Strings are read by words: what stands before, behind and beside a byte must not matter.
    for (int value = 0; value != 256; ++value) {
        const char byte = static_cast<char>(value);
        for (std::size_t before = 0; before != 20; ++before) {
            for (const std::size_t behind : {0U, 1U, 9U}) {
                const std::string text =
                    '"' + std::string(before, 'x') + byte + std::string(behind, '~') + '"';
                const bool good = value >= 0x20 && value < 0x80 && value != '"' && value != '\\';
                CAPTURE(value);
                CAPTURE(before);
                REQUIRE((reason_for(text) == Reason::none) == good);
                if (value == '"') {
                    JsonScanner scanner{text};
                    REQUIRE(scanner.value().text.size() == before + 2);
                }
            }
        }
    }
}

TEST_CASE("JsonScanner: every cut of a document is refused") {
    const std::string text = R"({"a":[1.5e3,"x\u00e9\ud83d\ude00",true,null,{"b":[]}],"c":-0.25})";
    REQUIRE(reason_for(text) == Reason::none);
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        // A buffer of its own lets a sanitizer see a read behind the end.
        const std::vector<char> cut(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK(reason_for({cut.data(), cut.size()}) != Reason::none);
    }
}

TEST_CASE("JsonScanner: bounds the depth") {
    CHECK(reason_for(nested(64)) == Reason::none);
    CHECK(reason_for(nested(65)) == Reason::depth);
    CHECK(reason_for(nested(100'000)) == Reason::depth);
    CHECK(reason_for(std::string(std::size_t{16} << 20U, '[')) == Reason::depth);
    CHECK(reason_for(nested(1024), 5000) == Reason::none);
    CHECK(reason_for(nested(1025), 5000) == Reason::depth);
    CHECK(reason_for("1", 0) == Reason::none);
    CHECK(reason_for("[]", 0) == Reason::depth);
    std::string objects;
    for (int i = 0; i < 64; ++i)
        objects += "{\"k\":";
    CHECK(reason_for(objects + "1" + std::string(64, '}')) == Reason::none);
    CHECK(reason_for(objects + "{}" + std::string(64, '}')) == Reason::depth);
}

TEST_CASE("JsonScanner: counts the depth inside callbacks") {
    std::size_t reached = 0;
    const auto descend = [&](auto& self, JsonScanner& scanner) -> void {
        ++reached;
        scanner.array([&](JsonScanner& inner) { self(self, inner); });
    };
    const std::string text = nested(100);
    JsonScanner scanner{text, 10};
    descend(descend, scanner);
    CHECK(scanner.reason() == Reason::depth);
    CHECK(reached == 11);
}

TEST_CASE("JsonScanner: counts the depth of objects inside callbacks, too") {
    std::size_t reached = 0;
    const auto descend = [&](auto& self, JsonScanner& scanner) -> void {
        ++reached;
        scanner.object([&](std::string_view, JsonScanner& inner) { self(self, inner); });
    };
    std::string text;
    for (int i = 0; i != 100; ++i)
        text += "{\"k\":";
    JsonScanner scanner{text, 10};
    descend(descend, scanner);
    CHECK(scanner.reason() == Reason::depth);
    CHECK(reached == 11);
}

TEST_CASE("JsonScanner: hands out the raw text of members and elements") {
    const std::string_view text = R"( {"a" : [1, "x\n"], "b\u0062" : {"c":null} , "d":true } )";
    JsonScanner scanner{text};
    std::vector<std::string> seen;
    REQUIRE(scanner.start());
    CHECK(scanner.next() == JsonKind::object);
    scanner.object([&](std::string_view key, JsonScanner& at) {
        const RawJson value = at.value();
        seen.push_back(std::string{key} + '=' + std::string{value.text});
    });
    CHECK(scanner.finish());
    CHECK(
        seen ==
        std::vector<std::string>{R"("a"=[1, "x\n"])", R"("b\u0062"={"c":null})", "\"d\"=true"});
}

TEST_CASE("JsonScanner: a caller can stop it") {
    JsonScanner scanner{"[1,2,3]"};
    int calls = 0;
    CHECK_FALSE(scanner.array([&](JsonScanner& at) {
        ++calls;
        at.value();
        if (calls == 2) at.fail(Reason::mismatch);
    }));
    CHECK(calls == 2);
    CHECK(scanner.reason() == Reason::mismatch);
    CHECK(scanner.value().text.empty());
    CHECK_FALSE(scanner.object([](std::string_view, JsonScanner&) { FAIL("must not be called"); }));
    CHECK_FALSE(scanner.fail(Reason::depth));
    CHECK(scanner.reason() == Reason::mismatch);
}

TEST_CASE("JsonScanner: agrees with the parser of Boost.JSON on mutated documents") {
    const std::array<std::string, 6> seeds{
        R"({"jsonrpc":"2.0","id":7,"result":{"data":{"times":["2022-01-01T00:00:00Z"],"series":{"a":[1.5,null,-2e-3]}}}})",
        R"([0,-0,1e5,1.25E-7,true,false,null,"",{},[],[[[]]],{"":{"":[]}}])",
        R"({"a\u0000\ud83d\ude00\"\\\/\b\f\n\r\t":"\u00e9","b":"x"})",
        "[\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBF\xBF\", \"plain text of more than eight "
        "bytes\"]",
        " { \"x\" : [ 1 , 2 , 3 ] , \"y\" : { \"z\" : 0.5 } } ",
        R"([[[[[[1]]]]],{"a":{"b":{"c":[{"d":{}}]}}}])",
    };
    using namespace std::string_view_literals;
    constexpr std::string_view spice =
        "{}[]\",:\\/0123456789+-.eEtrufalsn \n\t\x00\x1F\x7F\x80\xBF\xC2\xED\xF4\xFF"sv;
    boost::json::parse_options options;
    options.max_depth = 64;
    std::mt19937_64 random{20240607};
    const auto below = [&](std::size_t bound) {
        return static_cast<std::size_t>(random() % bound);
    };
    int accepted = 0;
    int differences = 0;
    for (int round = 0; round < 60'000; ++round) {
        std::string text = seeds[below(seeds.size())];
        for (std::size_t edits = 1 + below(3); edits > 0 && !text.empty(); --edits) {
            const std::size_t at = below(text.size());
            const char c = spice[below(spice.size())];
            switch (below(5)) {
                case 0:
                    text[at] = c;
                    break;
                case 1:
                    text.insert(at, 1, c);
                    break;
                case 2:
                    text.erase(at, 1 + below(3));
                    break;
                case 3:
                    text.resize(at);
                    break;
                default:
                    text.insert(at, text.substr(below(text.size()), below(12)));
                    break;
            }
        }
        boost::system::error_code ec;
        boost::json::parse(text, ec, {}, options);
        // Boost.JSON bounds exponents; the scanner leaves the size of numbers to who reads them.
        if (ec == boost::json::error::exponent_overflow) continue;
        const bool mine = reason_for(text) == Reason::none;
        if (mine == static_cast<bool>(ec)) {
            ++differences;
            CAPTURE(text);
            CHECK(mine == !ec);
        }
        if (mine) ++accepted;
    }
    CHECK(differences == 0);
    CHECK(accepted > 1'000);
}

}  // namespace json_scan_test
