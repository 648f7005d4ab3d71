// SPDX-License-Identifier: BSL-1.0
// Batches of a spool: what is read is written back as it was, and nothing else is read.

#include <clarify/api/samples.hpp>
#include <clarify/ingest/detail/batch.hpp>
#include <clarify/ingest/detail/crc32c.hpp>

#include "fuzz.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using clarify::Sample;
using clarify::detail::BatchColumn;
using clarify::detail::BatchSeries;
using fuzz::require;

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
            if (x.time != y.time) return false;
            if (std::bit_cast<std::uint64_t>(x.value) != std::bit_cast<std::uint64_t>(y.value))
                return false;
        }
    }
    return true;
}

/// The input as a body, under a head that fits.
std::string sealed(std::string_view body) {
    std::string out = "CB\x01";
    clarify::detail::BatchWriter{out}.fixed(clarify::detail::crc32c(body), 4);
    return out.append(body);
}

void check_read(std::string_view bytes) {
    const std::optional<std::vector<BatchSeries>> read = clarify::detail::read_batch(bytes);
    if (!read) return;
    std::size_t samples = 0;
    for (const BatchSeries& one : *read)
        samples += one.samples.size();
    require(samples <= clarify::detail::most_batch_samples, "a batch is bounded");
    require(clarify::detail::batch_samples(bytes) == samples, "a batch knows how many it has");
    const auto again = clarify::detail::read_batch(encoded(*read));
    require(again && same(*read, *again), "what was read is written as it was");
}

/// Samples out of the input itself.
std::vector<BatchSeries> made_of(std::string_view input) {
    fuzz::Choices choices{input};
    std::vector<BatchSeries> series;
    while (!choices.empty() && series.size() != 8) {
        BatchSeries one;
        one.key = std::string{choices.text(choices.below(40))};
        for (unsigned count = choices.below(20); count != 0; --count) {
            const auto time = static_cast<std::int64_t>(choices.word());
            one.samples.push_back(
                {clarify::Timestamp::from_microseconds(time),
                 choices.flag() ? std::bit_cast<double>(choices.word())
                                : static_cast<double>(choices.byte()) / 10});
        }
        series.push_back(std::move(one));
    }
    return series;
}

void run(std::string_view input) {
    check_read(input);
    check_read(sealed(input));
    const std::vector<BatchSeries> series = made_of(input);
    const auto read = clarify::detail::read_batch(encoded(series));
    require(read && same(series, *read), "what was written is read as it was");
}

const fuzz::Target target{"spool_batch", run};

}  // namespace
