// SPDX-License-Identifier: BSL-1.0
// What is taken for a token, and what is not.

#include <clarify/auth/detail/token_reply.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace token_reply_test {

using namespace clarify;
using namespace std::chrono_literals;
using clarify::detail::read_token_reply;
using clarify::detail::TokenReply;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view canary = "canary-token-4711";

/// The text of an error, which must show nothing of the token.
std::string failure_text(const Error& error) {
    CHECK(error.code() == Errc::token);
    CHECK(error.fate() == Fate::unsent);
    CHECK(error.to_string().find("canary") == std::string::npos);
    CHECK(error.http() == nullptr);
    return std::string{to_string(error.reason())};
}

/// What `read_token_reply` makes of a body: header and lifetime, or the reason of the failure.
std::string outcome(unsigned status, std::string_view body) {
    const Result<TokenReply> reply = read_token_reply(status, body);
    if (!reply) return failure_text(reply.error());
    CHECK(reply->header.expose() == "Bearer " + std::string{canary});
    return reply->lifetime ? std::to_string(reply->lifetime->count()) : "unknown";
}

/// A good reply with `members` besides its token.
std::string reply_with(std::string_view members) {
    return R"({"access_token":")" + std::string{canary} + '"' + std::string{members} + '}';
}

struct Row {
    std::string_view text;
    std::string_view outcome;
};

}  // namespace

TEST_CASE("token reply: reads the reply that Clarify sends") {
    CHECK(
        outcome(
            200,
            R"({"access_token":"canary-token-4711","scope":"a b","expires_in":86400,)"
            R"("token_type":"Bearer"})") == "86400");
}

TEST_CASE("token reply: understands every sensible lifetime and refuses the others") {
    for (const Row& row : {
             Row{R"(,"expires_in":86400)", "86400"},
             Row{R"(,"expires_in":"86400")", "86400"},
             Row{R"(,"expires_in":86400.0)", "86400"},
             Row{R"(,"expires_in":"86400.0")", "86400"},
             Row{R"(,"expires_in":8.64e4)", "86400"},
             Row{R"(,"expires_in":864E+2)", "86400"},
             Row{R"(,"expires_in":1)", "1"},
             Row{"", "unknown"},
             Row{R"(,"expires_in":null)", "unknown"},
             Row{R"(,"expires_in":0)", "bad_expiry"},
             Row{R"(,"expires_in":-0)", "bad_expiry"},
             Row{R"(,"expires_in":0.0)", "bad_expiry"},
             Row{R"(,"expires_in":"0")", "bad_expiry"},
             Row{R"(,"expires_in":-5)", "bad_expiry"},
             Row{R"(,"expires_in":"-5")", "bad_expiry"},
             Row{R"(,"expires_in":-1e400)", "bad_expiry"},
             Row{R"(,"expires_in":3600.5)", "3600"},
             Row{R"(,"expires_in":"3600.5")", "3600"},
             Row{R"(,"expires_in":35999.873)", "35999"},
             Row{R"(,"expires_in":3600.25e0)", "3600"},
             Row{R"(,"expires_in":36005e-1)", "3600"},
             Row{R"(,"expires_in":0.36005E4)", "3600"},
             Row{R"(,"expires_in":3600.99999999999999999999999999)", "3600"},
             Row{R"(,"expires_in":1.5)", "1"},
             Row{R"(,"expires_in":2147483646.5)", "2147483646"},
             Row{R"(,"expires_in":2147483648.5)", "2147483647"},
             Row{R"(,"expires_in":99999999999999999999.5)", "2147483647"},
             Row{R"(,"expires_in":1234567890123456789.5e1)", "2147483647"},
             Row{R"(,"expires_in":0.5)", "bad_expiry"},
             Row{R"(,"expires_in":0.999)", "bad_expiry"},
             Row{R"(,"expires_in":5e-1)", "bad_expiry"},
             Row{R"(,"expires_in":-0.5)", "bad_expiry"},
             Row{R"(,"expires_in":-1.5)", "bad_expiry"},
             Row{R"(,"expires_in":-15e-1)", "bad_expiry"},
             Row{R"(,"expires_in":"1.")", "bad_expiry"},
             Row{R"(,"expires_in":".5")", "bad_expiry"},
             Row{R"(,"expires_in":"1.5 ")", "bad_expiry"},
             Row{R"(,"expires_in":"1.5s")", "bad_expiry"},
             Row{R"(,"expires_in":"3 600")", "bad_expiry"},
             Row{R"(,"expires_in":"3,600")", "bad_expiry"},
             Row{R"(,"expires_in":false)", "bad_expiry"},
             Row{R"(,"expires_in":1e-400)", "bad_expiry"},
             Row{R"(,"expires_in":1E-400)", "bad_expiry"},
             Row{R"(,"expires_in":"abc")", "bad_expiry"},
             Row{R"(,"expires_in":"")", "bad_expiry"},
             Row{R"(,"expires_in":" 5")", "bad_expiry"},
             Row{R"(,"expires_in":"5 ")", "bad_expiry"},
             Row{R"(,"expires_in":"5s")", "bad_expiry"},
             Row{R"(,"expires_in":"+5")", "bad_expiry"},
             Row{R"(,"expires_in":"0x10")", "bad_expiry"},
             Row{R"(,"expires_in":"inf")", "bad_expiry"},
             Row{R"(,"expires_in":"Infinity")", "bad_expiry"},
             Row{R"(,"expires_in":"nan")", "bad_expiry"},
             Row{R"(,"expires_in":true)", "bad_expiry"},
             Row{R"(,"expires_in":[60])", "bad_expiry"},
             Row{R"(,"expires_in":{})", "bad_expiry"},
             Row{R"(,"expires_in":2147483646)", "2147483646"},
             Row{R"(,"expires_in":2147483648)", "2147483647"},
             Row{R"(,"expires_in":1e18)", "2147483647"},
             Row{R"(,"expires_in":9223372036854775808)", "2147483647"},
             Row{R"(,"expires_in":18446744073709551616)", "2147483647"},
             Row{R"(,"expires_in":1e400)", "2147483647"},
             Row{R"(,"expires_in":1E400)", "2147483647"},
             Row{R"(,"expires_in":"1e400")", "2147483647"},
         }) {
        CAPTURE(row.text);
        CHECK(outcome(200, reply_with(row.text)) == row.outcome);
    }
}

TEST_CASE("token reply: only a bearer token, in whatever case, is sent as one") {
    for (const Row& row : {
             Row{R"(,"token_type":"Bearer")", "unknown"},
             Row{R"(,"token_type":"bearer")", "unknown"},
             Row{R"(,"token_type":"BEARER")", "unknown"},
             Row{R"(,"token_type":"\u0062earer")", "unknown"},
             Row{R"(,"token_type":null)", "unknown"},
             Row{"", "unknown"},
             Row{R"(,"token_type":"mac")", "type"},
             Row{R"(,"token_type":"DPoP")", "type"},
             Row{R"(,"token_type":"")", "type"},
             Row{R"(,"token_type":"bearer ")", "type"},
             Row{R"(,"token_type":1)", "type"},
             Row{R"(,"token_type":["bearer"])", "type"},
         }) {
        CAPTURE(row.text);
        CHECK(outcome(200, reply_with(row.text)) == row.outcome);
    }
}

TEST_CASE("token reply: scope and unknown members never matter") {
    for (const std::string_view members :
         {R"(,"scope":"a b")"sv,
          R"(,"scope":"a,b")"sv,
          R"(,"scope":"")"sv,
          R"(,"scope":7)"sv,
          R"(,"scope":null)"sv,
          R"(,"scope":["a"])"sv,
          R"(,"refresh_token":"x","id_token":null,"new":{"a":[1]})"sv,
          R"(,"Expires_in":-1,"TOKEN_TYPE":"mac","Error":"x")"sv,
          R"(,"scope":"a","scope":"b")"sv}) {
        CAPTURE(members);
        CHECK(outcome(200, reply_with(members)) == "unknown");
    }
}

TEST_CASE("token reply: any success status will do, except for a part of something") {
    CHECK(outcome(201, reply_with("")) == "unknown");
    CHECK(outcome(299, reply_with("")) == "unknown");
    CHECK(outcome(206, reply_with("")) == "bad_response");
}

TEST_CASE("token reply: a byte order mark before the reply is skipped") {
    CHECK(outcome(200, "\xEF\xBB\xBF" + reply_with("")) == "unknown");
}

TEST_CASE(
    "token reply: what is not a JSON object with a token is a bad response that shows nothing of "
    "it") {
    const std::string token{canary};
    std::string deep = R"({"access_token":"canary-token-4711","x":)";
    deep += std::string(100, '[') + std::string(100, ']') + '}';
    for (const std::string& body : {
             std::string{},
             std::string{"   "},
             "<html>" + token + "</html>",
             "access_token=" + token,
             "[\"" + token + "\"]",
             '"' + token + '"',
             std::string{"null"},
             std::string{"42"},
             std::string{"{}"},
             R"({"access_token":")" + token,
             reply_with("") + "x",
             reply_with("") + reply_with(""),
             reply_with(R"(,"access_token":")" + token + '"'),
             R"({"access_token":null,"access\u005ftoken":")" + token + R"("})",
             "{'access_token':'" + token + "'}",
             R"({"Access_Token":")" + token + R"("})",
             std::string{R"({"access_token":null})"},
             std::string{R"({"access_token":42})"},
             R"({"access_token":[")" + token + R"("]})",
             std::string{R"({"access_token":""})"},
             reply_with(",\"x\":\"\xFF\""),
             std::string{"\xFF\xFE{\0}\0", 6},
             deep,
         }) {
        CAPTURE(body);
        CHECK(outcome(200, body) == "bad_response");
    }
}

TEST_CASE("token reply: a token that cannot be a header value is refused") {
    for (const std::string_view token :
         {R"(canary\r\nX: y)"sv,
          R"(canary\u0000)"sv,
          R"(canary token)"sv,
          R"(canary\ttoken)"sv,
          "canary\xC3\xA9"sv,
          R"(canary\u007f)"sv,
          R"( canary)"sv,
          R"(canary\n)"sv,
          R"(canary\"x)"sv,
          R"(canary\\x)"sv,
          R"(canary,x)"sv,
          R"(canary;x)"sv,
          R"(canary<x>)"sv,
          R"({canary})"sv}) {
        CAPTURE(token);
        CHECK(
            outcome(200, R"({"access_token":")" + std::string{token} + R"("})") == "bad_response");
    }
}

TEST_CASE("token reply: a token has at most 8 KiB, or what limit is given") {
    const auto reply = [](std::size_t size) {
        return read_token_reply(200, R"({"access_token":")" + std::string(size, 'x') + R"("})");
    };
    REQUIRE(reply(8'192).has_value());
    CHECK(reply(8'192)->header.size() == 8'192 + 7);
    REQUIRE(reply(8'193).has_error());
    CHECK(failure_text(reply(8'193).error()) == "bad_response");
    CHECK(read_token_reply(200, R"({"access_token":"abc"})", {}, 3).has_value());
    CHECK(read_token_reply(200, R"({"access_token":"abc"})", {}, 2).has_error());
}

TEST_CASE("token reply: escapes in a token are undone") {
    const Result<TokenReply> reply = read_token_reply(200, R"({"access_token":"a\/b\u002b="})");
    REQUIRE(reply.has_value());
    CHECK(reply->header.expose() == "Bearer a/b+=");
}

TEST_CASE("token reply: an OAuth error is a denial that names its code") {
    for (const unsigned status : {400U, 401U, 403U, 404U}) {
        for (const std::string_view code :
             {"invalid_request"sv,
              "invalid_client"sv,
              "invalid_grant"sv,
              "unauthorized_client"sv,
              "unsupported_grant_type"sv,
              "invalid_scope"sv,
              "access_denied"sv}) {
            const std::string body = R"({"error":")" + std::string{code} +
                R"(","error_description":"canary","error_uri":"https://canary"})";
            const Result<TokenReply> reply = read_token_reply(status, body);
            REQUIRE(reply.has_error());
            CHECK(failure_text(reply.error()) == "denied");
            CHECK(reply.error().message().find(code) != std::string_view::npos);
            CHECK(reply.error().message().find(std::to_string(status)) != std::string_view::npos);
        }
    }
}

TEST_CASE("token reply: an error in a success is no token, whatever else is there") {
    for (const std::string_view member :
         {R"("error":"invalid_client")"sv,
          R"("error":{"code":1})"sv,
          R"("error":{})"sv,
          R"("error":[])"sv,
          R"("error":0)"sv,
          R"("error":" ")"sv,
          R"("error":"false")"sv,
          R"("error":true)"sv}) {
        CAPTURE(member);
        CHECK(outcome(200, reply_with(',' + std::string{member})) == "bad_response");
        CHECK(outcome(200, '{' + std::string{member} + '}') == "bad_response");
    }
    CHECK(
        read_token_reply(200, R"({"error":"invalid_client"})").error().message() ==
        "the token endpoint answered HTTP 200, error invalid_client");
}

TEST_CASE("token reply: an error that says that there is none does not stop a token") {
    for (const std::string_view member :
         {R"("error":"")"sv, R"("error":null)"sv, R"("error":false)"sv}) {
        CAPTURE(member);
        CHECK(outcome(200, reply_with(',' + std::string{member})) == "unknown");
        CHECK(outcome(200, reply_with(R"(,"expires_in":7199,)" + std::string{member})) == "7199");
        // Without a token it is no token either, and a refusal stays one.
        CHECK(outcome(200, '{' + std::string{member} + '}') == "bad_response");
        CHECK(outcome(401, reply_with(',' + std::string{member})) == "denied");
    }
    CHECK(
        read_token_reply(400, R"({"error":""})").error().message() ==
        "the token endpoint answered HTTP 400");
}

TEST_CASE("token reply: a member that counts and is there twice leaves the whole reply in doubt") {
    for (const std::string_view members :
         {R"(,"access_token":"canary-token-4711")"sv,
          R"(,"access\u005ftoken":"canary")"sv,
          R"(,"token_type":"mac","token_type":"bearer")"sv,
          R"(,"token_type":"bearer","token_type":"bearer")"sv,
          R"(,"expires_in":60,"expires_in":3600)"sv,
          R"(,"expires_in":null,"expires_in":3600)"sv}) {
        CAPTURE(members);
        CHECK(outcome(200, reply_with(members)) == "bad_response");
    }
    CHECK(outcome(200, reply_with(R"(,"error":null,"error":null)")) == "bad_response");
    CHECK(outcome(200, reply_with(R"(,"error":"x","error":null)")) == "bad_response");
}

TEST_CASE("token reply: a code that holds a secret is not named, however it is written") {
    constexpr std::string_view secret = "canary+secret";
    for (const std::string_view code :
         {"canary+secret"sv,
          "unknown secret canary+secret."sv,
          "canary%2Bsecret"sv,
          "63616E6172792B736563726574"sv,
          "Y2FuYXJ5K3NlY3JldA=="sv,
          R"(c\u0061nary+secret)"sv,
          R"(\u0063anary+secret)"sv}) {
        CAPTURE(code);
        const Result<TokenReply> reply =
            read_token_reply(401, R"({"error":")" + std::string{code} + R"("})", secret);
        CHECK(reply.error().message() == "the token endpoint answered HTTP 401");
    }
    CHECK(
        read_token_reply(401, R"({"error":"a","access_token":"canary"})").error().message() ==
        "the token endpoint answered HTTP 401");
    CHECK(
        read_token_reply(401, R"({"error":"invalid_client"})", secret).error().message() ==
        "the token endpoint answered HTTP 401, error invalid_client");
}

TEST_CASE("token reply: an error code of illegal characters is not repeated") {
    for (const std::string_view code :
         {R"(bad\ncode)"sv,
          R"(bad\"code)"sv,
          R"(bad\\code)"sv,
          "bad\xC3\xA9"sv,
          R"(bad\u001b[31m)"sv,
          R"(bad\u007f)"sv}) {
        CAPTURE(code);
        const Result<TokenReply> reply =
            read_token_reply(400, R"({"error":")" + std::string{code} + R"("})");
        REQUIRE(reply.has_error());
        CHECK(failure_text(reply.error()) == "denied");
        CHECK(reply.error().message().find("bad") == std::string_view::npos);
    }
    // Without quotes there is no code, nor what is left of it without its first and last character.
    for (const std::string_view error : {"123456"sv, "[23456]"sv, "{\"bad\":1}"sv}) {
        CAPTURE(error);
        const Result<TokenReply> reply =
            read_token_reply(400, R"({"error":)" + std::string{error} + '}');
        REQUIRE(reply.has_error());
        CHECK(reply.error().message() == "the token endpoint answered HTTP 400");
    }
    const Result<TokenReply> long_one =
        read_token_reply(400, R"({"error":")" + std::string(65, 'b') + R"("})");
    CHECK(long_one.error().message().find("bbb") == std::string_view::npos);
}

TEST_CASE("token reply: an error status needs no body that can be understood") {
    for (const std::string_view body : {""sv, "<html>canary</html>"sv, "{"sv, "[]"sv, "{}"sv}) {
        CAPTURE(body);
        for (const unsigned status : {400U, 401U, 403U, 404U, 415U})
            CHECK(outcome(status, body) == "denied");
        for (const unsigned status : {500U, 502U, 504U})
            CHECK(outcome(status, body) == "bad_response");
        for (const unsigned status : {301U, 302U, 307U})
            CHECK(outcome(status, body) == "bad_response");
        for (const unsigned status : {429U, 503U})
            CHECK(outcome(status, body) == "throttled");
    }
}

TEST_CASE("token reply: a token in an error reply is not taken") {
    for (const unsigned status : {302U, 400U, 429U, 500U, 503U}) {
        CHECK(read_token_reply(status, reply_with(R"(,"expires_in":60)")).has_error());
    }
}

}  // namespace token_reply_test
