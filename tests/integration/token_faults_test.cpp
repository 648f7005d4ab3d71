// SPDX-License-Identifier: BSL-1.0
// Token endpoints that fail, over real connections.

#include <clarify/auth/client_credentials.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/canary.hpp"
#include "../support/raw_server.hpp"
#include "../support/run.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace integration_token_faults_test {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using support::find_canary;
using support::RawPeer;
using support::RawServer;
using Client =
    clarify::RpcClient<clarify::BeastBackend, clarify::ClientCredentials, support::TextCodec>;
using Outcome = clarify::Result<std::string>;

const std::string good_reply = R"({"access_token":"canary-token","expires_in":3600})";

/// Answers each request for a token alike.
RawServer::Script always(std::string status_and_headers, std::string body) {
    std::string text = "HTTP/1.1 " + std::move(status_and_headers) +
        "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    return [text = std::move(text)](RawPeer& peer) {
        while (peer.read())
            peer.send(text);
    };
}

/// A token endpoint by script, an API that answers all calls, and a client of both.
struct Scene {
    explicit Scene(RawServer::Script script, std::string id = "id", std::string secret = {})
        : tokens(std::move(script)),
          api(support::answer_all("1")),
          client(
              context.get_executor(),
              *clarify::Url::parse(api.origin() + "/rpc"),
              clarify::BeastBackend{clarify::HttpOptions{}},
              clarify::ClientCredentials{clarify::ClientCredentialsConfig{
                  *clarify::Url::parse(tokens.origin() + "/token"),
                  std::move(id),
                  clarify::Secret{
                      secret.empty() ? std::string{support::canary_client_secret} : secret},
                  "aud & = + % / : \" \xC3\xA9"}}) {}

    Outcome call(std::chrono::milliseconds timeout = 20s) {
        return support::run(
            context, client.call("m", clarify::no_params, clarify::CallOptions{timeout}));
    }

    RawServer tokens;
    RawServer api;
    asio::io_context context;
    Client client;
};

/// What a form says, decoded by a reader of its own.
std::vector<std::pair<std::string, std::string>> decode_form(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> fields(1);
    std::string* at = &fields.back().first;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '&') {
            at = &fields.emplace_back().first;
        } else if (text[i] == '=') {
            at = &fields.back().second;
        } else if (text[i] == '%') {
            *at += static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16));
            i += 2;
        } else {
            *at += text[i] == '+' ? ' ' : text[i];
        }
    }
    return fields;
}

}  // namespace

TEST_CASE("token endpoint: a thousand first calls from eight threads are one request") {
    // The reply waits until all calls have been made.
    Scene scene{[](RawPeer& peer) {
        while (peer.read()) {
            peer.await_release();
            peer.reply(good_reply);
        }
    }};
    std::atomic<int> made = 0;
    std::atomic<int> good = 0;
    std::atomic<int> ended = 0;
    const auto work = asio::make_work_guard(scene.context);
    std::vector<std::thread> threads;
    for (int t = 0; t != 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i != 125; ++i) {
                scene.client.async_call("m", clarify::no_params, [&](const Outcome& outcome) {
                    if (outcome) ++good;
                    if (++ended == 1'000) scene.context.stop();
                });
                ++made;
            }
            scene.context.run();
        });
    }
    while (made != 1'000 || scene.tokens.ledger().request_count() == 0)
        std::this_thread::yield();
    scene.tokens.ledger().release();
    for (std::thread& thread : threads)
        thread.join();
    CHECK(good == 1'000);
    CHECK(scene.tokens.ledger().request_count() == 1);
    CHECK(scene.tokens.connections() == 1);
    const auto requests = scene.api.ledger().requests();
    CHECK(requests.size() == 1'000);
    std::size_t with_token = 0;
    for (const auto& arrival : requests) {
        const bool right = arrival.request.header("Authorization") == "Bearer canary-token";
        with_token += right ? 1 : 0;
    }
    CHECK(with_token == 1'000);
}

TEST_CASE("token endpoint: a thousand waiting calls fail together, and nobody asks again") {
    Scene scene{[](RawPeer& peer) {
        while (peer.read()) {
            peer.await_release();
            peer.send("HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n");
        }
    }};
    std::vector<std::string> texts;
    std::vector<std::chrono::steady_clock::time_point> times;
    for (int i = 0; i != 1'000; ++i) {
        scene.client.async_call("m", clarify::no_params, [&](const Outcome& outcome) {
            texts.push_back(outcome.error().to_string());
            times.push_back(std::chrono::steady_clock::now());
        });
    }
    scene.tokens.ledger().release();
    scene.context.run();
    REQUIRE(texts.size() == 1'000);
    for (const std::string& text : texts)
        CHECK(text == texts.front());
    CHECK(texts.front().starts_with("token[bad_response]"));
    CHECK(times.back() - times.front() < 1s);
    CHECK(scene.tokens.ledger().request_count() == 3);
    CHECK(scene.call().has_error());
    CHECK(scene.tokens.ledger().request_count() == 3);
    CHECK(scene.api.connections() == 0);
}

TEST_CASE("token endpoint: a connection that is reset is tried thrice") {
    Scene scene{[](RawPeer& peer) {
        if (peer.read()) peer.reset();
    }};
    const Outcome outcome = scene.call();
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::io);
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(outcome.error().attempts() == 0);
    CHECK(scene.tokens.connections() == 3);
    CHECK(scene.tokens.ledger().request_count() == 3);
    CHECK(scene.api.connections() == 0);
}

TEST_CASE("token endpoint: what it sends behind its reply answers no call") {
    // Tokens and calls go over the same connections where they have one origin.
    std::atomic<int> calls = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            if (request->head.starts_with("POST /token")) {
                const std::string forged = R"({"jsonrpc":"2.0","id":1,"result":"forged"})";
                std::string bytes;
                for (const std::string& body : {std::string{good_reply}, forged}) {
                    bytes += "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                        "\r\n\r\n" + body;
                }
                peer.send(bytes);
            } else {
                ++calls;
                peer.result(*request, "\"real\"");
            }
        }
    }};
    asio::io_context context;
    clarify::ClientOptions options;
    options.first_id = 1;
    Client client{
        context.get_executor(),
        *clarify::Url::parse(server.origin() + "/rpc"),
        clarify::BeastBackend{clarify::HttpOptions{}},
        clarify::ClientCredentials{clarify::ClientCredentialsConfig{
            *clarify::Url::parse(server.origin() + "/token"), "id", clarify::Secret{"secret"}}},
        options};
    const Outcome outcome = support::run(context, client.call("m", clarify::no_params));
    REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
    CHECK(*outcome == "\"real\"");
    CHECK(calls == 1);
    CHECK(server.connections() == 2);
}

TEST_CASE("token endpoint: one that refuses connections is unsent and refused") {
    Scene scene{always("200 OK", good_reply)};
    scene.tokens.cut();
    const Outcome outcome = scene.call();
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::connect);
    CHECK(outcome.error().reason() == Reason::refused);
    CHECK(outcome.error().fate() == Fate::unsent);
    CHECK(scene.api.connections() == 0);
}

TEST_CASE("token endpoint: a reply over 64 KiB is refused, however its size is given") {
    for (const bool announced : {true, false}) {
        const std::string body = R"({"access_token":"canary-token","x":")" +
            std::string(std::size_t{64} << 10U, 'x') + R"("})";
        std::string text = "HTTP/1.1 200 OK\r\n";
        if (announced) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        text += "\r\n" + body;
        Scene scene{[text](RawPeer& peer) {
            if (peer.read()) peer.send(text);
        }};
        const Outcome outcome = scene.call();
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code() == Errc::token);
        CHECK(outcome.error().reason() == Reason::bad_response);
        CHECK(outcome.error().phase() == Phase::token);
        CHECK(outcome.error().fate() == Fate::unsent);
        CHECK(find_canary(outcome.error().to_string()) == "");
        CHECK(scene.tokens.ledger().request_count() == 1);
        CHECK(scene.api.connections() == 0);
    }
}

TEST_CASE("token endpoint: hangs, drips and closed ears end with the deadline of each caller") {
    for (const RawServer::Script& script : std::vector<RawServer::Script>{
             [](RawPeer& peer) { peer.await_release(); },
             [](RawPeer& peer) {
                 if (peer.read()) peer.await_release();
             },
             [](RawPeer& peer) {
                 if (peer.read()) peer.drip("HTTP/1.1 100 \r\n\r\n", 400ms);
             },
             [](RawPeer& peer) {
                 if (!peer.read()) return;
                 peer.send("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n{");
                 peer.drip(" ", 20ms);
             }}) {
        Scene scene{script};
        const auto begun = std::chrono::steady_clock::now();
        std::vector<std::chrono::steady_clock::duration> ended;
        for (const auto timeout : {200ms, 400ms, 800ms}) {
            scene.client.async_call(
                "m",
                clarify::no_params,
                clarify::CallOptions{timeout},
                [&](const Outcome& outcome) {
                    CHECK(outcome.error().code() == Errc::timeout);
                    CHECK(outcome.error().phase() == Phase::token);
                    CHECK(outcome.error().fate() == Fate::unsent);
                    ended.push_back(std::chrono::steady_clock::now() - begun);
                    if (ended.size() == 3) scene.context.stop();
                });
        }
        scene.context.run();
        REQUIRE(ended.size() == 3);
        CHECK(ended[0] >= 200ms);
        CHECK(ended[1] >= 400ms);
        CHECK(ended[2] >= 800ms);
        // The fetch belongs to nobody of them and goes on.
        CHECK(ended[2] < 5s);
        CHECK(scene.tokens.connections() == 1);
        CHECK(scene.api.connections() == 0);
    }
}

TEST_CASE("token endpoint: reads the very bytes of id, secret and audience, and only in the body") {
    const std::string odd = "& = + % / : \" \xC3\xA9\xE2\x82\xAC ~";
    for (const std::string& secret :
         {odd, odd + std::string(4'096, '%'), std::string(4'096, 's')}) {
        Scene scene{always("200 OK", good_reply), odd, secret};
        REQUIRE(scene.call().has_value());
        const auto request = scene.tokens.ledger().requests().at(0).request;
        using Fields = std::vector<std::pair<std::string, std::string>>;
        CHECK(
            decode_form(request.body) ==
            Fields{
                {"grant_type", "client_credentials"},
                {"client_id", odd},
                {"client_secret", secret},
                {"audience", "aud & = + % / : \" \xC3\xA9"}});
        CHECK(request.head.starts_with("POST /token HTTP/1.1\r\n"));
        CHECK(request.header("Content-Length") == std::to_string(request.body.size()));
        CHECK(request.header("Content-Type") == "application/x-www-form-urlencoded");
        CHECK_FALSE(request.header("Authorization").has_value());
        CHECK(request.head.find("secret") == std::string::npos);
        CHECK(support::find_secret(request.head, secret) == "");
        CHECK(support::find_secret(request.head, odd) == "");
    }
}

}  // namespace integration_token_faults_test
