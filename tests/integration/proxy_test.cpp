// SPDX-License-Identifier: BSL-1.0
// Tunnels through a proxy, over real sockets.

#include <clarify/auth/bearer_token.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/detail/certificate.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>
#include <support/raw_server.hpp>
#include <support/run.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <clarify/http/impl/beast_backend.hpp>

using namespace clarify;
using namespace support;
using namespace std::chrono_literals;

namespace {

using TestClient = RpcClient<BeastBackend, BearerToken, BoostJsonCodec>;
using clarify::testing::detail::CertificateAuthority;
using clarify::testing::detail::CertificateRequest;

/// A proxy that answers CONNECT as `answer` says, and is the origin `api.example` itself behind it.
struct ProxyBench {
    explicit ProxyBench(std::string answer, std::string certified = "DNS:api.example")
        : server([answer = std::move(answer),
                  tls = issue(authority, std::move(certified))](RawPeer& peer) {
              if (!peer.read()) return;
              if (answer.empty()) return peer.await_release();
              peer.send(answer);
              peer.begin_tls(*tls);
              while (const auto request = peer.read())
                  peer.result(*request, "\"through\"");
          }) {
        options.http.proxy = ProxyOptions::parse("http://me:hush@127.0.0.1").value();
        options.http.proxy.address = Url::parse(server.origin()).value();
        options.http.tls.ca_pem = authority.certificate_pem();
        options.retry.base = 1ms;
    }

    static std::shared_ptr<boost::asio::ssl::context> issue(
        const CertificateAuthority& authority, std::string name) {
        CertificateRequest request;
        request.subject_alt_names = {std::move(name)};
        return tls_server(authority.issue(request));
    }

    Result<boost::json::value> call(
        bool idempotent = false, const std::string& url = "https://api.example/rpc") {
        TestClient client{
            context.get_executor(),
            Url::parse(url).value(),
            BeastBackend{options.http},
            BearerToken{Secret{"api-token"}},
            options};
        CallOptions call;
        call.idempotent = idempotent;
        return run(context, client.call("test", no_params, call));
    }
    std::string head(std::size_t number) {
        return server.ledger().requests().at(number).request.head;
    }

    CertificateAuthority authority;
    RawServer server;
    ClientOptions options;
    boost::asio::io_context context;
};

const std::string opened = "HTTP/1.1 200 Connection established\r\n\r\n";

void check_refused(
    const Result<boost::json::value>& got, Reason reason, unsigned status, unsigned attempts) {
    REQUIRE_FALSE(got);
    const Error& error = got.error();
    CHECK(error.code() == Errc::proxy);
    CHECK(error.reason() == reason);
    CHECK(error.phase() == Phase::proxy);
    CHECK(error.fate() == Fate::unsent);
    CHECK(error.http_status() == status);
    CHECK(error.attempts() == attempts);
    CHECK(error.to_string().find("hush") == std::string::npos);
}

}  // namespace

TEST_CASE("proxy: a call goes through a tunnel, and each party sees its own credentials only") {
    ProxyBench bench{opened};
    const auto got = bench.call();
    REQUIRE_MESSAGE(got, got.error().to_string());
    CHECK(*got == "through");
    const std::string to_proxy = bench.head(0);
    CHECK(to_proxy.starts_with("CONNECT api.example:443 HTTP/1.1\r\n"));
    CHECK(to_proxy.find("Proxy-Authorization: Basic bWU6aHVzaA==\r\n") != std::string::npos);
    CHECK(to_proxy.find("api-token") == std::string::npos);
    const std::string to_origin = bench.head(1);
    CHECK(to_origin.starts_with("POST /rpc HTTP/1.1\r\nHost: api.example\r\n"));
    CHECK(to_origin.find("Proxy") == std::string::npos);
}

TEST_CASE("proxy: what a good reply to CONNECT announces is not there") {
    for (const char* field : {"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"}) {
        CAPTURE(field);
        ProxyBench bench{"HTTP/1.1 200 OK\r\n" + std::string{field} + "\r\n"};
        CHECK(bench.call());
    }
    ProxyBench bench{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 Fine\r\n\r\n"};
    CHECK(bench.call());
}

TEST_CASE("proxy: a proxy that wants other credentials is asked once") {
    for (const bool idempotent : {false, true}) {
        ProxyBench bench{
            "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno"};
        check_refused(bench.call(idempotent), Reason::auth, 407, 1);
        CHECK(bench.server.connections() == 1);
    }
}

TEST_CASE("proxy: a refusal is final, a proxy in trouble is asked again") {
    ProxyBench forbidden{"HTTP/1.1 403 No\r\n\r\n"};
    check_refused(forbidden.call(), Reason::refused, 403, 1);
    ProxyBench unavailable{"HTTP/1.1 503 Later\r\n\r\n"};
    check_refused(unavailable.call(), Reason::refused, 503, 3);
    CHECK(unavailable.server.connections() == 3);
    ProxyBench redirect{"HTTP/1.1 302 There\r\nLocation: http://other.example/\r\n\r\n"};
    check_refused(redirect.call(), Reason::refused, 302, 1);
}

TEST_CASE("proxy: the wait that it asks for is obeyed, and one that is too long is told") {
    for (const unsigned status : {429U, 503U}) {
        const std::string line = "HTTP/1.1 " + std::to_string(status) + " Later\r\n";
        ProxyBench bench{line + "Retry-After: 100\r\n\r\n"};
        const auto got = bench.call();
        check_refused(got, Reason::refused, status, 1);
        REQUIRE(got.error().http() != nullptr);
        CHECK(got.error().http()->retry_after == 100s);
        // What the proxy says is not put into the server's mouth.
        CHECK(got.error().to_string().find("server:") == std::string::npos);

        ProxyBench patient{line + "Retry-After: 1\r\n\r\n"};
        patient.options.retry.attempts = 2;
        const auto before = std::chrono::steady_clock::now();
        check_refused(patient.call(), Reason::refused, status, 2);
        CHECK(std::chrono::steady_clock::now() - before >= 1s);
    }
}

TEST_CASE("proxy: an answer that is not exactly one reply is refused") {
    for (const std::string& answer :
         {std::string{"SSH-2.0-OpenSSH_9.2\r\n\r\n"},
          opened + "HTTP/1.1 200 OK\r\n\r\n",
          std::string{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
          "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n",
          std::string{"HTTP/1.1 200 OK\nA b\n\n"}}) {
        CAPTURE(answer.substr(0, 60));
        ProxyBench bench{answer};
        check_refused(bench.call(), Reason::head, 0, 1);
        CHECK(bench.server.connections() == 1);
    }
}

TEST_CASE("proxy: one that goes away is asked again, one that hangs is given up") {
    CertificateAuthority authority;
    RawServer leaving{[](RawPeer& peer) { peer.read(); }};
    ProxyBench bench{opened};
    bench.options.http.proxy.address = Url::parse(leaving.origin()).value();
    check_refused(bench.call(), Reason::reset, 0, 3);

    ProxyBench hanging{""};
    hanging.options.http.proxy_timeout = 50ms;
    hanging.options.retry.attempts = 1;
    const auto got = hanging.call();
    REQUIRE_FALSE(got);
    CHECK(got.error().code() == Errc::timeout);
    CHECK(got.error().phase() == Phase::proxy);
    CHECK(got.error().fate() == Fate::unsent);
}

TEST_CASE("proxy: the certificate behind the tunnel must be the origin's") {
    ProxyBench bench{opened, "DNS:proxy.example"};
    const auto got = bench.call();
    REQUIRE_FALSE(got);
    CHECK(got.error().code() == Errc::tls);
    CHECK(got.error().reason() == Reason::host_mismatch);
    CHECK(bench.server.ledger().request_count() == 1);
}

TEST_CASE("proxy: plain http is not sent through it") {
    ProxyBench bench{opened};
    const auto got = bench.call(false, "http://127.0.0.1:1/rpc");
    REQUIRE_FALSE(got);
    CHECK(got.error().code() == Errc::bad_config);
    CHECK(got.error().reason() == Reason::insecure);
    CHECK(bench.server.connections() == 0);
}

TEST_CASE("proxy: an exception is reached directly, and a proxy that cannot be found is named") {
    ProxyBench bench{opened};
    bench.options.http.proxy.no_proxy = "127.0.0.1";
    bench.options.retry.attempts = 1;
    const auto direct = bench.call(false, "https://127.0.0.1:1/rpc");
    REQUIRE_FALSE(direct);
    CHECK(direct.error().code() == Errc::connect);
    CHECK(bench.server.connections() == 0);

    bench.options.http.proxy.address = Url::parse("http://127.0.0.1:1").value();
    const auto lost = bench.call();
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code() == Errc::connect);
    CHECK(lost.error().to_string().find("127.0.0.1:1") != std::string::npos);
}
