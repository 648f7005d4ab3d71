// SPDX-License-Identifier: BSL-1.0
// What a scripted server is told to answer with is what the typed methods yield.

#include <clarify/api/api_client.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>
#include <clarify/testing/scripted_results.hpp>

#include "../../support/text_codec.hpp"

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace scripted_results_test {

using namespace clarify;
using namespace clarify::testing;

namespace {

using TestClient = ApiClient<RpcClient<ScriptedBackend, NoAuth, support::TextCodec>>;

struct Bench {
    template <class T>
    T run(boost::asio::awaitable<T> task) {
        return clock->run(context, std::move(task));
    }
    static ClientOptions options(std::shared_ptr<TimeSource> clock) {
        ClientOptions options;
        options.clock = std::move(clock);
        return options;
    }

    boost::asio::io_context context;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    Script& script = server.on("/rpc");
    TestClient client{
        TestClient::Base{
            context.get_executor(),
            Url::parse("http://localhost/rpc").value(),
            server,
            NoAuth{},
            options(clock)},
        "c618rbfqfsj7mjkj0ss1"};
};

/// With something in each member.
template <class Resource>
Resource filled(std::string id) {
    Resource resource;
    resource.id = std::move(id);
    resource.name = "a \"name\" \xC3\xA6";
    resource.description = "line\nline";
    resource.value_type = ValueType::enumeration;
    resource.source_type = SourceType::aggregation;
    resource.eng_unit = "bar";
    resource.sample_interval = std::chrono::minutes{15};
    resource.gap_detection = std::chrono::hours{2};
    resource.labels.add("site", "north");
    resource.labels.add("site", "south");
    resource.enum_values = {{0, "off"}, {10, "on"}};
    resource.meta.annotations["a/b"] = "c";
    resource.meta.attributes_hash = std::string(40, 'a');
    resource.meta.relationships_hash = std::string(40, 'b');
    resource.meta.created_at = Timestamp::parse("2024-01-01T00:00:00Z").value();
    resource.meta.updated_at = Timestamp::parse("2024-01-02T00:00:00.5Z").value();
    return resource;
}

Signal full_signal(std::string id) {
    auto signal = filled<Signal>(std::move(id));
    signal.input = "pump/flow";
    signal.relationships["item"].links = {{"items", "c618rbfqfsj7mjkj0ss2"}};
    signal.relationships["integration"];
    signal.relationships["others"].to_many = true;
    signal.relationships["others"].links = {{"signals", "a"}, {"signals", "b"}};
    return signal;
}

}  // namespace

TEST_CASE("Scripted results: signals and items come as they were given") {
    Bench bench;
    const std::vector<Signal> signals{full_signal("c618rbfqfsj7mjkj0ss1"), Signal{}};
    auto item = filled<Item>("c618rbfqfsj7mjkj0ss2");
    item.visible = true;
    bench.script.then(reply_signals(signals, {item})).then(reply_items({item, Item{}}));
    const auto selected = bench.run(bench.client.select_signals({}));
    REQUIRE(selected.has_value());
    CHECK(selected->data == signals);
    CHECK(selected->total == 2);
    CHECK(selected->included_items == std::vector<Item>{item});
    const auto items = bench.run(bench.client.select_items({}));
    REQUIRE(items.has_value());
    CHECK(items->data == std::vector<Item>{item, Item{}});
}

TEST_CASE("Scripted results: of many it is the page that was asked for") {
    Bench bench;
    std::vector<Item> all(25);
    for (std::size_t i = 0; i != all.size(); ++i)
        all[i].id = "item" + std::to_string(i);
    bench.script.always(reply_items(all));
    ResourceQuery query;
    query.limit = 10;
    query.skip = 20;
    const auto page = bench.run(bench.client.select_items(query));
    REQUIRE(page.has_value());
    CHECK(page->data == std::vector<Item>(all.begin() + 20, all.end()));
    CHECK(page->total == 25);
    query.skip = 30;
    const auto beyond = bench.run(bench.client.select_items(query));
    REQUIRE(beyond.has_value());
    CHECK(beyond->data.empty());
}

TEST_CASE("Scripted results: data come as they were given") {
    Bench bench;
    DataFrame frame;
    frame.append(Timestamp::parse("2024-01-01T00:00:00Z").value(), {{"a", 0.1}, {"b", 2}});
    frame.append(Timestamp::parse("2024-01-01T00:00:01Z").value(), {{"a", -1e300}});
    bench.script.then(reply_frame(frame, {filled<Item>("a")}));
    const auto data = bench.run(bench.client.data_frame({}, {}));
    REQUIRE(data.has_value());
    CHECK(data->data == frame);
    CHECK_FALSE(data->total.has_value());
    CHECK(data->included_item("a") != nullptr);
}

TEST_CASE("Scripted results: summaries, whole and in part") {
    Bench bench;
    InsertResult inserted;
    inserted.signals_by_input["a"].id = "c618rbfqfsj7mjkj0ss1";
    inserted.signals_by_input["a"].created = true;
    SaveSignalsResult saved;
    saved.signals_by_input["a"].updated = true;
    PublishSignalsResult published;
    published.items_by_signal["c618rbfqfsj7mjkj0ss1"].created = true;
    bench.script.then(reply_summary(inserted))
        .then(reply_partial(saved))
        .then(reply_summary(published));
    DataFrame frame;
    frame.append(Timestamp::now(), {{"a", 1}});
    CHECK(bench.run(bench.client.insert(frame)).value() == inserted);
    SignalSaves saves;
    saves["a"].name = "A";
    const auto part = bench.run(bench.client.save_signals(saves));
    REQUIRE(part.has_error());
    CHECK(partial_result<SaveSignalsResult>(part.error()) == saved);
    ItemSaves items;
    items["c618rbfqfsj7mjkj0ss1"].name = "A";
    CHECK(bench.run(bench.client.publish_signals(items)).value() == published);
}

TEST_CASE("Scripted results: what cannot be written is refused where it is given") {
    Signal signal;
    signal.input = "\xFF";
    CHECK_THROWS_AS(reply_signals({signal}), std::invalid_argument);
    Item item;
    item.name = "\xFF";
    CHECK_THROWS_AS(reply_items({item}), std::invalid_argument);
    DataFrame frame;
    frame.append(Timestamp::now(), {{"a", std::numeric_limits<double>::infinity()}});
    CHECK_THROWS_AS(reply_frame(frame), std::invalid_argument);
    InsertResult result;
    result.signals_by_input["\xFF"];
    CHECK_THROWS_AS(reply_summary(result), std::invalid_argument);
}

}  // namespace scripted_results_test
