// SPDX-License-Identifier: BSL-1.0
// One writer of samples, and many threads that use all of it at the same time; made for TSan.

#include <clarify/ingest/basic_sample_writer.hpp>

#include "../support/fake_ingest.hpp"

#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace clarify;
using support::FakeDisk;
using support::FakeSink;

TEST_CASE_TEMPLATE(
    "SampleWriter: many threads write, wait, look and drain, and every sample is accounted for",
    Spool,
    MemorySpool,
    FakeDisk) {
    boost::asio::thread_pool pool{4};
    FakeSink sink;
    sink.state().interval = 1ms;
    sink.state().takes = 1ms;
    std::atomic<int> calls = 0;
    sink.state().fault = [&](const DataFrame&) -> std::optional<Error> {
        if (++calls % 10 == 3) return Error{Errc::io};
        return std::nullopt;
    };
    SampleWriterOptions options;
    options.max_delay = 2ms;
    options.spool_delay = 1ms;
    BasicSampleWriter<FakeSink, Spool> writer{pool.get_executor(), sink, Spool{}, options};
    constexpr int threads = 4;
    constexpr int rounds = 500;
    std::atomic<std::uint64_t> accepted = 0;
    std::vector<std::thread> workers;
    for (int thread = 0; thread != threads; ++thread) {
        workers.emplace_back([&, thread] {
            for (int i = 0; i != rounds; ++i) {
                const std::string key = "k" + std::to_string(thread);
                const Timestamp time = Timestamp::from_microseconds(i);
                if (i % 50 == 0) {
                    DataFrame frame;
                    frame.append(time, {{key, 1.0}});
                    WriteOptions how;
                    how.until_stored = i % 100 == 0;
                    const auto written =
                        writer.async_write(frame, how, boost::asio::use_future).get();
                    if (written) accepted += written->accepted;
                } else if (writer.try_write(key, time, i)) {
                    ++accepted;
                }
                if (i % 7 == 0) {
                    const SampleCounts counts = writer.stats().counts;
                    if (counts.offered !=
                        counts.stored + counts.pending() + counts.dropped_in_all())
                        accepted += 1'000'000;
                }
                if (i % 200 == 199) writer.async_flush(boost::asio::use_future).get();
            }
        });
    }
    for (std::thread& worker : workers)
        worker.join();
    const auto drained = writer.async_drain(60s, boost::asio::use_future).get();
    REQUIRE(drained.has_value());
    CHECK(drained->left == 0);
    CHECK(accepted == threads * rounds);
    CHECK(writer.stats().counts.stored == threads * rounds);
    pool.join();
    CHECK(sink.state().stored.size() == threads * rounds);
    CHECK(sink.state().most_in_flight == 1);
}
