// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/text.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace text_test {

using namespace clarify::detail;
using namespace std::string_view_literals;

namespace {

std::vector<std::string> items(std::string_view list) {
    std::vector<std::string> out;
    for_each_list_item(list, [&out](std::string_view item) { out.emplace_back(item); });
    return out;
}

}  // namespace

TEST_CASE("text: letters compare without their case, and only letters") {
    CHECK(iequals("Content-Length", "cONTENT-lENGTH"));
    CHECK(iequals("", ""));
    CHECK_FALSE(iequals("a", "ab"));
    CHECK_FALSE(iequals("a", "b"));
    CHECK_FALSE(iequals("[", "{"));
    CHECK_FALSE(iequals("@", "`"));
    CHECK_FALSE(iequals("\xC3\x84", "\xC3\xA4"));
    CHECK(lower("AbZ-\xC3\x84") == "abz-\xC3\x84");
}

TEST_CASE("text: knows digits and letters of ASCII") {
    for (int i = 0; i != 256; ++i) {
        const char c = static_cast<char>(i);
        const bool digit = i >= '0' && i <= '9';
        const bool letter = (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z');
        CHECK(is_digit(c) == digit);
        CHECK(is_alnum(c) == (digit || letter));
    }
}

TEST_CASE("text: trims blanks and tabs, nothing else") {
    CHECK(trim(" \t a b \t") == "a b");
    CHECK(trim("").empty());
    CHECK(trim(" \t ").empty());
    CHECK(trim("\na\r") == "\na\r");
}

TEST_CASE("text: a token has at least one character, all of them legal") {
    CHECK(is_token("X-a_1.b!#$%&'*+^`|~"));
    for (const std::string_view text :
         {""sv,
          "a b"sv,
          "a:"sv,
          "a\t"sv,
          "(a)"sv,
          "a,b"sv,
          "a/b"sv,
          "a=b"sv,
          "\xC3\xA9"sv,
          "a\0"sv,
          "a\x7F"sv}) {
        CAPTURE(text);
        CHECK_FALSE(is_token(text));
    }
}

TEST_CASE("text: a field value has no control character and no blank at its ends") {
    for (const std::string_view text : {""sv, "a"sv, "a b"sv, "a\tb"sv, "\xFF"sv})
        CHECK(is_field_value(text));
    for (const std::string_view text :
         {" a"sv, "a "sv, "\ta"sv, "a\r"sv, "a\nb"sv, "a\0"sv, "\x1F"sv, "\x7F"sv}) {
        CHECK_FALSE(is_field_value(text));
    }
}

TEST_CASE("text: takes a list apart") {
    CHECK(items("a, b ,\tc") == std::vector<std::string>{"a", "b", "c"});
    CHECK(items("one") == std::vector<std::string>{"one"});
    CHECK(items("").empty());
    CHECK(items(" , ,,").empty());
    CHECK(items(",a,,b b,") == std::vector<std::string>{"a", "b b"});
}

TEST_CASE("text: a peer's text is made printable") {
    CHECK(printable("plain ~!", 100) == "plain ~!");
    CHECK(printable("a\nb\r\tc", 100) == "a\\nb\\x0d\\x09c");
    CHECK(printable("\x1B[31m\x7F\0"sv, 100) == "\\x1b[31m\\x7f\\x00");
    CHECK(printable("\xC3\xA9", 100) == "\\xc3\\xa9");
    CHECK(printable("", 100).empty());
}

TEST_CASE("text: a peer's text is cut, visibly") {
    CHECK(printable("abcdef", 6) == "abcdef");
    CHECK(printable("abcdefg", 6) == "abcdef...");
    CHECK(printable("abc", 0) == "...");
    CHECK(printable("\n\n\n", 2) == "\\n\\n...");
}

TEST_CASE("text: what is printed within a limit never exceeds it, and ends with whole escapes") {
    CHECK(printable_within("plain", 5) == "plain");
    CHECK(printable_within("plain!", 5) == "pl...");
    CHECK(printable_within("\n\n\n", 6) == "\\n\\n\\n");
    CHECK(printable_within("a\x01\x02\x03", 12) == "a\\x01\\x02...");
    CHECK(printable_within("a\x01\x02\x03", 11) == "a\\x01...");
    CHECK(printable_within("a\x01\x02\x03", 13) == "a\\x01\\x02\\x03");
    CHECK(printable_within("", 512).empty());
    const std::string bytes(10'000, '\xFF');
    CHECK(printable_within(bytes, 512).size() <= 512);
    CHECK(printable_within(bytes, 512).size() > 500);
}

}  // namespace text_test
