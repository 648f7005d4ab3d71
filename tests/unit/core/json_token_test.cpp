// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/json_scan.hpp>

#include <doctest/doctest.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <system_error>

namespace json_token_test {

using namespace clarify;
using namespace clarify::detail;

TEST_CASE("json_unescape: turns every escape into UTF-8") {
    CHECK(json_unescape(R"("")").empty());
    CHECK(json_unescape(R"("plain")") == "plain");
    CHECK(json_unescape(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
    CHECK(json_unescape(R"("a\u0041\u00e9\u20acz")") == "aA\xC3\xA9\xE2\x82\xACz");
    CHECK(json_unescape(R"("\ud83d\ude00\uDBFF\uDFFF")") == "\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF");
    CHECK(json_unescape(R"("\u0000")") == std::string(1, '\0'));
    // Text that no scanner accepted is no danger either.
    for (const char* text :
         {"", "\"", R"("\")", R"("\u")", R"("\u12")", R"("\ud800")", R"("\ud800\u12")"}) {
        CHECK(json_unescape(text).size() < 4);
    }
}

TEST_CASE("append_json_string: writes what the scanner reads back") {
    std::string every;
    for (unsigned c = 0; c < 0x80; ++c)
        every += static_cast<char>(c);
    every += "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    std::string text;
    REQUIRE(append_json_string(text, every));
    JsonScanner scanner{text};
    CHECK(scanner.document().text == text);
    CHECK(json_unescape(text) == every);
    std::string exact;
    REQUIRE(append_json_string(exact, std::string_view{"a\"\\\b\f\n\r\t\x01\x1F\0/\x7F", 13}));
    CHECK(exact == "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u0000/\x7F\"");
    std::string kept = "kept";
    for (const char* bad : {"\xFF", "ab\xC3", "\xED\xA0\x80", "\n\xC0\x80"}) {
        CHECK_FALSE(append_json_string(kept, bad));
        CHECK_FALSE(is_utf8(bad));
    }
    CHECK(kept == "kept");
    CHECK(is_utf8(every));
}

TEST_CASE("key_is: compares what the key spells") {
    CHECK(key_is(R"("id")", "id"));
    CHECK(key_is(R"("\u0069d")", "id"));
    CHECK(key_is(R"("")", ""));
    CHECK_FALSE(key_is(R"("ID")", "id"));
    CHECK_FALSE(key_is(R"("id ")", "id"));
    CHECK_FALSE(key_is(R"("\\u0069d")", "id"));
    CHECK_FALSE(key_is("", ""));
}

TEST_CASE("json_integer: is exact and knows every spelling") {
    const auto is = [](std::string_view text, std::int64_t value) {
        CAPTURE(text);
        const auto read = json_integer(text);
        REQUIRE(read);
        CHECK(*read == value);
    };
    is("0", 0);
    is("-0", 0);
    is("7", 7);
    is("7.0", 7);
    is("7e0", 7);
    is("70e-1", 7);
    is("0.007E+3", 7);
    is("-1200.00e-2", -12);
    is("0e999999999999999999999", 0);
    is("0.000e-5", 0);
    is("9223372036854775807", std::numeric_limits<std::int64_t>::max());
    is("922337203685477580.7e1", std::numeric_limits<std::int64_t>::max());
    is("-9223372036854775808", std::numeric_limits<std::int64_t>::min());
    is("9007199254740993.0", 9007199254740993);
    is("1e18", 1'000'000'000'000'000'000);
    const std::array none{
        "7.5",
        "1e-1",
        "9223372036854775808",
        "-9223372036854775809",
        "1e19",
        "1e400",
        "4503599627370496.25",
        "9007199254740992.5",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "",
        "-",
        "1.",
        "1e",
        "\"7\"",
        "true",
        "0x7",
        "7 "};
    for (const char* text : none) {
        CAPTURE(text);
        CHECK_FALSE(json_integer(text));
    }
    CHECK(
        json_whole_number("18446744073709551615").magnitude ==
        std::numeric_limits<std::uint64_t>::max());
    CHECK(json_whole_number("18446744073709551616").reason == Reason::out_of_range);
    CHECK(json_whole_number("0.5").reason == Reason::mismatch);
}

TEST_CASE(
    "json_real: yields the nearest number, zero below the smallest and nothing beyond the "
    "largest") {
    CHECK(json_real<double>("0.1") == 0.1);
    CHECK(json_real<double>("1.7976931348623157e308") == std::numeric_limits<double>::max());
    CHECK(json_real<double>("5e-324") == std::numeric_limits<double>::denorm_min());
    CHECK(json_real<double>("-1e-400") == 0.0);
    CHECK(std::signbit(json_real<double>("-1e-400").value()));
    CHECK(std::signbit(json_real<double>("-0").value()));
    CHECK(json_real<double>("0e400") == 0.0);
    CHECK(json_real<double>("0.000001e-99999999999999999999") == 0.0);
    CHECK(json_real<double>("0." + std::string(400, '0') + "1e401") == 1.0);
    CHECK(json_real<double>("1" + std::string(400, '0') + "e-400") == 1.0);
    CHECK(json_real<double>("0." + std::string(400, '0') + "1") == 0.0);
    for (const char* text : {"1e309", "-1e400", "1e99999999999999999999", "", "x", "1x"}) {
        CHECK_FALSE(json_real<double>(text));
    }
    CHECK(json_real<float>("3.4028234e38") == 3.4028234e38F);
    CHECK_FALSE(json_real<float>("3.5e38"));
}

TEST_CASE("json_real: the way without from_chars yields the same") {
    std::mt19937_64 random{7};
    for (int i = 0; i < 20'000; ++i) {
        std::array<char, 32> text{};
        const double number = static_cast<double>(random()) * 1e-9;
        const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
        const std::string_view token{text.data(), static_cast<std::size_t>(end - text.data())};
        double read = 0;
        REQUIRE(json_scan::real_by_strtod(token, read) == std::errc{});
        REQUIRE(read == number);
        REQUIRE(json_real<double>(token) == number);
    }
    float narrow = 0;
    CHECK(json_scan::real_by_strtod("1.5x", narrow) == std::errc::invalid_argument);
}

}  // namespace json_token_test
