// SPDX-License-Identifier: BSL-1.0
// Many exchanges at once through CurlBackend, and objects that go while others need them.

#include "curl_caller.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace curl_lifetime_test {

namespace {

using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using support::CurlCaller;
using support::CurlClient;
using support::CurlPost;
using support::Outcome;
using support::RawPeer;
using support::RawServer;

}  // namespace

TEST_CASE("CurlBackend: 64 calls at once share four connections") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            ++requests;
            peer.result(*request, request->id());
        }
    }};
    clarify::ClientOptions options = support::quick_options();
    options.http.max_connections = 4;
    CurlCaller caller{server, options};
    std::vector<std::string> results;
    for (int i = 0; i != 64; ++i) {
        caller.client.async_call("test.method", "{}", [&](const Outcome& outcome) {
            REQUIRE_MESSAGE(outcome.has_value(), outcome.error());
            results.push_back(*outcome);
        });
    }
    caller.context.run();
    CHECK(results.size() == 64);
    CHECK(requests == 64);
    CHECK(server.connections() == 4);
}

TEST_CASE("CurlBackend: who waits in line is served in turn") {
    std::mutex mutex;
    std::vector<std::string> ids;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            {
                const std::lock_guard lock{mutex};
                ids.push_back(request->id());
            }
            peer.result(*request, "1");
        }
    }};
    clarify::ClientOptions options = support::quick_options();
    options.http.max_connections = 1;
    CurlCaller caller{server, options};
    int succeeded = 0;
    for (int i = 0; i != 20; ++i) {
        caller.client.async_call(
            "test.method", "{}", [&](const Outcome& outcome) { succeeded += outcome.has_value(); });
    }
    caller.context.run();
    CHECK(succeeded == 20);
    CHECK(server.connections() == 1);
    std::vector<std::string> expected;
    for (int i = 1; i != 21; ++i)
        expected.push_back(std::to_string(i));
    CHECK(ids == expected);
}

TEST_CASE("CurlBackend: the context may be destroyed before the client") {
    RawServer server{support::answer_all("1")};
    for (int steps = 0; steps != 30; ++steps) {
        CAPTURE(steps);
        auto context = std::make_unique<boost::asio::io_context>();
        clarify::ClientOptions options = support::quick_options();
        CurlClient client{
            context->get_executor(),
            *clarify::Url::parse(server.origin() + "/rpc"),
            clarify::CurlBackend{options.http},
            clarify::NoAuth{},
            options};
        const auto witness = std::make_shared<int>();
        client.async_call("test.method", "{}", [witness](const Outcome&) {});
        for (int step = 0; step != steps; ++step)
            context->run_one_for(50ms);
        context.reset();
        CHECK(witness.use_count() == 1);
    }
}

TEST_CASE("CurlBackend: an OpenSSL context of the application is not for libcurl") {
    clarify::HttpOptions options;
    options.tls.context =
        std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls);
    CHECK_THROWS_AS(clarify::CurlBackend{options}, std::invalid_argument);
}

TEST_CASE("CurlBackend: exchanges that are destroyed before they end take nothing with them") {
    RawServer server{[](RawPeer& peer) { peer.drain(); }};
    for (const Phase phase : {Phase::queue, Phase::connect, Phase::first_byte}) {
        CAPTURE(static_cast<int>(phase));
        clarify::HttpOptions options;
        options.max_connections = 3;
        auto backend = std::make_unique<clarify::CurlBackend>(options);
        std::list<CurlPost> posts;
        {
            boost::asio::io_context context;
            for (int i = 0; i != 5; ++i)
                posts.emplace_back(*backend, server.origin() + "/").start(context);
            posts.front().reach(context, phase);
        }
        for (const CurlPost& post : posts)
            CHECK_FALSE(post.result);
    }
}

TEST_CASE("CurlBackend: a look-up that nobody waits for any more holds up nothing") {
    boost::asio::io_context context;
    clarify::CurlBackend backend;
    CurlPost post{backend, "http://no-such-host.invalid/"};
    post.start(context);
    post.reach(context, Phase::resolve);
    post.cancel.emit(boost::asio::cancellation_type::terminal);
    post.finish(context);
    REQUIRE(post.result);
    CHECK_FALSE(*post.result);
    CHECK(post.result->error().fate() == Fate::unsent);
}

TEST_CASE("CurlBackend: no descriptor is left behind, whatever happens to the calls") {
    std::atomic<int> requests = 0;
    RawServer server{[&](RawPeer& peer) {
        while (const auto request = peer.read()) {
            switch (++requests % 5) {
                case 0:
                    return peer.reset();
                case 1:
                    return peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
                case 2:
                    return peer.drain();
                default:
                    peer.result(*request, "1", requests % 2 == 0 ? "Connection: close\r\n" : "");
            }
        }
    }};
    boost::asio::io_context context;
    // Makes the context open its own descriptors.
    const boost::asio::steady_timer timer{context};
    const auto before = support::open_descriptors();
    const auto burst = [&] {
        clarify::ClientOptions options = support::quick_options();
        options.http.max_connections = 8;
        auto client = std::make_unique<CurlClient>(
            context.get_executor(),
            *clarify::Url::parse(server.origin() + "/rpc"),
            clarify::CurlBackend{options.http},
            clarify::NoAuth{},
            options);
        int ended = 0;
        for (int i = 0; i != 40; ++i) {
            client->async_call(
                "test.method", "{}", clarify::CallOptions{300ms}, [&](const Outcome&) { ++ended; });
        }
        context.restart();
        context.run();
        client.reset();
        context.restart();
        context.run();
        CHECK(ended == 40);
    };
    for (int i = 0; i != 5; ++i)
        burst();
    // The server's threads close their ends in their own time.
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (support::open_descriptors() > before && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
    CHECK(support::open_descriptors() <= before);
}

}  // namespace curl_lifetime_test
