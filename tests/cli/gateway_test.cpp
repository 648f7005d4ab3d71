// SPDX-License-Identifier: BSL-1.0
// The example gateway, request by request.

#include "gateway_scene.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

using namespace gateway_test;
using namespace std::chrono_literals;

TEST_CASE("gateway: answers 200 with Clarify's summary when the samples are stored") {
    Setup setup;
    Sender sender{setup.gateway};
    const Response response = sender.post(
        R"({"times":["2024-01-01T00:00:00Z","2024-01-01T00:01:00Z"],"series":{"a":[0.1,null]}})");
    REQUIRE(response.result_int() == 200);
    CHECK(response[http::field::content_type] == "application/json");
    const json::value summary = json::parse(response.body()).at("signalsByInput").at("a");
    CHECK(text(summary, "id") == setup.emulator.signal_id("a"));
    REQUIRE(setup.emulator.sample_count("a") == 1);
    CHECK(setup.emulator.samples("a").front().value == 0.1);

    CHECK(sender.get("/healthz").result_int() == 200);
    // Neither a query nor the form of a whole URL changes which resource is meant.
    for (const char* const target :
         {"/healthz?probe=1", "http://gateway/healthz", "HTTP://gateway:80/healthz?"})
        CHECK(sender.get(target).result_int() == 200);
    for (const char* const target : {"/healthz/", "http://gateway", "/?/healthz", "//healthz"})
        CHECK(sender.get(target).result_int() == 404);
    setup.gateway.send_signal(SIGTERM);
    CHECK(setup.gateway.wait() == 0);
    CHECK(setup.gateway.counted("accepted") == 1);
    CHECK(setup.gateway.counted("stored") == 1);
}

TEST_CASE("gateway: says what is wrong with the samples, in the sender's terms") {
    Setup setup;
    Sender sender{setup.gateway};

    const Response syntax = sender.post(R"({"times":)");
    CHECK(syntax.result_int() == 400);
    CHECK(text(error_of(syntax), "kind") == "json");

    const Response shape = sender.post(R"({"times":[],"series":{"a":["high"]}})");
    CHECK(shape.result_int() == 400);
    CHECK(text(error_of(shape), "kind") == "decode");
    CHECK(text(error_of(shape), "message").find("/series/a/0") != std::string::npos);

    const Response length =
        sender.post(R"({"times":["2024-01-01T00:00:00Z"],"series":{"a":[1,2]}})");
    CHECK(length.result_int() == 422);
    const json::value error = error_of(length);
    CHECK(text(error, "kind") == "rpc");
    CHECK(text(error, "fate") == "answered");
    CHECK(error.at("code") == -32602);
    CHECK(text(error.at("problems").at(0), "path") == "series.a");

    const Response other =
        sender.post(R"({"integration":"c618rbfqfsj7mjkj0ss1","times":[],"series":{"a":[]}})");
    CHECK(other.result_int() == 403);

    CHECK(setup.emulator.signal_count() == 0);
    setup.gateway.send_signal(SIGINT);
    CHECK(setup.gateway.wait() == 0);
    CHECK(setup.gateway.counted("refused") == 4);
}

TEST_CASE("gateway: refuses what it does not serve") {
    Setup setup{{"--max-body", "1000"}};
    Sender sender{setup.gateway};
    CHECK(sender.get("/").result_int() == 404);
    const Response method = sender.get("/samples");
    CHECK(method.result_int() == 405);
    CHECK(method[http::field::allow] == "POST");
    sender.write("POST /samples HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\n{}");
    CHECK(sender.read().result_int() == 415);
    sender.write("nonsense\r\n\r\n");
    CHECK(sender.read().result_int() == 400);
    CHECK(sender.at_end());

    Sender large{setup.gateway};
    const Response too_large = large.post(std::string(1001, ' '));
    CHECK(too_large.result_int() == 413);
    CHECK_FALSE(too_large.keep_alive());

    Sender long_header{setup.gateway};
    CHECK(long_header.get("/" + std::string(20'000, 'x')).result_int() == 431);
}

TEST_CASE("gateway: passes on that Clarify is unwell") {
    SUBCASE("an HTTP status") {
        Setup setup;
        setup.emulator.fail_next(1, 400);
        Sender sender{setup.gateway};
        const Response response = sender.post(one_sample);
        CHECK(response.result_int() == 502);
        CHECK(text(error_of(response), "kind") == "status");
        CHECK(sender.post(one_sample).result_int() == 200);
    }
    SUBCASE("asked too often, and for longer than a call may take") {
        Setup setup{{"--timeout", "10s"}};
        setup.emulator.fail_next(1, 429, 40s);
        Sender sender{setup.gateway};
        const Response response = sender.post(one_sample);
        CHECK(response.result_int() == 503);
        CHECK(response[http::field::retry_after] == "40");
    }
    SUBCASE("no answer in time") {
        StuckSetup setup{{"--timeout", "200ms"}};
        Sender sender{setup.gateway};
        const Response response = sender.post(one_sample);
        CHECK(response.result_int() == 504);
        CHECK(text(error_of(response), "fate") == "unknown");
        CHECK(text(error_of(response), "phase") == "first_byte");
    }
    SUBCASE("more calls than may wait") {
        StuckSetup setup{{"--connections", "1", "--waiting", "0"}};
        Sender first{setup.gateway};
        first.write_samples(one_sample);
        setup.receive_call();
        Sender second{setup.gateway};
        const Response response = second.post(one_sample);
        CHECK(response.result_int() == 503);
        CHECK(response[http::field::retry_after] == "1");
        CHECK(text(error_of(response), "kind") == "overloaded");
        CHECK(text(error_of(response), "fate") == "unsent");
    }
}

TEST_CASE("gateway: answers pipelined requests in their order") {
    Setup setup;
    Sender sender{setup.gateway};
    const std::string request =
        "POST /samples HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(one_sample.size()) + "\r\n\r\n" + one_sample;
    sender.write(
        request + "GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n" +
        "GET / HTTP/1.1\r\nHost: gateway\r\n\r\n" + request);
    CHECK(sender.read().result_int() == 200);
    CHECK(sender.read().body() == R"({"status":"ok"})");
    CHECK(sender.read().result_int() == 404);
    CHECK(sender.read().result_int() == 200);
}

TEST_CASE("gateway: stores what a sender has sent that does not wait for the answer") {
    Setup setup;
    Sender sender{setup.gateway};
    sender.write_samples(one_sample);
    sender.close();
    const auto until = std::chrono::steady_clock::now() + gateway_test::patience;
    while (setup.emulator.sample_count("temperature") == 0 &&
           std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
    }
    CHECK(setup.emulator.sample_count("temperature") == 1);
}

TEST_CASE("gateway: asks for the body where the sender waits for that") {
    Setup setup;
    Sender sender{setup.gateway};
    sender.write(
        "POST /samples HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
        "Expect: 100-continue\r\nContent-Length: " +
        std::to_string(one_sample.size()) + "\r\n\r\n");
    CHECK(sender.read().result_int() == 100);
    sender.write(one_sample);
    CHECK(sender.read().result_int() == 200);
}

TEST_CASE("gateway: a connection too many waits for one that ends") {
    Setup setup{{"--max-sessions", "1"}};
    Sender first{setup.gateway};
    CHECK(first.get("/healthz").result_int() == 200);
    Sender second{setup.gateway};
    second.write("GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n");
    CHECK_FALSE(second.readable_within(200ms));
    CHECK(first.get("/healthz").result_int() == 200);
    first.close();
    CHECK(second.read().result_int() == 200);
}

TEST_CASE("gateway: ends connections that are silent for too long") {
    Setup setup{{"--idle", "100ms"}};
    Sender sender{setup.gateway};
    CHECK(sender.get("/healthz").result_int() == 200);
    CHECK(sender.at_end());
}

TEST_CASE("gateway: a signal ends idle connections, and lets a request in hand be answered") {
    StuckSetup setup{{"--timeout", "2s"}};
    Sender idle{setup.gateway};
    CHECK(idle.get("/healthz").result_int() == 200);
    Sender busy{setup.gateway};
    busy.write_samples(one_sample);
    setup.receive_call();
    setup.gateway.send_signal(SIGTERM);
    CHECK(idle.at_end());
    // The call's own limit, not the end of the gateway, ends it.
    const Response response = busy.read();
    CHECK(response.result_int() == 504);
    CHECK_FALSE(response.keep_alive());
    CHECK(setup.gateway.wait() == 0);
}

TEST_CASE("gateway: at the drain limit, calls end as closed and what has not arrived is dropped") {
    StuckSetup setup{{"--drain", "300ms"}};
    Sender slow{setup.gateway};
    slow.write("POST /samples HTTP/1.1\r\n");
    Sender busy{setup.gateway};
    busy.write_samples(one_sample);
    setup.receive_call();
    setup.gateway.send_signal(SIGTERM);
    const Response response = busy.read();
    CHECK(response.result_int() == 503);
    CHECK_FALSE(response.keep_alive());
    CHECK(response.count(http::field::retry_after) == 1);
    const json::value error = error_of(response);
    CHECK(text(error, "kind") == "closed");
    CHECK(text(error, "fate") == "unknown");
    CHECK(text(error, "phase") == "first_byte");
    CHECK(slow.at_end());
    CHECK(setup.gateway.wait() == 0);
    CHECK(setup.gateway.counted("failed") == 1);
}

TEST_CASE("gateway: a second signal ends it at once") {
    StuckSetup setup{{"--drain", "3600s"}};
    Sender idle{setup.gateway};
    CHECK(idle.get("/healthz").result_int() == 200);
    Sender busy{setup.gateway};
    busy.write_samples(one_sample);
    setup.receive_call();
    setup.gateway.send_signal(SIGTERM);
    CHECK(idle.at_end());  // the first signal has been heard
    setup.gateway.send_signal(SIGTERM);
    CHECK(setup.gateway.wait() == -SIGTERM);
}

TEST_CASE("gateway: what cannot work ends it with 2") {
    const TemporaryDirectory folder;
    const std::string nonsense = folder.write("credentials.json", "{}");
    CHECK(GatewayProcess::exit_code({"--credentials", nonsense}) == 2);
    CHECK(GatewayProcess::exit_code({"--no-such-option"}) == 2);
    CHECK(GatewayProcess::exit_code({"--listen", "nowhere"}) == 2);
    CHECK(GatewayProcess::exit_code({"--drain", "soon"}) == 2);
    CHECK(GatewayProcess::exit_code({"--help"}) == 0);
}
