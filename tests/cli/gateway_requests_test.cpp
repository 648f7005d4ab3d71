// SPDX-License-Identifier: BSL-1.0
// The example gateway before requests that are none, too many, or for somebody else.

#include "gateway_scene.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <list>
#include <string>
#include <thread>

using namespace gateway_test;
using namespace std::chrono_literals;

namespace {

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++found;
    return found;
}

std::string answer_to(const GatewayProcess& gateway, const std::string& bytes) {
    Sender sender{gateway};
    sender.write(bytes);
    return sender.read_all();
}

std::string get_of_host(const std::string& host) {
    return "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
}

/// Samples of about `size` bytes that cannot be taken, and are far more memory once they are read.
std::string large_document(std::size_t size) {
    std::string out = R"({"times":[)";
    while (out.size() + 30 < size)
        out += "\"\",";
    return out + R"(""],"series":{}})";
}

std::size_t resident_kib(const GatewayProcess& gateway) {
    std::ifstream file{"/proc/" + std::to_string(gateway.id()) + "/status"};
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
    }
    return 0;
}

}  // namespace

TEST_CASE("gateway: where a request ends is never guessed") {
    Setup setup;
    const std::string inner =
        "POST /samples HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(one_sample.size()) + "\r\n\r\n" + one_sample;
    const auto hidden_behind = [&](const std::string& fields, const std::string& version) {
        return answer_to(
            setup.gateway,
            "POST /samples " + version + "\r\nHost: gateway\r\nContent-Type: application/json\r\n" +
                fields + "\r\n" + inner);
    };
    for (const char* const fields :
         {"Transfer-Encoding: chunked, x\r\n",
          "Transfer-Encoding: identity\r\n",
          "Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
          "Transfer-Encoding : chunked\r\n",
          "Content-Length: 0\r\nContent-Length: 0\r\n",
          "Content-Length: 0, 0\r\n",
          "Content-Length: +0\r\n",
          "X: a\r\n b\r\n"}) {
        CAPTURE(fields);
        const std::string answer = hidden_behind(fields, "HTTP/1.1");
        CHECK(answer.starts_with("HTTP/1.1 400 "));
        CHECK(count(answer, "HTTP/1.1 ") == 1);
    }
    const std::string old =
        hidden_behind("Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", "HTTP/1.0");
    CHECK(old.starts_with("HTTP/1.1 400 "));
    CHECK(count(old, "HTTP/1.1 ") == 1);
    CHECK(setup.emulator.signal_count() == 0);

    // And what is right is taken, in chunks too.
    Sender sender{setup.gateway};
    sender.write(
        "POST /samples?wait=stored HTTP/1.1\r\nHost: gateway\r\nContent-Type: "
        "application/json;charset=utf-8\r\n"
        "Transfer-Encoding: chunked\r\n\r\n1;a=\"b\"\r\n{\r\n");
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", one_sample.size() - 1);
    sender.write(size + one_sample.substr(1) + "\r\n0\r\nX: y\r\n\r\n");
    CHECK(sender.read().result_int() == 200);
    CHECK(setup.emulator.sample_count("temperature") == 1);
}

TEST_CASE("gateway: answers for hosts of its own, and says in its log which it refuses") {
    Setup setup{{"--host", "other.example"}};
    for (const char* const own :
         {"127.0.0.1", "localhost:80", "[::1]", "GATEWAY", "other.example.:8080"}) {
        CAPTURE(own);
        CHECK(answer_to(setup.gateway, get_of_host(own)).starts_with("HTTP/1.1 200 "));
    }
    for (const char* const foreign : {"evil.example", "gateway.evil", ""}) {
        CAPTURE(foreign);
        const std::string answer = answer_to(setup.gateway, get_of_host(foreign));
        CHECK(answer.starts_with("HTTP/1.1 421 "));
    }
    // The target's own host counts, not that of the field.
    CHECK(answer_to(
              setup.gateway, "GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
              .starts_with("HTTP/1.1 421 "));
    for (const char* const fields :
         {"", "Host: localhost\r\nHost: localhost\r\n", "Host: a b\r\n"}) {
        CHECK(answer_to(setup.gateway, "GET /healthz HTTP/1.1\r\n" + std::string{fields} + "\r\n")
                  .starts_with("HTTP/1.1 400 "));
    }
    CHECK(setup.gateway.logs("\"evil.example\""));
    CHECK(setup.gateway.logs("localhost, other.example, gateway; --host"));
    CHECK(count(setup.gateway.log(), "refused a request") == 1);
    CHECK(GatewayProcess::exit_code({"--host", "no name"}) == 2);
    CHECK(GatewayProcess::exit_code({"--host", "a:80"}) == 2);
}

TEST_CASE("gateway: all requests together hold no more memory than they may") {
    Setup setup{{"--max-memory", "6MiB"}};
    [[maybe_unused]] const std::size_t before = resident_kib(setup.gateway);
    const std::string document = large_document(1024 * 1024 - 1000);
    const std::string head =
        "POST /samples HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
        "Expect: 100-continue\r\nContent-Length: " +
        std::to_string(document.size()) + "\r\n\r\n";
    // It has all of one request but its end.
    Sender slow{setup.gateway};
    slow.write(head);
    REQUIRE(slow.read().result_int() == 100);
    slow.write(document.substr(1));
    for (int i = 0; i != 12; ++i) {
        Sender sender{setup.gateway};
        sender.write(head);
        const Response response = sender.read();
        CHECK(response.result_int() == 503);
        CHECK(response[http::field::retry_after] == "1");
        CHECK(text(error_of(response), "kind") == "overloaded");
        CHECK_FALSE(response.keep_alive());
    }
    CHECK(setup.gateway.logs("--max-memory allows"));
    CHECK(count(setup.gateway.log(), "--max-memory allows") == 1);
    slow.write(" ");
    CHECK(slow.read().result_int() == 400);

    // What one held is there for the next one.
    for (int i = 0; i != 4; ++i) {
        Sender sender{setup.gateway};
        const Response response = sender.post(document);
        CHECK(response.result_int() == 400);
        CHECK(text(error_of(response), "message").find("times.0: ") != std::string::npos);
        CHECK(response.body().size() < 4096);
    }
#if !defined(__SANITIZE_ADDRESS__)
    // What they were decoded to was fifteen times as much, and is gone.
    CHECK(resident_kib(setup.gateway) < before + 48 * 1024);
#endif
}

TEST_CASE("gateway: tells senders nothing of what lies behind it") {
    const TemporaryDirectory folder;
    GatewayProcess gateway{
        {"--host",
         "gateway",
         "--timeout",
         "1s",
         "--credentials",
         folder.write(
             "credentials.json",
             R"({"apiUrl":"https://inner-host.invalid/v1/","integration":"c618rbfqfsj7mjkj0ss1",)"
             R"("credentials":{"type":"basic-auth","clientId":"c618rbfqfsj7mjkj0ss1",)"
             R"("clientSecret":"password"}})")}};
    Sender sender{gateway};
    const Response response = sender.post(one_sample);
    CHECK(response.result_int() == 202);
    CHECK(response.body().find("inner-host") == std::string::npos);
    CHECK(gateway.logs("Clarify cannot be used"));
}

TEST_CASE("gateway: a shortage of descriptors does not end accepting") {
    Setup setup;
    Sender first{setup.gateway};
    CHECK(first.get("/healthz").result_int() == 200);
    rlimit few{24, 24};
    REQUIRE(::prlimit(setup.gateway.id(), RLIMIT_NOFILE, &few, nullptr) == 0);
    {
        std::list<Sender> senders;
        for (int i = 0; i != 40; ++i)
            senders.emplace_back(setup.gateway);
        CHECK(setup.gateway.logs("connections have to wait: Too many open files"));
        CHECK(first.get("/healthz").result_int() == 200);
    }
    Sender last{setup.gateway};
    CHECK(last.get("/healthz").result_int() == 200);
    CHECK(setup.gateway.logs("connections are accepted again"));
    CHECK(count(setup.gateway.log(), "Too many open files") == 1);
    setup.gateway.send_signal(SIGTERM);
    CHECK(setup.gateway.wait() == 0);
}

TEST_CASE("gateway: with a token it serves nobody who does not show it") {
    const TemporaryDirectory folder;
    Setup setup{{"--token-file", folder.write("token", "the-token\n").string()}};
    const auto get = [&](const std::string& target, const std::string& fields) {
        return answer_to(
            setup.gateway,
            "GET " + target + " HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n" + fields +
                "\r\n");
    };
    CHECK(get("/healthz", "").starts_with("HTTP/1.1 200 "));
    for (const char* const target :
         {"/status", "/metrics", "/", "/healthz/x", "http://gateway/status"}) {
        CAPTURE(target);
        const std::string answer = get(target, "");
        CHECK(answer.starts_with("HTTP/1.1 401 "));
        CHECK(answer.find("\r\nWWW-Authenticate: Bearer\r\n") != std::string::npos);
    }
    for (const char* const shown :
         {"",
          "Bearer",
          "Bearer the-toke",
          "Bearer the-tokem",
          "Bearer the-token2",
          "the-token",
          "Basic the-token",
          "Bearer the-token\r\nAuthorization: Bearer the-toke"}) {
        CAPTURE(shown);
        const bool first_is_right = std::string{shown}.find('\n') != std::string::npos;
        const std::string answer = get("/status", "Authorization: " + std::string{shown} + "\r\n");
        CHECK(answer.starts_with(first_is_right ? "HTTP/1.1 200 " : "HTTP/1.1 401 "));
    }
    CHECK(get("/status", "Authorization: bearer  the-token\r\n").starts_with("HTTP/1.1 200 "));

    // The body need not even come.
    for (const std::string target : {"/samples", "/healthz"}) {
        Sender sender{setup.gateway};
        sender.write(
            "POST " + target +
            " HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
            "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n");
        const Response refused = sender.read();
        CHECK(refused.result_int() == 401);
        CHECK(text(error_of(refused), "kind") == "token");
    }
    const std::string post =
        "POST /samples HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
        "Authorization: Bearer the-token\r\nConnection: close\r\nContent-Length: " +
        std::to_string(one_sample.size()) + "\r\n\r\n" + one_sample;
    CHECK(answer_to(setup.gateway, post).starts_with("HTTP/1.1 202 "));
    CHECK(count(setup.gateway.log(), "refused a request without the senders' token") == 1);
    CHECK(setup.gateway.log().find("the-toke") == std::string::npos);
    CHECK(setup.gateway.log().find("may write samples") == std::string::npos);
}

TEST_CASE("gateway: a hang-up reads the token again, and keeps it where that fails") {
    const TemporaryDirectory folder;
    Setup setup{{"--token-file", folder.write("token", "first").string()}};
    const auto status_for = [&](const std::string& token) {
        return answer_to(
                   setup.gateway,
                   "GET /status HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n"
                   "Authorization: Bearer " +
                       token + "\r\n\r\n")
            .substr(9, 3);
    };
    CHECK(status_for("first") == "200");
    folder.write("token", "other");
    setup.gateway.send_signal(SIGHUP);
    CHECK(setup.gateway.logs("token has changed."));
    CHECK(status_for("first") == "401");
    CHECK(status_for("other") == "200");
    folder.write("token", "");
    setup.gateway.send_signal(SIGHUP);
    CHECK(setup.gateway.logs("what was read before stays in use: "));
    CHECK(status_for("") == "401");
    CHECK(status_for("other") == "200");
    CHECK(setup.gateway.log().find("no file has changed") == std::string::npos);
}

TEST_CASE("gateway: a token that cannot be used ends it with 2") {
    const Emulator emulator{plain_http()};
    const TemporaryDirectory folder;
    const std::string credentials =
        folder.write("credentials.json", emulator.credentials_json()).string();
    const auto exit_code_with = [&](const std::string& file) {
        return GatewayProcess::exit_code({"--credentials", credentials, "--token-file", file});
    };
    CHECK(exit_code_with((folder / "missing").string()) == 2);
    CHECK(exit_code_with("") == 2);
    CHECK(exit_code_with(folder.path().string()) == 2);
    for (const char* const unusable : {"", " \r\n", "two words", "two\nlines", "\"quoted\""}) {
        CAPTURE(unusable);
        CHECK(exit_code_with(folder.write("token", unusable).string()) == 2);
    }
    CHECK(exit_code_with(folder.write("token", std::string(4097, 'x')).string()) == 2);
    const std::filesystem::path shared = folder.write("token", "token");
    using std::filesystem::perms;
    for (const perms more : {perms::group_read, perms::others_read, perms::group_write}) {
        std::filesystem::permissions(shared, perms::owner_read | more);
        CHECK(exit_code_with(shared.string()) == 2);
    }
}
