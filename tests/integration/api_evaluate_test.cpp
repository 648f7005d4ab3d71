// SPDX-License-Identifier: BSL-1.0
// Evaluating and connecting with the typed client, against the emulator.

#include "api_bench.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

namespace api_evaluate_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

const Timestamp begin = Timestamp::parse("2026-01-01T00:00:00Z").value();

struct Bench : ApiBench {
    Bench() {
        DataFrame frame;
        for (int i = 0; i != 6; ++i) {
            frame.append(begin + 10min * i, {{"in", i}, {"out", 2 * i}, {"running", i % 2}});
        }
        REQUIRE(run(client.insert(frame)).has_value());
        in = emulator.publish("in");
        out = emulator.publish("out");
        running = emulator.publish("running");
        query.data = DataQuery{begin, begin + 1h, 20min};
    }

    std::string in;
    std::string out;
    std::string running;
    EvaluateQuery query;
};

}  // namespace

TEST_CASE("Client: evaluate computes from items, and from what it has computed") {
    Bench bench;
    bench.query.items = {
        {"flow_in", bench.in, TimeAggregation::avg},
        {"flow_out", bench.out, TimeAggregation::max},
        {"before", bench.in, TimeAggregation::last}};
    bench.query.items[2].lag = 1;
    ItemAggregation state{"on", bench.running, TimeAggregation::state_seconds};
    state.state = 1;
    bench.query.items.push_back(state);
    bench.query.calculations = {
        {"loss", "flow_out - flow_in"},
        {"high", "loss > 2"},
        {"share", "on / bucket_seconds"},
        {"known", "gapfill(before)"}};
    SelectOptions options;
    options.include_items = true;
    const auto result = bench.run(bench.client.evaluate(bench.query, options));
    REQUIRE_MESSAGE(result.has_value(), result.error().to_string());
    CHECK(result->total == 8);
    CHECK(result->included_items.size() == 3);
    const DataFrame& frame = result->data;
    REQUIRE(frame.size() == 3);
    CHECK(frame.at(begin, "flow_in") == 0.5);
    CHECK(frame.at(begin + 40min, "flow_out") == 10);
    CHECK(frame.at(begin, "before") == std::nullopt);
    CHECK(frame.at(begin + 20min, "before") == 1);
    CHECK(frame.at(begin, "on") == 600);
    CHECK(frame.at(begin + 20min, "loss") == 3.5);
    CHECK(frame.at(begin, "high") == 0);
    CHECK(frame.at(begin + 40min, "high") == 1);
    CHECK(frame.at(begin + 40min, "share") == 0.5);
    CHECK(frame.at(begin + 40min, "known") == 3);
}

TEST_CASE("Client: evaluate with groups says its version, in the words of each") {
    Bench bench;
    bench.query.groups = {
        {"all", field("name").in({"in", "out"}), TimeAggregation::max, ItemsAggregation::sum}};
    bench.query.calculations = {{"half", "all / 2"}};
    for (const char* const version : {"1.1", "1.2alpha1", "1.2beta1", "1.2"}) {
        CAPTURE(version);
        SelectOptions options;
        options.api_version = version;
        const auto result = bench.run(bench.client.evaluate(bench.query, options));
        REQUIRE_MESSAGE(result.has_value(), result.error().to_string());
        CHECK(result->data.at(begin + 40min, "all") == 15);
        CHECK(result->data.at(begin + 40min, "half") == 7.5);
    }
}

TEST_CASE("Client: a strict server evaluates and connects, in any version and either dialect") {
    for (const ApiVersion& version :
         {ApiVersion{"1.1"},
          ApiVersion{"1.2alpha1"},
          ApiVersion{"1.2beta1"},
          ApiVersion{"1.2"},
          ApiVersion::none()}) {
        for (const bool observed : {false, true}) {
            CAPTURE(version.selector());
            CAPTURE(observed);
            testing::EmulatorOptions emulated = plain_http();
            emulated.strict = true;
            emulated.observed_shapes = observed;
            ClientOptions options = hurried();
            options.api_version = version;
            ApiBench bench{options, emulated};
            const std::vector<testing::Sample> samples{
                {begin.time_point(), 1}, {(begin + 90min).time_point(), 2}};
            bench.emulator.seed("a", samples);
            bench.emulator.seed("b");
            const std::string item = bench.emulator.publish("a");

            EvaluateQuery query;
            query.items = {
                {"value", item, TimeAggregation::avg},
                {"shifted", item, TimeAggregation::last},
                {"on", item, TimeAggregation::state_percent}};
            query.items[1].lag = 1;
            query.items[2].state = 1;
            query.calculations = {{"twice", "gapfill(value) * 2"}};
            query.data = DataQuery{begin, begin + 24h, 1h};
            SelectOptions along;
            along.include_items = true;
            const auto plain = bench.run(bench.client.evaluate(query, along));
            REQUIRE_MESSAGE(plain.has_value(), plain.error().to_string());
            CHECK(plain->included_items.size() == 1);
            CHECK(plain->data.at(begin, "value") == 1);
            CHECK(plain->data.at(begin + 1h, "shifted") == 1);
            CHECK(plain->data.at(begin, "twice") == 2);
            CHECK(plain->data.at(begin, "on") == 100);
            query.groups = {{"all", Filter{}, TimeAggregation::count, ItemsAggregation::sum}};
            query.items[0].eng_unit = "K";
            const auto grouped = bench.run(bench.client.evaluate(query));
            REQUIRE_MESSAGE(grouped.has_value(), grouped.error().to_string());
            CHECK(grouped->data.at(begin, "all") == 1);

            const Filter b = field("input") == "b";
            const auto connected = bench.run(bench.client.connect_signals(b, item));
            REQUIRE_MESSAGE(connected.has_value(), connected.error().to_string());
            CHECK(bench.emulator.item_id("b") == item);
            const auto detached = bench.run(bench.client.disconnect_signals(b));
            REQUIRE_MESSAGE(detached.has_value(), detached.error().to_string());
            CHECK_FALSE(bench.emulator.item_id("b"));
        }
    }
}

TEST_CASE("Client: what the server finds wrong with a formula is told with its path") {
    Bench bench;
    bench.query.calculations = {{"c", "no_such_alias + 1"}};
    const auto result = bench.run(bench.client.evaluate(bench.query));
    REQUIRE(result.has_error());
    CHECK(result.error().code() == Errc::rpc);
    const auto params = result.error().rpc()->clarify_data().params;
    REQUIRE(params.size() == 1);
    CHECK(params[0].first == "calculations.0.formula");
    CHECK(params[0].second == "has no variable no_such_alias at character 1");
}

TEST_CASE("Client: signals are connected to an item and detached, after a dry run") {
    Bench bench;
    bench.emulator.seed("spare");
    ResourceQuery spare;
    spare.filter = field("input") == "spare";
    const auto item_of_spare = [&] { return bench.emulator.item_id("spare"); };

    ConnectOptions dry;
    dry.dry_run = true;
    dry.include_items = true;
    const auto rehearsed = bench.run(bench.client.connect_signals(spare, bench.in, dry));
    REQUIRE_MESSAGE(rehearsed.has_value(), rehearsed.error().to_string());
    REQUIRE(rehearsed->data.size() == 1);
    CHECK(rehearsed->data[0].item() == ResourceLink{"items", bench.in});
    CHECK(rehearsed->included_item(bench.in) != nullptr);
    CHECK(item_of_spare() == std::nullopt);

    ConnectOptions real;
    real.api_version = "1.2";
    const auto connected = bench.run(bench.client.connect_signals(spare, bench.in, real));
    REQUIRE_MESSAGE(connected.has_value(), connected.error().to_string());
    CHECK(item_of_spare() == bench.in);

    CHECK(bench.run(bench.client.disconnect_signals(spare, dry)).has_value());
    CHECK(item_of_spare() == bench.in);
    const auto detached = bench.run(bench.client.disconnect_signals(spare));
    REQUIRE_MESSAGE(detached.has_value(), detached.error().to_string());
    REQUIRE(detached->data.size() == 1);
    CHECK(detached->data[0].input == "spare");
    CHECK(item_of_spare() == std::nullopt);
}

}  // namespace api_evaluate_test
