// SPDX-License-Identifier: BSL-1.0
// A year of one-minute samples, inserted and read back through the client: every bit, no row more.

#include "api_bench.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace year_of_data_test {

using namespace clarify;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// The emulator's store and its documents are slow where every access is checked: half will do.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t minutes = 262'800;
#else
constexpr std::size_t minutes = 525'600;
#endif

const Timestamp begin = Timestamp::parse("2025-01-01T00:00:00Z").value();

/// Any finite doubles: most of them have 17 digits, some are subnormal, some are whole.
std::vector<double> random_doubles(std::size_t count) {
    std::mt19937_64 random{2025};
    std::vector<double> values;
    values.reserve(count);
    while (values.size() != count) {
        const double value = std::bit_cast<double>(random());
        if (std::isfinite(value)) values.push_back(value);
    }
    for (const double value :
         {0.0,
          -0.0,
          0.1,
          1e5,
          std::numeric_limits<double>::max(),
          std::numeric_limits<double>::denorm_min(),
          9007199254740993.0})
        values[random() % count] = value;
    return values;
}

struct Reading {
    std::size_t rows = 0;
    std::size_t parts = 0;
    std::size_t differences = 0;
};

/// Compares the parts of a stream, as they come, with what was inserted.
asio::awaitable<Reading> compare(
    DataStream parts, const std::string& item, const std::vector<double>& values) {
    Reading reading;
    while (true) {
        const auto part = co_await parts.next();
        REQUIRE_MESSAGE(part.has_value(), part.error().to_string());
        if (!*part) break;
        const DataFrame& frame = (*part)->frame;
        const auto column = frame.column(item);
        REQUIRE(column.size() == frame.size());
        ++reading.parts;
        for (std::size_t i = 0; i != frame.size(); ++i, ++reading.rows) {
            const bool same = reading.rows < values.size() &&
                frame.times()[i] == begin + 1min * reading.rows &&
                std::bit_cast<std::uint64_t>(column[i]) ==
                    std::bit_cast<std::uint64_t>(values[reading.rows]);
            reading.differences += same ? 0 : 1;
        }
    }
    co_return reading;
}

}  // namespace

TEST_CASE("Client: a year of one-minute samples comes back bit by bit") {
    ApiBench bench;
    const std::vector<double> values = random_doubles(minutes);
    std::vector<Timestamp> times;
    times.reserve(minutes);
    for (std::size_t i = 0; i != minutes; ++i)
        times.push_back(begin + 1min * i);
    std::vector<std::pair<std::string, std::vector<double>>> columns;
    columns.emplace_back("meter", values);
    const DataFrame frame = DataFrame::make(std::move(times), std::move(columns)).value();

    const auto inserted = bench.run(bench.client.insert(frame));
    REQUIRE_MESSAGE(inserted.has_value(), inserted.error().to_string());
    CHECK(inserted->signals_by_input.at("meter").created);
    // Some 47 bytes a sample, in requests of at most 8 MB.
    CHECK(bench.emulator.stats().methods.at("integration.insert") == minutes * 47 / 8'000'000 + 1);
    CHECK(bench.emulator.sample_count("meter") == minutes);

    const std::string item = bench.emulator.publish("meter");
    const DataQuery all{begin, begin + 1min * minutes};
    const Reading reading =
        bench.run(compare(bench.client.data_parts(field("id") == item, all), item, values));
    CHECK(reading.rows == minutes);
    CHECK(reading.differences == 0);
    CHECK(reading.parts == bench.emulator.stats().methods.at("clarify.dataFrame"));
    CHECK(reading.parts >= std::min<std::size_t>(minutes / (40 * 24 * 60), 5));
}

}  // namespace year_of_data_test
