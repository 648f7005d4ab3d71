// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/scrub.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

using namespace clarify::detail;

namespace {

std::string scrubbed(std::string text, std::string_view authorization) {
    const Scrubber scrubber{authorization};
    const bool found = scrubber.finds(text);
    const std::string before = text;
    scrubber.scrub(text);
    // A secret that looks like the mask is found and leaves the text as it was.
    if (!found) CHECK(text == before);
    return text;
}

// user-1:p/s "w+d
constexpr std::string_view basic = "Basic dXNlci0xOnAvcyAidytk";

}  // namespace

TEST_CASE("Scrubber: masks the credentials wherever they are") {
    CHECK(scrubbed("Bearer abcd1234 and abcd1234", "Bearer abcd1234") == "Bearer **** and ****");
    CHECK(scrubbed("abcd1234abcd1234", "Bearer abcd1234") == "********");
    CHECK(scrubbed("abcd", "Bearer abcd") == "****");
    CHECK(scrubbed("xabcabcd", "Bearer abcd") == "xabc****");
    CHECK(scrubbed("abc", "Bearer abcd") == "abc");
    CHECK(scrubbed("nothing here", "Bearer abcd1234") == "nothing here");
    CHECK(scrubbed("", "Bearer abcd").empty());
    CHECK(scrubbed("any text", "") == "any text");
}

TEST_CASE("Scrubber: a header value without a scheme is a secret as a whole") {
    CHECK(scrubbed("you sent key-1234", "key-1234") == "you sent ****");
}

TEST_CASE("Scrubber: masks the password of Basic credentials, too") {
    CHECK(scrubbed("dXNlci0xOnAvcyAidytk", basic) == "****");
    CHECK(scrubbed("user-1 with p/s \"w+d!", basic) == "user-1 with ****!");
    CHECK(scrubbed("p/s \"w+d!", "basic dXNlci0xOnAvcyAidytk") == "****!");
    CHECK(scrubbed("p/s \"w+d!", "Bearer dXNlci0xOnAvcyAidytk") == "p/s \"w+d!");
    CHECK(scrubbed("no colon", "Basic bm8gY29sb24=") == "no colon");
    CHECK(scrubbed("abcd abcde abcdef", "Basic OmFiY2Q=") == "**** ****e ****ef");
    CHECK(scrubbed("abcd abcde abcdef", "Basic OmFiY2Rl") == "abcd **** ****f");
    CHECK(scrubbed("abcd abcde abcdef", "Basic OmFiY2RlZg==") == "abcd abcde ****");
}

TEST_CASE("Scrubber: finds secrets that JSON or a URL has escaped") {
    CHECK(scrubbed(R"(p\/s \"w+d.)", basic) == "****.");
    CHECK(scrubbed("p%2Fs%20%22w%2bd.", basic) == "****.");
    CHECK(scrubbed(R"(p\u002fs \u0022w\u002Bd.)", basic) == "****.");
    CHECK(scrubbed(R"(\u0070%2fs "w\u002bd.)", basic) == "****.");
    CHECK(scrubbed("p%2Gs \"w+d", basic) == "p%2Gs \"w+d");
    CHECK(scrubbed("p%2", basic) == "p%2");
    CHECK(scrubbed("p\\", basic) == "p\\");
    CHECK(scrubbed("p\\u00", basic) == "p\\u00");
    CHECK(scrubbed(R"("a\\b1")", R"(Bearer a\b1)") == R"("****")");
}

TEST_CASE("Scrubber: what is too short to be a secret is left alone") {
    CHECK(scrubbed("an answer", "Bearer an") == "an answer");
    CHECK(scrubbed("abc", "Bearer abc") == "abc");
    CHECK(scrubbed("abc OmFiYw==", "Basic OmFiYw==") == "abc ****");
}

TEST_CASE("Scrubber: a secret that looks like its own replacement ends, too") {
    CHECK(scrubbed("a****b", "Bearer ****") == "a****b");
    CHECK(scrubbed("a*****b", "Bearer *****") == "a****b");
}

TEST_CASE("Scrubber: knows the end of a secret that lies across a place") {
    const Scrubber scrubber{"Bearer abcd"};
    const std::string_view text = "..abcdabcd..";
    for (const std::size_t at : {0U, 1U, 2U, 6U, 10U, 11U}) {
        CAPTURE(at);
        CHECK(scrubber.behind_secret(text, at) == at);
    }
    for (const std::size_t at : {3U, 4U, 5U})
        CHECK(scrubber.behind_secret(text, at) == 6);
    for (const std::size_t at : {7U, 8U, 9U})
        CHECK(scrubber.behind_secret(text, at) == 10);
    CHECK(scrubber.reach() == 24);
    CHECK(scrubber.behind_secret(R"(\u0061\u0062\u0063\u0064)", 23) == 24);
}
