// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/encoding.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace encoding_test {

using namespace clarify::detail;
using namespace std::string_view_literals;

namespace {

std::string base64(std::string_view bytes) {
    std::string out;
    append_base64(out, bytes);
    CHECK(out.size() == base64_size(bytes.size()));
    return out;
}

std::string form(std::string_view text) {
    std::string out;
    append_form_value(out, text);
    return out;
}

}  // namespace

TEST_CASE("base64: the vectors of RFC 4648 section 10") {
    CHECK(base64("").empty());
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foob") == "Zm9vYg==");
    CHECK(base64("fooba") == "Zm9vYmE=");
    CHECK(base64("foobar") == "Zm9vYmFy");
}

TEST_CASE("base64: bytes of every value use the whole alphabet") {
    std::string bytes;
    for (int i = 0; i != 256; ++i)
        bytes.push_back(static_cast<char>(i));
    CHECK(
        base64(bytes) ==
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+"
        "P0BBQkNERUZHSElKS0xN"
        "Tk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+"
        "AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqb"
        "nJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/"
        "wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5+jp"
        "6uvs7e7v8PHy8/T19vf4+fr7/P3+/w==");
    CHECK(base64("\xFF\xFF\xFF") == "////");
    CHECK(base64("\xFB\xEF\xBE") == "++++");
}

TEST_CASE("base64: appends to what is there") {
    std::string out = "Basic ";
    append_base64(out, "Aladdin:open sesame");
    CHECK(out == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_CASE("form encoding: leaves plain characters and escapes all others") {
    constexpr std::string_view plain = "ABCXYZabcxyz0189-._*";
    CHECK(form(plain) == plain);
    CHECK(form("") == "");
    CHECK(form("a b") == "a+b");
    CHECK(
        form("& = + % / : \" ?#~@!$'(),;[]{}|\\^`<>") ==
        "%26+%3D+%2B+%25+%2F+%3A+%22+%3F%23%7E%40%21%24%27%28%29%2C%3B%5B%5D%7B%7D%7C%5C%5E%60%3C%"
        "3E");
    CHECK(form("\xC3\xA9\xE2\x82\xAC") == "%C3%A9%E2%82%AC");
    CHECK(form("\0\r\n\t\x7F\xFF"sv) == "%00%0D%0A%09%7F%FF");
}

TEST_CASE("form encoding: bytes of every value can be read back") {
    for (int i = 0; i != 256; ++i) {
        const std::string text = form(std::string(1, static_cast<char>(i)));
        int value = static_cast<unsigned char>(text[0]);
        if (text == "+") value = ' ';
        if (text.size() == 3) value = std::stoi(text.substr(1), nullptr, 16);
        CHECK(value == i);
    }
}

TEST_CASE("encoding: base64 is undone up to what is none") {
    CHECK(base64_decoded("") == "");
    CHECK(base64_decoded("Zg==") == "f");
    CHECK(base64_decoded("Zm8=") == "fo");
    CHECK(base64_decoded("Zm9vYmFy") == "foobar");
    CHECK(base64_decoded("+/+/") == "\xFB\xFF\xBF");
    CHECK(base64_decoded("Zm9v!Zm9v") == "foo");
}

}  // namespace encoding_test
