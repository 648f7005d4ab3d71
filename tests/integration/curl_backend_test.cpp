// SPDX-License-Identifier: BSL-1.0
// What CurlBackend sends, what it takes for a reply, and which connection it uses.

#include "curl_caller.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace curl_backend_test {

namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::EventKind;
using clarify::Fate;
using clarify::Phase;
using clarify::Reason;
using support::CurlCaller;
using support::CurlPost;
using support::Outcome;
using support::RawPeer;
using support::RawServer;
using support::with_body;

/// Heads of requests, written by the server's threads.
struct Ledger {
    void add(const support::RawRequest& request) {
        const std::lock_guard lock{mutex};
        seen.push_back(request);
    }
    std::vector<support::RawRequest> all() {
        const std::lock_guard lock{mutex};
        return seen;
    }
    std::mutex mutex;
    std::vector<support::RawRequest> seen;
};

RawServer::Script record(Ledger& ledger) {
    return [&ledger](RawPeer& peer) {
        while (const auto request = peer.read()) {
            ledger.add(*request);
            peer.result(*request, std::to_string(peer.number()));
        }
    };
}

}  // namespace

TEST_CASE("CurlBackend: the request on the wire has the given headers and no others") {
    Ledger ledger;
    RawServer server{record(ledger)};
    boost::asio::io_context context;
    clarify::CurlBackend backend;
    const std::string host = "127.0.0.1:" + std::to_string(server.port());

    CurlPost bare{backend, server.origin() + "/a/../b", "0123456789"};
    REQUIRE(bare.run(context));
    bare.response.lease.keep();
    CurlPost full{backend, server.origin() + "/", ""};
    full.headers = {
        {"Authorization", "Basic eDp5"},
        {"accept", "text/x"},
        {"content-type", "a/b"},
        {"X-E", ""}};
    REQUIRE(full.run(context));
    full.response.lease.keep();

    const auto seen = ledger.all();
    REQUIRE(seen.size() == 2);
    CHECK(
        seen[0].head ==
        "POST /a/../b HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 10\r\n\r\n");
    CHECK(seen[0].body == "0123456789");
    CHECK(
        seen[1].head ==
        "POST / HTTP/1.1\r\nHost: " + host +
            "\r\nAuthorization: Basic eDp5\r\naccept: text/x\r\ncontent-type: a/b\r\nX-E:\r\n"
            "Content-Length: 0\r\n\r\n");
    CHECK(server.connections() == 1);
}

TEST_CASE("CurlBackend: a body of megabytes goes out whole, without asking first") {
    Ledger ledger;
    RawServer server{record(ledger)};
    boost::asio::io_context context;
    clarify::CurlBackend backend;
    const std::string body = "{\"a\":\"" + std::string(5 << 20, 'x') + "\"}";
    CurlPost post{backend, server.origin() + "/", body};
    const auto outcome = post.run(context);
    REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
    const auto seen = ledger.all();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].body == body);
    CHECK_FALSE(seen[0].header("Expect"));
}

TEST_CASE("CurlBackend: every complete reply is a success with its fields, a redirect too") {
    RawServer server{[](RawPeer& peer) {
        while (peer.read()) {
            peer.send(with_body(
                "301 Moved",
                "location: http://127.0.0.1:1/x\r\nSET-COOKIE: a=b\r\nretry-AFTER: 5\r\n"
                "WWW-Authenticate: Basic\r\nwww-authenticate: Bearer\r\nContent-Type: a/b\r\n",
                "gone"));
        }
    }};
    boost::asio::io_context context;
    clarify::CurlBackend backend;
    CurlPost post{backend, server.origin() + "/"};
    for (int i = 0; i != 2; ++i) {
        post.response.clear();
        REQUIRE(post.run(context));
        CHECK(post.response.status == 301);
        CHECK(post.response.body == "gone");
        CHECK(post.response.location == "http://127.0.0.1:1/x");
        CHECK(post.response.retry_after == "5");
        CHECK(post.response.www_authenticate == "Basic, Bearer");
        CHECK(post.response.content_type == "a/b");
        post.response.lease.keep();
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("CurlBackend: no cookie is sent back, no 401 is answered by itself") {
    Ledger ledger;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            ledger.add(*request);
            peer.send(with_body(
                "401 Unauthorized",
                "Set-Cookie: a=b\r\nWWW-Authenticate: Basic realm=\"x\"\r\n",
                ""));
        }
    }};
    boost::asio::io_context context;
    clarify::CurlBackend backend;
    CurlPost post{backend, server.origin() + "/"};
    for (int i = 0; i != 2; ++i) {
        post.response.clear();
        REQUIRE(post.run(context));
        CHECK(post.response.status == 401);
        post.response.lease.keep();
    }
    const auto seen = ledger.all();
    REQUIRE(seen.size() == 2);
    CHECK_FALSE(seen[1].header("Cookie"));
    CHECK_FALSE(seen[1].header("Authorization"));
}

TEST_CASE("CurlBackend: the environment's proxies and netrc change nothing") {
    Ledger ledger;
    RawServer server{record(ledger)};
    for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"})
        ::setenv(name, "http://127.0.0.1:1", 1);
    ::unsetenv("no_proxy");
    ::unsetenv("NO_PROXY");
    CurlCaller caller{server};
    const Outcome outcome = caller.call();
    for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"})
        ::unsetenv(name);
    REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
    REQUIRE(ledger.all().size() == 1);
    CHECK(ledger.all()[0].head.starts_with("POST /v1/rpc "));
}

TEST_CASE("CurlBackend: calls one after the other share a connection, and the observer hears it") {
    Ledger ledger;
    RawServer server{record(ledger)};
    std::vector<EventKind> events;
    std::string host;
    clarify::ClientOptions options = support::quick_options();
    options.http.observer = [&](const clarify::Event& event) {
        events.push_back(event.kind);
        host = event.host;
    };
    {
        CurlCaller caller{server, options};
        for (int i = 0; i != 3; ++i)
            CHECK(caller.call().value() == "1");
        caller.client.close();
        caller.context.restart();
        caller.context.run();
    }
    CHECK(server.connections() == 1);
    CHECK(host == "127.0.0.1:" + std::to_string(server.port()));
    CHECK(
        events ==
        std::vector{
            EventKind::connection_opened,
            EventKind::connection_reused,
            EventKind::connection_reused,
            EventKind::connection_closed});
}

TEST_CASE("CurlBackend: a connection is held back while the lease of its reply is undecided") {
    Ledger ledger;
    RawServer server{record(ledger)};
    boost::asio::io_context context;
    clarify::CurlBackend backend;
    CurlPost first{backend, server.origin() + "/"};
    CurlPost second{backend, server.origin() + "/"};
    CurlPost third{backend, server.origin() + "/"};
    REQUIRE(first.run(context));
    REQUIRE(second.run(context));
    CHECK(server.connections() == 2);
    SUBCASE("a lease that is kept gives the connection back") {
        first.response.lease.keep();
        REQUIRE(third.run(context));
        CHECK(server.connections() == 2);
        CHECK(third.response.body.find("\"result\":1}") != std::string::npos);
    }
    SUBCASE("a lease that is dropped closes it") {
        first.response.lease.discard();
        second.response.clear();
        REQUIRE(third.run(context));
        CHECK(server.connections() == 3);
        CHECK(third.response.body.find("\"result\":3}") != std::string::npos);
    }
}

TEST_CASE("CurlBackend: a lease may outlive its backend") {
    std::atomic<int> ended = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read())
            peer.result(*request, "1");
        ++ended;
    }};
    boost::asio::io_context context;
    clarify::HttpResponse kept;
    {
        auto backend = std::make_unique<clarify::CurlBackend>();
        CurlPost post{*backend, server.origin() + "/"};
        REQUIRE(post.run(context));
        kept = std::move(post.response);
        backend->close();
        backend->close();
    }
    CHECK(ended == 0);
    kept.lease.keep();
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (ended == 0 && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
    CHECK(ended == 1);
}

TEST_CASE("CurlBackend: a fresh connection is opened where one is asked for") {
    Ledger ledger;
    RawServer server{record(ledger)};
    clarify::HttpOptions options;
    options.max_connections = 1;
    boost::asio::io_context context;
    clarify::CurlBackend backend{options};
    for (int i = 1; i != 4; ++i) {
        CurlPost post{backend, server.origin() + "/"};
        post.request.fresh_connection = true;
        REQUIRE(post.run(context));
        post.response.lease.keep();
        CHECK(server.connections() == i);
    }
}

TEST_CASE("CurlBackend: an idle connection past its time is not used again") {
    Ledger ledger;
    RawServer server{record(ledger)};
    clarify::HttpOptions options;
    SUBCASE("idle for too long") { options.idle_timeout = 0ms; }
    SUBCASE("alive for too long") { options.connection_lifetime = 1ms; }
    boost::asio::io_context context;
    clarify::CurlBackend backend{options};
    for (int i = 1; i != 4; ++i) {
        CurlPost post{backend, server.origin() + "/"};
        REQUIRE(post.run(context));
        std::this_thread::sleep_for(2ms);
        post.response.lease.keep();
        CHECK(server.connections() == i);
    }
}

TEST_CASE("CurlBackend: a server's promise of a second or less is no promise") {
    RawServer server{[](RawPeer& peer) {
        while (const auto request = peer.read())
            peer.result(*request, "1", "Keep-Alive: timeout=1\r\n");
    }};
    CurlCaller caller{server};
    CHECK(caller.call());
    CHECK(caller.call());
    CHECK(server.connections() == 2);
}

TEST_CASE("CurlBackend: a request on a connection that dies just then goes out at most once") {
    struct Row {
        std::string_view name;
        void (*die)(RawPeer&);
    };
    for (const Row row :
         {Row{"after reading it",
              [](RawPeer& peer) {
                  peer.read();
                  peer.finish_sending();
              }},
          Row{"with a reset", [](RawPeer& peer) {
                  peer.socket().wait(RawPeer::Socket::wait_read);
                  peer.reset();
              }}}) {
        CAPTURE(row.name);
        std::atomic<int> requests = 0;
        RawServer server{[&](RawPeer& peer) {
            if (peer.number() == 1) {
                const auto request = peer.read();
                peer.result(*request, "1");
                return row.die(peer);
            }
            while (const auto request = peer.read()) {
                ++requests;
                peer.result(*request, "2");
            }
        }};
        for (const std::size_t size : {std::size_t{2}, std::size_t{3} << 20U}) {
            CAPTURE(size);
            boost::asio::io_context context;
            clarify::CurlBackend backend;
            CurlPost first{backend, server.origin() + "/"};
            REQUIRE(first.run(context));
            if (first.response.body.find("\"result\":1}") == std::string::npos) continue;
            first.response.lease.keep();
            CurlPost second{backend, server.origin() + "/", std::string(size, ' ')};
            const auto outcome = second.run(context);
            REQUIRE_FALSE(outcome);
            CHECK_MESSAGE(outcome.error().code() == Errc::io, outcome.error());
            CHECK_MESSAGE(outcome.error().reason() == Reason::stale, outcome.error());
            CHECK(outcome.error().fate() == Fate::unknown);
            CHECK(second.progress.sent);
            CHECK(server.connections() == 1);
            // The backend is as good as new.
            CurlPost third{backend, server.origin() + "/"};
            CHECK(third.run(context));
            CHECK(server.connections() == 2);
            CHECK(requests == 1);
        }
    }
}

TEST_CASE("CurlBackend: a reply that comes unasked on an idle connection reaches no call") {
    std::atomic<int> forged = 0;
    std::atomic<bool> wanted = false;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            peer.send(with_body("200 OK", "", "mine"));
            const auto until = std::chrono::steady_clock::now() + 20s;
            while (!wanted.exchange(false) && std::chrono::steady_clock::now() < until)
                std::this_thread::yield();
            peer.send(with_body("200 OK", "", "forged"));
            ++forged;
        }
    }};
    boost::asio::io_context context;
    clarify::CurlBackend backend;
    for (int i = 1; i != 4; ++i) {
        CurlPost post{backend, server.origin() + "/"};
        REQUIRE(post.run(context));
        CHECK(post.response.body == "mine");
        CHECK(server.connections() == i);
        post.response.lease.keep();
        wanted = true;
        const auto until = std::chrono::steady_clock::now() + 30s;
        while (forged != i && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();
    }
}

}  // namespace curl_backend_test
