// SPDX-License-Identifier: BSL-1.0
// Tests of what the emulator decodes, and of its secrets, identifiers and tokens.

#include <clarify/testing/detail/emulator/id_mint.hpp>
#include <clarify/testing/detail/emulator/strict_decoding.hpp>
#include <clarify/testing/detail/emulator/token_issuer.hpp>
#include <clarify/testing/detail/secrets.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace strict_decoding_test {

using namespace clarify::testing::detail;

TEST_CASE("base64: decodes the vectors of RFC 4648") {
    const std::pair<std::string, std::string> vectors[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [bytes, text] : vectors)
        CHECK(base64_decode(text) == bytes);
    CHECK(base64_decode("AP+A") == std::string("\x00\xff\x80", 3));
}

TEST_CASE("base64: refuses what is not canonical") {
    for (const char* text :
         {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Z g=", "====", "Z==="}) {
        CAPTURE(text);
        CHECK_FALSE(base64_decode(text));
    }
}

TEST_CASE("form data: plus is a space and percent escapes are bytes") {
    CHECK(form_decode("se+cret%2B%2F%3d") == "se cret+/=");
    CHECK_FALSE(form_decode("%2"));
    CHECK_FALSE(form_decode("a%"));
    CHECK_FALSE(form_decode("%zz"));
    const auto fields = parse_form("a=1&b=x%26y&&c&d==");
    REQUIRE(fields);
    const FormFields expected{{"a", "1"}, {"b", "x&y"}, {"c", ""}, {"d", "="}};
    CHECK(*fields == expected);
}

TEST_CASE("secure_equal: compares lengths and bytes") {
    CHECK(secure_equal("", ""));
    CHECK(secure_equal("abc", "abc"));
    CHECK_FALSE(secure_equal("abc", "abd"));
    CHECK_FALSE(secure_equal("abc", "abcd"));
}

TEST_CASE("IdMint: identifiers are well formed and sort by creation") {
    IdMint mint;
    std::string previous;
    for (const std::int64_t second : {0, 0, 1, 1'600'000'000, 1'600'000'000, 1'600'000'001}) {
        const std::string id = mint.next(second);
        CHECK(is_resource_id(id));
        CHECK((id.back() == '0' || id.back() == 'g'));
        CHECK(previous < id);
        previous = id;
    }
}

TEST_CASE("IdMint: the first characters are the seconds") {
    IdMint mint;
    CHECK(mint.next(0).substr(0, 6) == "000000");
    CHECK(mint.next(1'633'522'530).substr(0, 6) == "c5ep6o");
}

TEST_CASE("TokenIssuer: a token is valid until it expires or is revoked") {
    const TokenIssuer::Time start{};
    TokenIssuer issuer(std::chrono::seconds{10});
    const std::string token = issuer.issue(start);

    CHECK(issuer.is_valid(token, start + std::chrono::milliseconds{9999}));
    CHECK_FALSE(issuer.is_valid(token, start + std::chrono::seconds{10}));
    CHECK_FALSE(issuer.is_valid(token + "0", start));
    CHECK_FALSE(issuer.is_valid("", start));
    CHECK(issuer.issue(start) != token);

    issuer.revoke_all();
    CHECK_FALSE(issuer.is_valid(token, start));
}

TEST_CASE("TokenIssuer: forgets the oldest of very many tokens") {
    const TokenIssuer::Time start{};
    TokenIssuer issuer(std::chrono::seconds{10});
    const std::string first = issuer.issue(start);
    std::string last;
    for (int i = 0; i < 1000; ++i)
        last = issuer.issue(start);
    CHECK_FALSE(issuer.is_valid(first, start));
    CHECK(issuer.is_valid(last, start));
}

}  // namespace strict_decoding_test
