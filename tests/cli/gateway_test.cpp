// SPDX-License-Identifier: BSL-1.0
// The example gateway, request by request.

#include "gateway_scene.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

using namespace gateway_test;
using namespace std::chrono_literals;

TEST_CASE("gateway: answers 202 when it has the samples, and 200 when Clarify has them") {
    Setup setup;
    Sender sender{setup.gateway};
    const Response response = sender.post(
        R"({"times":["2024-01-01T00:00:00Z","2024-01-01T00:01:00Z"],"series":{"a":[0.1,null]}})");
    REQUIRE(response.result_int() == 202);
    CHECK(response[http::field::content_type] == "application/json");
    CHECK(json::parse(response.body()) == json::parse(R"({"accepted":1,"durable":false})"));
    const Response stored = sender.post_and_wait(
        R"({"samples":[{"input":"b","time":"2024-01-01T00:00:00Z","value":2},
                       {"input":"b","time":"2024-01-01T00:00:00Z","value":3},
                       {"input":"b","time":"2024-01-02T00:00:00Z","value":null}]})");
    REQUIRE(stored.result_int() == 200);
    CHECK(
        json::parse(stored.body()) ==
        json::parse(R"({"accepted":2,"durable":false,"stored":true})"));
    REQUIRE(setup.emulator.sample_count("a") == 1);
    CHECK(setup.emulator.samples("a").front().value == 0.1);
    REQUIRE(setup.emulator.sample_count("b") == 1);
    CHECK(setup.emulator.samples("b").front().value == 3);
    const json::value status = json::parse(sender.get("/status").body());
    CHECK(status.at("state") == "ok");
    CHECK(status.at("offered") == 3);
    CHECK(status.at("stored") == 3);
    CHECK(status.at("pending") == 0);

    CHECK(sender.get("/healthz").result_int() == 200);
    // Neither a query nor the form of a whole URL changes which resource is meant.
    for (const char* const target :
         {"/healthz?probe=1", "http://gateway/healthz", "HTTP://gateway:80/healthz?"})
        CHECK(sender.get(target).result_int() == 200);
    for (const char* const target : {"/healthz/", "http://gateway", "/?/healthz", "//healthz"})
        CHECK(sender.get(target).result_int() == 404);
    setup.gateway.send_signal(SIGTERM);
    CHECK(setup.gateway.wait() == 0);
    CHECK(setup.gateway.counted("accepted") == 3);
    CHECK(setup.gateway.counted("stored") == 3);
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
    CHECK(length.result_int() == 400);
    CHECK(text(error_of(length), "message").find("series.a: ") != std::string::npos);

    const Response key = sender.post(
        R"({"samples":[{"input":"a","time":"2024-01-01T00:00:00Z","value":1},
                       {"input":"no key!","time":"2024-01-01T00:00:00Z","value":1},
                       {"input":"b","time":"yesterday","value":1}]})");
    CHECK(key.result_int() == 400);
    CHECK(text(error_of(key), "message").find("samples.2.time") != std::string::npos);

    const Response other =
        sender.post(R"({"integration":"c618rbfqfsj7mjkj0ss1","times":[],"series":{"a":[]}})");
    CHECK(other.result_int() == 400);
    CHECK(json::parse(sender.get("/status").body()).at("offered") == 0);

    CHECK(setup.emulator.signal_count() == 0);
    setup.gateway.send_signal(SIGINT);
    CHECK(setup.gateway.wait() == 0);
    CHECK(setup.gateway.counted("refused") == 5);
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

TEST_CASE("gateway: what Clarify cannot take now waits, and is said to") {
    SUBCASE("a failure that passes") {
        Setup setup;
        setup.emulator.fail_next(1, 400);
        Sender sender{setup.gateway};
        const Response response = sender.post_and_wait(one_sample);
        CHECK(response.result_int() == 200);
        CHECK(setup.emulator.sample_count("temperature") == 1);
    }
    SUBCASE("no answer in time") {
        StuckSetup setup{{"--timeout", "300ms", "--max-delay", "0ms", "--unhealthy-after", "1ms"}};
        Sender sender{setup.gateway};
        const Response response = sender.post_and_wait(one_sample);
        CHECK(response.result_int() == 202);
        CHECK(
            json::parse(response.body()) ==
            json::parse(R"({"accepted":1,"durable":false,"stored":false})"));
        CHECK(setup.gateway.logs("Clarify cannot be used"));
        const json::value status = json::parse(sender.get("/status").body());
        CHECK(status.at("state") == "waiting");
        CHECK(status.at("pending") == 1);
        // Nothing of what lies behind the gateway.
        CHECK(status.at("error") == "timeout, phase first_byte");
        CHECK(sender.get("/healthz").result_int() == 503);
    }
    SUBCASE("no room is left") {
        StuckSetup setup{{"--spool-size", "1KiB", "--drain", "0ms"}};
        Sender sender{setup.gateway};
        unsigned status = 202;
        for (int i = 0; i != 100 && status == 202; ++i) {
            const Response response = sender.post(
                R"({"samples":[{"input":"i)" + std::to_string(i) +
                R"(","time":"2024-01-01T00:00:00Z","value":1}]})");
            status = response.result_int();
            if (status == 429) CHECK(response[http::field::retry_after] == "5");
        }
        CHECK(status == 429);
        CHECK(json::parse(sender.get("/status").body()).at("state") == "full");
        // What was accepted in memory is lost with it, and that is said.
        setup.gateway.send_signal(SIGTERM);
        CHECK(setup.gateway.wait() == 1);
        CHECK(setup.gateway.counted("left") == setup.gateway.counted("accepted"));
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
    CHECK(sender.read().result_int() == 202);
    CHECK(sender.read().body() == R"({"status":"ok"})");
    CHECK(sender.read().result_int() == 404);
    CHECK(sender.read().result_int() == 202);
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
    CHECK(sender.read().result_int() == 202);
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

TEST_CASE("gateway: a signal refuses new samples, and stores those that were accepted") {
    Setup setup{{"--max-delay", "3600s"}};
    Sender idle{setup.gateway};
    CHECK(idle.get("/healthz").result_int() == 200);
    Sender sender{setup.gateway};
    CHECK(sender.post(one_sample).result_int() == 202);
    CHECK(setup.emulator.sample_count("temperature") == 0);
    setup.gateway.send_signal(SIGTERM);
    CHECK(idle.at_end());
    CHECK(setup.gateway.wait() == 0);
    CHECK(setup.emulator.sample_count("temperature") == 1);
    CHECK(setup.gateway.counted("left") == 0);
}

TEST_CASE("gateway: at the drain limit it says how many samples are lost") {
    StuckSetup setup{{"--drain", "1s", "--max-delay", "0ms"}};
    Sender sender{setup.gateway};
    CHECK(sender.post(one_sample).result_int() == 202);
    setup.receive_call();
    setup.gateway.send_signal(SIGTERM);
    // Until then it answers, and from when it hears the signal it takes nothing.
    std::uint64_t accepted = 1;
    Response response = sender.post(one_sample);
    for (; response.result_int() == 202; response = sender.post(one_sample))
        ++accepted;
    CHECK(response.result_int() == 503);
    CHECK(text(error_of(response), "kind") == "closed");
    CHECK(setup.gateway.wait() == 1);
    CHECK(setup.gateway.counted("left") == accepted);
    const std::string told = std::to_string(accepted) + " samples are lost";
    CHECK(setup.gateway.log().find(told) != std::string::npos);
}

TEST_CASE("gateway: a second signal ends it at once") {
    StuckSetup setup{{"--drain", "3600s", "--max-delay", "0ms"}};
    Sender sender{setup.gateway};
    CHECK(sender.post(one_sample).result_int() == 202);
    setup.receive_call();
    setup.gateway.send_signal(SIGTERM);
    // The first signal has been heard when this is refused.
    const auto until = std::chrono::steady_clock::now() + gateway_test::patience;
    while (sender.post(one_sample).result_int() != 503 && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
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
    CHECK(GatewayProcess::exit_code({"--max-delay", "-1s"}) == 2);
    CHECK(GatewayProcess::exit_code({"--on-full", "panic"}) == 2);
    CHECK(GatewayProcess::exit_code({"--help"}) == 0);
}
