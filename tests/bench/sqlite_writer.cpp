// SPDX-License-Identifier: BSL-1.0
// What a writer of samples takes in, in memory and over a file, and how fast it gives it away.

#include <clarify/ingest/basic_sample_writer.hpp>
#include <clarify/ingest/memory_spool.hpp>
#include <clarify/ingest/sqlite_spool.hpp>

#include "extra.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}
/// What this process has used of all processors.
double processor_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// A service that takes all at once, or is away.
class FastSink {
public:
    explicit FastSink(std::shared_ptr<std::atomic<bool>> is_away) : is_away_(std::move(is_away)) {}
    boost::asio::awaitable<clarify::Result<void>> store(const clarify::DataFrame&) {
        if (*is_away_) co_return clarify::Error{clarify::Errc::connect};
        co_return clarify::Result<void>{};
    }
    clarify::Clock::duration interval() const noexcept { return {}; }
    std::size_t max_size() const noexcept { return 8'000'000; }

private:
    std::shared_ptr<std::atomic<bool>> is_away_;
};

clarify::DataFrame thousand(std::int64_t number) {
    std::vector<clarify::Timestamp> times;
    std::vector<double> values;
    for (std::int64_t i = number * 1'000; i != (number + 1) * 1'000; ++i) {
        times.push_back(clarify::Timestamp::from_microseconds(i * 1'000'000));
        values.push_back(static_cast<double>(i % 977) / 4);
    }
    return *clarify::DataFrame::make(std::move(times), {{"plant/a/sensor", std::move(values)}});
}

constexpr std::int64_t frames = 10'000;
constexpr double samples = 1'000.0 * frames;

void take_in_memory() {
    boost::asio::io_context context;
    const auto is_away = std::make_shared<std::atomic<bool>>(true);
    clarify::BasicSampleWriter<FastSink, clarify::MemorySpool> writer{
        context.get_executor(),
        FastSink{is_away},
        clarify::MemorySpool{std::uint64_t{8} << 30U},
        clarify::SampleWriterOptions{}};
    double taken = 0;
    for (std::int64_t i = 0; i != frames; ++i) {
        const clarify::DataFrame frame = thousand(i);
        const double start = processor_seconds();
        if (!writer.try_write(frame)) std::abort();
        taken += processor_seconds() - start;
    }
    std::printf("  %-50s %8.2f M/s\n", "in memory, taken in", samples / taken / 1e6);
}

/// One writer after the other over a spool in a file.
class FileBench {
public:
    using Writer = clarify::BasicSampleWriter<FastSink, clarify::SqliteSpool>;

    explicit FileBench(const std::filesystem::path& folder) : file_(folder / "writer") {}

    void take_in() {
        *is_away_ = true;
        open();
        std::vector<clarify::DataFrame> all;
        for (std::int64_t i = 0; i != frames; ++i)
            all.push_back(thousand(i));
        const double start = processor_seconds();
        const Clock::time_point begun = Clock::now();
        for (const clarify::DataFrame& frame : all) {
            while (!writer_->try_write(frame))
                std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        // All are in the file when one is that came after them.
        writer_->async_write(thousand(frames), {}, boost::asio::use_future).get().value();
        const double used = processor_seconds() - start;
        const double took = seconds_since(begun);
        std::printf(
            "  %-50s %8.2f M/s of a processor, %.2f M/s\n",
            "in a file, taken in and synced",
            samples / used / 1e6,
            samples / took / 1e6);
    }
    void drain() {
        *is_away_ = false;
        const Clock::time_point opened = Clock::now();
        open();
        const double opening = seconds_since(opened);
        const Clock::time_point begun = Clock::now();
        writer_->async_flush(boost::asio::use_future).get().value();
        const double took = seconds_since(begun);
        std::printf(
            "  %-50s %8.2f M/s, opened in %.0f ms\n",
            "in a file, given to a service that takes all",
            samples / took / 1e6,
            opening * 1e3);
    }
    void write_singly() {
        clarify::WriteOptions stored;
        stored.until_stored = true;
        std::vector<double> kept;
        std::vector<double> given;
        for (std::int64_t i = 0; i != 101; ++i) {
            Clock::time_point start = Clock::now();
            writer_->async_write(thousand(i), {}, boost::asio::use_future).get().value();
            kept.push_back(seconds_since(start));
            start = Clock::now();
            writer_->async_write(thousand(i), stored, boost::asio::use_future).get().value();
            given.push_back(seconds_since(start));
        }
        for (std::vector<double>* const times : {&kept, &given})
            std::nth_element(times->begin(), times->begin() + 50, times->end());
        std::printf(
            "  %-50s %8.2f ms in the file, %.2f ms stored\n",
            "a single write, median, with max_delay 0",
            kept[50] * 1e3,
            given[50] * 1e3);
        close();
    }

private:
    void open() {
        close();
        clarify::SqliteSpoolOptions options;
        options.max_bytes = std::uint64_t{8} << 30U;
        clarify::SampleWriterOptions hurried;
        hurried.max_delay = std::chrono::milliseconds{0};
        context_ = std::make_unique<boost::asio::io_context>();
        writer_ = std::make_unique<Writer>(
            context_->get_executor(),
            FastSink{is_away_},
            clarify::SqliteSpool::open(file_, options).value(),
            hurried);
        thread_ = std::thread{[this] {
            const auto work = boost::asio::make_work_guard(*context_);
            context_->run();
        }};
    }
    void close() {
        if (!writer_) return;
        writer_->async_drain(std::chrono::milliseconds{0}, boost::asio::use_future).get().value();
        writer_.reset();
        context_->stop();
        thread_.join();
        context_.reset();
    }

    std::filesystem::path file_;
    std::shared_ptr<std::atomic<bool>> is_away_ = std::make_shared<std::atomic<bool>>(true);
    std::unique_ptr<boost::asio::io_context> context_;
    std::unique_ptr<Writer> writer_;
    std::thread thread_;
};

void run() {
    std::string name = (std::filesystem::temp_directory_path() / "clarify-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return;
    const std::filesystem::path folder = name;
    std::printf("\nA writer of samples, offered frames of 1,000\n");
    take_in_memory();
    {
        FileBench file{folder};
        file.take_in();
        file.drain();
        file.write_singly();
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

const bench::Extra extra{run};

}  // namespace
