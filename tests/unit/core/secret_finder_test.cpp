// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/secret_finder.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

using namespace clarify::detail;
using namespace std::string_view_literals;

namespace {

std::string scrubbed(std::string text, std::string_view secret) {
    SecretFinder{secret}.scrub(text);
    return text;
}

}  // namespace

TEST_CASE("SecretFinder: a secret is replaced wherever it stands") {
    CHECK(scrubbed("Bearer abcd1234 and abcd1234", "abcd1234") == "Bearer **** and ****");
    CHECK(scrubbed("abcd1234abcd1234", "abcd1234") == "********");
    CHECK(scrubbed("nothing here", "abcd1234") == "nothing here");
    CHECK(scrubbed("abcd", "abcd") == "****");
    CHECK(scrubbed("", "abcd").empty());
}

TEST_CASE("SecretFinder: a secret too short to be one is left alone") {
    CHECK(scrubbed("an answer", "an") == "an answer");
    CHECK(scrubbed("abc", "abc") == "abc");
    CHECK(scrubbed("text", "") == "text");
}

TEST_CASE("SecretFinder: a secret that looks like its own replacement ends, too") {
    CHECK(scrubbed("a****b", "****") == "a****b");
    CHECK(scrubbed("a*****b", "*****") == "a****b");
}

TEST_CASE("SecretFinder: a secret is found as URLs, forms and JSON write it") {
    constexpr std::string_view secret = "p/w+\"x\\ y%~\xC3\xA9";
    for (const std::string_view written :
         {"p/w+\"x\\ y%~\xC3\xA9"sv,
          "p%2Fw%2B%22x%5C%20y%25~%C3%A9"sv,
          "p%2fw%2b%22x%5c+y%25%7e%c3%a9"sv,
          "%70%2F%77%2B%22%78%5C%20%79%25%7E%C3%A9"sv,
          R"(p/w+\"x\\ y%~)"
          "\xC3\xA9"sv,
          R"(p\/w\u002b\"x\\ y%~\u00e9)"sv,
          R"(\u0070\u002F\u0077\u002B\u0022\u0078\u005C\u0020\u0079\u0025\u007E\u00E9)"sv}) {
        CAPTURE(written);
        CHECK(scrubbed("<" + std::string{written} + ">", secret) == "<****>");
        CHECK(SecretFinder{secret}.is_in(written));
        // All but its last byte is something else.
        CHECK_FALSE(SecretFinder{secret}.is_in(written.substr(0, written.size() - 1)));
    }
}

TEST_CASE("SecretFinder: a secret is found in hexadecimal digits") {
    CHECK(scrubbed("x 6B6579313233 y", "key123") == "x **** y");
    CHECK(scrubbed("x6b6579313233y", "key123") == "x****y");
    CHECK(scrubbed("6b657931323", "key123") == "6b657931323");
}

TEST_CASE("SecretFinder: a secret is found in base64, whatever stands around it") {
    // What is left are the letters that it shares with its neighbours.
    CHECK(scrubbed("a2V5MTIz", "key123") == "****");
    CHECK(scrubbed("aWQ6a2V5MTIz", "key123") == "aWQ6****");
    CHECK(scrubbed("eDprZXkxMjM=", "key123") == "eDp****M=");
    CHECK(scrubbed("Ojo6OmtleTEyMw==", "key123") == "Ojo6Om****w==");
    // The other alphabet, and escapes: "\xFB\xFF\xBE??".
    const std::string_view odd = "\xFB\xFF\xBE??\x3E";
    CHECK(scrubbed("+/++Pz8+", odd) == "****");
    CHECK(scrubbed("-_--Pz8-", odd) == "****");
    CHECK(scrubbed("%2B%2F%2b+Pz8+", odd) == "****");
    CHECK(scrubbed(R"(+\/++Pz8\u002b)", odd) == "****");
}

TEST_CASE("SecretFinder: what is no escape stands for itself") {
    for (const std::string_view text :
         {"%"sv,
          "%2"sv,
          "%zz"sv,
          R"(\)"sv,
          R"(\u)"sv,
          R"(\u00)"sv,
          R"(\ud83d\ude00)"sv,
          R"(\q)"sv}) {
        CAPTURE(text);
        CHECK(scrubbed(std::string{text}, "key123") == text);
        CHECK(scrubbed(std::string{text} + "key123", "key123") == std::string{text} + "****");
    }
}

TEST_CASE("SecretFinder: a text made to cost time is cut short rather than searched for ever") {
    constexpr std::size_t size = std::size_t{1} << 20U;
    const std::string secret = std::string(8'191, 'a') + 'b';
    std::string text = "x" + std::string(size, 'a');
    SecretFinder{secret}.scrub(text);
    CHECK(text.starts_with("xaaa"));
    CHECK(text.ends_with("a****"));
    CHECK(SecretFinder{secret}.is_in(std::string(size, 'a')));
    // Where it costs nothing, size alone changes nothing.
    CHECK_FALSE(SecretFinder{"key123"}.is_in(std::string(size, 'k')));
    CHECK(SecretFinder{"key123"}.is_in(std::string(size, 'k') + "ey123"));
}
