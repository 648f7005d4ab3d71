// SPDX-License-Identifier: BSL-1.0
// A proxy with an origin behind it, and what must come of calls that go through: for any backend.

#ifndef CLARIFY_TESTS_SUPPORT_PROXY_SCENE_HPP
#define CLARIFY_TESTS_SUPPORT_PROXY_SCENE_HPP

#include <clarify/auth/bearer_token.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/detail/certificate.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/raw_server.hpp>
#include <support/run.hpp>
#include <support/text_codec.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace support {

/// A proxy that answers CONNECT as `answer` says, and is the origin `api.example` itself behind it.
template <class Backend>
struct ProxyBench {
    using Client = clarify::RpcClient<Backend, clarify::BearerToken, TextCodec>;
    using Authority = clarify::testing::detail::CertificateAuthority;
    using Outcome = clarify::Result<std::string>;

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
        options.http.proxy = clarify::ProxyOptions::parse("http://me:hush@127.0.0.1").value();
        options.http.proxy.address = clarify::Url::parse(server.origin()).value();
        options.http.tls.ca_pem = authority.certificate_pem();
        options.retry.base = std::chrono::milliseconds{1};
    }

    static std::shared_ptr<boost::asio::ssl::context> issue(
        const Authority& authority, std::string name) {
        clarify::testing::detail::CertificateRequest request;
        request.subject_alt_names = {std::move(name)};
        return tls_server(authority.issue(request));
    }

    /// Calls one after the other, by one client; the outcome of the last.
    Outcome call(
        bool idempotent = false,
        const std::string& url = "https://api.example/rpc",
        int times = 1) {
        Client client{
            context.get_executor(),
            clarify::Url::parse(url).value(),
            Backend{options.http},
            clarify::BearerToken{clarify::Secret{"api-token"}},
            options};
        clarify::CallOptions how;
        how.idempotent = idempotent;
        for (; times > 1; --times) {
            const Outcome earlier = run(context, client.call("test", "{}", how));
            CHECK_MESSAGE(earlier, earlier.error().to_string());
        }
        return run(context, client.call("test", "{}", how));
    }
    std::string head(std::size_t number) {
        return server.ledger().requests().at(number).request.head;
    }

    Authority authority;
    RawServer server;
    clarify::ClientOptions options;
    boost::asio::io_context context;
};

inline const std::string tunnel_opened = "HTTP/1.1 200 Connection established\r\n\r\n";

inline void check_proxy_refusal(
    const clarify::Result<std::string>& got,
    clarify::Reason reason,
    unsigned status,
    unsigned attempts) {
    REQUIRE_FALSE(got);
    const clarify::Error& error = got.error();
    CAPTURE(error.to_string());
    CHECK(error.code() == clarify::Errc::proxy);
    CHECK(error.reason() == reason);
    CHECK(error.phase() == clarify::Phase::proxy);
    CHECK(error.fate() == clarify::Fate::unsent);
    CHECK(error.http_status() == status);
    CHECK(error.attempts() == attempts);
    CHECK(error.to_string().find("hush") == std::string::npos);
}

namespace proxy_cases {

using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;

template <class Backend>
void each_party_sees_its_own_credentials_only() {
    ProxyBench<Backend> bench{tunnel_opened};
    const auto got = bench.call();
    REQUIRE_MESSAGE(got, got.error().to_string());
    CHECK(*got == "\"through\"");
    CHECK(
        bench.head(0) ==
        "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n"
        "Proxy-Authorization: Basic bWU6aHVzaA==\r\n\r\n");
    const std::string to_origin = bench.head(1);
    CHECK(to_origin.starts_with("POST /rpc HTTP/1.1\r\nHost: api.example\r\n"));
    CHECK(to_origin.find("Proxy") == std::string::npos);
    CHECK(to_origin.find("api-token") != std::string::npos);
}

template <class Backend>
void odd_credentials_arrive_as_they_are() {
    ProxyBench<Backend> bench{tunnel_opened};
    bench.options.http.proxy.username = "me%41";
    bench.options.http.proxy.password = clarify::Secret{"h%3Au:sh @"};
    CHECK(bench.call());
    CHECK(bench.head(0).find("Basic bWUlNDE6aCUzQXU6c2ggQA==\r\n") != std::string::npos);

    ProxyBench<Backend> open{tunnel_opened};
    open.options.http.proxy.username.clear();
    open.options.http.proxy.password = {};
    CHECK(open.call());
    CHECK(open.head(0) == "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n");
}

template <class Backend>
void calls_share_a_tunnel() {
    ProxyBench<Backend> bench{tunnel_opened};
    CHECK(bench.call(false, "https://api.example/rpc", 3));
    CHECK(bench.server.connections() == 1);
    CHECK(bench.server.ledger().request_count() == 4);
    for (std::size_t number = 1; number != 4; ++number)
        CHECK(bench.head(number).find("Proxy") == std::string::npos);
}

template <class Backend>
void a_good_answer_has_no_body() {
    for (const char* field : {"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"}) {
        CAPTURE(field);
        ProxyBench<Backend> bench{"HTTP/1.1 200 OK\r\n" + std::string{field} + "\r\n"};
        CHECK(bench.call());
    }
    ProxyBench<Backend> bench{"HTTP/1.0 204 Fine\r\n\r\n"};
    CHECK(bench.call());
}

template <class Backend>
void wrong_credentials_are_sent_once() {
    for (const bool idempotent : {false, true}) {
        ProxyBench<Backend> bench{
            "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno"};
        check_proxy_refusal(bench.call(idempotent), Reason::auth, 407, 1);
        CHECK(bench.server.connections() == 1);
        CHECK(bench.server.ledger().request_count() == 1);
    }
}

template <class Backend>
void a_refusal_is_final_unless_it_may_pass() {
    ProxyBench<Backend> forbidden{"HTTP/1.1 403 No\r\n\r\n"};
    check_proxy_refusal(forbidden.call(), Reason::refused, 403, 1);
    ProxyBench<Backend> unavailable{"HTTP/1.1 503 Later\r\n\r\n"};
    check_proxy_refusal(unavailable.call(), Reason::refused, 503, 3);
    CHECK(unavailable.server.connections() == 3);
    ProxyBench<Backend> redirect{"HTTP/1.1 302 There\r\nLocation: http://other.example/\r\n\r\n"};
    check_proxy_refusal(redirect.call(), Reason::refused, 302, 1);
    ProxyBench<Backend> wordy{"HTTP/1.1 403 No\r\nContent-Length: 99999\r\n\r\nBecause"};
    check_proxy_refusal(wordy.call(), Reason::refused, 403, 1);
}

template <class Backend>
void the_wait_that_it_asks_for_is_kept() {
    using namespace std::chrono_literals;
    for (const unsigned status : {429U, 503U}) {
        const std::string line = "HTTP/1.1 " + std::to_string(status) + " Later\r\n";
        ProxyBench<Backend> bench{line + "Retry-After: 100\r\n\r\n"};
        const auto got = bench.call();
        check_proxy_refusal(got, Reason::refused, status, 1);
        REQUIRE(got.error().http() != nullptr);
        CHECK(got.error().http()->retry_after == 100s);
        // What the proxy says is not put into the server's mouth.
        CHECK(got.error().to_string().find("server:") == std::string::npos);

        ProxyBench<Backend> patient{line + "Retry-After: 1\r\n\r\n"};
        patient.options.retry.attempts = 2;
        const auto before = std::chrono::steady_clock::now();
        check_proxy_refusal(patient.call(), Reason::refused, status, 2);
        CHECK(std::chrono::steady_clock::now() - before >= 1s);
    }
}

template <class Backend>
void an_answer_is_exactly_one_reply() {
    std::string many_fields;
    for (int i = 0; i != 129; ++i)
        many_fields += "A: b\r\n";
    for (const std::string& answer :
         {std::string{"SSH-2.0-OpenSSH_9.2\r\n\r\n"},
          tunnel_opened + "HTTP/1.1 200 OK\r\n\r\n",
          std::string{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
          "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n",
          "HTTP/1.1 200 OK\r\n" + many_fields + "\r\n",
          std::string{"HTTP/1.1 200 OK\nA b\n\n"}}) {
        CAPTURE(answer.substr(0, 60));
        ProxyBench<Backend> bench{answer};
        check_proxy_refusal(bench.call(), Reason::head, 0, 1);
        CHECK(bench.server.connections() == 1);
    }
}

template <class Backend>
void one_that_goes_away_is_asked_again() {
    for (const char* said : {"", "HTTP/1.1 403 N", "HTTP/1.1 200 OK\r\n"}) {
        CAPTURE(said);
        RawServer leaving{[said](RawPeer& peer) {
            peer.read();
            if (*said != '\0') peer.send(said);
        }};
        ProxyBench<Backend> bench{tunnel_opened};
        bench.options.http.proxy.address = clarify::Url::parse(leaving.origin()).value();
        check_proxy_refusal(bench.call(), Reason::reset, 0, 3);
    }
}

template <class Backend>
void one_that_hangs_is_given_up(
    std::chrono::milliseconds proxy_timeout, std::chrono::milliseconds others) {
    ProxyBench<Backend> bench{""};
    bench.options.http.proxy_timeout = proxy_timeout;
    bench.options.http.connect_timeout = others;
    bench.options.http.tls_timeout = others;
    bench.options.retry.attempts = 1;
    const auto begun = std::chrono::steady_clock::now();
    const auto got = bench.call();
    REQUIRE_FALSE(got);
    CHECK(got.error().code() == Errc::timeout);
    CHECK(got.error().phase() == Phase::proxy);
    CHECK(got.error().fate() == Fate::unsent);
    const auto took = std::chrono::steady_clock::now() - begun;
    CHECK(took >= proxy_timeout);
    // Long before the call's own end.
    CHECK(took < bench.options.call_timeout / 2);
}

template <class Backend>
void the_certificate_is_the_origins() {
    ProxyBench<Backend> bench{tunnel_opened, "DNS:proxy.example"};
    const auto got = bench.call();
    REQUIRE_FALSE(got);
    CHECK(got.error().code() == Errc::tls);
    CHECK(got.error().reason() == Reason::host_mismatch);
    CHECK(got.error().phase() == Phase::tls);
    CHECK(got.error().fate() == Fate::unsent);
    CHECK(bench.server.ledger().request_count() == 1);
}

template <class Backend>
void plain_http_is_refused() {
    ProxyBench<Backend> bench{tunnel_opened};
    const auto got = bench.call(false, "http://127.0.0.1:1/rpc");
    REQUIRE_FALSE(got);
    CHECK(got.error().code() == Errc::bad_config);
    CHECK(got.error().reason() == Reason::insecure);
    CHECK(got.error().phase() == Phase::proxy);
    CHECK(got.error().fate() == Fate::unsent);
    CHECK(bench.server.connections() == 0);
}

template <class Backend>
void an_exception_is_reached_directly() {
    ProxyBench<Backend> bench{tunnel_opened};
    bench.options.http.proxy.no_proxy = "127.0.0.1";
    bench.options.retry.attempts = 1;
    const auto direct = bench.call(false, "https://127.0.0.1:1/rpc");
    REQUIRE_FALSE(direct);
    CHECK(direct.error().code() == Errc::connect);
    CHECK(bench.server.connections() == 0);
}

template <class Backend>
void a_proxy_that_cannot_be_found_is_named() {
    ProxyBench<Backend> bench{tunnel_opened};
    bench.options.retry.attempts = 1;
    bench.options.http.proxy.address = clarify::Url::parse("http://127.0.0.1:1").value();
    const auto refused = bench.call();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Errc::connect);
    CHECK(refused.error().reason() == Reason::refused);
    CHECK(refused.error().to_string().find("127.0.0.1:1") != std::string::npos);
}

}  // namespace proxy_cases

template <class Backend>
void check_proxy() {
    using namespace proxy_cases;
    using namespace std::chrono_literals;
    SUBCASE("a call goes through a tunnel, and each party sees its own credentials only") {
        each_party_sees_its_own_credentials_only<Backend>();
    }
    SUBCASE("credentials with signs of other notations arrive as they are") {
        odd_credentials_arrive_as_they_are<Backend>();
    }
    SUBCASE("calls one after the other share a tunnel") { calls_share_a_tunnel<Backend>(); }
    SUBCASE("what a good reply to CONNECT announces is not there") {
        a_good_answer_has_no_body<Backend>();
    }
    SUBCASE("a proxy that wants other credentials is asked once") {
        wrong_credentials_are_sent_once<Backend>();
    }
    SUBCASE("a refusal is final, a proxy in trouble is asked again") {
        a_refusal_is_final_unless_it_may_pass<Backend>();
    }
    SUBCASE("the wait that it asks for is obeyed, and one that is too long is told") {
        the_wait_that_it_asks_for_is_kept<Backend>();
    }
    SUBCASE("an answer that is not exactly one reply is refused") {
        an_answer_is_exactly_one_reply<Backend>();
    }
    SUBCASE("one that goes away is asked again") { one_that_goes_away_is_asked_again<Backend>(); }
    SUBCASE("one that hangs is given up, sooner than a connection would be") {
        one_that_hangs_is_given_up<Backend>(100ms, 60s);
    }
    SUBCASE("one that hangs is given up, later than a connection would be") {
        one_that_hangs_is_given_up<Backend>(600ms, 200ms);
    }
    SUBCASE("the certificate behind the tunnel must be the origin's") {
        the_certificate_is_the_origins<Backend>();
    }
    SUBCASE("plain http is not sent through it") { plain_http_is_refused<Backend>(); }
    SUBCASE("an exception is reached directly") { an_exception_is_reached_directly<Backend>(); }
    SUBCASE("a proxy that cannot be found is named") {
        a_proxy_that_cannot_be_found_is_named<Backend>();
    }
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_PROXY_SCENE_HPP
