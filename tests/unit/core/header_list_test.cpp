// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/header_list.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

namespace header_list_test {

using namespace clarify;
using namespace std::string_view_literals;

namespace {

/// The message of the refusal; empty where the headers may be sent.
std::string refusal(std::string name, std::string value) {
    HeaderList headers;
    headers.add("X-Fine", "yes").add(std::move(name), std::move(value));
    const Result<void> checked = headers.check();
    if (checked) return {};
    CHECK(checked.error().code() == Errc::bad_argument);
    CHECK(checked.error().reason() == Reason::header);
    CHECK(checked.error().fate() == Fate::unsent);
    CHECK(checked.error().to_string().find("canary") == std::string::npos);
    return std::string{checked.error().message()};
}

}  // namespace

TEST_CASE("HeaderList: keeps headers in the order they were added") {
    HeaderList headers;
    CHECK(headers.empty());
    CHECK(headers.check().has_value());
    headers.add("A", "1").add("b", "2").add("A", "3");
    CHECK_FALSE(headers.empty());
    std::string text;
    for (const auto& [name, value] : headers)
        text += name + '=' + value + ' ';
    CHECK(text == "A=1 b=2 A=3 ");
    CHECK(headers.check().has_value());
}

TEST_CASE("HeaderList: accepts every token as a name and every visible text as a value") {
    CHECK(refusal("!#$%&'*+-.^_`|~09azAZ", "x").empty());
    CHECK(refusal("X", "").empty());
    CHECK(refusal("X", "a b\tc \"d\" \\ , ; : = @ ~").empty());
    CHECK(refusal("X", "\xC3\xA9\xFF\x80").empty());
}

TEST_CASE("HeaderList: refuses a name that is not a token, and does not show it") {
    for (const std::string_view name :
         {""sv,
          " "sv,
          "canary x"sv,
          "canary:"sv,
          ":canary"sv,
          "canary\r\nY"sv,
          "canary\n"sv,
          "canary\0"sv,
          "canary\t"sv,
          "canary(x)"sv,
          "canary\"x"sv,
          "canary/x"sv,
          "canary@"sv,
          "canary[]"sv,
          "canary\x7F"sv,
          "canary\xC3\xA9"sv}) {
        CAPTURE(name);
        CHECK(refusal(std::string{name}, "x") == "a header name is not a token");
    }
}

TEST_CASE("HeaderList: refuses a value that could end its line, and shows its name only") {
    for (const std::string_view value :
         {"canary\r\nY: z"sv,
          "canary\r"sv,
          "canary\n"sv,
          "\ncanary"sv,
          "canary\0"sv,
          "canary\x01"sv,
          "canary\x1F"sv,
          "canary\x7F"sv,
          " canary"sv,
          "canary "sv,
          "\tcanary"sv}) {
        CAPTURE(value);
        CHECK(
            refusal("X-Mine", std::string{value}) ==
            "the value of the header X-Mine has characters that are not allowed");
    }
}

TEST_CASE("HeaderList: refuses, in any case, what the library sets itself") {
    for (const std::string_view name :
         {"Host"sv,
          "HOST"sv,
          "host"sv,
          "Content-Length"sv,
          "content-length"sv,
          "Content-Type"sv,
          "Transfer-Encoding"sv,
          "TRANSFER-encoding"sv,
          "Connection"sv,
          "Authorization"sv,
          "aUTHORIZATION"sv,
          "Proxy-Authorization"sv,
          "Proxy-Connection"sv,
          "TE"sv,
          "Trailer"sv,
          "Upgrade"sv,
          "Keep-Alive"sv,
          "Expect"sv,
          "X-API-Version"sv,
          "x-api-version"sv,
          "Accept-Encoding"sv,
          "Accept"sv,
          "User-Agent"sv,
          "user-agent"sv,
          "traceparent"sv}) {
        CAPTURE(name);
        CHECK(
            refusal(std::string{name}, "canary") ==
            "the header " + std::string{name} + " is set by the library");
    }
    CHECK(refusal("X-Host", "x").empty());
    CHECK(refusal("Hosts", "x").empty());
    CHECK(refusal("tracestate", "x").empty());
}

}  // namespace header_list_test
