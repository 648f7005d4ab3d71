// SPDX-License-Identifier: BSL-1.0
// Batches: every sample comes back bit by bit, in few bytes, and nothing else is taken for one.

#include <clarify/api/samples.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/ingest/detail/batch.hpp>
#include <clarify/ingest/detail/crc32c.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace ingest_batch_test {

namespace {

using clarify::Sample;
using clarify::Timestamp;
using clarify::detail::BatchColumn;
using clarify::detail::BatchSeries;

std::string encoded(const std::vector<BatchSeries>& series) {
    std::vector<BatchColumn> columns;
    for (const BatchSeries& one : series)
        columns.push_back({one.key, one.samples});
    std::string out;
    clarify::detail::append_batch(out, columns);
    return out;
}

bool same(const std::vector<BatchSeries>& a, const std::vector<BatchSeries>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i != a.size(); ++i) {
        if (a[i].key != b[i].key || a[i].samples.size() != b[i].samples.size()) return false;
        for (std::size_t j = 0; j != a[i].samples.size(); ++j) {
            const Sample& x = a[i].samples[j];
            const Sample& y = b[i].samples[j];
            if (x.time != y.time ||
                std::bit_cast<std::uint64_t>(x.value) != std::bit_cast<std::uint64_t>(y.value))
                return false;
        }
    }
    return true;
}

void check_round_trip(const std::vector<BatchSeries>& series) {
    const std::string bytes = encoded(series);
    std::size_t samples = 0;
    for (const BatchSeries& one : series)
        samples += one.samples.size();
    CHECK(clarify::detail::check_batch(bytes) == clarify::detail::BatchFault::none);
    CHECK(clarify::detail::batch_samples(bytes) == samples);
    const auto read = clarify::detail::read_batch(bytes);
    REQUIRE(read);
    CHECK(same(*read, series));
}

std::vector<Sample> samples_of(std::size_t count, std::int64_t step, auto value) {
    std::vector<Sample> samples;
    for (std::size_t i = 0; i != count; ++i) {
        const auto time = 1'796'000'000'000'000 + static_cast<std::int64_t>(i) * step;
        samples.push_back({Timestamp::from_microseconds(time), value(i)});
    }
    return samples;
}

double bytes_a_sample(const std::vector<BatchSeries>& series) {
    return static_cast<double>(encoded(series).size()) /
        static_cast<double>(series.front().samples.size());
}

TEST_CASE("batch: the checksum is CRC-32C") {
    CHECK(clarify::detail::crc32c("123456789") == 0xE3069283U);
    CHECK(clarify::detail::crc32c(std::string(32, '\0')) == 0x8A9136AAU);
    CHECK(clarify::detail::crc32c("") == 0);
}

TEST_CASE("batch: every double and every moment comes back") {
    const std::vector<double> values{
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        21.37,
        1e300,
        -1e-300,
        5e-324,
        std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN(),
        std::bit_cast<double>(std::uint64_t{0x7FF4000000000001}),
        9007199254740993.0,
        -9007199254740992.0,
        std::numeric_limits<double>::max()};
    const std::vector<std::int64_t> times{0, -1, 1, INT64_MIN, INT64_MAX, 1'796'000'000'123'456};
    std::mt19937_64 random{7};
    check_round_trip({});
    for (int round = 0; round != 300; ++round) {
        std::vector<BatchSeries> series(random() % 4);
        for (BatchSeries& one : series) {
            one.key = std::string(1 + random() % 30, 'a') + std::to_string(random() % 100);
            const std::size_t count = random() % 20;
            const auto kind = random() % 4;
            for (std::size_t i = 0; i != count; ++i) {
                const std::int64_t time = kind == 0
                    ? times[random() % times.size()]
                    : static_cast<std::int64_t>(random() >> (kind * 16));
                const double value =
                    kind == 1 ? std::bit_cast<double>(random()) : values[random() % values.size()];
                one.samples.push_back({Timestamp::from_microseconds(time), value});
            }
        }
        if (series.size() > 1 && round % 3 == 0) series[1].samples = series[0].samples;
        check_round_trip(series);
    }
}

TEST_CASE(
    "batch: slow values of one-minute data take less than four bytes, random ones less than "
    "twelve") {
    const auto slow = [](std::size_t i) {
        return std::round((20 + 3 * std::sin(static_cast<double>(i) / 300)) * 100) / 100;
    };
    CHECK(bytes_a_sample({{"plant/a/temperature", samples_of(1000, 60'000'000, slow)}}) < 1.5);
    const auto still = [](std::size_t) { return 17.25; };
    CHECK(bytes_a_sample({{"plant/a/temperature", samples_of(1000, 60'000'000, still)}}) < 0.1);
    const auto single = [](std::size_t i) {
        return static_cast<double>(static_cast<float>(20 + std::sin(static_cast<double>(i) / 300)));
    };
    CHECK(bytes_a_sample({{"plant/a/temperature", samples_of(1000, 60'000'000, single)}}) < 6.5);
    std::mt19937_64 random{3};
    const auto noise = [&random](std::size_t) {
        return std::uniform_real_distribution<double>{0, 1}(random);
    };
    CHECK(bytes_a_sample({{"plant/a/temperature", samples_of(1000, 60'000'000, noise)}}) < 8.2);
}

TEST_CASE("batch: a thousand inputs with one sample each share most of their keys") {
    std::vector<BatchSeries> series;
    for (int i = 0; i != 1000; ++i) {
        std::string key = std::to_string(10'000 + i);
        key.replace(0, 1, "plant/a/sensor_");
        series.push_back({key, samples_of(1, 0, [i](std::size_t) { return 20 + i / 100.0; })});
    }
    check_round_trip(series);
    CHECK(encoded(series).size() < 8'500);
}

TEST_CASE("batch: a changed byte, a cut or an addition is no batch") {
    const std::string bytes = encoded(
        {{"a", samples_of(20, 1'000'000, [](std::size_t i) { return std::sqrt(double(i)); })},
         {"ab", samples_of(20, 1'000'000, [](std::size_t i) { return double(i); })}});
    REQUIRE(clarify::detail::read_batch(bytes));
    for (std::size_t at = 0; at != bytes.size(); ++at) {
        for (const int bit : {1, 0x80, 0xFF}) {
            std::string changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ bit);
            // Only a version that is newer may be told from damage.
            CHECK_FALSE(clarify::detail::read_batch(changed));
        }
        CHECK_FALSE(clarify::detail::read_batch(bytes.substr(0, at)));
    }
    CHECK_FALSE(clarify::detail::read_batch(bytes + '\0'));
}

/// A body with the right checksum.
std::string sealed(const std::string& body) {
    std::string out = "CB\x01";
    clarify::detail::BatchWriter{out}.fixed(clarify::detail::crc32c(body), 4);
    return out + body;
}

TEST_CASE("batch: what has a right checksum and claims too much takes no memory") {
    std::string body;
    clarify::detail::BatchWriter writer{body};
    writer.number(std::uint64_t{1} << 40U);
    writer.number(1);
    CHECK_FALSE(clarify::detail::read_batch(sealed(body)));
    body.clear();
    writer.number(1'000'000);
    writer.number(60'000);
    CHECK_FALSE(clarify::detail::read_batch(sealed(body)));
    body = std::string{
        "\x02\x01\x00\x01"
        "a\x00\x08\x00\x00\xFF\x7F",
        11};
    CHECK_FALSE(clarify::detail::read_batch(sealed(body)));
}

TEST_CASE("batch: a newer version is told from damage") {
    std::string bytes = encoded({});
    bytes[2] = 2;
    CHECK(clarify::detail::check_batch(bytes) == clarify::detail::BatchFault::newer);
    CHECK_FALSE(clarify::detail::read_batch(bytes));
}

}  // namespace

}  // namespace ingest_batch_test
