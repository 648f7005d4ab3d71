// SPDX-License-Identifier: BSL-1.0
// The typed methods against the emulator: what is written can be read back, exactly.

#include "api_bench.hpp"

#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace api_client_test {

using namespace clarify;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

const Timestamp begin = Timestamp::parse("2026-01-01T00:00:00Z").value();

using Bench = ApiBench;

template <class Pages>
asio::awaitable<std::vector<std::string>> ids_of(Pages pages) {
    std::vector<std::string> ids;
    while (true) {
        auto page = co_await pages.next();
        REQUIRE(page.has_value());
        if (!*page) break;
        for (const auto& resource : (*page)->data)
            ids.push_back(resource.id);
    }
    co_return ids;
}

asio::awaitable<DataFrame> whole(DataStream parts, std::size_t& count) {
    DataFrame all;
    count = 0;
    Timestamp reached = Timestamp::min();
    while (true) {
        auto part = co_await parts.next();
        REQUIRE_MESSAGE(part.has_value(), part.error().to_string());
        if (!*part) break;
        CHECK((*part)->from >= reached);
        reached = (*part)->from;
        all.merge((*part)->frame);
        ++count;
    }
    co_return all;
}

}  // namespace

TEST_CASE("Client: samples are inserted, signals saved and published, items found and read") {
    Bench bench;
    DataFrame frame;
    frame.append(begin, {{"pump/flow", 1.5}, {"pump/pressure", 3}});
    frame.append(begin + 1h, {{"pump/flow", 0.1}});
    const auto inserted = bench.run(bench.client.insert(frame));
    REQUIRE_MESSAGE(inserted.has_value(), inserted.error().to_string());
    REQUIRE(inserted->signals_by_input.size() == 2);
    CHECK(inserted->signals_by_input.at("pump/flow").created);
    CHECK_FALSE(bench.run(bench.client.insert(frame))->signals_by_input.at("pump/flow").created);

    SignalSaves saves;
    saves["pump/flow"].name = "Flow";
    saves["pump/flow"].labels.add("site", "pier");
    saves["pump/flow"].gap_detection = 2h;
    const auto saved = bench.run(bench.client.save_signals(saves));
    REQUIRE_MESSAGE(saved.has_value(), saved.error().to_string());
    CHECK(saved->signals_by_input.at("pump/flow").updated);

    const auto signals = bench.run(bench.client.select_signals(label("site") == "pier"));
    REQUIRE_MESSAGE(signals.has_value(), signals.error().to_string());
    REQUIRE(signals->data.size() == 1);
    const Signal& signal = signals->data[0];
    CHECK(signal.name == "Flow");
    CHECK(signal.gap_detection == FixedDuration{2h});
    CHECK(signal.meta.attributes_hash == attributes_hash(signal));
    CHECK_FALSE(signal.item());

    ItemSaves items;
    items.emplace(signal.id, ItemSave{signal});
    const auto published = bench.run(bench.client.publish_signals(items));
    REQUIRE_MESSAGE(published.has_value(), published.error().to_string());
    const std::string item_id = published->items_by_signal.at(signal.id).id;

    SelectOptions with_items;
    with_items.include_items = true;
    const auto connected =
        bench.run(bench.client.select_signals(field("id") == signal.id, with_items));
    REQUIRE_MESSAGE(connected.has_value(), connected.error().to_string());
    CHECK(connected->data.at(0).item()->id == item_id);
    REQUIRE(connected->included_item(item_id) != nullptr);
    CHECK(connected->included_item(item_id)->name == "Flow");

    const auto found = bench.run(bench.client.select_items(field("name") == "Flow"));
    REQUIRE(found.has_value());
    REQUIRE(found->data.size() == 1);
    CHECK(found->data[0].visible);
    CHECK(found->data[0].meta.attributes_hash == attributes_hash(found->data[0]));

    const auto data =
        bench.run(bench.client.data_frame(field("id") == item_id, DataQuery{begin, begin + 24h}));
    REQUIRE_MESSAGE(data.has_value(), data.error().to_string());
    CHECK(data->data.at(begin, item_id) == 1.5);
    CHECK(data->data.at(begin + 1h, item_id) == 0.1);
    const auto daily = bench.run(bench.client.data_frame(
        field("id") == item_id, DataQuery{begin, begin + 24h, CalendarDuration::days(1)}));
    REQUIRE_MESSAGE(daily.has_value(), daily.error().to_string());
    CHECK(daily->data.at(begin, item_id + "_count") == 2);
    CHECK(daily->data.at(begin, item_id + "_sum") == 1.6);
}

TEST_CASE("Client: typed methods take any completion token") {
    Bench bench;
    DataFrame frame;
    frame.append(begin, {{"a", 1}});
    auto inserted = bench.client.async_insert(frame, asio::use_future);
    auto selected = bench.client.async_select_signals({}, SelectOptions{}, asio::use_future);
    bool called = false;
    bench.client.async_select_items(
        {}, {}, [&](Result<Selection<Item>> outcome) { called = outcome.has_value(); });
    bench.context.run();
    CHECK(inserted.get().has_value());
    CHECK(selected.get().has_value());
    CHECK(called);
}

TEST_CASE("Client: what Clarify would refuse is told at once, and nothing is sent") {
    Bench bench;
    DataFrame frame;
    frame.append(begin, {{"bad key", 1}, {"x", std::numeric_limits<double>::infinity()}});
    const auto inserted = bench.run(bench.client.insert(frame));
    REQUIRE(inserted.has_error());
    CHECK(inserted.error().code() == Errc::bad_argument);
    CHECK(inserted.error().fate() == Fate::unsent);
    CHECK(inserted.error().message().find("data.series.bad key: ") != std::string::npos);
    CHECK(inserted.error().message().find("data.series.x: is infinite") != std::string::npos);
    CHECK(bench.run(bench.client.save_signals({})).error().code() == Errc::bad_argument);
    SignalSaves nameless;
    nameless["a"];
    CHECK(
        bench.run(bench.client.save_signals(nameless)).error().message() ==
        "signalsByInput.a.name: is empty");
    ResourceQuery many;
    many.limit = 51;
    CHECK(bench.run(bench.client.data_frame(many, {})).error().code() == Errc::bad_argument);
    CHECK(bench.emulator.stats().rpc_requests == 0);
}

TEST_CASE("Client: all signals and items come page by page, each once") {
    Bench bench;
    std::set<std::string> made;
    for (int i = 0; i != 25; ++i) {
        const std::string input = "s" + std::to_string(i);
        made.insert(bench.emulator.seed(input));
        bench.emulator.publish(input);
    }
    PageOptions options;
    options.page_size = 7;
    const auto ids = bench.run(ids_of(bench.client.signal_pages({}, options)));
    CHECK(ids.size() == 25);
    CHECK(std::set<std::string>(ids.begin(), ids.end()) == made);
    CHECK(bench.emulator.stats().methods.at("admin.selectSignals") == 4);
    CHECK(bench.run(ids_of(bench.client.item_pages({}, options))).size() == 25);
    ResourceQuery some;
    some.limit = 10;
    CHECK(bench.run(ids_of(bench.client.signal_pages(some, options))).size() == 10);
}

TEST_CASE("Client: an insert that is too large is divided, and comes back bit by bit") {
    Bench bench;
    std::mt19937_64 random{1};
    DataFrame frame;
    for (int i = 0; i != 5'000; ++i) {
        const auto value = std::bit_cast<double>(random() & 0xBFFFFFFFFFFFFFFFU);
        // In no order, which the parts put right.
        frame.append(begin + std::chrono::minutes{i * 7919 % 5'000}, {{"a", value}, {"b", -value}});
    }
    InsertOptions options;
    options.max_request_size = 50'000;
    const auto inserted = bench.run(bench.client.insert(frame, options));
    REQUIRE_MESSAGE(inserted.has_value(), inserted.error().to_string());
    CHECK(inserted->signals_by_input.at("a").created);
    CHECK(bench.emulator.stats().methods.at("integration.insert") > 5);
    CHECK(bench.emulator.sample_count("a") == 5'000);
    const std::string item = bench.emulator.publish("a");

    DataStreamOptions small;
    small.values_per_request = 500;
    small.first_window = 1h;
    std::size_t parts = 0;
    const DataFrame back = bench.run(
        whole(bench.client.data_parts({}, DataQuery{begin, begin + 24h * 30}, small), parts));
    CHECK(parts > 5);
    REQUIRE(back.size() == 5'000);
    bool same = true;
    for (const DataFrame::Row row : frame.rows()) {
        const auto value = back.at(row.time(), item);
        same = same && value &&
            std::bit_cast<std::uint64_t>(*value) == std::bit_cast<std::uint64_t>(row[0]);
    }
    CHECK(same);
}

TEST_CASE("Client: a long read outlives its token") {
    Bench bench;
    DataFrame frame;
    for (int i = 0; i != 100; ++i)
        frame.append(begin + std::chrono::hours{i}, {{"a", i}});
    REQUIRE(bench.run(bench.client.insert(frame)).has_value());
    bench.emulator.publish("a");
    DataStreamOptions small;
    small.first_window = 10h;
    small.values_per_request = 10;
    small.concurrency = 1;
    DataStream parts = bench.client.data_parts({}, DataQuery{begin, begin + 100h}, small);
    std::size_t rows = 0;
    std::size_t count = 0;
    while (true) {
        const auto part = bench.run(parts.next());
        REQUIRE_MESSAGE(part.has_value(), part.error().to_string());
        if (!*part) break;
        rows += (*part)->frame.size();
        if (++count == 2) bench.emulator.revoke_tokens();
    }
    CHECK(count > 3);
    CHECK(rows == 100);
    CHECK(bench.emulator.stats().unauthorized == 1);
    CHECK(bench.emulator.stats().token_requests == 2);
}

TEST_CASE("Client: text beyond ASCII comes back as it was, and its length is that of its bytes") {
    Bench bench;
    SignalSaves saves;
    saves["a"].name =
        "\xC3\x9C\xE2\x82\xAC \xE6\xB8\xA9\xE5\xBA\xA6 \xF0\x9F\x8C\xA1 <&> \"\\ \x7F";
    saves["a"].description = "line\nbreak\ttab \xE2\x80\xA8";
    saves["a"].labels.add("site", "Troms\xC3\xB8");
    REQUIRE(bench.run(bench.client.save_signals(saves)).has_value());
    // On the same connection: what the first request left behind would spoil the second.
    const auto signals = bench.run(bench.client.select_signals(field("name") == saves["a"].name));
    REQUIRE_MESSAGE(signals.has_value(), signals.error().to_string());
    REQUIRE(signals->data.size() == 1);
    CHECK(signals->data[0].name == saves["a"].name);
    CHECK(signals->data[0].description == saves["a"].description);
    CHECK(signals->data[0].labels == saves["a"].labels);
    CHECK(signals->data[0].meta.attributes_hash == attributes_hash(signals->data[0]));
    CHECK(bench.emulator.stats().connections == 1);
}

TEST_CASE("Client: buckets of a long range are the same in parts as at once") {
    Bench bench;
    DataFrame frame;
    for (int i = 0; i != 100 * 24; ++i)
        frame.append(begin + std::chrono::hours{i}, {{"a", i % 17}});
    REQUIRE(bench.run(bench.client.insert(frame)).has_value());
    bench.emulator.publish("a");
    const auto query = [](CalendarDuration width, const char* zone = "") {
        // The clocks of Oslo and New York are put forward in it.
        DataQuery made{begin + 5h, begin + 24h * 100, width};
        made.time_zone = zone;
        return made;
    };
    std::vector<DataQuery> queries{
        query(CalendarDuration::weeks(1)),
        query(CalendarDuration::days(1), "Europe/Oslo"),
        query(90min, "Europe/Oslo"),
        query(CalendarDuration::weeks(2), "America/New_York"),
        query(CalendarDuration::months(1), "America/New_York"),
        query(CalendarDuration::days(1), "Asia/Kolkata")};
    queries[0].first_day_of_week = std::chrono::Sunday;
    queries[4].origin = begin + 12 * 24h + 7h;
    for (const DataQuery& data : queries) {
        CAPTURE(data.rollup.to_string());
        CAPTURE(data.time_zone);
        const auto at_once = bench.run(bench.client.data_frame({}, data));
        REQUIRE_MESSAGE(at_once.has_value(), at_once.error().to_string());
        DataStreamOptions small;
        small.first_window = 24h;
        small.values_per_request = 5;
        std::size_t parts = 0;
        const DataFrame in_parts =
            bench.run(whole(bench.client.data_parts({}, data, small), parts));
        CHECK(parts >= 3);
        CHECK(in_parts == at_once->data);
    }
}

TEST_CASE("Client: buckets of a year whose number is known come with one request") {
    Bench bench;
    DataFrame frame;
    for (int i = 0; i != 365; ++i)
        frame.append(begin + std::chrono::hours{24 * i}, {{"a", i}});
    REQUIRE(bench.run(bench.client.insert(frame)).has_value());
    bench.emulator.publish("a");
    const auto requests = [&](DataQuery query, DataStreamOptions options = {}) {
        const auto before = bench.emulator.stats().methods["clarify.dataFrame"];
        std::size_t parts = 0;
        bench.run(whole(bench.client.data_parts({}, std::move(query), options), parts));
        const auto made = bench.emulator.stats().methods["clarify.dataFrame"] - before;
        CHECK(made == parts);
        return made;
    };
    const Timestamp end = begin + 365 * 24h;
    CHECK(requests({begin, end, CalendarDuration::days(1)}) == 1);
    CHECK(requests({begin, end, CalendarDuration::months(1)}) == 1);
    // The API allows 40 days of these: 200,000 values are 27 days and 18 hours of them.
    DataStreamOptions options;
    options.values_per_request = 200'000;
    CHECK(requests({begin, begin + 50 * 24h, 1min}, options) == 2);
    // Samples are as many as they are: a day at first, then eight days, then the most.
    CHECK(requests({begin, end}) == 14);
}

TEST_CASE("Client: a stream that cannot be divided says so") {
    Bench bench;
    DataQuery open;
    open.from = begin;
    DataQuery last{begin, begin + 1h};
    last.last = 3;
    DataQuery zoned{begin, begin + 1h, 1h};
    zoned.time_zone = "Mars/Olympus";
    for (const DataQuery& query : {open, last, zoned}) {
        DataStream parts = bench.client.data_parts({}, query);
        const auto part = bench.run(parts.next());
        REQUIRE(part.has_error());
        CHECK(part.error().code() == Errc::bad_argument);
    }
    CHECK(bench.emulator.stats().rpc_requests == 0);
}

TEST_CASE("Client: an insert that fails behind its second request says what is stored") {
    ClientOptions watched = hurried();
    testing::Emulator* server = nullptr;
    unsigned inserts = 0;
    watched.observer = [&](const Event& event) {
        const bool is_insert =
            event.kind == EventKind::response && event.method == "integration.insert";
        if (is_insert && ++inserts == 2) server->fail_next_calls(1, RpcError::forbidden);
    };
    Bench bench{watched};
    server = &bench.emulator;
    DataFrame frame;
    for (int i = 0; i != 1'000; ++i)
        frame.append(begin + std::chrono::minutes{i}, {{"a", i}});
    InsertOptions options;
    options.max_request_size = 10'000;
    const auto inserted = bench.run(bench.client.insert(frame, options));
    REQUIRE(inserted.has_error());
    CHECK(inserted.error().rpc()->code == RpcError::forbidden);
    const InsertProgress* const progress = inserted.error().insert_progress();
    REQUIRE(progress != nullptr);
    CHECK(progress->requests == 2);
    CHECK(progress->samples == bench.emulator.sample_count("a"));
    CHECK(progress->samples_in_all == 1'000);
    REQUIRE(progress->all_before.has_value());
    CHECK(
        *progress->all_before ==
        begin + std::chrono::minutes{static_cast<std::int64_t>(progress->samples)});
}

}  // namespace api_client_test
