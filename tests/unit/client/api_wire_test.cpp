// SPDX-License-Identifier: BSL-1.0
// What the typed methods send, by which version, and what they make of failures.

#include <clarify/api/api_client.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/text_codec.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace api_wire_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;

namespace {

// Any codec will do: the typed methods need none.
using TestClient = ApiClient<RpcClient<ScriptedBackend, NoAuth, support::TextCodec>>;

constexpr const char* integration = "c618rbfqfsj7mjkj0ss1";
constexpr std::string_view form = R"("format":{"dataAsArray":true,"groupIncludedByType":true}})";

struct Bench {
    explicit Bench(ClientOptions options = {}) {
        options.clock = clock;
        client.emplace(
            TestClient::Base{
                context.get_executor(),
                Url::parse("http://localhost/rpc").value(),
                server,
                NoAuth{},
                std::move(options)},
            integration);
    }
    /// Runs what `start(handler)` begins, while time passes.
    template <class R, class Start>
    Result<R> run(Start&& start) {
        std::optional<Result<R>> outcome;
        start([&](Result<R> got) { outcome.emplace(std::move(got)); });
        clock->run(context);
        return std::move(outcome.value());
    }
    RecordedRequest last() const { return server.requests("/rpc").back(); }

    boost::asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    std::optional<TestClient> client;
};

DataFrame frame_of(int rows) {
    DataFrame frame;
    for (int i = 0; i != rows; ++i)
        frame.append(Timestamp::from_microseconds(i * 1'000'000), {{"a", i}});
    return frame;
}

}  // namespace

TEST_CASE("ApiClient: an insert of nothing is no request") {
    Bench bench;
    DataFrame rows;
    rows.add_row(Timestamp::from_microseconds(0));
    for (const DataFrame& frame : {DataFrame{}, rows}) {
        for (const std::size_t limit : {std::size_t{0}, std::size_t{1'000}}) {
            InsertOptions options;
            options.max_request_size = limit;
            const auto inserted = bench.run<InsertResult>([&](auto handler) {
                bench.client->async_insert(frame, options, std::move(handler));
            });
            REQUIRE(inserted.has_value());
            CHECK(inserted->signals_by_input.empty());
        }
    }
    CHECK(bench.server.requests().empty());
    // A signal can be made without samples.
    bench.server.on("/rpc").always(reply_result("{}"));
    DataFrame column;
    column.add_column("a");
    const auto made = bench.run<InsertResult>(
        [&](auto handler) { bench.client->async_insert(column, std::move(handler)); });
    CHECK(made.has_value());
    CHECK(bench.server.requests().size() == 1);
}

TEST_CASE("ApiClient: requests as Clarify documents them") {
    Bench bench;
    bench.server.on("/rpc").always(reply_result("{}"));
    bench.run<InsertResult>(
        [&](auto handler) { bench.client->async_insert(frame_of(1), {}, std::move(handler)); });
    CHECK(bench.last().method() == "integration.insert");
    CHECK(bench.last().header("X-API-Version") == "1.1");
    CHECK(
        bench.last().params() ==
        R"({"integration":"c618rbfqfsj7mjkj0ss1",)"
        R"("data":{"times":["1970-01-01T00:00:00Z"],"series":{"a":[0]}}})");

    SignalSaves saves;
    saves["temp"].name = "x";
    SaveOptions create_only;
    create_only.create_only = true;
    create_only.integration = "c8ktonqsahsmemfs7lv0";
    bench.run<SaveSignalsResult>([&](auto handler) {
        bench.client->async_save_signals(saves, create_only, std::move(handler));
    });
    CHECK(bench.last().method() == "integration.saveSignals");
    CHECK(
        bench.last().params() ==
        R"({"integration":"c8ktonqsahsmemfs7lv0","signalsByInput":{"temp":{"name":"x",)"
        R"("description":"","valueType":"numeric","sourceType":"measurement","engUnit":"",)"
        R"("sampleInterval":null,"gapDetection":null,"labels":{},"enumValues":{}}},)"
        R"("createOnly":true})");

    SelectOptions with_items;
    with_items.include_items = true;
    bench.run<Selection<Signal>>([&](auto handler) {
        bench.client->async_select_signals(field("a") == 1, with_items, std::move(handler));
    });
    CHECK(bench.last().method() == "admin.selectSignals");
    CHECK(
        bench.last().params() ==
        R"({"integration":"c618rbfqfsj7mjkj0ss1","query":{"filter":{"a":1}},"include":["item"],)" +
            std::string{form});

    bench.run<Selection<Item>>(
        [&](auto handler) { bench.client->async_select_items({}, {}, std::move(handler)); });
    CHECK(bench.last().params() == R"({"query":{"filter":{}},)" + std::string{form});
}

TEST_CASE("ApiClient: what is new in 1.2 is asked for by its version, and by its name there") {
    const auto method_and_version = [](const char* version) {
        ClientOptions options;
        options.api_version = version;
        Bench bench{options};
        bench.server.on("/rpc").always(reply_result("{}"));
        ConnectOptions dry;
        dry.dry_run = true;
        bench.run<Selection<Signal>>([&](auto handler) {
            bench.client->async_connect_signals(
                {}, "cuga77bpn4pb81evdgj0", dry, std::move(handler));
        });
        CHECK(
            bench.last().params() ==
            R"({"integration":"c618rbfqfsj7mjkj0ss1","item":"cuga77bpn4pb81evdgj0",)"
            R"("query":{"filter":{}},"dryRun":true,)" +
                std::string{form});
        return bench.last().method() + ' ' + std::string{bench.last().header("X-API-Version")};
    };
    CHECK(method_and_version("1.1") == "admin.connectSignals 1.2alpha1");
    CHECK(method_and_version("1.2beta1") == "admin.connectSignals 1.2beta1");
    CHECK(method_and_version("1.2") == "admin.signals.connect 1.2");
    CHECK(method_and_version("1.3alpha1") == "admin.signals.connect 1.3alpha1");

    Bench bench;
    bench.server.on("/rpc").always(reply_result("{}"));
    bench.run<Selection<Signal>>(
        [&](auto handler) { bench.client->async_disconnect_signals({}, {}, std::move(handler)); });
    CHECK(bench.last().method() == "admin.disconnectSignals");
    EvaluateQuery query;
    query.items.emplace_back("i1", "cbpmaq6rpn52969vfl00", TimeAggregation::max);
    query.data.rollup = 1h;
    const auto evaluate = [&] {
        const auto outcome = bench.run<DataSelection>(
            [&](auto handler) { bench.client->async_evaluate(query, {}, std::move(handler)); });
        CHECK(outcome.has_value());
        return std::string{bench.last().header("X-API-Version")};
    };
    CHECK(evaluate() == "1.1");
    CHECK(bench.last().params().find(R"("aggregation":"max")") != std::string::npos);
    query.groups.emplace_back("g1", Filter{}, TimeAggregation::avg, ItemsAggregation::avg);
    CHECK(evaluate() == "1.2alpha1");
    CHECK(bench.last().params().find(R"("timeAggregation":"max")") != std::string::npos);
}

TEST_CASE("ApiClient: typed methods keep to the rate limits unless asked not to") {
    Bench bench;
    bench.server.on("/rpc").always(reply_result("{}"));
    const auto three = [&](const InsertOptions& options) {
        const auto before = bench.clock->elapsed();
        int done = 0;
        for (int i = 0; i != 3; ++i) {
            bench.client->async_insert(
                frame_of(1), options, [&](const Result<InsertResult>&) { ++done; });
        }
        bench.clock->run(bench.context);
        CHECK(done == 3);
        return bench.clock->elapsed() - before;
    };
    CHECK(three({}) >= 2s);
    InsertOptions hurried;
    hurried.rate_limited = false;
    CHECK(three(hurried) < 1s);
}

TEST_CASE("ApiClient: parts of an insert come one after the other, and a failure says which") {
    Bench bench;
    InsertOptions options;
    options.max_request_size = 1'000;
    bench.server.on("/rpc")
        .then(reply_result(R"({"signalsByInput":{"a":{"id":"x","created":true}}})"))
        .then(reply_result(R"({"signalsByInput":{"a":{"id":"x","created":false}}})"))
        .always(reply_error(-32602, "Invalid params"));
    const auto outcome = bench.run<InsertResult>([&](auto handler) {
        bench.client->async_insert(frame_of(100), options, std::move(handler));
    });
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::rpc);
    const auto requests = bench.server.requests("/rpc");
    REQUIRE(requests.size() == 3);
    for (const RecordedRequest& request : requests)
        CHECK(request.params().size() <= 1'000);
    const auto first_time = [](const RecordedRequest& request) {
        const std::string params = request.params();
        return params.substr(params.find(R"("times":[")") + 10, 20);
    };
    CHECK(
        outcome.error().message().find("all before " + first_time(requests[2]) + " was inserted") !=
        std::string::npos);
    const InsertProgress* const done = outcome.error().insert_progress();
    REQUIRE(done != nullptr);
    REQUIRE(done->all_before.has_value());
    CHECK(done->all_before->to_string() == first_time(requests[2]));
    CHECK(done->requests == 2);
    CHECK(done->samples_in_all == 100);
    // What is stored: the samples of the first two requests, and no others.
    std::size_t earlier = 0;
    const DataFrame frame = frame_of(100);
    for (const Timestamp time : frame.times())
        earlier += time < *done->all_before ? 1U : 0U;
    CHECK(done->samples == earlier);
    CHECK(done->samples > 0);

    // Whether a part was inserted whose reply was lost nobody knows, and nothing is said of it.
    Bench lost;
    lost.server.on("/rpc")
        .then(reply_result(R"({"signalsByInput":{"a":{"id":"x","created":true}}})"))
        .always(fail(Errc::io, Reason::reset));
    const auto unknown = lost.run<InsertResult>([&](auto handler) {
        lost.client->async_insert(frame_of(100), options, std::move(handler));
    });
    REQUIRE(unknown.has_error());
    CHECK(unknown.error().fate() == Fate::unknown);
    CHECK(unknown.error().message().find("nothing") == std::string::npos);
    CHECK(
        unknown.error().message().find("all before " + first_time(lost.last()) + " was inserted") !=
        std::string::npos);

    REQUIRE(unknown.error().insert_progress() != nullptr);
    CHECK(unknown.error().insert_progress()->requests == 1);
    CHECK(unknown.error().insert_progress()->all_before->to_string() == first_time(lost.last()));

    // Where none was done there is none, whether one or several requests were to be sent.
    Bench refused;
    refused.server.on("/rpc").always(reply_error(-32602, "Invalid params"));
    for (const std::size_t size : {std::size_t{0}, std::size_t{1'000}}) {
        InsertOptions first;
        first.max_request_size = size;
        const auto nothing = refused.run<InsertResult>([&](auto handler) {
            refused.client->async_insert(frame_of(100), first, std::move(handler));
        });
        REQUIRE(nothing.has_error());
        CHECK(nothing.error().insert_progress() == nullptr);
    }

    Bench good;
    good.server.on("/rpc")
        .then(reply_result(R"({"signalsByInput":{"a":{"id":"x","created":true}}})"))
        .always(reply_result(R"({"signalsByInput":{"a":{"id":"x","created":false}}})"));
    const auto all = good.run<InsertResult>([&](auto handler) {
        good.client->async_insert(frame_of(100), options, std::move(handler));
    });
    REQUIRE(all.has_value());
    CHECK(all->signals_by_input.at("a").created);
    options.max_request_size = 0;
    const std::size_t before = good.server.requests("/rpc").size();
    good.run<InsertResult>([&](auto handler) {
        good.client->async_insert(frame_of(100), options, std::move(handler));
    });
    CHECK(good.server.requests("/rpc").size() == before + 1);
}

TEST_CASE("ApiClient: samples that share no times are divided by inputs, a sparse frame too") {
    SampleBuffer samples;
    DataFrame frame;
    for (int i = 0; i != 1'500; ++i) {
        const auto time = Timestamp::from_microseconds(i * 1'000);
        const std::string key = "sensor" + std::to_string(i % 300);
        samples.add(key, time, i);
        frame.append(time, {{key, i}});
    }
    Bench bench;
    bench.server.on("/rpc")
        .then(reply_result(R"({"signalsByInput":{"sensor1":{"id":"x","created":true}}})"))
        .then(reply_result(R"({"signalsByInput":{"sensor2":{"id":"y","created":true}}})"))
        .always(reply_error(-32602, "Invalid params"));
    const auto failed = bench.run<InsertResult>(
        [&](auto handler) { bench.client->async_insert(samples, {}, std::move(handler)); });
    REQUIRE(failed.has_error());
    CHECK(failed.error().message().find(" of 1500 samples were inserted") != std::string::npos);
    const InsertProgress* const progress = failed.error().insert_progress();
    REQUIRE(progress != nullptr);
    CHECK_FALSE(progress->all_before.has_value());
    CHECK(progress->requests == 2);
    CHECK(progress->samples_in_all == 1'500);
    CHECK(
        failed.error().message().find(std::to_string(progress->samples) + " of 1500 samples") !=
        std::string::npos);
    CHECK(progress->samples > 0);
    CHECK(bench.server.count("/rpc") == 3);

    Bench good;
    good.server.on("/rpc").always(reply_result("{}"));
    const auto sent = [&](const auto& what) {
        const std::size_t before = good.server.count("/rpc");
        const auto done = good.run<InsertResult>(
            [&](auto handler) { good.client->async_insert(what, {}, std::move(handler)); });
        CHECK(done.has_value());
        std::size_t bytes = 0;
        for (const RecordedRequest& request : good.server.requests("/rpc"))
            bytes += request.params().size();
        CHECK(bytes < 1'000'000);
        return good.server.count("/rpc") - before;
    };
    const std::size_t requests = sent(samples);
    CHECK(requests > 1);
    CHECK(requests < 15);
    CHECK(sent(frame) == requests);
    CHECK(sent(SampleBuffer{}) == 0);
}

TEST_CASE("ApiClient: what is decoded stays within the client's limit of memory") {
    ClientOptions options;
    options.max_json_memory = std::size_t{1} << 20U;
    Bench bench{options};
    std::string many = "{}";
    for (int i = 0; i != 20'000; ++i)
        many += ",{}";
    bench.server.on("/rpc").always(reply_result("{\"data\":[" + many + "]}"));
    const auto signals = bench.run<Selection<clarify::Signal>>(
        [&](auto handler) { bench.client->async_select_signals({}, {}, std::move(handler)); });
    REQUIRE(signals.has_error());
    CHECK(signals.error().code() == Errc::too_large);
    CHECK(signals.error().reason() == Reason::parse);
    CHECK(signals.error().phase() == Phase::decode);
    CHECK(signals.error().fate() == Fate::answered);
    const auto called = bench.run<Selection<Item>>(
        [&](auto handler) { bench.client->async_call<Selection<Item>>("m", std::move(handler)); });
    REQUIRE(called.has_error());
    CHECK(called.error().code() == Errc::too_large);
}

TEST_CASE("ApiClient: what has changed something is cancelled, but not totally") {
    using boost::asio::cancellation_type;
    // The second request waits in line when the first has been answered.
    ClientOptions slow;
    slow.rate_limits = {{{"integration.insert"}, 0.1}, {{"admin.publishSignals"}, 0.1}};
    for (const auto type : {cancellation_type::terminal, cancellation_type::partial}) {
        Bench bench{slow};
        boost::asio::cancellation_signal signal;
        const auto cancel_between = [&](auto& outcome) {
            bench.context.restart();
            bench.context.poll();
            signal.emit(cancellation_type::total);
            bench.context.restart();
            bench.context.poll();
            CHECK_FALSE(outcome.has_value());
            signal.emit(type);
            bench.context.restart();
            bench.context.poll();
            REQUIRE(outcome.has_value());
            REQUIRE(outcome->has_error());
            CHECK(outcome->error().code() == Errc::cancelled);
            CHECK(outcome->error().fate() == Fate::unsent);
        };
        bench.server.on("/rpc").always(reply_result("{}"));
        InsertOptions parts;
        parts.max_request_size = 1'000;
        std::optional<Result<InsertResult>> inserted;
        bench.client->async_insert(
            frame_of(100),
            parts,
            boost::asio::bind_cancellation_slot(signal.slot(), [&](Result<InsertResult> got) {
                inserted.emplace(std::move(got));
            }));
        cancel_between(inserted);
        CHECK(inserted->error().message().find("was inserted") != std::string::npos);
        REQUIRE(inserted->error().insert_progress() != nullptr);
        CHECK(inserted->error().insert_progress()->requests == 1);
        CHECK(bench.server.count("/rpc") == 1);

        bench.server.on("/rpc")
            .then(reply_result(R"({"data":[{"type":"signals","id":"c618rbfqfsj7mjkj0ss2",)"
                               R"("attributes":{"name":"A"}},{"type":"signals",)"
                               R"("id":"c618rbfqfsj7mjkj0ss3","attributes":{"name":"B"}}]})"))
            .always(reply_result("{}"));
        PublishOptions one;
        one.batch = 1;
        std::optional<Result<PublishReport>> published;
        bench.client->async_publish_changed_signals(
            one, boost::asio::bind_cancellation_slot(signal.slot(), [&](Result<PublishReport> got) {
                published.emplace(std::move(got));
            }));
        cancel_between(published);
        CHECK(bench.last().method() == "admin.publishSignals");
        CHECK(bench.server.count("/rpc") == 3);
    }
}

TEST_CASE("ApiClient: the part that was done comes with the error") {
    Bench bench;
    bench.server.on("/rpc")
        .then(reply_error(
            -32021,
            "Partial failure",
            R"({"partialResult":{"signalsByInput":{"a":{"id":"x","created":true}}}})"))
        .always(reply_error(-32602, "Invalid params"));
    const auto insert = [&] {
        return bench.run<InsertResult>(
            [&](auto handler) { bench.client->async_insert(frame_of(1), {}, std::move(handler)); });
    };
    const auto partial = insert();
    REQUIRE(partial.has_error());
    const auto done = partial_result<InsertResult>(partial.error());
    REQUIRE(done);
    CHECK(done->signals_by_input.at("a").id == "x");
    CHECK_FALSE(partial_result<InsertResult>(insert().error()));
    CHECK_FALSE(partial_result<InsertResult>(Error{Errc::io}));
}

TEST_CASE("ApiClient: without credentials an integration has to be given") {
    Bench bench;
    bench.server.on("/rpc").always(reply_result("{}"));
    TestClient nobody{
        bench.context.get_executor(),
        Url::parse("http://localhost/rpc").value(),
        bench.server,
        NoAuth{}};
    CHECK(nobody.integration().empty());
    std::optional<Result<Selection<Signal>>> outcome;
    const auto keep = [&](Result<Selection<Signal>> got) { outcome.emplace(std::move(got)); };
    nobody.async_select_signals({}, {}, keep);
    bench.clock->run(bench.context);
    REQUIRE(outcome);
    CHECK(outcome->error().message().find("integration: is needed") != std::string::npos);
    SelectOptions given;
    given.integration = integration;
    nobody.async_select_signals({}, given, keep);
    bench.clock->run(bench.context);
    CHECK(outcome->has_value());
}

TEST_CASE("ApiClient: the latest value of an input key") {
    Bench bench;
    const auto ask = [&] {
        return bench.run<LatestValue>([&](auto handler) {
            bench.client->async_latest_value("pump/flow", std::move(handler));
        });
    };
    const std::string published =
        R"({"data":[{"id":"c618rbfqfsj7mjkj0ss1","type":"signals","meta":{"attributesHash":"x",)"
        R"("relationshipsHash":"y"},"attributes":{"input":"pump/flow","name":"Flow"},)"
        R"("relationships":{"item":{"data":{"type":"items","id":"c8ktonqsahsmemfs7lv0"}}}}]})";
    SUBCASE("the newest one that is not missing") {
        bench.server.on("/rpc")
            .then(reply_result(published))
            .then(reply_result(R"({"meta":{},"data":{"times":["2024-01-01T00:00:00Z",)"
                               R"("2024-01-01T00:01:00Z"],)"
                               R"("series":{"c8ktonqsahsmemfs7lv0":[2.5,null]}}})"));
        const auto latest = ask();
        REQUIRE(latest.has_value());
        CHECK(latest->signal == "c618rbfqfsj7mjkj0ss1");
        CHECK(latest->item == "c8ktonqsahsmemfs7lv0");
        REQUIRE(latest->time.has_value());
        CHECK(latest->time->to_string() == "2024-01-01T00:00:00Z");
        CHECK(latest->value == 2.5);
        const auto requests = bench.server.requests("/rpc");
        REQUIRE(requests.size() == 2);
        CHECK(requests[0].method() == "admin.selectSignals");
        CHECK(requests[0].params().find(R"("filter":{"input":"pump/flow"})") != std::string::npos);
        CHECK(requests[1].method() == "clarify.dataFrame");
        CHECK(requests[1].params().find(R"("last":1)") != std::string::npos);
        CHECK(
            requests[1].params().find(R"("filter":{"id":"c8ktonqsahsmemfs7lv0"})") !=
            std::string::npos);
    }
    SUBCASE("none in the time that was looked at") {
        bench.server.on("/rpc")
            .then(reply_result(published))
            .then(reply_result(R"({"meta":{},"data":{"times":[],"series":{}}})"));
        const auto latest = ask();
        REQUIRE(latest.has_value());
        CHECK_FALSE(latest->item.empty());
        CHECK_FALSE(latest->time.has_value());
        CHECK(std::isnan(latest->value));
    }
    SUBCASE("no such signal") {
        bench.server.on("/rpc").then(reply_result(R"({"data":[]})"));
        const auto latest = ask();
        REQUIRE(latest.has_value());
        CHECK(latest->signal.empty());
        CHECK(bench.server.count("/rpc") == 1);
    }
    SUBCASE("a failure of either request") {
        bench.server.on("/rpc").then(reply_result(published)).then(reply(404));
        const auto latest = ask();
        REQUIRE(latest.has_error());
        CHECK(latest.error().code() == Errc::status);
    }
}

TEST_CASE("ApiClient: an operation of several requests is in a scope with all of them") {
    Bench bench;
    bench.server.on("/rpc").then(reply_result("{}").after(900ms)).always(hang());
    InsertOptions options{CallOptions{CallScope{bench.client->now() + 5s}}};
    options.max_request_size = 400;
    const auto outcome = bench.run<InsertResult>([&](auto handler) {
        bench.client->async_insert(frame_of(30), options, std::move(handler));
    });
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::timeout);
    CHECK(bench.clock->elapsed() == 5s);
    CHECK(bench.server.count("/rpc") == 2);
}

}  // namespace api_wire_test
