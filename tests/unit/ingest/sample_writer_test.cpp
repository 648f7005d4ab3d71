// SPDX-License-Identifier: BSL-1.0
// A writer over a sink that is a map, in virtual time: in memory, and over a disk that may fail.

#include <clarify/ingest/basic_sample_writer.hpp>
#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/fake_ingest.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sample_writer_test {

using namespace clarify;
using namespace std::chrono_literals;
using support::FakeDisk;
using support::FakeSink;

namespace {

Timestamp at(std::int64_t number) { return Timestamp::from_microseconds(number); }

Error away() { return Error{Errc::connect, Reason::refused}; }
Error disk_full() { return Error{Errc::overloaded, Reason::none, "disk full"}; }
Error broken() { return Error{Errc::bad_config, Reason::file, "it broke"}; }
Error bad_key(const std::string& key) {
    RpcError said;
    said.code = RpcError::invalid_params;
    said.data = R"({"params":{"data.series.)" + key + R"(":["bad"]}})";
    Error error{Errc::rpc};
    return error.set_fate(Fate::answered).set_rpc(std::move(said));
}

/// Of the next insert nobody knows what becomes of it; the others are stored.
std::function<std::optional<Error>(const DataFrame&)> unanswered_once() {
    return [left = 1](const DataFrame&) mutable -> std::optional<Error> {
        if (left-- <= 0) return std::nullopt;
        return Error{Errc::timeout}.set_fate(Fate::unknown);
    };
}

DataFrame frame(const std::string& key, std::int64_t count, double value = 1) {
    DataFrame out;
    for (std::int64_t i = 0; i != count; ++i)
        out.append(at(i), {{key, value}});
    return out;
}

template <class Spool>
struct Bench {
    explicit Bench(Spool which = Spool{}, SampleWriterOptions given = {}) : spool(which) {
        options = std::move(given);
        options.clock = clock;
        options.seed = 1;
        options.on_rejected = [this](const RejectedSample& sample) { rejected.push_back(sample); };
        options.on_change = [this](const WriterStats& stats) { states.push_back(stats.state); };
        open();
    }
    void open() { writer.emplace(context.get_executor(), sink, spool, options); }

    WriterStats stats() {
        const WriterStats stats = writer->stats();
        const SampleCounts& counts = stats.counts;
        CHECK(counts.offered == counts.stored + counts.pending() + counts.dropped_in_all());
        return stats;
    }
    void pass(Clock::duration span) { clock->run_for(context, span); }
    /// Starts an operation that is left to itself.
    template <class T, class Begin>
    std::shared_ptr<std::optional<Result<T>>> start(Begin begin) {
        auto outcome = std::make_shared<std::optional<Result<T>>>();
        begin([outcome](Result<T> got) { outcome->emplace(std::move(got)); });
        return outcome;
    }
    auto start_write(const DataFrame& what, WriteOptions how = {}) {
        return start<WriteReceipt>(
            [&](auto handler) { writer->async_write(what, how, std::move(handler)); });
    }
    auto start_flush() {
        return start<void>([&](auto handler) { writer->async_flush(std::move(handler)); });
    }
    auto start_drain(std::chrono::milliseconds limit) {
        return start<DrainReport>(
            [&](auto handler) { writer->async_drain(limit, std::move(handler)); });
    }

    boost::asio::io_context context;
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    FakeSink sink;
    Spool spool;
    SampleWriterOptions options;
    std::vector<RejectedSample> rejected;
    std::vector<WriterState> states;
    std::optional<BasicSampleWriter<FakeSink, Spool>> writer;
};

}  // namespace

TEST_CASE_TEMPLATE(
    "SampleWriter: a sample a second of 50 senders are an insert a second",
    Spool,
    MemorySpool,
    FakeDisk) {
    Bench<Spool> bench;
    for (int second = 0; second != 20; ++second) {
        for (int sender = 0; sender != 50; ++sender) {
            REQUIRE(bench.writer->try_write("k" + std::to_string(sender), at(second), sender));
            bench.pass(20ms);
        }
    }
    bench.pass(5s);
    const WriterStats stats = bench.stats();
    CHECK(stats.counts.stored == 1'000);
    CHECK(bench.sink.state().stored.size() == 1'000);
    CHECK(stats.requests <= 22);
    CHECK(stats.state == WriterState::ok);
    CHECK(bench.sink.state().most_in_flight == 1);
    const auto& frames = bench.sink.state().frames;
    for (std::size_t i = 1; i != frames.size(); ++i)
        CHECK(frames[i].first - frames[i - 1].first >= 1s);
    // Nothing is left to do, so nothing keeps the context busy.
    CHECK(bench.clock->run(bench.context) == testing::Halt::finished);
}

TEST_CASE_TEMPLATE(
    "SampleWriter: a sample is not older than max_delay when it is sent",
    Spool,
    MemorySpool,
    FakeDisk) {
    SampleWriterOptions options;
    options.max_delay = 200ms;
    Bench<Spool> bench{Spool{}, options};
    bench.pass(1h);
    const TimePoint before = bench.clock->now();
    REQUIRE(bench.writer->try_write("a", at(1), 1));
    bench.pass(10s);
    REQUIRE(bench.sink.state().frames.size() == 1);
    CHECK(bench.sink.state().frames[0].first - before == 200ms);
}

TEST_CASE_TEMPLATE(
    "SampleWriter: an outage costs nothing, and what waits becomes few requests",
    Spool,
    MemorySpool,
    FakeDisk) {
    Bench<Spool> bench;
    bench.sink.state().fault = [](const DataFrame&) { return away(); };
    for (int minute = 0; minute != 600; ++minute) {
        REQUIRE(bench.writer->try_write("a", at(minute), minute));
        bench.pass(1min);
    }
    WriterStats stats = bench.stats();
    CHECK(stats.state == WriterState::waiting);
    CHECK(stats.counts.pending() == 600);
    REQUIRE(stats.error);
    CHECK(stats.error->code() == Errc::connect);
    CHECK(*stats.failing_for > 9h);
    CHECK(stats.state_for > 9h);
    // Pauses grow to a minute.
    CHECK(stats.requests > 600);
    CHECK(stats.requests < 1'800);
    bench.sink.state().fault = nullptr;
    bench.pass(2min);
    const std::uint64_t before = stats.requests;
    stats = bench.stats();
    CHECK(stats.counts.stored == 600);
    CHECK(stats.state == WriterState::ok);
    CHECK_FALSE(stats.error);
    CHECK_FALSE(stats.failing_for);
    CHECK(stats.requests - before <= 3);
    CHECK(bench.states == std::vector{WriterState::waiting, WriterState::ok});
}

TEST_CASE_TEMPLATE(
    "SampleWriter: the value written last is what is stored in the end",
    Spool,
    MemorySpool,
    FakeDisk) {
    Bench<Spool> bench;
    int calls = 0;
    bench.sink.state().fault = [&](const DataFrame&) -> std::optional<Error> {
        if (++calls % 3 != 0) return away();
        return std::nullopt;
    };
    for (int i = 0; i != 100; ++i) {
        REQUIRE(bench.writer->try_write("a", at(7), i));
        bench.pass(700ms);
    }
    bench.pass(5min);
    CHECK(bench.sink.state().stored.at({"a", 7}) == 99);
    CHECK(bench.stats().counts.stored == 100);
}

TEST_CASE_TEMPLATE(
    "SampleWriter: an insert that is executed late overwrites nothing newer",
    Spool,
    MemorySpool,
    FakeDisk) {
    Bench<Spool> bench;
    auto& service = bench.sink.state();
    const auto late = [&] { service.stored[{"a", 0}] = 1; };
    bool is_answered = false;
    service.fault = [&](const DataFrame&) -> std::optional<Error> {
        if (is_answered) return std::nullopt;
        return Error{Errc::timeout}.set_fate(Fate::unknown);
    };
    REQUIRE(bench.writer->try_write(frame("a", 1, 1)));
    bench.pass(1'100ms);
    REQUIRE(service.frames.size() == 1);
    SUBCASE("of this writer") {}
    SUBCASE("of the one before") {
        if constexpr (Spool::blocks) {
            bench.writer.reset();
            bench.pass(1s);
            bench.open();
        }
    }
    is_answered = true;
    REQUIRE(bench.writer->try_write(frame("a", 1, 2)));
    REQUIRE(bench.writer->try_write(frame("b", 1, 3)));
    bench.pass(13s);
    CHECK(service.stored.at({"b", 0}) == 3);
    CHECK(bench.stats().counts.pending() != 0);
    late();
    bench.pass(4s);
    CHECK(service.stored.at({"a", 0}) == 2);
    CHECK(bench.stats().counts.stored == (Spool::blocks ? bench.stats().counts.offered : 3));
    CHECK(bench.clock->run(bench.context) == testing::Halt::finished);
    // No other value is held back by that.
    const std::size_t before = service.frames.size();
    REQUIRE(bench.writer->try_write(frame("a", 1, 4)));
    bench.pass(2s);
    CHECK(service.stored.at({"a", 0}) == 4);
    CHECK(service.frames.size() == before + 1);
}

TEST_CASE_TEMPLATE(
    "SampleWriter: a bad sample harms itself alone, and is told of once",
    Spool,
    MemorySpool,
    FakeDisk) {
    Bench<Spool> bench;
    bench.sink.state().fault = [](const DataFrame& sent) -> std::optional<Error> {
        if (sent.contains("bad")) return bad_key("bad");
        return std::nullopt;
    };
    REQUIRE(bench.writer->try_write(frame("good", 999)));
    const auto written = bench.start_write(frame("bad", 1), [] {
        WriteOptions how;
        how.until_stored = true;
        return how;
    }());
    const auto other = bench.start_write(frame("other", 3), [] {
        WriteOptions how;
        how.until_stored = true;
        return how;
    }());
    bench.pass(10s);
    const WriterStats stats = bench.stats();
    CHECK(stats.counts.stored == 1'002);
    CHECK(stats.counts.dropped_for(DropReason::rejected) == 1);
    REQUIRE(bench.rejected.size() == 1);
    CHECK(bench.rejected[0].input == "bad");
    CHECK(bench.rejected[0].reason == "data.series.bad: bad");
    REQUIRE((*written && **written));
    CHECK((**written)->stored);
    REQUIRE((**written)->rejected.size() == 1);
    REQUIRE((*other && **other));
    CHECK((**other)->rejected.empty());
    CHECK((**other)->accepted == 3);
}

TEST_CASE_TEMPLATE(
    "SampleWriter: nobody is told of an older value that was bad while his own is stored",
    Spool,
    MemorySpool,
    FakeDisk) {
    Bench<Spool> bench;
    bench.sink.state().takes = 5s;
    bench.sink.state().fault = [](const DataFrame& sent) -> std::optional<Error> {
        if (sent.column(0)[0] == 666) return bad_key("a");
        return std::nullopt;
    };
    REQUIRE(bench.writer->try_write("a", at(0), 666));
    bench.pass(3s);
    WriteOptions how;
    how.until_stored = true;
    const auto written = bench.start_write(frame("a", 1, 2), how);
    bench.pass(20s);
    REQUIRE((*written && **written));
    CHECK((**written)->stored);
    CHECK((**written)->rejected.empty());
    CHECK(bench.rejected.size() == 1);
    CHECK(bench.sink.state().stored[{"a", 0}] == 2);
}

TEST_CASE_TEMPLATE(
    "SampleWriter: faulty samples are refused with their paths, and nothing is taken",
    Spool,
    MemorySpool,
    FakeDisk) {
    Bench<Spool> bench;
    DataFrame bad = frame("good", 2);
    bad.append(at(9), {{"no key!", 1}, {"inf", std::numeric_limits<double>::infinity()}});
    const Result<void> refused = bench.writer->try_write(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == Reason::fields);
    const std::string message{refused.error().message()};
    CHECK(message.find("series.no key!") != std::string::npos);
    CHECK(message.find("series.inf") != std::string::npos);
    const auto written = bench.start_write(bad);
    bench.pass(5s);
    REQUIRE(*written);
    CHECK((*written)->error().reason() == Reason::fields);
    CHECK(bench.stats().counts.offered == 0);
    CHECK(bench.sink.state().frames.empty());
    // Of nothing there is nothing to refuse.
    CHECK(bench.writer->try_write(DataFrame{}));
    CHECK(bench.writer->try_write("a", at(1), DataFrame::missing));
    CHECK(bench.stats().counts.offered == 0);
}

TEST_CASE_TEMPLATE(
    "SampleWriter: flush waits for what was written before it, and hurries",
    Spool,
    MemorySpool,
    FakeDisk) {
    SampleWriterOptions options;
    options.max_delay = 1h;
    Bench<Spool> bench{Spool{}, options};
    const auto nothing = bench.start_flush();
    bench.pass(0s);
    REQUIRE(*nothing);
    CHECK(**nothing);
    REQUIRE(bench.writer->try_write(frame("a", 10)));
    bench.pass(2s);
    CHECK(bench.sink.state().stored.empty());
    const auto flushed = bench.start_flush();
    bench.pass(2s);
    REQUIRE(*flushed);
    CHECK(**flushed);
    CHECK(bench.sink.state().stored.size() == 10);
    // In an outage it waits.
    bench.sink.state().fault = [](const DataFrame&) { return away(); };
    REQUIRE(bench.writer->try_write(frame("b", 10)));
    const auto waiting = bench.start_flush();
    bench.pass(10min);
    CHECK_FALSE(*waiting);
    bench.sink.state().fault = nullptr;
    bench.pass(2min);
    REQUIRE(*waiting);
    CHECK(**waiting);
}

TEST_CASE_TEMPLATE(
    "SampleWriter: drain stores what it can in time and accounts for the rest",
    Spool,
    MemorySpool,
    FakeDisk) {
    Bench<Spool> bench;
    SUBCASE("all") {
        REQUIRE(bench.writer->try_write(frame("a", 10)));
        const auto drained = bench.start_drain(10s);
        bench.pass(100ms);
        CHECK(bench.writer->try_write("a", at(1), 1).error().code() == Errc::closed);
        bench.pass(3s);
        REQUIRE((*drained && **drained));
        CHECK((**drained)->left == 0);
        CHECK(bench.sink.state().stored.size() == 10);
        CHECK(bench.stats().state == WriterState::closing);
    }
    SUBCASE("nothing") {
        bench.sink.state().fault = [](const DataFrame&) { return away(); };
        REQUIRE(bench.writer->try_write(frame("a", 10)));
        bench.pass(10s);
        REQUIRE(bench.writer->try_write(frame("b", 5)));
        const auto flushed = bench.start_flush();
        const auto drained = bench.start_drain(10s);
        bench.pass(12s);
        REQUIRE((*drained && **drained));
        CHECK((**drained)->left == 15);
        REQUIRE(*flushed);
        CHECK((*flushed)->error().code() == Errc::closed);
        const WriterStats stats = bench.stats();
        if constexpr (Spool::blocks) {
            CHECK((**drained)->kept);
            CHECK(stats.counts.pending() == 15);
            // The next one stores it.
            bench.sink.state().fault = nullptr;
            bench.open();
            CHECK(bench.stats().counts.offered == 15);
            bench.pass(5s);
            CHECK(bench.sink.state().stored.size() == 15);
            CHECK(bench.stats().counts.stored == 15);
        } else {
            CHECK_FALSE((**drained)->kept);
            CHECK((**drained)->unsent.size() == 15);
            CHECK(stats.counts.dropped_for(DropReason::closed) == 15);
        }
    }
    SUBCASE("a write that waits until its samples are stored") {
        bench.sink.state().fault = [](const DataFrame&) { return away(); };
        WriteOptions how;
        how.until_stored = true;
        const auto written = bench.start_write(frame("a", 10), how);
        bench.pass(1s);
        const auto drained = bench.start_drain(3s);
        bench.pass(5s);
        REQUIRE((*drained && *written));
        if constexpr (Spool::blocks) {
            REQUIRE((**written).has_value());
            CHECK((**written)->accepted == 10);
            CHECK((**written)->durable);
            CHECK_FALSE((**written)->stored);
        } else {
            CHECK((*written)->error().code() == Errc::closed);
            CHECK((*written)->error().fate() == Fate::unknown);
        }
    }
    SUBCASE("an insert that takes too long is stopped") {
        bench.sink.state().takes = 1h;
        REQUIRE(bench.writer->try_write(frame("a", 10)));
        bench.pass(2s);
        CHECK(bench.sink.state().in_flight == 1);
        const auto drained = bench.start_drain(3s);
        bench.pass(4s);
        REQUIRE((*drained && **drained));
        CHECK((**drained)->left == 10);
        CHECK(bench.sink.state().in_flight == 0);
    }
}

TEST_CASE("SampleWriter: memory that is full refuses, or drops the oldest, and counts them") {
    SampleWriterOptions options;
    SUBCASE("refuse") {
        Bench<MemorySpool> bench{MemorySpool{20'000}, options};
        bench.sink.state().fault = [](const DataFrame&) { return away(); };
        std::size_t refused = 0;
        for (int i = 0; i != 100; ++i) {
            const Result<void> taken = bench.writer->try_write(frame("k" + std::to_string(i), 20));
            if (!taken) {
                CHECK(taken.error().code() == Errc::overloaded);
                ++refused;
            }
        }
        CHECK(refused > 30);
        CHECK(bench.stats().state == WriterState::full);
        CHECK(bench.stats().counts.offered == (100 - refused) * 20);
        // Whoever waits for room gets it.
        const auto written = bench.start_write(frame("late", 20));
        bench.pass(2min);
        CHECK_FALSE(*written);
        bench.sink.state().fault = nullptr;
        bench.pass(2min);
        REQUIRE((*written && **written));
        CHECK_FALSE((**written)->durable);
        CHECK(bench.stats().state == WriterState::ok);
        CHECK(bench.sink.state().stored.size() == (100 - refused + 1) * 20);
    }
    SUBCASE("drop") {
        options.on_full = OnFull::drop_oldest;
        Bench<MemorySpool> bench{MemorySpool{20'000}, options};
        bench.sink.state().fault = [](const DataFrame&) { return away(); };
        for (int i = 0; i != 300; ++i)
            REQUIRE(bench.writer->try_write(frame("k" + std::to_string(i), 20)));
        bench.pass(2min);
        bench.sink.state().fault = nullptr;
        bench.pass(2min);
        const WriterStats stats = bench.stats();
        CHECK(stats.counts.offered == 6'000);
        CHECK(stats.counts.dropped_for(DropReason::overflow) > 3'000);
        CHECK(stats.counts.pending() == 0);
        // The newest are there.
        CHECK(bench.sink.state().stored.contains({"k299", 19}));
    }
}

TEST_CASE("SampleWriter: a write over a disk is acknowledged when that has it") {
    Bench<FakeDisk> bench;
    std::vector<std::shared_ptr<std::optional<Result<WriteReceipt>>>> written;
    for (int i = 0; i != 100; ++i)
        written.push_back(bench.start_write(frame("k" + std::to_string(i), 2)));
    bench.pass(0s);
    for (const auto& each : written) {
        REQUIRE((*each && **each));
        CHECK((**each)->durable);
        CHECK((**each)->accepted == 2);
        CHECK_FALSE((**each)->stored);
    }
    CHECK(bench.spool.disk().content.state().samples == 200);
    CHECK(bench.spool.disk().appends <= 3);
    // Those that nobody waits for are spooled twice a second.
    bench.spool.disk().appends = 0;
    for (int i = 0; i != 1'000; ++i) {
        REQUIRE(bench.writer->try_write("a", at(i), i));
        bench.pass(10ms);
    }
    CHECK(bench.spool.disk().appends <= 20);
}

TEST_CASE("SampleWriter: what an unanswered insert may still write is known after a kill") {
    Bench<FakeDisk> bench;
    bench.sink.state().fault = unanswered_once();
    REQUIRE(bench.writer->try_write("a", at(0), 1));
    bench.pass(5s);
    // It was sent twice, stored once, and may be executed once more.
    CHECK(bench.sink.state().frames.size() == 2);
    CHECK(bench.stats().counts.stored == 1);
    CHECK(bench.spool.disk().content.state().samples == 1);
    bench.open();
    bench.sink.state().frames.clear();
    REQUIRE(bench.writer->try_write("a", at(0), 2));
    bench.pass(14s);
    CHECK(bench.sink.state().stored[{"a", 0}] == 1);
    bench.pass(2s);
    CHECK(bench.sink.state().stored[{"a", 0}] == 2);
    CHECK(bench.spool.disk().content.state().samples == 0);
    CHECK(bench.clock->run(bench.context) == testing::Halt::finished);
}

TEST_CASE("SampleWriter: what was unanswered leaves the spool in time, whatever follows it") {
    Bench<FakeDisk> bench;
    const TimePoint begin = bench.clock->now();
    std::size_t most = 0;
    for (int second = 0; second != 120; ++second) {
        // One of four inserts is not answered.
        if (second % 4 == 0) bench.sink.state().fault = unanswered_once();
        REQUIRE(bench.writer->try_write("a", at(second), second));
        bench.pass(1s);
        most = (std::max)(most, std::size_t{bench.spool.disk().content.state().samples});
    }
    CHECK(bench.stats().counts.stored >= 115);
    CHECK(most <= 25);
    bench.pass(5s);
    CHECK(bench.stats().counts.stored == 120);
    bench.pass(15s);
    CHECK(bench.spool.disk().content.state().samples == 0);
    CHECK(bench.clock->run(bench.context) == testing::Halt::finished);
    CHECK(bench.clock->now() - begin <= 140s);
}

TEST_CASE("SampleWriter: the end does not wait for what an unanswered insert may still write") {
    Bench<FakeDisk> bench;
    bench.sink.state().fault = unanswered_once();
    REQUIRE(bench.writer->try_write("a", at(0), 1));
    bench.pass(5s);
    const TimePoint begin = bench.clock->now();
    const auto drained = bench.start_drain(10s);
    bench.pass(100ms);
    REQUIRE((*drained && **drained));
    CHECK((**drained)->left == 0);
    CHECK(bench.spool.disk().content.state().samples == 1);
    CHECK(bench.clock->run(bench.context) == testing::Halt::finished);
    CHECK(bench.clock->now() - begin <= 100ms);
}

TEST_CASE("SampleWriter: a full disk refuses, draining goes on, and writing resumes by itself") {
    Bench<FakeDisk> bench;
    REQUIRE(bench.writer->try_write(frame("before", 10)));
    bench.pass(500ms);
    bench.spool.disk().append_fault = disk_full();
    WriteOptions now_or_never;
    now_or_never.wait_for_room = false;
    auto refused = bench.start_write(frame("refused", 10), now_or_never);
    bench.pass(0s);
    REQUIRE(*refused);
    CHECK((*refused)->error().code() == Errc::overloaded);
    CHECK(bench.stats().state == WriterState::full);
    CHECK(bench.stats().counts.offered == 10);
    CHECK(bench.writer->try_write("a", at(1), 1).error().code() == Errc::overloaded);
    bench.pass(5s);
    CHECK(bench.sink.state().stored.size() == 10);
    // Forgetting fails, too: nothing is sent again.
    bench.spool.disk().remove_fault = disk_full();
    bench.spool.disk().append_fault.reset();
    bench.pass(10s);
    refused = bench.start_write(frame("later", 10), now_or_never);
    bench.pass(20s);
    REQUIRE((*refused && **refused));
    CHECK(bench.sink.state().stored.size() == 20);
    CHECK(bench.sink.state().frames.size() == 2);
    bench.spool.disk().remove_fault.reset();
    bench.pass(10s);
    CHECK(bench.spool.disk().content.state().samples == 0);
    CHECK(bench.stats().counts.stored == 20);
    CHECK(bench.clock->run(bench.context) == testing::Halt::finished);
}

TEST_CASE("SampleWriter: a disk that breaks is a state, and passes") {
    Bench<FakeDisk> bench;
    bench.spool.disk().append_fault = broken();
    const auto written = bench.start_write(frame("a", 1));
    bench.pass(0s);
    REQUIRE(*written);
    CHECK((*written)->error().code() == Errc::bad_config);
    CHECK(bench.stats().state == WriterState::damaged);
    REQUIRE(bench.stats().error);
    CHECK(bench.stats().error->reason() == Reason::file);
    bench.spool.disk().append_fault.reset();
    bench.pass(6s);
    const auto again = bench.start_write(frame("a", 1));
    bench.spool.disk().read_fault = broken();
    bench.pass(10s);
    REQUIRE((*again && **again));
    CHECK(bench.stats().counts.pending() == 1);
    bench.spool.disk().read_fault.reset();
    bench.pass(2min);
    CHECK(bench.stats().counts.stored == 1);
    CHECK(bench.stats().state == WriterState::ok);
}

TEST_CASE("SampleWriter: what is found damaged is counted and told") {
    Bench<FakeDisk> bench;
    REQUIRE(bench.writer->try_write(frame("a", 10)));
    bench.pass(100ms);
    SpoolDamage damage;
    damage.samples = 3;
    bench.spool.disk().damage.push_back(damage);
    bench.spool.disk().lost = 3;
    bench.pass(5s);
    const WriterStats stats = bench.stats();
    CHECK(stats.damage.size() == 1);
    CHECK(stats.counts.dropped_for(DropReason::damaged) == 3);
    CHECK(stats.counts.pending() == 0);
    CHECK(bench.states == std::vector{WriterState::ok});
}

TEST_CASE_TEMPLATE(
    "SampleWriter: destroyed with everything under way it blocks nobody",
    Spool,
    MemorySpool,
    FakeDisk) {
    Bench<Spool> bench;
    bench.sink.state().takes = 1h;
    REQUIRE(bench.writer->try_write(frame("a", 10)));
    bench.pass(2s);
    const auto flushed = bench.start_flush();
    WriteOptions how;
    how.until_stored = true;
    const auto written = bench.start_write(frame("b", 10), how);
    SUBCASE("before its context") {
        bench.pass(1s);
        bench.writer.reset();
        bench.pass(100ms);
        REQUIRE(*flushed);
        CHECK((*flushed)->error().code() == Errc::closed);
        REQUIRE(*written);
        if constexpr (Spool::blocks) {
            // What it waits for is safe.
            REQUIRE((**written).has_value());
            CHECK((**written)->durable);
            CHECK_FALSE((**written)->stored);
        } else {
            CHECK((*written)->error().code() == Errc::closed);
        }
        CHECK(bench.sink.state().in_flight == 0);
        if constexpr (Spool::blocks) CHECK(bench.spool.disk().content.state().samples == 20);
        CHECK(bench.clock->run(bench.context) == testing::Halt::finished);
    }
    SUBCASE("while nothing runs") { bench.writer.reset(); }
}

TEST_CASE("SampleWriter: a wait that is cancelled ends, and the samples go on") {
    Bench<MemorySpool> bench;
    boost::asio::cancellation_signal signal;
    std::optional<Result<WriteReceipt>> outcome;
    WriteOptions how;
    how.until_stored = true;
    bench.writer->async_write(
        frame("a", 3),
        how,
        boost::asio::bind_cancellation_slot(
            signal.slot(), [&](Result<WriteReceipt> got) { outcome = std::move(got); }));
    bench.pass(100ms);
    signal.emit(boost::asio::cancellation_type::total);
    bench.pass(0s);
    REQUIRE(outcome);
    REQUIRE(outcome->has_value());
    CHECK((*outcome)->accepted == 3);
    CHECK_FALSE((*outcome)->stored);
    bench.pass(5s);
    CHECK(bench.sink.state().stored.size() == 3);
}

TEST_CASE("SampleWriter: options out of range are refused") {
    boost::asio::io_context context;
    SampleWriterOptions options;
    options.max_delay = -1ms;
    using Writer = BasicSampleWriter<FakeSink, MemorySpool>;
    CHECK_THROWS_AS(
        Writer(context.get_executor(), FakeSink{}, MemorySpool{}, options), std::invalid_argument);
}

}  // namespace sample_writer_test
