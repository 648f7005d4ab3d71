// SPDX-License-Identifier: BSL-1.0
// What begins in a coroutine that was cancelled between two calls.

#include <clarify/api/api_client.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <doctest/doctest.h>
#include <support/text_codec.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cancelled_before_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using TestClient = ApiClient<RpcClient<ScriptedBackend, NoAuth, support::TextCodec>>;

struct Bench {
    Bench() {
        ClientOptions options;
        options.clock = clock;
        client.emplace(
            TestClient::Base{
                context.get_executor(),
                Url::parse("http://localhost/rpc").value(),
                server,
                NoAuth{},
                options},
            "c618rbfqfsj7mjkj0ss1");
        server.always(hang());
    }
    /// Runs `work` in a coroutine that is cancelled before, and does not throw for that. Gives what came
    /// of it, if anything did, without time passing.
    std::optional<Errc> run(std::function<asio::awaitable<Errc>()> work) {
        asio::cancellation_signal signal;
        std::optional<Errc> outcome;
        const auto session = [&]() -> asio::awaitable<void> {
            co_await asio::this_coro::throw_if_cancelled(false);
            signal.emit(asio::cancellation_type::terminal);
            outcome = co_await work();
        };
        asio::co_spawn(
            context, session(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
        clock->run_for(context, 0s);
        return outcome;
    }

    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    std::optional<TestClient> client;
};

template <class T>
Errc code_of(const Result<T>& outcome) {
    return outcome ? Errc{} : outcome.error().code();
}

}  // namespace

TEST_CASE("Cancelled before: a call ends at once as cancelled, and is not sent") {
    Bench bench;
    TestClient& client = *bench.client;
    SUBCASE("as an awaitable") {
        CHECK(bench.run([&]() -> asio::awaitable<Errc> {
            co_return code_of(co_await client.call("m"));
        }) == Errc::cancelled);
    }
    SUBCASE("by deferred") {
        CHECK(bench.run([&]() -> asio::awaitable<Errc> {
            co_return code_of(co_await client.async_call("m", asio::deferred));
        }) == Errc::cancelled);
    }
    SUBCASE("a typed method") {
        CHECK(bench.run([&]() -> asio::awaitable<Errc> {
            co_return code_of(co_await client.select_items(ResourceQuery{}));
        }) == Errc::cancelled);
    }
    SUBCASE("an operation of several requests") {
        CHECK(bench.run([&]() -> asio::awaitable<Errc> {
            co_return code_of(co_await client.latest_value("a"));
        }) == Errc::cancelled);
    }
    SUBCASE("a page") {
        ItemPages pages = client.item_pages(ResourceQuery{});
        CHECK(bench.run([&]() -> asio::awaitable<Errc> {
            co_return code_of(co_await pages.next());
        }) == Errc::cancelled);
        bench.server.on("/rpc").then(reply_result(R"({"data":[]})"));
        CHECK(bench.clock->run(bench.context, pages.next()).has_value());
        bench.server.on("/rpc") = Script{};
    }
    SUBCASE("the wait for the end of other calls") {
        client.async_call("m", [](const auto&) {});
        bench.clock->run_for(bench.context, 0s);
        CHECK(bench.run([&]() -> asio::awaitable<Errc> {
            co_return code_of(co_await client.drain(10s));
        }) == Errc::cancelled);
        CHECK(bench.server.in_flight() == 1);
        return;
    }
    CHECK(bench.server.in_flight() == 0);
    CHECK(bench.server.requests().size() <= 1);
}

TEST_CASE("Cancelled before: one that was not goes out") {
    Bench bench;
    bench.server.on("/rpc").then(reply_result("1"));
    CHECK(bench.clock->run(bench.context, bench.client->call("m")).has_value());
}

}  // namespace cancelled_before_test
