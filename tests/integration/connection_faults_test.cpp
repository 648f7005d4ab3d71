// SPDX-License-Identifier: BSL-1.0
// What a call reports when connecting or the connection fails, and what goes over it.

#include <clarify/auth/bearer_token.hpp>

#include "connection_cases.hpp"
#include "raw_caller.hpp"

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace connection_faults_test {

using namespace raw_caller;

TEST_CASE("RpcClient: the request on the wire is exactly what the protocol asks for") {
    std::vector<support::RawRequest> seen;
    std::mutex mutex;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            {
                const std::lock_guard lock{mutex};
                seen.push_back(*request);
            }
            peer.result(*request, "1");
        }
    }};
    Caller caller{server};
    clarify::CallOptions options;
    options.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    options.headers.add("X-Extra", "yes");
    REQUIRE(caller.call(options));
    options.api_version = clarify::ApiVersion::none();
    REQUIRE(caller.call(options));

    const std::lock_guard lock{mutex};
    REQUIRE(seen.size() == 2);
    const std::string host = "127.0.0.1:" + std::to_string(server.port());
    CHECK(
        seen[0].head ==
        "POST /v1/rpc HTTP/1.1\r\nHost: " + host +
            "\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
            "X-API-Version: 1.1\r\nUser-Agent: clarify-cpp/" CLARIFY_VERSION_STRING
            "\r\n"
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
            "X-Extra: yes\r\nContent-Length: 59\r\n\r\n");
    CHECK(seen[0].body == R"({"jsonrpc":"2.0","method":"test.method","id":1,"params":{}})");
    CHECK_FALSE(seen[1].header("X-API-Version"));
    CHECK(seen[1].id() == "2");
    CHECK(server.connections() == 1);
}

TEST_CASE(
    "RpcClient: what cannot be sent is refused before any I/O, and not inside the starting call") {
    RawServer server{support::answer_all("1")};
    clarify::ClientOptions options = quick_options();
    options.max_request_body = 200;
    Caller caller{server, options};
    const auto refusal =
        [&](clarify::CallOptions call_options, std::string method, std::string params) {
            bool inside = true;
            std::optional<clarify::Error> error;
            caller.client.async_call(
                method, params, std::move(call_options), [&](const Outcome& outcome) {
                    CHECK_FALSE(inside);
                    error = outcome.error();
                });
            inside = false;
            caller.context.restart();
            caller.context.run();
            REQUIRE(error);
            CHECK(error->code() == Errc::bad_argument);
            CHECK(error->fate() == Fate::unsent);
            CHECK(error->attempts() == 0);
            return error->reason();
        };
    CHECK(refusal({}, "", "{}") == Reason::method);
    CHECK(refusal({}, "rpc.discover", "{}") == Reason::method);
    CHECK(refusal({}, "m", "7") == Reason::params);
    CHECK(refusal({}, "m", "{\"a\":\"" + std::string(300, 'x') + "\"}") == Reason::request);
    clarify::CallOptions headers;
    headers.headers.add("X-Evil", "a\r\nHost: b");
    CHECK(refusal(headers, "m", "{}") == Reason::header);
    clarify::CallOptions host;
    host.headers.add("HOST", "b");
    CHECK(refusal(host, "m", "{}") == Reason::header);
    clarify::CallOptions version;
    version.api_version = clarify::ApiVersion{"1.1\n"};
    CHECK(refusal(version, "m", "{}") == Reason::header);
    CHECK(server.connections() == 0);
}

TEST_CASE("RpcClient: credentials do not travel over plain http to another machine") {
    boost::asio::io_context context;
    using BearerClient =
        clarify::RpcClient<clarify::BeastBackend, clarify::BearerToken, support::TextCodec>;
    BearerClient client{
        context.get_executor(),
        *clarify::Url::parse("http://192.0.2.1/rpc"),
        clarify::BeastBackend{},
        clarify::BearerToken{clarify::Secret{"token"}}};
    const Outcome outcome = support::run(context, client.call("m", "{}"));
    CHECK(outcome.error().code() == Errc::bad_config);
    CHECK(outcome.error().reason() == Reason::insecure);
}

TEST_CASE("BeastBackend: a connection serves the scheme and the port it was opened for only") {
    const auto script = [](RawPeer& peer) {
        while (const auto request = peer.read())
            peer.result(*request, "1");
    };
    RawServer server{script};
    RawServer neighbour{script};
    boost::asio::io_context context;
    clarify::HttpOptions options;
    options.tls_timeout = 200ms;
    clarify::BeastBackend backend{options};
    const auto post = [&](const std::string& origin) {
        const auto url = *clarify::Url::parse(origin + "/rpc");
        clarify::HttpRequest request;
        request.url = &url;
        request.body = R"({"jsonrpc":"2.0","id":1,"method":"test.method"})";
        request.deadline = clarify::Clock::now() + support::patience;
        clarify::HttpResponse response;
        clarify::HttpProgress progress;
        auto outcome = support::run(context, backend.post(request, response, progress));
        response.lease.keep();
        return outcome;
    };
    CHECK(post(server.origin()).has_value());
    CHECK(post(neighbour.origin()).has_value());
    CHECK(server.connections() == 1);
    CHECK(neighbour.connections() == 1);
    // Kept, but not for what must be encrypted.
    const auto encrypted = post(server.origin("https"));
    REQUIRE(encrypted.has_error());
    CHECK(encrypted.error().phase() == Phase::tls);
    CHECK(post(server.origin()).has_value());
    CHECK(server.connections() == 2);
    CHECK(server.ledger().request_count() == 2);
}

TEST_CASE(
    "BeastBackend: a request lost on a reused connection is repeated once for idempotent calls "
    "only") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            // Each connection serves one request, takes the next one, and dies.
            if (++requests % 2 == 0) return peer.reset();
            peer.result(*request, "1");
        }
    }};
    Caller caller{server};
    REQUIRE(caller.call());
    CHECK(caller.idempotent_call());
    CHECK(requests == 3);
    const Outcome lost = caller.call();
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code() == Errc::io);
    CHECK(lost.error().reason() == Reason::stale);
    CHECK(lost.error().fate() == Fate::unknown);
    CHECK(lost.error().attempts() == 1);
    CHECK(requests == 4);
}

TEST_CASE(
    "BeastBackend: bytes behind a reply, or unasked, cost the connection and reach no other call") {
    RawServer server{[](RawPeer& peer) {
        while (const auto request = peer.read()) {
            peer.result(*request, "\"mine\"");
            peer.send(with_body("200 OK", "", R"({"jsonrpc":"2.0","id":2,"result":"forged"})"));
        }
    }};
    Caller caller{server};
    for (int i = 0; i != 3; ++i) {
        CHECK(caller.call().value() == "\"mine\"");
        std::this_thread::sleep_for(5ms);
    }
    CHECK(server.connections() == 3);
}

TEST_CASE("BeastBackend: bytes that come with a reply cost the connection at once") {
    RawServer server{[](RawPeer& peer) {
        const auto request = peer.read();
        peer.send(
            with_body("200 OK", "", R"({"jsonrpc":"2.0","id":1,"result":1})") +
            with_body("200 OK", "", R"({"jsonrpc":"2.0","id":2,"result":"forged"})"));
        peer.drain();
    }};
    int closed = 0;
    clarify::ClientOptions options = quick_options();
    options.http.observer = [&](const clarify::Event& event) {
        if (event.kind == clarify::EventKind::connection_closed) ++closed;
    };
    Caller caller{server, options};
    CHECK(caller.call());
    CHECK(closed == 1);
}

TEST_CASE("BeastBackend: the deadline ends a call in any phase and names it") {
    connection_cases::deadline_names_the_phase<clarify::BeastBackend>();
}

TEST_CASE(
    "BeastBackend: nobody listening is a refused connection, unsent, tried again within its "
    "attempts") {
    connection_cases::nobody_listens<clarify::BeastBackend>();
}

TEST_CASE("BeastBackend: an unknown name is not found, unsent and final") {
    connection_cases::name_is_unknown<clarify::BeastBackend>();
}

TEST_CASE("BeastBackend: the line has its limit, and waiting in it a deadline") {
    connection_cases::line_has_its_limit<clarify::BeastBackend>();
}

TEST_CASE("BeastBackend: a connection the server has closed is replaced before anything is sent") {
    connection_cases::closed_connection_is_replaced<clarify::BeastBackend>();
}

TEST_CASE(
    "BeastBackend: bytes that come with a reply cost the connection and reach no other call") {
    connection_cases::bytes_behind_a_reply<clarify::BeastBackend>();
}

TEST_CASE("BeastBackend: a refusal that comes before all of the request was read is still read") {
    connection_cases::early_refusal_is_read<clarify::BeastBackend>();
}

TEST_CASE(
    "BeastBackend: a reply is the same however it is cut, with lengths, chunks or until close") {
    connection_cases::reply_is_cut_anywhere<clarify::BeastBackend>();
}

TEST_CASE("BeastBackend: destroying the client ends its calls with closed, each once") {
    connection_cases::client_is_destroyed<clarify::BeastBackend>();
}

}  // namespace connection_faults_test
