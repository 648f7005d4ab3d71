// SPDX-License-Identifier: BSL-1.0
// Headers that never change, and what may stand in them.

#include <clarify/auth/bearer_token.hpp>
#include <clarify/auth/static_header.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace bearer_token_test {

using namespace clarify;
using namespace std::string_view_literals;

TEST_CASE("BearerToken: the header is the scheme and the token") {
    CHECK(BearerToken::make_header("mF_9.B5f-4.1JqM").expose() == "Bearer mF_9.B5f-4.1JqM");
    CHECK(BearerToken::make_header("a|b!c*d^e#f$g%h").expose() == "Bearer a|b!c*d^e#f$g%h");
}

TEST_CASE("BearerToken: a token is made of the characters that leave no doubt in a header") {
    // RFC 6750 section 2.1, the words of RFC 9110 section 5.6.2, and what issuers put between parts.
    constexpr std::string_view legal =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=!#$%&'*^`|:@";
    for (int i = 0; i != 256; ++i) {
        CAPTURE(i);
        const std::string token{'a', static_cast<char>(i)};
        CHECK(BearerToken::is_token(token) == (legal.find(token[1]) != std::string_view::npos));
    }
    CHECK_FALSE(BearerToken::is_token(""));
}

TEST_CASE("BearerToken: refuses what could not be a header, without showing it") {
    for (const std::string_view token :
         {""sv,
          "canary token"sv,
          "canary\r\nX: y"sv,
          "canary\0"sv,
          " canary"sv,
          "canary "sv,
          "canary\xC3\xA9"sv,
          "canary\x7F"sv,
          "\"canary\""sv,
          "canary\\"sv,
          "canary, Bearer x"sv,
          "canary,x"sv}) {
        CAPTURE(token);
        try {
            const BearerToken bearer{Secret{token}};
            FAIL_CHECK("accepted");
        } catch (const std::invalid_argument& error) {
            CHECK(std::string{error.what()}.find("canary") == std::string::npos);
        }
    }
    CHECK_NOTHROW(BearerToken{Secret{"fine"}});
}

TEST_CASE("StaticHeader: refuses what could not be a header, without showing it") {
    for (const std::string_view value : {"canary\r\nX: y"sv, "canary\0"sv, "canary\x7F"sv}) {
        CAPTURE(value);
        try {
            const StaticHeader header{Secret{value}};
            FAIL_CHECK("accepted");
        } catch (const std::invalid_argument& error) {
            CHECK(std::string{error.what()}.find("canary") == std::string::npos);
        }
    }
    CHECK_NOTHROW(StaticHeader{Secret{"Custom fine"}});
}

}  // namespace bearer_token_test
