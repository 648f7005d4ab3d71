// SPDX-License-Identifier: BSL-1.0

#include <clarify/http/detail/beast/proxy_tunnel.hpp>
#include <clarify/http/http_options.hpp>
#include <clarify/http/proxy_options.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>

namespace proxy_options_test {

using namespace clarify;

namespace {

Url url(const std::string& text) { return Url::parse(text).value(); }

ProxyOptions with_exceptions(const std::string& list) {
    ProxyOptions out = ProxyOptions::parse("http://proxy.example:3128").value();
    out.no_proxy = list;
    return out;
}

/// Sets variables of the environment, and takes all of a proxy's away again.
class Environment {
public:
    Environment(std::initializer_list<std::pair<const char*, const char*>> variables) {
        clear();
        for (const auto& [name, value] : variables)
            ::setenv(name, value, 1);
    }
    ~Environment() { clear(); }

private:
    static void clear() {
        for (const char* name :
             {"http_proxy",
              "HTTP_PROXY",
              "https_proxy",
              "HTTPS_PROXY",
              "all_proxy",
              "ALL_PROXY",
              "no_proxy",
              "NO_PROXY"}) {
            ::unsetenv(name);
        }
    }
};

}  // namespace

TEST_CASE("ProxyOptions: none is the default, whatever the environment says") {
    const Environment environment{{"https_proxy", "http://proxy.example"}};
    CHECK_FALSE(HttpOptions{}.proxy.applies_to(url("https://api.example/")));
}

TEST_CASE("ProxyOptions: reads an address with its credentials") {
    const auto proxy = ProxyOptions::parse("http://me:p%40ss%3A@proxy.example:3128");
    REQUIRE(proxy.has_value());
    CHECK(proxy->address->authority() == "proxy.example:3128");
    CHECK(proxy->username == "me");
    CHECK(proxy->password.expose() == "p@ss:");
    // Who left the character as it is meant the same: the address begins behind the last one.
    const auto unescaped = ProxyOptions::parse("http://me:p@ss@proxy.example:3128");
    REQUIRE(unescaped.has_value());
    CHECK(unescaped->address->authority() == "proxy.example:3128");
    CHECK(unescaped->password.expose() == "p@ss");
    CHECK(ProxyOptions::parse("proxy.example:8080")->address->port() == 8080);
    CHECK(ProxyOptions::parse("http://proxy.example/")->address->port() == 80);
}

TEST_CASE("ProxyOptions: refuses what is no such address, and does not repeat it") {
    for (const char* text :
         {"https://me:hush@proxy.example",
          "socks5://proxy.example",
          "http://",
          "http://me:hush%4@proxy.example",
          "http://me:hush%0A@proxy.example",
          "http://proxy.example/hush",
          "http://me:hush@proxy .example"}) {
        CAPTURE(text);
        const auto proxy = ProxyOptions::parse(text);
        REQUIRE(proxy.has_error());
        CHECK(proxy.error().code() == Errc::bad_config);
        CHECK(proxy.error().reason() == Reason::url);
        CHECK(proxy.error().to_string().find("hush") == std::string::npos);
    }
}

TEST_CASE("ProxyOptions: is checked where it is used") {
    HttpOptions options;
    options.proxy.address = url("https://proxy.example");
    CHECK_THROWS_AS(options.check(), std::invalid_argument);
    options.proxy.address = url("http://proxy.example");
    CHECK_NOTHROW(options.check());
    options.proxy.username = "a:b";
    CHECK_THROWS_AS(options.check(), std::invalid_argument);
}

TEST_CASE("ProxyOptions: asks the environment only where it is told to") {
    const auto proxy_of = [](std::initializer_list<std::pair<const char*, const char*>> set) {
        const Environment environment{set};
        const ProxyOptions proxy = ProxyOptions::from_environment().value();
        return proxy.address ? proxy.address->host() : std::string{};
    };
    CHECK(proxy_of({}) == "");
    CHECK(proxy_of({{"https_proxy", ""}}) == "");
    CHECK(proxy_of({{"https_proxy", "http://one"}, {"HTTPS_PROXY", "http://two"}}) == "one");
    CHECK(proxy_of({{"HTTPS_PROXY", "http://two"}, {"all_proxy", "http://three"}}) == "two");
    CHECK(proxy_of({{"all_proxy", "http://three"}, {"ALL_PROXY", "http://four"}}) == "three");
    CHECK(proxy_of({{"ALL_PROXY", "four:1"}}) == "four");
    // What a request to a CGI program can set.
    CHECK(proxy_of({{"HTTP_PROXY", "http://evil"}, {"http_proxy", "http://evil"}}) == "");

    const Environment environment{{"https_proxy", "http://one"}, {"no_proxy", "direct.example"}};
    const ProxyOptions proxy = ProxyOptions::from_environment().value();
    CHECK(proxy.applies_to(url("https://api.example")));
    CHECK_FALSE(proxy.applies_to(url("https://direct.example")));
    CHECK_FALSE(proxy.applies_to(url("http://api.example")));
    CHECK_FALSE(proxy.applies_to(url("https://localhost:8443")));
    CHECK_FALSE(proxy.applies_to(url("https://127.0.0.1")));

    const Environment broken{{"https_proxy", "ftp://one"}};
    CHECK(ProxyOptions::from_environment().has_error());
}

TEST_CASE("ProxyOptions: no_proxy names domains, addresses, blocks and ports") {
    struct Row {
        const char* list;
        const char* origin;
        bool direct;
    };
    for (const Row& row : {
             Row{"", "https://api.example", false},
             Row{"*", "https://api.example", true},
             Row{"api.example", "https://api.example", true},
             Row{"API.Example", "https://api.example", true},
             Row{"example", "https://api.example", true},
             Row{".example", "https://api.example", true},
             Row{"*.example", "https://api.example", true},
             Row{".api.example", "https://api.example", true},
             Row{"pi.example", "https://api.example", false},
             Row{"api.example.org", "https://api.example", false},
             Row{"a.example, \tapi.example", "https://api.example", true},
             Row{"a.example api.example", "https://api.example", true},
             Row{",,", "https://api.example", false},
             Row{".", "https://api.example", false},
             Row{"api.example:443", "https://api.example", true},
             Row{"api.example:8443", "https://api.example", false},
             Row{"192.0.2.7", "https://192.0.2.7", true},
             Row{"192.0.2.7", "https://192.0.2.77", false},
             Row{"2.7", "https://192.0.2.7", false},
             Row{"192.0.2.0/24", "https://192.0.2.7", true},
             Row{"192.0.2.99/24", "https://192.0.2.7", true},
             Row{"192.0.2.0/24", "https://192.0.3.7", false},
             Row{"0.0.0.0/0", "https://192.0.3.7", true},
             Row{"192.0.2.0/33", "https://192.0.2.7", false},
             Row{"192.0.2.7:8443", "https://192.0.2.7:8443", true},
             Row{"2001:db8::1", "https://[2001:db8::1]", true},
             Row{"[2001:db8::1]", "https://[2001:db8::1]", true},
             Row{"[2001:db8::1]:443", "https://[2001:db8::1]", true},
             Row{"[2001:db8::1]:444", "https://[2001:db8::1]", false},
             Row{"2001:db8::/32", "https://[2001:db8:7::1]", true},
             Row{"2001:db8::/32", "https://[2001:db9::1]", false},
             Row{"::/0", "https://192.0.2.7", false},
         }) {
        CAPTURE(row.list);
        CAPTURE(row.origin);
        CHECK(with_exceptions(row.list).applies_to(url(row.origin)) != row.direct);
    }
}

TEST_CASE("connect_request: names the origin with its port, and carries the proxy's credentials") {
    ProxyOptions proxy = ProxyOptions::parse("http://proxy.example").value();
    CHECK(
        detail::connect_request(url("https://api.example/path"), proxy).expose() ==
        "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n");
    proxy.username = "Aladdin";
    proxy.password = Secret{"open sesame"};
    CHECK(
        detail::connect_request(url("https://[2001:db8::1]:8443"), proxy).expose() ==
        "CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n"
        "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
}

}  // namespace proxy_options_test
