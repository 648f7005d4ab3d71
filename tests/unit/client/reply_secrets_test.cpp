// SPDX-License-Identifier: BSL-1.0
// What a reply repeats of the request's credentials, in what people are shown of it.

#include <clarify/any_client.hpp>
#include <clarify/auth/credentials_auth.hpp>
#include <clarify/detail/reply_text.hpp>

#include <doctest/doctest.h>
#include <support/scripted_bench.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace reply_secrets_test {

using namespace clarify::detail;
using namespace std::string_view_literals;

TEST_CASE("reply: an excerpt shows no part of a secret, however many fill the body") {
    const std::string secret = "key-" + std::string(1'000, '1');
    const std::string authorization = "Bearer " + secret;
    const Scrubber scrubber{authorization};
    std::string body;
    for (int i = 0; i != 300; ++i)
        body += secret;
    for (const std::size_t limit : {16U, 512U, 2'000U}) {
        for (const std::size_t offset : {0U, 1'003U, 1'500U, 2'008U, 100'000U}) {
            CAPTURE(limit);
            CAPTURE(offset);
            const std::string excerpt = body_excerpt(body, scrubber, limit, offset);
            CHECK(excerpt.size() <= limit);
            CHECK_FALSE(excerpt.empty());
            CHECK(excerpt.find_first_not_of("*.") == std::string::npos);
        }
    }
    CHECK(body_excerpt(body, scrubber, 512).size() == 512);
    CHECK(body_excerpt("x" + secret + "y", scrubber, 512) == "x****y");
    CHECK(body_excerpt("x" + secret + "y", scrubber, 0).empty());
}

TEST_CASE("reply: an excerpt around a place begins behind the secret there") {
    const Scrubber scrubber{"Basic dXNlci0xOnBhc3N3b3Jk"};  // user-1:password
    const std::string around(200, '-');
    for (const std::string_view written : {"password"sv, "70617373776f7264"sv, "cGFzc3dvcm"sv}) {
        CAPTURE(written);
        const std::string body = around + std::string{written} + around;
        for (std::size_t i = 1; i != written.size(); ++i)
            CHECK(body_excerpt(body, scrubber, 512, around.size() + i + 64) == "..." + around);
        CHECK(body_excerpt(body, scrubber, 512, around.size() + 64) == "...****" + around);
    }
}

TEST_CASE("reply: a trace context looks like one, and repeats no credentials") {
    constexpr std::string_view trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    CHECK(is_trace_context(trace, "Bearer tok-1234"));
    CHECK(is_trace_context("", "Bearer tok-1234"));
    CHECK(is_trace_context(trace, ""));
    CHECK(is_trace_context(std::string(128, 'a'), ""));
    CHECK_FALSE(is_trace_context(std::string(129, 'a'), ""));
    CHECK_FALSE(is_trace_context("00-0AF7", ""));
    CHECK_FALSE(is_trace_context("00 01", ""));
    CHECK_FALSE(is_trace_context(trace, "Bearer 0af7651916cd43dd"));
    CHECK_FALSE(is_trace_context(trace, "0af7651916cd43dd"));
    // The bytes 0x65 to 0xdd, and k3y! as user-1's password.
    CHECK_FALSE(is_trace_context(trace, "Bearer \x65\x19\x16\xcd\x43\xdd"));
    CHECK_FALSE(is_trace_context("00-6b337921-01", "Basic dXNlci0xOmszeSE="));
}

TEST_CASE("reply: where a redirection points to is shown as an origin, without credentials") {
    const Scrubber scrubber{"Bearer TokAbCdEf01"};
    CHECK(
        location_origin("https://Other.Example/x?TokAbCdEf01", scrubber) ==
        "https://other.example");
    CHECK(
        location_origin("https://TokAbCdEf01.other.example/", scrubber) ==
        "https://****.other.example");
    CHECK(
        location_origin("https://TokAbCdEf01@other.example/", scrubber) == "https://other.example");
    CHECK(location_origin("/TokAbCdEf01", scrubber).empty());
}

TEST_CASE("reply: the secret that tokens are fetched with is masked like the token") {
    using namespace clarify::testing;
    const std::string said = R"({"who":"secret","are":"c2VjcmV0"})";
    const auto fails_with = [](const Answer& answer) {
        support::ScriptedBench bench;
        bench.server.on(support::rpc_path).always(answer);
        const auto outcome = bench.call("m");
        REQUIRE_FALSE(outcome);
        return outcome.error();
    };
    const clarify::Error refused = fails_with(reply_error(-32000, "you are secret", said));
    CHECK(refused.rpc()->message == "you are ****");
    CHECK(refused.rpc()->data == R"({"who":"****","are":"****"})");
    const clarify::Error status = fails_with(reply(400, "<p>secret</p>")
                                                 .header("Location", "https://secret.example/")
                                                 .header("traceparent", "00-736563726574-01"));
    CHECK(status.http()->body_excerpt == "<p>****</p>");
    CHECK(status.http()->location == "https://****.example");
    CHECK(status.http()->traceparent.empty());
    const clarify::Error unread = fails_with(reply(200, "{{ secret"));
    REQUIRE(unread.http() != nullptr);
    CHECK(unread.http()->body_excerpt == "{{ ****");
}

TEST_CASE("reply: policies that hold another say what it keeps for itself") {
    const auto make = [] {
        return clarify::ClientCredentials{clarify::ClientCredentialsConfig{
            clarify::Url::parse("https://api.example/token").value(),
            "id",
            clarify::Secret{"secret"}}};
    };
    CHECK(clarify::AnyAuthPolicy{make()}.kept_secret() == "secret");
    CHECK(clarify::CredentialsAuth{make()}.kept_secret() == "secret");
    CHECK(clarify::AnyAuthPolicy{clarify::CredentialsAuth{make()}}.kept_secret() == "secret");
    CHECK(clarify::AnyAuthPolicy{clarify::NoAuth{}}.kept_secret().empty());
    CHECK(clarify::CredentialsAuth{clarify::NoAuth{}}.kept_secret().empty());
}

}  // namespace reply_secrets_test
