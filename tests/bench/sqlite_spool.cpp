// SPDX-License-Identifier: BSL-1.0
// What a spool on the disk takes in and gives out, and how many bytes a sample has there.

#include <clarify/api/samples.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/ingest/sqlite_spool.hpp>

#include "extra.hpp"

#include <stdlib.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <system_error>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A thousand minutes of many inputs.
clarify::SampleTable minutes(std::size_t inputs, std::int64_t first, auto value) {
    clarify::SampleTable table;
    for (std::size_t input = 0; input != inputs; ++input) {
        std::vector<clarify::Sample>& column = table["plant/a/sensor_" + std::to_string(input)];
        for (std::int64_t i = first; i != first + 1000; ++i)
            column.push_back({clarify::Timestamp::from_microseconds(i * 60'000'000), value(i)});
    }
    return table;
}

clarify::SqliteSpool open(const std::filesystem::path& path) {
    clarify::SqliteSpoolOptions options;
    options.max_bytes = std::uint64_t{8} << 30U;
    return clarify::SqliteSpool::open(path, options).value();
}

void take_in(const std::filesystem::path& path, const char* name, std::size_t inputs, auto value) {
    constexpr std::int64_t commits = 20;
    std::vector<clarify::SampleTable> tables;
    for (std::int64_t i = 0; i != commits; ++i)
        tables.push_back(minutes(inputs, i * 1000, value));
    const auto samples = static_cast<double>(inputs) * 1000 * commits;
    double taken = 0;
    {
        clarify::SqliteSpool spool = open(path);
        const Clock::time_point start = Clock::now();
        for (const clarify::SampleTable& table : tables)
            spool.append(table, std::chrono::system_clock::now()).value();
        taken = seconds_since(start);
    }
    const auto size = static_cast<double>(std::filesystem::file_size(path));
    clarify::SqliteSpool spool = open(path);
    const Clock::time_point start = Clock::now();
    while (spool.state().samples != 0)
        spool.remove(spool.read(0, 200'000).value().mark).value();
    std::printf(
        "  %-34s %8.2f %8.2f %10.2f\n",
        name,
        samples / taken / 1e6,
        samples / seconds_since(start) / 1e6,
        size / samples);
}

void run() {
    std::string name = (std::filesystem::temp_directory_path() / "clarify-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return;
    const std::filesystem::path folder = name;
    std::printf("\nA spool on the disk, each commit synced\n");
    std::printf("  %-34s %8s %8s %10s\n", "", "M/s in", "M/s out", "bytes each");
    const auto slow = [](std::int64_t i) {
        return std::round((20 + 3 * std::sin(static_cast<double>(i) / 300)) * 100) / 100;
    };
    std::mt19937_64 random{1};
    const auto noise = [&random](std::int64_t) {
        return std::uniform_real_distribution<double>{0, 1}(random);
    };
    take_in(folder / "a", "500 inputs, 1,000 minutes, slow", 500, slow);
    take_in(folder / "b", "1 input, 1,000 minutes, slow", 1, slow);
    take_in(folder / "c", "500 inputs, 1,000 minutes, random", 500, noise);
    take_in(folder / "d", "1 input, 1,000 minutes, random", 1, noise);
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

const bench::Extra extra{run};

}  // namespace
