// Tests of the emulator over real connections, with a client that shares no code with it.
//
// SPDX-License-Identifier: BSL-1.0

#include <clarify/testing/emulator.hpp>

#include "../support/temporary_directory.hpp"
#include "emulator_peer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace emulator_test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using asio::ip::tcp;
using clarify::testing::Emulator;
using clarify::testing::EmulatorOptions;
using clarify::testing::Sample;
using emulator_test::Fields;
using emulator_test::Peer;
using emulator_test::Reply;

namespace {

EmulatorOptions plain_http() {
    EmulatorOptions options;
    options.tls = false;
    return options;
}

std::string token_form(const Emulator& emulator) {
    return "grant_type=client_credentials&client_id=" + emulator.options().client_id +
        "&client_secret=" + emulator.options().client_secret + "&audience=" + emulator.api_url();
}

std::string bearer(Peer& peer, const Emulator& emulator) {
    const Reply reply = peer.post_form(token_form(emulator));
    REQUIRE(reply.result_int() == 200);
    const json::value body = json::parse(reply.body());
    return "Bearer " + std::string(body.at("access_token").as_string());
}

const std::string select_items = R"({"jsonrpc":"2.0","method":"clarify.selectItems","id":1})";

}  // namespace

TEST_CASE("Emulator: a token opens the RPC endpoint over one TLS connection") {
    const Emulator emulator;
    Peer peer(emulator);

    const Reply token = peer.post_form(token_form(emulator));
    CHECK(token.result_int() == 200);
    CHECK(token[http::field::cache_control] == "no-store");
    CHECK(token[http::field::content_type] == "application/json");
    const json::value body = json::parse(token.body());
    CHECK(body.at("expires_in") == 86400);
    CHECK(body.at("token_type") == "Bearer");
    CHECK(body.at("scope") == "invoke:integration");

    const std::string authorization = "Bearer " + std::string(body.at("access_token").as_string());
    const Reply reply = peer.post_rpc(authorization, select_items);
    CHECK(reply.result_int() == 200);
    CHECK(reply["X-API-Version"] == "1.1");
    CHECK(reply.body().starts_with(R"({"jsonrpc":"2.0","id":1,"result":)"));

    const auto stats = emulator.stats();
    CHECK(stats.connections == 1);
    CHECK(stats.tls_handshakes == 1);
    CHECK(stats.token_requests == 1);
    CHECK(stats.token_failures == 0);
    CHECK(stats.rpc_requests == 1);
    CHECK(stats.calls == 1);
    CHECK(stats.notifications == 0);
    CHECK(stats.unauthorized == 0);
    CHECK(stats.methods.at("clarify.selectItems") == 1);
}

TEST_CASE("Emulator: its certificate is good for its names only") {
    const Emulator emulator;
    CHECK_NOTHROW(Peer(emulator, "localhost"));
    CHECK_THROWS_AS(Peer(emulator, "example.com"), boost::system::system_error);
    const Emulator other;
    CHECK(other.ca_certificate_pem() != emulator.ca_certificate_pem());
}

TEST_CASE("Emulator: the token endpoint tells what is wrong with a request") {
    EmulatorOptions options = plain_http();
    options.client_id = "a b";
    options.client_secret = "se cret+/=&";
    const Emulator emulator(options);
    Peer peer(emulator);
    const std::string audience = "&audience=" + emulator.api_url();
    const std::string grant = "grant_type=client_credentials";
    const std::string good = "&client_id=a+b&client_secret=se+cret%2B%2F%3D%26";
    const auto error_of = [&](const Reply& reply) {
        return std::to_string(reply.result_int()) + " " +
            std::string(json::parse(reply.body()).at("error").as_string());
    };

    CHECK(peer.post_form(grant + good + audience).result_int() == 200);
    CHECK(error_of(peer.post_form(good + audience)) == "400 invalid_request");
    CHECK(
        error_of(peer.post_form("grant_type=password" + good + audience)) ==
        "400 unsupported_grant_type");
    CHECK(error_of(peer.post_form(grant + good)) == "400 invalid_request");
    CHECK(
        error_of(peer.post_form(grant + good + "&audience=https://other/")) ==
        "400 invalid_request");
    CHECK(error_of(peer.post_form(grant + good + good + audience)) == "401 invalid_client");
    CHECK(
        error_of(peer.post_form(grant + "&client_id=a+b&client_secret=x" + audience)) ==
        "401 invalid_client");
    CHECK(error_of(peer.post_form(grant + "&client_id=%zz" + audience)) == "400 invalid_request");
    CHECK(
        error_of(peer.send(
            http::verb::post, "/v1/oauth/token", {{"Content-Type", "application/json"}}, "{}")) ==
        "400 invalid_request");

    // "a+b:se+cret%2B%2F%3D%26" and "a+b:wrong"
    const Fields header{{"Authorization", "Basic YStiOnNlK2NyZXQlMkIlMkYlM0QlMjY="}};
    CHECK(peer.post_form(grant + audience, header).result_int() == 200);
    CHECK(error_of(peer.post_form(grant + good + audience, header)) == "400 invalid_request");
    const Reply denied =
        peer.post_form(grant + audience, {{"Authorization", "Basic YStiOndyb25n"}});
    CHECK(error_of(denied) == "401 invalid_client");
    CHECK(denied.count(http::field::www_authenticate) == 1);
    CHECK(emulator.stats().token_requests == 12);
    CHECK(emulator.stats().token_failures == 10);
}

TEST_CASE("Emulator: only valid credentials are authorized") {
    EmulatorOptions options = plain_http();
    options.integration = "c618rbfqfsj7mjkj0ss1";
    options.basic_password = "secret";
    options.token_lifetime = std::chrono::seconds(1);
    Emulator emulator(options);
    Peer peer(emulator);
    const auto status = [&](const std::string& authorization) {
        return peer.post_rpc(authorization, select_items).result_int();
    };

    CHECK(status("Basic YzYxOHJiZnFmc2o3bWprajBzczE6c2VjcmV0") == 200);
    CHECK(status("basic YzYxOHJiZnFmc2o3bWprajBzczE6c2VjcmV0") == 200);
    CHECK(status("Basic YzYxOHJiZnFmc2o3bWprajBzczE6c2VjcmV1") == 401);
    CHECK(status("Basic !") == 401);
    CHECK(status("Bearer nonsense") == 401);
    CHECK(status("nonsense") == 401);
    const Reply none =
        peer.send(http::verb::post, "/v1/rpc", {{"Content-Type", "application/json"}}, "{}");
    CHECK(none.result_int() == 401);
    CHECK(none.count(http::field::www_authenticate) == 1);

    const std::string revoked = bearer(peer, emulator);
    CHECK(status(revoked) == 200);
    emulator.revoke_tokens();
    CHECK(status(revoked) == 401);
    CHECK(emulator.stats().unauthorized == 6);

    const std::string expired = bearer(peer, emulator);
    CHECK(status(expired) == 200);
    std::this_thread::sleep_for(std::chrono::milliseconds(1010));
    CHECK(status(expired) == 401);
}

TEST_CASE("Emulator: a request that cannot be transported is refused") {
    const Emulator emulator(plain_http());
    Peer peer(emulator);
    const std::string token = bearer(peer, emulator);
    const auto post = [&](const std::string& name, const std::string& value) {
        return peer.post_rpc(token, select_items, {{name, value}});
    };

    CHECK(post("Content-Type", "text/plain").result_int() == 400);
    CHECK(post("Content-Type", "application/json; charset=latin1").result_int() == 400);
    CHECK(post("Content-Type", "Application/JSON; charset=\"UTF-8\"").result_int() == 200);
    const Reply unknown = post("X-API-Version", "2.0");
    CHECK(unknown.result_int() == 400);
    CHECK(unknown.body().find("X-API-Version") != std::string::npos);
    CHECK(post("X-API-Version", "1.2alpha1")["X-API-Version"] == "1.2beta1");
    CHECK(post("X-API-Version", "1.2")["X-API-Version"] == "1.2");

    const Reply get = peer.send(http::verb::get, "/v1/rpc", {}, "");
    CHECK(get.result_int() == 405);
    CHECK(get[http::field::allow] == "POST");
    CHECK(peer.send(http::verb::post, "/v2/rpc", {}, "").result_int() == 404);
    CHECK(peer.send(http::verb::post, "/v1/rpc/", {}, "").result_int() == 404);
    CHECK(emulator.stats().connections == 1);
}

TEST_CASE("Emulator: a notification has no body and is executed") {
    const Emulator emulator;
    Peer peer(emulator);
    const std::string token = bearer(peer, emulator);
    const Reply reply = peer.post_rpc(
        token,
        R"({"jsonrpc":"2.0","method":"integration.insert","params":{"integration":")" +
            emulator.options().integration +
            R"(","data":{"times":["2022-01-01T00:00:00Z"],"series":{"in":[20.5]}}}})");
    CHECK(reply.result_int() == 204);
    CHECK(reply.count(http::field::content_length) == 0);
    CHECK(reply.body().empty());
    CHECK(emulator.sample_count("in") == 1);
    CHECK(emulator.stats().notifications == 1);
    CHECK(emulator.stats().methods.at("integration.insert") == 1);
    CHECK(peer.post_rpc(token, select_items).result_int() == 200);
}

TEST_CASE("Emulator: the caller's trace is continued") {
    const Emulator emulator(plain_http());
    Peer peer(emulator);
    const std::string token = bearer(peer, emulator);
    const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const auto traceparent = [&](const std::string& sent) {
        const Reply reply = peer.post_rpc(token, select_items, {{"traceparent", sent}});
        return std::string(reply["traceparent"]);
    };
    const std::string continued = traceparent(parent);
    CHECK(continued.size() == 55);
    CHECK(continued.starts_with(parent.substr(0, 36)));
    CHECK(continued.ends_with("-01"));
    CHECK(continued.substr(36, 16) != parent.substr(36, 16));
    CHECK(
        traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01").substr(3, 32) !=
        std::string(32, '0'));
}

TEST_CASE("Emulator: planned failures happen as often as planned") {
    Emulator emulator(plain_http());
    Peer peer(emulator);
    const std::string token = bearer(peer, emulator);

    emulator.fail_next(2, 503, std::chrono::seconds(7));
    const Reply failed = peer.post_rpc(token, select_items);
    CHECK(failed.result_int() == 503);
    CHECK(failed[http::field::retry_after] == "7");
    CHECK(peer.post_rpc("", select_items).result_int() == 503);
    CHECK(peer.post_rpc(token, select_items).result_int() == 200);
    emulator.fail_next(1, 401);
    CHECK(peer.post_rpc(token, select_items).count(http::field::www_authenticate) == 1);
    CHECK(emulator.stats().unauthorized == 1);
    CHECK(emulator.stats().rpc_requests == 4);
    CHECK(emulator.stats().calls == 1);

    emulator.set_token_endpoint_failure(429);
    CHECK(peer.post_form(token_form(emulator)).result_int() == 429);
    CHECK(peer.post_form(token_form(emulator)).result_int() == 429);
    emulator.clear_token_endpoint_failure();
    CHECK(peer.post_form(token_form(emulator)).result_int() == 200);
    CHECK(emulator.stats().token_failures == 2);
}

TEST_CASE("Emulator: what is no HTTP, or too much of it, is refused and cut") {
    const Emulator emulator(plain_http());
    const auto answer = [&](const std::string& bytes) {
        return Peer(emulator).exchange(bytes).substr(0, 12);
    };
    CHECK(answer("nonsense\r\n\r\n") == "HTTP/1.1 400");
    CHECK(answer("POST /v1/rpc HTTP/1.1\r\nConnection: close\r\n\r\n") == "HTTP/1.1 400");
    CHECK(
        answer("POST /v1/rpc HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'x')) ==
        "HTTP/1.1 431");
    CHECK(
        answer("POST /v1/rpc HTTP/1.1\r\nHost: a\r\nContent-Length: 8388609\r\n\r\n") ==
        "HTTP/1.1 413");
    const std::string chunked =
        "POST /v1/rpc HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(answer(chunked + "zz\r\n") == "HTTP/1.1 400");
    CHECK(answer(chunked + "1;" + std::string(300'000, 'x')) == "HTTP/1.1 400");
    CHECK(answer(chunked + "0\r\n" + "X: " + std::string(300'000, 'x')) == "HTTP/1.1 400");
    CHECK(answer("POST /v1/rpc HTTP/1.0\r\n\r\n") == "HTTP/1.1 401");
    // Where two recipients could see the end at different places.
    for (const char* const framing :
         {"Transfer-Encoding: chunked, x\r\n",
          "Transfer-Encoding: identity\r\n",
          "Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
          "Content-Length: 0\r\nContent-Length: 0\r\n"}) {
        const std::string all = Peer(emulator).exchange(
            "POST /v1/rpc HTTP/1.1\r\nHost: a\r\n" + std::string(framing) +
            "\r\nPOST /v1/rpc HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(all.starts_with("HTTP/1.1 400"));
        CHECK(all.find("HTTP/1.1", 1) == std::string::npos);
    }
    Peer(emulator).socket().close();
    CHECK(Peer(emulator).send(http::verb::post, "/", {}, "").result_int() == 404);
}

TEST_CASE("Emulator: the bodies of all requests together have a limit as well") {
    EmulatorOptions options = plain_http();
    options.max_request_size = 64 * 1024;
    const Emulator emulator(options);
    // All but the last byte.
    const std::string bytes = "POST /v1/rpc HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n" +
        std::string(65'535, 'x');
    {
        std::vector<std::unique_ptr<Peer>> peers;
        for (int i = 0; i != 32; ++i) {
            peers.push_back(std::make_unique<Peer>(emulator));
            asio::write(peers.back()->socket(), asio::buffer(bytes));
        }
        // It may still be reading the others.
        std::string refused;
        for (int i = 0; i != 1000 && refused.empty(); ++i)
            refused = Peer(emulator).exchange(bytes);
        CHECK(refused.starts_with("HTTP/1.1 503"));
    }
    CHECK(Peer(emulator).post_rpc("", "{}").result_int() == 401);
}

TEST_CASE("Emulator: requests may be pipelined, and expect to continue") {
    const Emulator emulator(plain_http());
    const std::string head = "POST /v1/rpc HTTP/1.1\r\nHost: a\r\n";
    const std::string two = Peer(emulator).exchange(
        head + "Content-Length: 2\r\n\r\n{}" + head +
        "Connection: close\r\nContent-Length: 0\r\n\r\n");
    CHECK(two.find("401", two.find("401") + 3) != std::string::npos);
    const std::string continued = Peer(emulator).exchange(
        head + "Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    CHECK(continued == "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_CASE("Emulator: stops at once with open connections") {
    auto emulator = std::make_unique<Emulator>();
    Peer idle(*emulator);
    Peer busy(*emulator);
    asio::io_context context;
    tcp::socket silent(context);  // never begins its handshake
    silent.connect({asio::ip::make_address("127.0.0.1"), emulator->port()});
    bearer(busy, *emulator);

    const auto start = std::chrono::steady_clock::now();
    emulator.reset();
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
    CHECK_THROWS(idle.post_rpc("", ""));
}

TEST_CASE("Emulator: a taken port and options out of range are errors") {
    const Emulator emulator(plain_http());
    EmulatorOptions options = plain_http();
    options.port = emulator.port();
    CHECK_THROWS_AS(Emulator{options}, boost::system::system_error);
    options = plain_http();
    options.integration = "short";
    CHECK_THROWS_AS(Emulator{options}, std::invalid_argument);
    options = plain_http();
    options.token_lifetime = std::chrono::seconds(0);
    CHECK_THROWS_AS(Emulator{options}, std::invalid_argument);
}

TEST_CASE("Emulator: credentials are written for their owner only") {
    namespace fs = std::filesystem;
    const Emulator emulator;
    const support::TemporaryDirectory folder;
    const fs::path path = folder / "credentials.json";
    emulator.write_credentials(path);
    std::ifstream file(path);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const fs::perms permissions = fs::status(path).permissions();

    CHECK(permissions == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(text == emulator.credentials_json());
    const json::value credentials = json::parse(text);
    CHECK(credentials.at("apiUrl") == json::value(emulator.api_url()));
    CHECK(credentials.at("integration") == json::value(emulator.options().integration));
    CHECK(credentials.at("credentials").at("type") == "client-credentials");
    const json::value basic = json::parse(emulator.basic_credentials_json());
    CHECK(basic.at("credentials").at("type") == "basic-auth");
    CHECK(basic.at("credentials").at("clientId") == json::value(emulator.options().integration));
    CHECK_THROWS_AS(emulator.write_credentials("/no/such/folder/file.json"), std::system_error);
}

TEST_CASE("Emulator: tests can fill and inspect the store") {
    Emulator emulator(plain_http());
    const std::vector<Sample> samples{
        Sample(std::chrono::sys_days(std::chrono::year(2022) / 1 / 2), 2.5),
        Sample(std::chrono::sys_days(std::chrono::year(2022) / 1 / 1), 1)};
    CHECK_FALSE(emulator.signal_id("in"));
    const std::string signal = emulator.seed("in", samples);
    CHECK(emulator.signal_id("in") == signal);
    CHECK_FALSE(emulator.item_id("in"));
    const std::string item = emulator.publish("in");
    CHECK(emulator.publish("in") == item);
    CHECK(emulator.item_id("in") == item);
    CHECK(emulator.samples("in") == std::vector<Sample>{samples[1], samples[0]});
    CHECK(emulator.sample_count("other") == 0);
    CHECK(emulator.signal_count() == 1);
    CHECK(emulator.item_count() == 1);
    CHECK_THROWS_AS(emulator.seed("not a key"), std::invalid_argument);

    Peer peer(emulator);
    const Reply reply = peer.post_rpc(
        bearer(peer, emulator),
        R"({"jsonrpc":"2.0","method":"clarify.dataFrame","id":"x","params":{"data":{"filter":
            {"times":{"$gte":"2022-01-01T00:00:00Z","$lt":"2022-01-31T00:00:00Z"}}}}})");
    CHECK(reply.body().find("[1,2.5]") != std::string::npos);
}

}  // namespace emulator_test
