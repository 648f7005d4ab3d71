// SPDX-License-Identifier: BSL-1.0
// What the emulator refuses, delays and does by half, as a typed client sees it.

#include "api_bench.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace emulator_limits_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

const Timestamp begin = Timestamp::parse("2026-01-01T00:00:00Z").value();

DataFrame some_data(int columns = 1) {
    DataFrame frame;
    for (int i = 0; i != columns; ++i)
        frame.append(begin, {{"s" + std::to_string(i), i}});
    return frame;
}

}  // namespace

TEST_CASE("Emulator: with rate limits, what comes too fast waits for its turn") {
    testing::EmulatorOptions emulated = plain_http();
    emulated.rate_limits = true;
    ApiBench bench{hurried(), emulated};
    int inserted = 0;
    for (int i = 0; i != 2; ++i) {
        bench.client.async_insert(some_data(), {}, [&](const Result<InsertResult>& result) {
            inserted += result.has_value() ? 1 : 0;
        });
    }
    bench.context.run();
    CHECK(inserted == 2);
    CHECK(bench.emulator.stats().queued == 1);
    CHECK(bench.emulator.stats().queue_timeouts == 0);
}

TEST_CASE("Emulator: a namespace that is not granted is forbidden") {
    testing::EmulatorOptions emulated = plain_http();
    emulated.admin_access = false;
    emulated.clarify_access = false;
    ApiBench bench{hurried(), emulated};
    CHECK(bench.run(bench.client.insert(some_data())).has_value());
    const auto signals = bench.run(bench.client.select_signals(ResourceQuery{}));
    REQUIRE(signals.has_error());
    CHECK(signals.error().rpc()->code == RpcError::forbidden);
    const auto items = bench.run(bench.client.select_items(ResourceQuery{}));
    REQUIRE(items.has_error());
    CHECK(items.error().rpc()->code == RpcError::forbidden);
}

TEST_CASE("Emulator: a request that is too large is refused, and one that is divided is not") {
    testing::EmulatorOptions emulated = plain_http();
    emulated.max_request_size = 10'000;
    ApiBench bench{hurried(), emulated};
    DataFrame frame;
    for (int i = 0; i != 1'000; ++i)
        frame.append(begin + 1min * i, {{"a", i}});
    InsertOptions whole;
    whole.max_request_size = 0;
    const auto refused = bench.run(bench.client.insert(frame, whole));
    REQUIRE(refused.has_error());
    CHECK(refused.error().http_status() == 413);
    InsertOptions divided;
    divided.max_request_size = 10'000;
    const auto inserted = bench.run(bench.client.insert(frame, divided));
    REQUIRE_MESSAGE(inserted.has_value(), inserted.error().to_string());
    CHECK(bench.emulator.sample_count("a") == 1'000);
}

TEST_CASE("Emulator: samples that cannot be read yet can be inspected") {
    testing::EmulatorOptions emulated = plain_http();
    emulated.visibility_delay = 1h;
    ApiBench bench{hurried(), emulated};
    REQUIRE(bench.run(bench.client.insert(some_data())).has_value());
    bench.emulator.publish("s0");
    const auto data = bench.run(bench.client.data_frame({}, DataQuery{begin, begin + 1h}));
    REQUIRE(data.has_value());
    CHECK(data->data.empty());
    CHECK(bench.emulator.sample_count("s0") == 1);
    CHECK(bench.emulator.samples("s0").at(0).value == 0);
}

TEST_CASE("Client: a partial failure has the part that was done") {
    ApiBench bench;
    bench.emulator.fail_next_calls(1, static_cast<int>(RpcError::partial_failure));
    const auto inserted = bench.run(bench.client.insert(some_data(4)));
    REQUIRE(inserted.has_error());
    CHECK(inserted.error().rpc()->code == RpcError::partial_failure);
    const auto done = partial_result<InsertResult>(inserted.error());
    REQUIRE(done);
    CHECK(done->signals_by_input.size() == 2);
    CHECK(bench.emulator.signal_count() == 2);
    CHECK(bench.run(bench.client.insert(some_data(4))).has_value());
    CHECK(bench.emulator.signal_count() == 4);
}

TEST_CASE("Client: a server that says to try again is asked again") {
    ApiBench bench;
    bench.emulator.fail_next_calls(1, static_cast<int>(RpcError::try_again));
    const auto inserted = bench.run(bench.client.insert(some_data()));
    REQUIRE_MESSAGE(inserted.has_value(), inserted.error().to_string());
    CHECK(bench.emulator.stats().methods.at("integration.insert") == 2);
}

TEST_CASE("Emulator: options that make no sense are refused") {
    testing::EmulatorOptions none = plain_http();
    none.max_request_size = 0;
    CHECK_THROWS_AS(testing::Emulator{none}, std::invalid_argument);
    testing::EmulatorOptions past = plain_http();
    past.visibility_delay = -1ms;
    CHECK_THROWS_AS(testing::Emulator{past}, std::invalid_argument);
}

}  // namespace emulator_limits_test
