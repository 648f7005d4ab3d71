// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/url.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace url_test {

using namespace clarify;
using namespace std::string_view_literals;

namespace {

Url parse(std::string_view text) { return Url::parse(text).value(); }

/// The message of the refusal, which must not repeat what it refuses.
std::string refusal(std::string_view text) {
    const Result<Url> url = Url::parse(text);
    REQUIRE(url.has_error());
    CHECK(url.error().code() == Errc::bad_config);
    CHECK(url.error().reason() == Reason::url);
    CHECK(url.error().to_string().find("canary") == std::string::npos);
    return std::string{url.error().message()};
}

}  // namespace

TEST_CASE("Url: takes a URL apart") {
    struct Row {
        std::string_view text;
        bool https;
        std::string_view host;
        std::uint16_t port;
        std::string_view path;
        bool ip_literal;
    };
    for (const Row& row : {
             Row{"https://api.clarify.io/v1/", true, "api.clarify.io", 443, "/v1/", false},
             Row{"http://api.clarify.io", false, "api.clarify.io", 80, "/", false},
             Row{"HTTPS://API.Clarify.IO/V1", true, "api.clarify.io", 443, "/V1", false},
             Row{"https://a:8443", true, "a", 8443, "/", false},
             Row{"https://a:1/", true, "a", 1, "/", false},
             Row{"https://a:65535/b", true, "a", 65535, "/b", false},
             Row{"https://a:00443/b", true, "a", 443, "/b", false},
             Row{"https://127.0.0.1/x", true, "127.0.0.1", 443, "/x", true},
             Row{"https://[::1]:8080/x", true, "::1", 8080, "/x", true},
             Row{"https://[2001:DB8:0:0::1]", true, "2001:db8::1", 443, "/", true},
             Row{"https://a_b.c-d.example/", true, "a_b.c-d.example", 443, "/", false},
             Row{"https://xn--bcher-kva.example/", true, "xn--bcher-kva.example", 443, "/", false},
             Row{"https://A.example./x", true, "a.example.", 443, "/x", false},
             Row{"http://localhost.:8080", false, "localhost", 8080, "/", false},
             Row{"https://1.example/", true, "1.example", 443, "/", false},
             Row{"https://0x1.example/", true, "0x1.example", 443, "/", false},
             Row{"https://a.0xg/", true, "a.0xg", 443, "/", false},
             Row{"https://a/b%20c/../d;e=f&g='h'", true, "a", 443, "/b%20c/../d;e=f&g='h'", false},
             Row{"https://a//b//", true, "a", 443, "//b//", false},
             Row{"https://a/b:c@d", true, "a", 443, "/b:c@d", false},
         }) {
        CAPTURE(row.text);
        const Result<Url> url = Url::parse(row.text);
        REQUIRE(url.has_value());
        CHECK(url->is_https() == row.https);
        CHECK(url->host() == row.host);
        CHECK(url->port() == row.port);
        CHECK(url->path() == row.path);
        CHECK(url->is_ip_literal() == row.ip_literal);
    }
}

TEST_CASE("Url: refuses what could send a secret astray") {
    for (const std::string_view text : {
             ""sv,
             "canary"sv,
             "/canary"sv,
             "//canary/"sv,
             "canary.example/"sv,
             "https:/canary"sv,
             "https:canary"sv,
             "://canary"sv,
             "ftp://canary/"sv,
             "httpss://canary"sv,
             "ws://canary"sv,
             "https+canary://a"sv,
             "https://"sv,
             "https:///canary"sv,
             "https://:443/canary"sv,
             "https://?"sv,
             "https://canary@a/"sv,
             "https://user:canary@a/"sv,
             "https://@a/"sv,
             "https://a@/canary"sv,
             "https://a/#canary"sv,
             "https://a#"sv,
             "https://a/b?canary"sv,
             "https://a?"sv,
             " https://canary/"sv,
             "https://canary/ "sv,
             "https://can ary/"sv,
             "https://canary/\r\nX: y"sv,
             "https://canary/\t"sv,
             "https://canary/\0"sv,
             "https://canary/\x7F"sv,
             "https://canary/\xC3\xA9"sv,
             "https://can\xC3\xA4ry/"sv,
             "https:\\\\canary\\"sv,
             "https://a\\canary"sv,
             "https://a/canary\\"sv,
             "https://a:canary/"sv,
             "https://a:/canary"sv,
             "https://a:0/canary"sv,
             "https://a:65536/canary"sv,
             "https://a:99999999999999999999/canary"sv,
             "https://a:-1/canary"sv,
             "https://a:+1/canary"sv,
             "https://a:1:2/canary"sv,
             "https://a:80x/canary"sv,
             "https://canary..example/"sv,
             "https://.canary/"sv,
             "https://canary../"sv,
             "https://./canary"sv,
             "https://127.0.0.1./canary"sv,
             "https://1./canary"sv,
             "https://-canary/"sv,
             "https://can%61ry/"sv,
             "https://canary,a/"sv,
             "https://*.canary/"sv,
             "https://[canary]/"sv,
             "https://[::1/canary"sv,
             "https://::1/canary"sv,
             "https://[::1]canary/"sv,
             "https://[::1]c443/"sv,
             "https://[]/canary"sv,
             "https://[::1%25lo]/canary"sv,
             "https://[::1%0]/canary"sv,
             "https://[fe80::1%0]:8443/canary"sv,
             "https://[fe80::%1]/canary"sv,
             "https://[127.0.0.1]/canary"sv,
             "https://]/canary"sv,
             "https://256.0.0.1/canary"sv,
             "https://127.1/canary"sv,
             "https://2130706433/canary"sv,
             "https://1.2.3.4.5/canary"sv,
             "https://0177.0.0.1.9/canary"sv,
             "https://0x7f000001/canary"sv,
             "https://0X7F.1.0X2/canary"sv,
             "https://1.2.3.0x4/canary"sv,
             "https://canary.0x"sv,
         }) {
        CAPTURE(text);
        CHECK_FALSE(refusal(text).empty());
    }
}

TEST_CASE("Url: a host name has at most 253 characters") {
    std::string host(253, 'a');
    CHECK(Url::parse("https://" + host).has_value());
    CHECK_FALSE(refusal("https://" + host + "a").empty());
}

TEST_CASE("Url: says why it refuses") {
    CHECK(refusal("https://u:canary@a/") == "the URL has user information, which is not allowed");
    CHECK(refusal("ftp://canary") == "the scheme of the URL is neither https nor http");
    CHECK(refusal("canary") == "the URL does not start with https://");
    CHECK(refusal("https:///canary") == "the URL has no host");
    CHECK(refusal("https://a/?canary") == "the URL has a query");
    CHECK(refusal("https://a/?b#canary") == "the URL has a fragment");
    CHECK(
        refusal("https://a:b/canary") ==
        "the URL has a bad port: it is a number from 1 to 65535, and a slash ends it");
}

TEST_CASE("Url: knows the addresses of its own machine") {
    for (const std::string_view text :
         {"http://localhost"sv,
          "http://LOCALHOST:8080/"sv,
          "http://localhost./"sv,
          "http://127.0.0.1/"sv,
          "http://127.255.255.254/"sv,
          "http://[::1]/"sv,
          "http://[0:0::1]/"sv}) {
        CAPTURE(text);
        CHECK(parse(text).is_loopback());
    }
    for (const std::string_view text :
         {"http://localhost.example"sv,
          "http://xlocalhost"sv,
          "http://128.0.0.1/"sv,
          "http://127.0.0.1.example/"sv,
          "http://127.example/"sv,
          "http://[::2]/"sv,
          "http://[::]/"sv,
          "http://0.0.0.0/"sv,
          "http://10.0.0.1/"sv}) {
        CAPTURE(text);
        CHECK_FALSE(parse(text).is_loopback());
    }
}

TEST_CASE("Url: writes the port only where it is not the scheme's own") {
    CHECK(parse("https://a:443/b").authority() == "a");
    CHECK(parse("http://a:80/b").authority() == "a");
    CHECK(parse("https://a:80/b").authority() == "a:80");
    CHECK(parse("http://a:443/b").authority() == "a:443");
    CHECK(parse("https://[::1]/b").authority() == "[::1]");
    CHECK(parse("https://[::1]:8443/b").authority() == "[::1]:8443");
    CHECK(parse("https://a:8443/b").origin() == "https://a:8443");
    CHECK(parse("HTTP://A:80/b").origin() == "http://a");
}

TEST_CASE("Url: a dot at the end of a name is looked up, and shown to nobody") {
    const Url url = parse("https://a.example.:8443/b");
    CHECK(url.host() == "a.example.");
    CHECK(url.server_name() == "a.example");
    CHECK(url.authority() == "a.example:8443");
    CHECK(url.origin() == "https://a.example.:8443");
    CHECK(parse("https://a.example/").server_name() == "a.example");
    CHECK(parse("https://[::1]/").server_name() == "::1");
    CHECK(parse("https://a.example./") != parse("https://a.example/"));
}

TEST_CASE("Url: what it writes it reads again") {
    for (const std::string_view text :
         {"https://a/"sv, "http://a:1/b"sv, "https://[2001:db8::1]:9/x//y"sv, "https://a.:1/b"sv}) {
        CHECK(parse(text).to_string() == text);
        CHECK(parse(parse(text).to_string()) == parse(text));
    }
}

TEST_CASE("Url: a trailing slash is one slash, and so are those within") {
    CHECK(parse("https://a").with_trailing_slash().to_string() == "https://a/");
    CHECK(parse("https://a/b").with_trailing_slash().to_string() == "https://a/b/");
    CHECK(parse("https://a/b/").with_trailing_slash().to_string() == "https://a/b/");
    CHECK(parse("https://a/b///").with_trailing_slash().to_string() == "https://a/b/");
    CHECK(parse("https://a///").with_trailing_slash().to_string() == "https://a/");
    CHECK(parse("https://a//b///c").with_trailing_slash().to_string() == "https://a/b/c/");
}

TEST_CASE("Url: joins a path") {
    const Url base = parse("https://a/v1");
    CHECK(base.join("oauth/token").to_string() == "https://a/v1/oauth/token");
    CHECK(parse("https://a").join("rpc").to_string() == "https://a/rpc");
    CHECK(base.to_string() == "https://a/v1");
}

TEST_CASE("Url: equality looks at every part") {
    const Url url = parse("https://a:1/b");
    CHECK(url == parse("HTTPS://A:1/b"));
    for (const std::string_view other :
         {"http://a:1/b"sv,
          "https://b:1/b"sv,
          "https://a:2/b"sv,
          "https://a:1/B"sv,
          "https://a:1/b/"sv}) {
        CHECK_FALSE(url == parse(other));
    }
}

}  // namespace url_test
