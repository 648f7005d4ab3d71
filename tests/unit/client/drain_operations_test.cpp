// SPDX-License-Identifier: BSL-1.0
// Closing gracefully in the midst of operations that make several requests.

#include <clarify/api/api_client.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drain_operations_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using TestClient = ApiClient<RpcClient<ScriptedBackend, NoAuth, BoostJsonCodec>>;

/// `count` resources, the first of which has the number `first`.
std::string resources(const char* type, int first, int count) {
    std::string text;
    for (int i = 0; i != count; ++i) {
        if (i != 0) text += ',';
        const std::string id = "c0ffee01234567890" + std::to_string(100 + first + i);
        text += R"({"type":")" + std::string{type} + R"(","id":")" + id +
            R"(","meta":{},"attributes":{"name":"n"},"relationships":{}})";
    }
    return R"({"data":[)" + text + "]}";
}

/// A server that takes 100 ms for everything.
Answer answer(const RecordedRequest& request) {
    const std::string method = request.method();
    const std::string params = request.params();
    const bool first = params.find(R"("skip":)") == std::string::npos ||
        params.find(R"("skip":0)") != std::string::npos;
    std::string result = "{}";
    if (method == "admin.selectSignals")
        result = resources("signals", first ? 0 : 10, first ? 10 : 5);
    if (method == "clarify.selectItems")
        result = resources("items", first ? 0 : 10, first ? 10 : 5);
    return reply_result(result).after(100ms);
}

struct Bench {
    Bench() {
        server.on("/rpc").always(&answer);
        ClientOptions options;
        options.clock = clock;
        options.rate_limits.clear();
        client.emplace(
            TestClient::Base{
                context.get_executor(),
                Url::parse("http://localhost/rpc").value(),
                server,
                NoAuth{},
                std::move(options)},
            "c618rbfqfsj7mjkj0ss1");
    }
    template <class T>
    struct Slot {
        std::optional<Result<T>> outcome;
        Errc code() const { return *outcome ? Errc{} : outcome->error().code(); }
    };
    template <class T, class Begin>
    std::shared_ptr<Slot<T>> start(Begin&& begin) {
        auto slot = std::make_shared<Slot<T>>();
        begin([slot](Result<T> got) { slot->outcome.emplace(std::move(got)); });
        return slot;
    }
    std::shared_ptr<Slot<void>> drain(std::chrono::milliseconds limit) {
        return start<void>([&](auto handler) { client->async_drain(limit, std::move(handler)); });
    }
    std::shared_ptr<Slot<InsertResult>> insert() {
        DataFrame frame;
        for (int i = 0; i != 300; ++i)
            frame.append(Timestamp::from_microseconds(i * 1'000'000), {{"a", 1.0 * i}});
        InsertOptions options;
        options.max_request_size = 2'000;
        return start<InsertResult>(
            [&](auto handler) { client->async_insert(frame, options, std::move(handler)); });
    }
    void run_for(Clock::duration span) { clock->run_for(context, span); }
    void run() { CHECK(clock->run(context) == Halt::finished); }

    asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    std::optional<TestClient> client;
};

PageOptions small_pages() {
    PageOptions options;
    options.page_size = 10;
    return options;
}

DataQuery day() {
    DataQuery data;
    data.from = Timestamp{};
    data.to = Timestamp::from_microseconds(86'400'000'000);
    return data;
}

using SignalPage = std::optional<Selection<Signal>>;
using Part = std::optional<DataPart<DataFrame>>;

}  // namespace

TEST_CASE("drain: an insert in parts that was accepted ends as one") {
    Bench bench;
    const auto inserted = bench.insert();
    bench.run_for(150ms);
    CHECK(bench.server.count("/rpc") == 2);
    const auto drained = bench.drain(30s);
    bench.run_for(1ms);
    const auto late = bench.insert();
    const auto single = bench.start<boost::json::value>(
        [&](auto handler) { bench.client->async_call("m", handler); });
    bench.run();
    CHECK(bench.server.count("/rpc") > 3);
    CHECK(inserted->code() == Errc{});
    CHECK(drained->code() == Errc{});
    CHECK(late->code() == Errc::closed);
    CHECK(late->outcome->error().fate() == Fate::unsent);
    CHECK(single->code() == Errc::closed);
    CHECK(bench.server.closed());
}

TEST_CASE("drain: one that was begun just before it counts") {
    Bench bench;
    const auto inserted = bench.insert();
    const auto drained = bench.drain(30s);
    const auto late = bench.insert();
    bench.run();
    CHECK(inserted->code() == Errc{});
    CHECK(drained->code() == Errc{});
    // Begun before anything ran, it was accepted as well.
    CHECK((late->code() == Errc{} || late->code() == Errc::closed));
}

TEST_CASE("drain: an operation that the time does not suffice for is cut, and the result says so") {
    Bench bench;
    const auto inserted = bench.insert();
    bench.run_for(150ms);
    const TimePoint began = bench.clock->now();
    const auto drained = bench.drain(200ms);
    bench.run();
    CHECK(inserted->code() == Errc::closed);
    CHECK(drained->code() == Errc::timeout);
    CHECK(
        drained->outcome->error().message() ==
        "cut short: 1 calls under way, and 1 operations of several calls");
    CHECK(bench.clock->now() <= began + 1s);
}

TEST_CASE("drain: closing for good ends an operation at once") {
    Bench bench;
    const auto inserted = bench.insert();
    bench.run_for(150ms);
    const auto drained = bench.drain(30s);
    bench.run_for(10ms);
    bench.client->close();
    bench.run_for(1ms);
    CHECK(inserted->code() == Errc::closed);
    CHECK(drained->code() == Errc::closed);
    bench.run();
}

TEST_CASE("drain: publishing with change detection ends as one") {
    Bench bench;
    const auto published = bench.start<PublishReport>([&](auto handler) {
        PublishOptions options;
        options.batch = 5;
        bench.client->async_publish_changed_signals(options, std::move(handler));
    });
    bench.run_for(50ms);
    const auto drained = bench.drain(30s);
    bench.run();
    REQUIRE(published->code() == Errc{});
    CHECK((*published->outcome)->signals > 0);
    CHECK((*published->outcome)->published.size() == (*published->outcome)->signals);
    CHECK(drained->code() == Errc{});
    CHECK(bench.server.count("/rpc") > 2);
}

TEST_CASE("drain: of pages, the wait under way gets its page, later ones are closed") {
    Bench bench;
    SignalPages pages = bench.client->signal_pages({}, small_pages());
    const auto next = [&] {
        return bench.start<SignalPage>([&](auto handler) { pages.async_next(std::move(handler)); });
    };
    const auto first = next();
    bench.run_for(50ms);
    const auto drained = bench.drain(30s);
    bench.run_for(100ms);
    REQUIRE(first->outcome.has_value());
    CHECK(first->code() == Errc{});
    // Nothing was asked for in advance, for nobody would get it.
    CHECK(bench.server.count("/rpc") == 1);
    const auto second = next();
    bench.run();
    CHECK(second->code() == Errc::closed);
    CHECK(drained->code() == Errc{});
}

TEST_CASE("drain: a page that was asked for in advance is not handed over any more") {
    Bench bench;
    SignalPages pages = bench.client->signal_pages({}, small_pages());
    const auto next = [&] {
        return bench.start<SignalPage>([&](auto handler) { pages.async_next(std::move(handler)); });
    };
    const auto first = next();
    bench.run_for(150ms);
    CHECK(first->code() == Errc{});
    CHECK(bench.server.count("/rpc") == 2);
    const auto drained = bench.drain(30s);
    bench.run_for(1ms);
    const auto second = next();
    bench.run();
    CHECK(second->code() == Errc::closed);
    CHECK(drained->code() == Errc{});
}

TEST_CASE("drain: of a data stream, the wait under way gets its part, items and all") {
    Bench bench;
    DataStream stream = bench.client->data_parts({}, day(), {});
    const auto next = [&] {
        return bench.start<Part>([&](auto handler) { stream.async_next(std::move(handler)); });
    };
    const auto first = next();
    bench.run_for(50ms);
    const auto drained = bench.drain(30s);
    bench.run_for(1s);
    REQUIRE(first->outcome.has_value());
    CHECK(first->code() == Errc{});
    CHECK(bench.server.count("/rpc") >= 2);
    const auto second = next();
    bench.run();
    CHECK(second->code() == Errc::closed);
    CHECK(drained->code() == Errc{});
}

TEST_CASE("drain: a stream that nobody waits on holds nothing up") {
    Bench bench;
    SignalPages pages = bench.client->signal_pages({}, small_pages());
    DataStream stream = bench.client->data_parts({}, day(), {});
    const TimePoint began = bench.clock->now();
    const auto drained = bench.drain(30s);
    bench.run();
    CHECK(drained->code() == Errc{});
    CHECK(bench.clock->now() == began);
}

}  // namespace drain_operations_test
