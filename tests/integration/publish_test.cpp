// SPDX-License-Identifier: BSL-1.0
// Publishing what has changed, against the emulator: once, in batches, and never an empty request.

#include "api_bench.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace publish_test {

using namespace clarify;

namespace {

struct Bench : ApiBench {
    PublishReport publish(const PublishOptions& options = {}) {
        const auto report = run(client.publish_changed_signals(options));
        REQUIRE_MESSAGE(report.has_value(), report.error().to_string());
        return *report;
    }
    std::uint64_t requests() {
        const auto stats = emulator.stats();
        const auto found = stats.methods.find("admin.publishSignals");
        return found == stats.methods.end() ? 0 : found->second;
    }
};

}  // namespace

TEST_CASE("publish_changed_signals: each signal once, and again only when it has changed") {
    Bench bench;
    for (int i = 0; i != 7; ++i)
        bench.emulator.seed("s" + std::to_string(i));
    PublishOptions options;
    options.batch = 3;
    PublishReport report = bench.publish(options);
    CHECK(report.signals == 7);
    CHECK(report.published.size() == 7);
    CHECK(report.items_by_signal.size() == 7);
    CHECK(bench.requests() == 3);
    CHECK(bench.emulator.item_count() == 7);

    report = bench.publish(options);
    CHECK(report.signals == 7);
    CHECK(report.published.empty());
    CHECK(bench.requests() == 3);

    SignalSaves saves;
    saves["s3"].name = "Renamed";
    REQUIRE(bench.run(bench.client.save_signals(saves)).has_value());
    report = bench.publish(options);
    REQUIRE(report.published.size() == 1);
    CHECK(report.published.begin()->second.name == "Renamed");
    CHECK(bench.requests() == 4);
    CHECK(bench.emulator.item_count() == 7);

    options.transform_version = "2";
    CHECK(bench.publish(options).published.size() == 7);
    CHECK(bench.publish(options).published.empty());
}

TEST_CASE(
    "publish_changed_signals: transforms decide what is shown, and items keep their visibility") {
    Bench bench;
    bench.emulator.seed("a");
    PublishOptions options;
    options.transforms.emplace_back([](ItemSave& item, const Signal& signal) {
        item.name = "Pump " + signal.input;
        item.visible = false;
    });
    bench.publish(options);
    const auto items = bench.run(bench.client.select_items({}));
    REQUIRE(items.has_value());
    REQUIRE(items->data.size() == 1);
    CHECK(items->data[0].name == "Pump a");
    CHECK_FALSE(items->data[0].visible);
    CHECK(items->data[0].meta.annotations.at("clarify/clarify-go/publisher/name") == "clarify-cpp");

    PublishOptions plain;
    plain.transform_version = "2";
    bench.publish(plain);
    CHECK_FALSE(bench.run(bench.client.select_items({}))->data[0].visible);
}

TEST_CASE("publish_changed_signals: a dry run changes nothing, and a filter is kept to") {
    Bench bench;
    bench.emulator.seed("a");
    bench.emulator.seed("b");
    PublishOptions options;
    options.dry_run = true;
    options.signals = field("input") == "b";
    const PublishReport report = bench.publish(options);
    CHECK(report.signals == 1);
    CHECK(report.published.size() == 1);
    CHECK(report.items_by_signal.empty());
    CHECK(bench.requests() == 0);
    CHECK(bench.emulator.item_count() == 0);
}

TEST_CASE(
    "publish_changed_signals: an item that somebody else has published is found and updated") {
    Bench bench;
    bench.emulator.seed("a");
    const std::string item = bench.emulator.publish("a");
    const PublishReport report = bench.publish();
    REQUIRE(report.items_by_signal.size() == 1);
    CHECK(report.items_by_signal.begin()->second.id == item);
    CHECK_FALSE(report.items_by_signal.begin()->second.created);
    CHECK(bench.emulator.item_count() == 1);
    CHECK(bench.publish().published.empty());
}

TEST_CASE("publish_changed_signals: a failure is told") {
    Bench bench;
    bench.emulator.seed("a");
    bench.emulator.fail_next(10, 404);
    const auto report = bench.run(bench.client.publish_changed_signals());
    REQUIRE(report.has_error());
    CHECK(report.error().code() == Errc::status);
}

}  // namespace publish_test
