// SPDX-License-Identifier: BSL-1.0
// More calls than connections: how many sockets, in which order, in how much memory.

#include <clarify/auth/no_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/in_child.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <malloc.h>
#include <sys/time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
// As in <sanitizer/allocator_interface.h>, which not every system has where GCC finds it.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace load_queue_test {

namespace {

using namespace std::chrono_literals;
using clarify::Clock;
using clarify::Errc;
using clarify::Fate;
using clarify::Phase;
using support::RawPeer;
using support::RawServer;

using Outcome = clarify::Result<std::string>;
using LoadClient = clarify::RpcClient<clarify::BeastBackend, clarify::NoAuth, support::TextCodec>;

struct Scene {
    explicit Scene(const RawServer& server, clarify::ClientOptions options = {})
        : Scene(server.origin(), std::move(options)) {}
    explicit Scene(const std::string& origin, clarify::ClientOptions options = {}) {
        client.emplace(
            context.get_executor(),
            clarify::Url::parse(origin + "/rpc").value(),
            clarify::BeastBackend{options.http},
            clarify::NoAuth{},
            options);
    }
    bool run_until(const std::function<bool()>& done, std::chrono::seconds most = 60s) {
        const auto work = boost::asio::make_work_guard(context);
        const auto until = Clock::now() + most;
        context.restart();
        while (!done() && Clock::now() < until)
            context.run_one_for(20ms);
        return done();
    }

    boost::asio::io_context context;
    std::optional<LoadClient> client;
};

/// Bytes on the heap that are in use.
std::size_t heap() {
#if defined(__SANITIZE_ADDRESS__)
    return ::__sanitizer_get_current_allocated_bytes();
#else
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
#endif
}

/// Holds every reply back until it is told otherwise.
RawServer::Script hold_back(std::string json) {
    return [json = std::move(json)](RawPeer& peer) {
        while (const auto request = peer.read()) {
            peer.await_release();
            peer.result(*request, json);
        }
    };
}

}  // namespace

TEST_CASE(
    "load: ten thousand calls at once use sixteen sockets, come in order and take little room") {
    RawServer server{hold_back("1")};
    clarify::ClientOptions options;
    options.call_timeout = 120s;
    Scene scene{server, options};
    constexpr std::size_t many = 10'000;
    std::vector<std::size_t> order;
    order.reserve(many);
    std::size_t succeeded = 0;
    const std::size_t before = heap();
    for (std::size_t i = 0; i != many; ++i) {
        scene.client->async_call("m", "{}", [&, i](const Outcome& outcome) {
            order.push_back(i);
            if (outcome) ++succeeded;
        });
    }
    CHECK(scene.run_until([&] { return server.ledger().request_count() == 16; }));
    scene.run_until([until = Clock::now() + 300ms] { return Clock::now() > until; });
    const std::size_t each = (heap() - before) / many;
    CAPTURE(each);
#if !defined(__SANITIZE_THREAD__)
    CHECK(each > 0);
#if defined(__clang__) && !defined(__OPTIMIZE__)
    CHECK(each <= 8'192);  // the frames of coroutines hold every temporary then
#else
    CHECK(each <= 4'608);  // with what the allocator adds
#endif
#endif
    server.ledger().release();
    CHECK(scene.run_until([&] { return order.size() == many; }));
    CHECK(succeeded == many);
    CHECK(server.connections() <= 16);
    // First come, first served: nobody ends much earlier or later than in their turn.
    std::size_t displaced = 0;
    for (std::size_t i = 0; i != order.size(); ++i)
        displaced = std::max(displaced, order[i] > i ? order[i] - i : i - order[i]);
    CHECK(displaced <= 1'000);
}

TEST_CASE("load: beyond the length of the line calls are refused at once, and none is lost") {
    RawServer server{hold_back("1")};
    clarify::ClientOptions options;
    options.http.max_connections = 2;
    options.http.max_waiting = 100;
    Scene scene{server, options};
    std::size_t ended = 0;
    std::size_t refused = 0;
    const auto start = [&](int count) {
        for (int i = 0; i != count; ++i) {
            scene.client->async_call("m", "{}", [&](const Outcome& outcome) {
                ++ended;
                if (outcome) return;
                ++refused;
                CHECK(outcome.error().code() == Errc::overloaded);
                CHECK(outcome.error().fate() == Fate::unsent);
                CHECK(outcome.error().attempts() == 1);
            });
        }
    };
    start(102);
    CHECK(scene.run_until([&] { return server.ledger().request_count() == 2; }));
    CHECK(ended == 0);
    start(5);
    CHECK(scene.run_until([&] { return ended == 5; }));
    CHECK(refused == 5);
    server.ledger().release();
    CHECK(scene.run_until([&] { return ended == 107; }));
    CHECK(refused == 5);
    CHECK(server.ledger().request_count() == 102);
    CHECK(clarify::HttpOptions{}.max_waiting == 16'384);
}

TEST_CASE("load: a call whose time is over in line was not sent, and ends by its deadline") {
    RawServer server{hold_back("1")};
    clarify::ClientOptions options;
    options.http.max_connections = 1;
    Scene scene{server, options};
    bool first_ended = false;
    scene.client->async_call("m", "{}", [&](const Outcome& outcome) {
        CHECK(outcome.has_value());
        first_ended = true;
    });
    CHECK(scene.run_until([&] { return server.ledger().request_count() == 1; }));
    std::size_t ended = 0;
    const auto began = Clock::now();
    auto latest = Clock::duration::zero();
    for (int i = 0; i != 200; ++i) {
        scene.client->async_call(
            "m", "{}", clarify::CallOptions{200ms}, [&](const Outcome& outcome) {
                ++ended;
                latest = Clock::now() - began;
                REQUIRE(outcome.has_error());
                CHECK(outcome.error().code() == Errc::timeout);
                CHECK(outcome.error().phase() == Phase::queue);
                CHECK(outcome.error().fate() == Fate::unsent);
            });
    }
    CHECK(scene.run_until([&] { return ended == 200; }));
    CHECK(latest >= 200ms);
    CHECK(latest < 5s);  // on a machine that has other things to do
    server.ledger().release();
    CHECK(scene.run_until([&] { return first_ended; }));
    CHECK(server.ledger().request_count() == 1);
}

TEST_CASE("load: sixteen replies of sixteen megabytes at once leave nothing behind") {
    const std::string text = '"' + std::string((std::size_t{16} << 20U) - 64, 'x') + '"';
    RawServer server{hold_back(text)};
    clarify::ClientOptions options;
    options.call_timeout = 60s;
    Scene scene{server, options};
    std::size_t ended = 0;
    std::size_t right = 0;
    const std::size_t before = heap();
    for (int i = 0; i != 16; ++i) {
        scene.client->async_call("m", "{}", [&](const Outcome& outcome) {
            ++ended;
            if (outcome && outcome->size() == text.size()) ++right;
        });
    }
    CHECK(scene.run_until([&] { return server.ledger().request_count() == 16; }));
    server.ledger().release();
    CHECK(scene.run_until([&] { return ended == 16; }));
    CHECK(right == 16);
    // The server's own copies go as it writes them.
    CHECK(scene.run_until(
        [&] { return heap() < before + (std::size_t{4} << 20U); }, std::chrono::seconds{10}));
}

TEST_CASE(
    "signals: a timer's signal a thousand times a second, and peers that are gone, harm no call") {
    const auto script = [](RawPeer& peer) {
        for (int served = 0; const auto request = peer.read(); ++served) {
            // Every third connection breaks behind a reply, without a word.
            peer.result(*request, "1");
            if (peer.number() % 3 == 0 && served == 2) return peer.reset();
        }
    };
    const auto body = [](const std::string& origin) -> std::string {
        std::signal(SIGPIPE, SIG_DFL);
        // Without SA_RESTART, so that what can be interrupted is.
        struct sigaction action = {};
        action.sa_handler = [](int) {};
        ::sigaction(SIGALRM, &action, nullptr);
        const itimerval often{{0, 1'000}, {0, 1'000}};
        ::setitimer(ITIMER_REAL, &often, nullptr);
        int wrong = 0;
        int ended = 0;
        Scene scene{origin};
        clarify::CallOptions options;
        options.idempotent = true;
        for (int i = 0; i != 2'000; ++i) {
            scene.client->async_call("m", "{}", options, [&](const Outcome& outcome) {
                ++ended;
                if (!outcome) ++wrong;
            });
            if (i % 16 == 15) scene.run_until([&] { return ended == i + 1; });
        }
        if (!scene.run_until([&] { return ended == 2'000; })) return "calls were lost";
        return wrong == 0 ? "" : std::to_string(wrong) + " calls failed";
    };
    CHECK(support::in_child(script, body).problem == "");
}

}  // namespace load_queue_test
