// SPDX-License-Identifier: BSL-1.0
// Replies that an emulator spoils, delays and enriches, as a typed client sees them.

#include "api_bench.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace emulator_faults_test {

using namespace clarify;
using namespace std::chrono_literals;
using testing::ReplyFault;

namespace {

const Timestamp begin = Timestamp::parse("2026-01-01T00:00:00Z").value();

DataFrame some_data() {
    DataFrame frame;
    frame.append(begin, {{"a", 1.5}});
    return frame;
}

std::uint64_t inserts(const ApiBench& bench) {
    const auto stats = bench.emulator.stats();
    const auto found = stats.methods.find("integration.insert");
    return found == stats.methods.end() ? 0 : found->second;
}

}  // namespace

TEST_CASE(
    "Emulator: a call whose reply is spoiled was executed, once where it may not be repeated") {
    struct Case {
        ReplyFault fault;
        Errc code;
    };
    for (const Case& one :
         {Case{ReplyFault::truncated, Errc::json},
          Case{ReplyFault::wrong_id, Errc::envelope},
          Case{ReplyFault::html, Errc::envelope},
          Case{ReplyFault::reset, Errc::io}}) {
        CAPTURE(static_cast<int>(one.fault));
        ApiBench bench;
        bench.emulator.spoil_next(1, one.fault);
        InsertOptions once;
        once.idempotent = false;
        const auto spoiled = bench.run(bench.client.insert(some_data(), once));
        REQUIRE(spoiled.has_error());
        CHECK_MESSAGE(spoiled.error().code() == one.code, spoiled.error().to_string());
        CHECK(spoiled.error().fate() != Fate::unsent);
        CHECK(bench.emulator.sample_count("a") == 1);
        CHECK(inserts(bench) == 1);
        // The next call finds nothing left over from the spoiled one.
        const auto next = bench.run(bench.client.insert(some_data(), once));
        REQUIRE_MESSAGE(next.has_value(), next.error().to_string());
        CHECK_FALSE(next->signals_by_input.at("a").created);
    }
}

TEST_CASE("Emulator: a connection that is reset costs a call that may be repeated nothing") {
    for (const bool tls : {false, true}) {
        testing::EmulatorOptions emulated;
        emulated.tls = tls;
        testing::Emulator emulator{emulated};
        ClientOptions options = hurried();
        options.http.tls.ca_pem = emulator.ca_certificate_pem();
        boost::asio::io_context context;
        Client client{
            context.get_executor(),
            Credentials::from_string(emulator.credentials_json()).value(),
            options};
        emulator.spoil_next(1, ReplyFault::reset);
        bool inserted = false;
        client.async_insert(some_data(), {}, [&](const Result<InsertResult>& outcome) {
            inserted = outcome.has_value();
        });
        context.run();
        CHECK(inserted);
        CHECK(emulator.stats().methods.at("integration.insert") == 2);
    }
}

TEST_CASE("Emulator: a slow reply ends at the deadline, in the body") {
    ApiBench bench;
    // Where there is time, it comes whole: some 100 bytes, fifty in a second.
    bench.emulator.spoil_next(1, ReplyFault::slow);
    CHECK(bench.run(bench.client.insert(some_data())).has_value());
    // A signal has some 600 bytes.
    bench.emulator.spoil_next(1, ReplyFault::slow);
    SelectOptions options;
    options.timeout = 2s;
    const auto signals = bench.run(bench.client.select_signals({}, options));
    REQUIRE(signals.has_error());
    CHECK(signals.error().code() == Errc::timeout);
    CHECK(signals.error().phase() == Phase::body);
    CHECK(bench.emulator.stats().methods.at("admin.selectSignals") == 1);
}

TEST_CASE(
    "Emulator: calls take as long as they are told to, and no longer than the service waits") {
    testing::EmulatorOptions emulated = plain_http();
    emulated.latency = 200ms;
    ApiBench bench{hurried(), emulated};
    const auto start = std::chrono::steady_clock::now();
    CHECK(bench.run(bench.client.insert(some_data())).has_value());
    CHECK(std::chrono::steady_clock::now() - start >= 200ms);
    emulated.latency = -1ms;
    CHECK_THROWS_AS(testing::Emulator{emulated}, std::invalid_argument);
}

TEST_CASE("Client: members that nobody knows are ignored in every reply") {
    testing::EmulatorOptions emulated = plain_http();
    emulated.unknown_members = true;
    for (const bool observed : {false, true}) {
        emulated.observed_shapes = observed;
        ApiBench bench{hurried(), emulated};
        const auto inserted = bench.run(bench.client.insert(some_data()));
        REQUIRE_MESSAGE(inserted.has_value(), inserted.error().to_string());
        CHECK(inserted->signals_by_input.size() == 1);
        SignalSaves saves;
        saves["a"].name = "A";
        saves["a"].labels.add("site", "pier");
        saves["a"].enum_values = {{1, "on"}};
        saves["a"].annotations = {{"k", "v"}};
        CHECK(bench.run(bench.client.save_signals(saves))->signals_by_input.at("a").updated);
        CHECK(bench.run(bench.client.publish_changed_signals())->items_by_signal.size() == 1);

        const auto signals = bench.run(bench.client.select_signals({}));
        REQUIRE_MESSAGE(signals.has_value(), signals.error().to_string());
        REQUIRE(signals->data.size() == 1);
        const Signal& signal = signals->data[0];
        CHECK(signal.labels == saves["a"].labels);
        CHECK(signal.enum_values == saves["a"].enum_values);
        CHECK(signal.meta.annotations == saves["a"].annotations);
        CHECK(signal.meta.attributes_hash == attributes_hash(signal));
        REQUIRE(signal.item());
        const std::string item = signal.item()->id;

        SelectOptions along;
        along.include_items = true;
        const auto data =
            bench.run(bench.client.data_frame({}, DataQuery{begin, begin + 1h}, along));
        REQUIRE_MESSAGE(data.has_value(), data.error().to_string());
        CHECK(data->data.columns() == 1);
        CHECK(data->data.at(begin, item) == 1.5);
        CHECK(data->total == 1);
        REQUIRE(data->included_item(item) != nullptr);
        EvaluateQuery query;
        query.items.emplace_back("x", item, TimeAggregation::sum);
        query.calculations.emplace_back("y", "x * 2");
        query.data = DataQuery{begin, begin + 1h, 1h};
        const auto evaluated = bench.run(bench.client.evaluate(query));
        REQUIRE_MESSAGE(evaluated.has_value(), evaluated.error().to_string());
        CHECK(evaluated->data.at(begin, "y") == 3);

        EvaluateQuery broken = query;
        broken.calculations[0].formula = "z";
        const auto refused = bench.run(bench.client.evaluate(broken));
        REQUIRE(refused.has_error());
        REQUIRE(refused.error().rpc() != nullptr);
        const ErrorData what = refused.error().rpc()->clarify_data();
        REQUIRE(what.params.size() == 1);
        CHECK(what.params[0].first == "calculations.0.formula");
    }
}

}  // namespace emulator_faults_test
