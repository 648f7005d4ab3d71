// SPDX-License-Identifier: BSL-1.0
// What callers cannot smuggle into a request, and what two clients do not share.

#include <clarify/auth/credentials_auth.hpp>
#include <clarify/credentials.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/canary.hpp"
#include "../support/raw_server.hpp"
#include "../support/run.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secrets_requests_test {

namespace {

using namespace clarify;
using namespace std::string_view_literals;
using support::RawPeer;
using support::RawRequest;
using support::RawServer;
using TestClient = RpcClient<BeastBackend, CredentialsAuth, support::TextCodec>;
using Outcome = Result<std::string>;

/// An issuer and an API in one: the token for a secret is `token-of-` and that secret.
void answer(RawPeer& peer, const RawRequest& request) {
    constexpr std::string_view field = "&client_secret=";
    if (request.head.starts_with("POST /v1/oauth/token ")) {
        const std::size_t at = request.body.find(field) + field.size();
        const std::string secret = request.body.substr(at, request.body.find('&', at) - at);
        peer.reply(
            R"({"access_token":"token-of-)" + secret + R"("})", "Set-Cookie: session=token\r\n");
    } else {
        peer.result(request, "1", "Set-Cookie: session=1; Path=/\r\nSet-Cookie: second=2\r\n");
    }
}

Credentials credentials(
    const std::string& origin,
    std::string_view secret,
    std::string_view type = "client-credentials") {
    return Credentials::from_string(
               R"({"apiUrl":")" + origin + R"(/v1","integration":"i","credentials":{"type":")" +
               std::string{type} + R"(","clientId":"ident","clientSecret":")" +
               std::string{secret} + R"("}})")
        .value();
}

TestClient make_client(
    boost::asio::io_context& context, const Credentials& from, const ClientOptions& options = {}) {
    return TestClient{context.get_executor(), from, options};
}

std::vector<RawRequest> requests_for(const RawServer& server, std::string_view path) {
    std::vector<RawRequest> found;
    for (const auto& arrival : server.ledger().requests()) {
        if (arrival.request.head.starts_with("POST " + std::string{path} + ' '))
            found.push_back(arrival.request);
    }
    return found;
}

RawServer::Script plain_script() {
    return [](RawPeer& peer) {
        while (const auto request = peer.read())
            answer(peer, *request);
    };
}

}  // namespace

TEST_CASE("requests: what could end a header line is refused before anything is sent") {
    RawServer server{plain_script()};
    boost::asio::io_context context;
    TestClient client = make_client(context, credentials(server.origin(), "one"));
    using Change = std::function<void(CallOptions&, std::string)>;
    const std::vector<Change> places{
        [](CallOptions& o, std::string bad) { o.headers.add("X-Mine", std::move(bad)); },
        [](CallOptions& o, std::string bad) { o.headers.add("Idempotency-Key", std::move(bad)); },
        [](CallOptions& o, std::string bad) { o.headers.add("X-" + bad, "value"); },
        [](CallOptions& o, std::string bad) { o.api_version = ApiVersion{std::move(bad)}; },
        [](CallOptions& o, std::string bad) { o.traceparent = std::move(bad); }};
    for (const std::string_view bad :
         {"a\r\nInjected: 1"sv,
          "a\nInjected: 1"sv,
          "a\rInjected: 1"sv,
          "a\0b"sv,
          "a\x01"
          "b"sv,
          "a\x1B[31m"sv,
          "a\x7F"sv,
          "a\r\n\r\nPOST / HTTP/1.1\r\n"sv}) {
        for (const Change& place : places) {
            CallOptions options;
            place(options, std::string{bad});
            const Outcome outcome = support::run(context, client.call("m", "{}", options));
            REQUIRE(outcome.has_error());
            CHECK(outcome.error().code() == Errc::bad_argument);
            CHECK(outcome.error().reason() == Reason::header);
            CHECK(outcome.error().fate() == Fate::unsent);
            CHECK(outcome.error().attempts() == 0);
            CHECK(outcome.error().to_string().find("Injected") == std::string::npos);
        }
        for (const bool agent : {true, false}) {
            ClientOptions options;
            if (agent) options.user_agent = bad;
            if (!agent) options.api_version = ApiVersion{std::string{bad}};
            CHECK_THROWS_AS(
                make_client(context, credentials(server.origin(), "one"), options),
                std::invalid_argument);
        }
    }
    CHECK(server.connections() == 0);
}

TEST_CASE("requests: headers of the library are its own, in any case") {
    RawServer server{plain_script()};
    boost::asio::io_context context;
    TestClient client = make_client(context, credentials(server.origin(), "one"));
    for (const std::string_view name :
         {"Host"sv,
          "hOST"sv,
          "Content-Length"sv,
          "CONTENT-LENGTH"sv,
          "Transfer-Encoding"sv,
          "transfer-encoding"sv,
          "Connection"sv,
          "cOnNeCtIoN"sv,
          "Authorization"sv,
          "AUTHORIZATION"sv,
          "Proxy-Authorization"sv,
          "Proxy-Connection"sv,
          "Expect"sv,
          "Upgrade"sv}) {
        CAPTURE(name);
        CallOptions options;
        options.headers.add(std::string{name}, "1");
        const Outcome outcome = support::run(context, client.call("m", "{}", options));
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::bad_argument);
        CHECK(outcome.error().fate() == Fate::unsent);
    }
    CHECK(server.connections() == 0);
}

TEST_CASE("requests: control characters in a method are data, and stay in the body") {
    RawServer server{plain_script()};
    boost::asio::io_context context;
    TestClient client = make_client(context, credentials(server.origin(), "one"));
    const std::string_view method = "a\r\n\r\nPOST /other HTTP/1.1\r\nHost: x\r\n\r\n\0\x1B"sv;
    const Outcome outcome = support::run(context, client.call(method, R"({"x":"\r\n\u0000"})"));
    CHECK_MESSAGE(outcome.has_value(), outcome.error());
    const auto requests = requests_for(server, "/v1/rpc");
    REQUIRE(requests.size() == 1);
    CHECK(
        requests[0].body.find(R"(a\r\n\r\nPOST /other HTTP/1.1\r\nHost: x\r\n\r\n\u0000\u001b)") !=
        std::string::npos);
    CHECK(requests[0].header("Content-Length") == std::to_string(requests[0].body.size()));
    CHECK(server.ledger().request_count() == 2);
}

TEST_CASE("requests: cookies are neither kept nor sent back") {
    RawServer server{plain_script()};
    boost::asio::io_context context;
    TestClient client = make_client(context, credentials(server.origin(), "one"));
    for (int i = 0; i != 3; ++i)
        CHECK(support::run(context, client.call("m")).has_value());
    CHECK(server.connections() == 1);
    for (const auto& arrival : server.ledger().requests()) {
        CHECK_FALSE(arrival.request.header("Cookie").has_value());
        CHECK(arrival.request.head.find("session") == std::string::npos);
    }
}

TEST_CASE("requests: two clients share neither connection nor TLS session nor token") {
    const testing::detail::CertificateAuthority authority;
    const auto tls = support::tls_server(authority.issue(testing::detail::CertificateRequest{}));
    RawServer server{[&tls](RawPeer& peer) {
        peer.begin_tls(*tls);
        while (const auto request = peer.read())
            answer(peer, *request);
    }};
    ClientOptions options;
    options.http.tls.ca_pem = authority.certificate_pem();
    boost::asio::io_context context;
    TestClient one = make_client(context, credentials(server.origin("https"), "one"), options);
    TestClient two = make_client(context, credentials(server.origin("https"), "two"), options);
    for (int i = 0; i != 3; ++i) {
        CHECK(support::run(context, one.call("m")).has_value());
        CHECK(support::run(context, two.call("m")).has_value());
    }
    CHECK(server.connections() == 2);
    CHECK(SSL_CTX_sess_hits(tls->native_handle()) == 0);
    CHECK(requests_for(server, "/v1/oauth/token").size() == 2);
    for (const auto& arrival : server.ledger().requests()) {
        // Each secret and its token go over one connection only.
        const std::string own = arrival.connection == 1 ? "one" : "two";
        const std::string other = arrival.connection == 1 ? "two" : "one";
        const std::string all = arrival.request.head + arrival.request.body;
        CHECK(all.find("token-of-" + other) == std::string::npos);
        CHECK(all.find("client_secret=" + other) == std::string::npos);
        if (arrival.request.head.starts_with("POST /v1/rpc "))
            CHECK(arrival.request.header("Authorization") == "Bearer token-of-" + own);
    }
}

TEST_CASE("requests: a secret is changed by a new client, which uses it from its first call") {
    for (const std::string_view type : {"client-credentials", "basic-auth"}) {
        RawServer server{plain_script()};
        boost::asio::io_context context;
        std::optional<TestClient> client =
            make_client(context, credentials(server.origin(), "old", type));
        CHECK(support::run(context, client->call("m")).has_value());
        const std::size_t before = server.ledger().request_count();
        client.emplace(make_client(context, credentials(server.origin(), "new", type)));
        CHECK(support::run(context, client->call("m")).has_value());
        const auto all = server.ledger().requests();
        CHECK(all.size() == 2 * before);
        for (std::size_t i = before; i != all.size(); ++i) {
            const std::string text = all[i].request.head + all[i].request.body;
            CHECK(text.find("old") == std::string::npos);
            // "ident:old" and "ident:new".
            CHECK(text.find("aWRlbnQ6b2xk") == std::string::npos);
            CHECK(all[i].connection == 2);
        }
    }
}

}  // namespace secrets_requests_test
