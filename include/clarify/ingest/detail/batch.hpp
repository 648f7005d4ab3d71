// SPDX-License-Identifier: BSL-1.0
// Samples as they are kept on disk: a batch of columns in few bytes, with a checksum.

#ifndef CLARIFY_INGEST_DETAIL_BATCH_HPP
#define CLARIFY_INGEST_DETAIL_BATCH_HPP

#include <clarify/api/samples.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/ingest/detail/batch_bytes.hpp>
#include <clarify/ingest/detail/crc32c.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::detail {

/// The samples of one input, to be written.
struct BatchColumn {
    std::string_view key;
    std::span<const Sample> samples;
};

/// The same, as read.
struct BatchSeries {
    std::string key;
    std::vector<Sample> samples;
};

/* The format, version 1. A number is written with seven bits a byte, the lowest first, and the
   eighth says that there is more; a signed one as 0, -1, 1, -2, ... A row of differences is one
   signed number each, and for a run of zeros a 0 and how many more of them follow.

       "CB"  version, 1 byte  CRC-32C of the rest, 4 bytes, the lowest first
       samples, columns: numbers
       for each column:
         how many bytes of the key are those of the one before, how many others there are: 1 byte each
         the others
         1 byte: bit 0: the times are those of the column before
                 bits 1 and 2: how the values are written, bits 3 to 6: decimals
         the times, unless they are the same:
           4 * count + unit: a number; unit 0 is a microsecond, 1 a millisecond, 2 a second
           the first time in microseconds, less the first one of the column before: signed
           the differences of the differences, in the unit: a row, for all but the first
         the values:
           0: as they are in memory, 8 bytes each, the lowest first
           1: whole numbers, to be divided by a power of ten, each less the one before: a row
           2: each, with those bits inverted that are set in the one before: a byte of how many zero
              bytes there are above (times 16) and below, and then the bytes between them

   Of the same key and time, the later one counts; the order of a column is kept. */
inline constexpr std::string_view batch_mark = "CB";
inline constexpr unsigned batch_version = 1;
inline constexpr std::size_t batch_head = batch_mark.size() + 1 + 4;
/// No batch has more, so that reading one takes bounded memory.
inline constexpr std::size_t most_batch_samples = std::size_t{1} << 20U;
inline constexpr std::size_t most_batch_columns = std::size_t{1} << 16U;
inline constexpr std::size_t longest_batch_key = 255;

namespace batch {

enum class Form : unsigned { raw, decimal, inverted };

inline constexpr std::array<std::uint64_t, 3> units{1, 1'000, 1'000'000};
inline constexpr std::array<double, 13> powers{
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

inline std::uint64_t count_of(Timestamp time) noexcept {
    return static_cast<std::uint64_t>(time.microseconds());
}
inline std::uint64_t bits_of(double value) noexcept { return std::bit_cast<std::uint64_t>(value); }

/// The whole number that, divided by a power of ten, is exactly that value, if there is one.
inline std::optional<std::int64_t> scaled(double value, double power) noexcept {
    constexpr double exact = 9007199254740992.0;
    const double product = value * power;
    if (!(product > -exact && product < exact)) return std::nullopt;
    const auto whole = static_cast<std::int64_t>(product + (product < 0 ? -0.5 : 0.5));
    if (bits_of(static_cast<double>(whole) / power) != bits_of(value)) return std::nullopt;
    return whole;
}

/// How many decimals all values have; nothing where they have too many.
inline std::optional<std::size_t> decimals_of(std::span<const Sample> samples) noexcept {
    std::size_t decimals = 0;
    for (const Sample& sample : samples) {
        while (!scaled(sample.value, powers[decimals]))
            if (++decimals == powers.size()) return std::nullopt;
    }
    // What has fewer decimals has a whole number of the larger power as well, unless that is too large.
    for (const Sample& sample : samples)
        if (!scaled(sample.value, powers[decimals])) return std::nullopt;
    return decimals;
}

inline bool same_times(std::span<const Sample> a, std::span<const Sample> b) noexcept {
    return std::ranges::equal(a, b, {}, &Sample::time, &Sample::time);
}

inline std::int64_t step_to(std::span<const Sample> samples, std::size_t i) noexcept {
    return static_cast<std::int64_t>(count_of(samples[i].time) - count_of(samples[i - 1].time));
}

inline void write_times(
    BatchWriter& out, std::span<const Sample> samples, std::uint64_t& first_before) {
    std::size_t unit = samples.size() < 3 ? 0 : units.size() - 1;
    for (std::size_t i = 1; i < samples.size() && unit != 0; ++i)
        while (step_to(samples, i) % static_cast<std::int64_t>(units[unit]) != 0)
            --unit;
    out.number(4 * samples.size() + unit);
    const std::uint64_t first = samples.empty() ? first_before : count_of(samples.front().time);
    out.number(folded(first - first_before));
    first_before = first;
    std::uint64_t before = 0;
    for (std::size_t i = 1; i < samples.size(); ++i) {
        const auto steps = static_cast<std::uint64_t>(
            step_to(samples, i) / static_cast<std::int64_t>(units[unit]));
        out.difference(steps - before);
        before = steps;
    }
    out.end_row();
}

inline bool read_times(
    BatchReader& in, std::vector<Sample>& samples, std::size_t room, std::uint64_t& first_before) {
    const std::uint64_t head = in.number();
    const std::uint64_t count = head / 4;
    if (in.failed() || head % 4 >= units.size() || count > room) return false;
    const std::uint64_t unit = units[head % 4];
    std::uint64_t time = first_before + unfolded(in.number());
    first_before = time;
    samples.reserve(static_cast<std::size_t>(count));
    std::uint64_t steps = 0;
    for (std::uint64_t i = 0; i != count && !in.failed(); ++i) {
        if (i != 0) {
            steps += in.difference();
            time += steps * unit;
        }
        samples.push_back({Timestamp::from_microseconds(static_cast<std::int64_t>(time)), 0});
    }
    in.end_row();
    return !in.failed();
}

inline void write_decimal(BatchWriter& out, std::span<const Sample> samples, double power) {
    std::uint64_t before = 0;
    for (const Sample& sample : samples) {
        const auto whole = static_cast<std::uint64_t>(scaled(sample.value, power).value_or(0));
        out.difference(whole - before);
        before = whole;
    }
    out.end_row();
}

inline void write_inverted(BatchWriter& out, std::span<const Sample> samples) {
    std::uint64_t before = 0;
    for (const Sample& sample : samples) {
        const std::uint64_t bits = bits_of(sample.value) ^ before;
        before = bits_of(sample.value);
        const auto above = static_cast<unsigned>(std::countl_zero(bits)) / 8;
        const unsigned below = bits == 0 ? 0 : static_cast<unsigned>(std::countr_zero(bits)) / 8;
        out.byte(above * 16 + below);
        if (bits != 0) out.fixed(bits >> (8 * below), 8 - above - below);
    }
}

/// The values in the shortest of the forms, and which that is.
inline Form write_values(std::string& out, std::span<const Sample> samples, std::size_t& decimals) {
    const std::size_t start = out.size();
    BatchWriter writer{out};
    const std::optional<std::size_t> found = decimals_of(samples);
    decimals = found.value_or(0);
    if (found) {
        write_decimal(writer, samples, powers[decimals]);
    } else {
        write_inverted(writer, samples);
    }
    if (out.size() - start < 8 * samples.size()) return found ? Form::decimal : Form::inverted;
    out.resize(start);
    decimals = 0;
    for (const Sample& sample : samples)
        writer.fixed(bits_of(sample.value), 8);
    return Form::raw;
}

inline double read_inverted(BatchReader& in, std::uint64_t& bits) noexcept {
    const std::uint64_t head = in.byte();
    const std::uint64_t above = head / 16;
    const std::uint64_t below = head % 16;
    if (above + below > 8) {
        in.fail();
    } else if (above + below != 8) {
        bits ^= in.fixed(static_cast<std::size_t>(8 - above - below)) << (8 * below);
    }
    return std::bit_cast<double>(bits);
}

inline bool read_values(BatchReader& in, unsigned head, std::span<Sample> samples) noexcept {
    const unsigned decimals = head >> 3U;
    const unsigned form = (head >> 1U) & 3U;
    if (decimals >= powers.size() || form > 2) return false;
    std::uint64_t sum = 0;
    for (Sample& sample : samples) {
        switch (static_cast<Form>(form)) {
            case Form::raw:
                sample.value = std::bit_cast<double>(in.fixed(8));
                break;
            case Form::decimal:
                sum += in.difference();
                sample.value =
                    static_cast<double>(static_cast<std::int64_t>(sum)) / powers[decimals];
                break;
            case Form::inverted:
                sample.value = read_inverted(in, sum);
                break;
        }
        if (in.failed()) return false;
    }
    in.end_row();
    return !in.failed();
}

}  // namespace batch

/// Adds a batch to the end of `out`. There may be at most `most_batch_samples` and
/// `most_batch_columns` in it, and no key is longer than `longest_batch_key`. Keys that are sorted
/// take fewer bytes.
inline void append_batch(std::string& out, std::span<const BatchColumn> columns) {
    const std::size_t start = out.size();
    BatchWriter writer{out};
    writer.text(batch_mark);
    writer.byte(batch_version);
    writer.fixed(0, 4);
    std::size_t samples = 0;
    for (const BatchColumn& column : columns)
        samples += column.samples.size();
    writer.number(samples);
    writer.number(columns.size());
    const BatchColumn* before = nullptr;
    std::uint64_t first_time = 0;
    for (const BatchColumn& column : columns) {
        std::size_t common = 0;
        if (before != nullptr) {
            const auto ends = std::ranges::mismatch(before->key, column.key);
            common = static_cast<std::size_t>(ends.in2 - column.key.begin());
        }
        writer.byte(common);
        writer.byte(column.key.size() - common);
        writer.text(column.key.substr(common));
        const std::size_t head_at = out.size();
        writer.byte(0);
        const bool same_times =
            before != nullptr && batch::same_times(before->samples, column.samples);
        if (!same_times) batch::write_times(writer, column.samples, first_time);
        std::size_t decimals = 0;
        const batch::Form form = batch::write_values(out, column.samples, decimals);
        out[head_at] = static_cast<char>(
            (same_times ? 1U : 0U) | static_cast<unsigned>(form) << 1U |
            static_cast<unsigned>(decimals) << 3U);
        before = &column;
    }
    std::uint32_t crc = crc32c(std::string_view{out}.substr(start + batch_head));
    for (std::size_t i = 0; i != 4; ++i, crc >>= 8U)
        out[start + batch_head - 4 + i] = static_cast<char>(crc & 0xFFU);
}

/// What a batch says of itself.
enum class BatchFault { none, damaged, newer };

/// Is it a whole batch, of a version that can be read? Looks at every byte once.
inline BatchFault check_batch(std::string_view bytes) noexcept {
    BatchReader in{bytes};
    if (in.text(batch_mark.size()) != batch_mark) return BatchFault::damaged;
    const std::uint64_t version = in.byte();
    const std::uint64_t crc = in.fixed(4);
    if (in.failed() || crc != crc32c(bytes.substr(batch_head))) return BatchFault::damaged;
    if (version != batch_version)
        return version > batch_version ? BatchFault::newer : BatchFault::damaged;
    return BatchFault::none;
}

/// How many samples a whole batch has; nothing where it cannot be.
inline std::optional<std::size_t> batch_samples(std::string_view bytes) noexcept {
    BatchReader in{bytes};
    in.text(batch_head);
    const std::uint64_t samples = in.number();
    if (in.failed() || samples > most_batch_samples) return std::nullopt;
    return static_cast<std::size_t>(samples);
}

/// The columns of a batch, whatever the bytes are; nothing where they are none, or damaged. Takes no
/// more memory than the largest batch. Throws `std::bad_alloc`.
inline std::optional<std::vector<BatchSeries>> read_batch(std::string_view bytes) {
    if (check_batch(bytes) != BatchFault::none) return std::nullopt;
    BatchReader in{bytes.substr(batch_head)};
    const std::uint64_t samples = in.number();
    const std::uint64_t count = in.number();
    if (samples > most_batch_samples || count > most_batch_columns || count > in.left())
        return std::nullopt;
    std::vector<BatchSeries> columns(static_cast<std::size_t>(count));
    std::size_t room = static_cast<std::size_t>(samples);
    std::uint64_t first_time = 0;
    const BatchSeries* before = nullptr;
    for (BatchSeries& column : columns) {
        const auto common = static_cast<std::size_t>(in.byte());
        const std::string_view rest = in.text(static_cast<std::size_t>(in.byte()));
        if (common > (before == nullptr ? 0 : before->key.size())) return std::nullopt;
        if (before != nullptr) column.key.assign(before->key, 0, common);
        column.key += rest;
        if (column.key.size() > longest_batch_key) return std::nullopt;
        const auto head = static_cast<unsigned>(in.byte());
        if ((head & 1U) != 0) {
            if (before == nullptr || before->samples.size() > room) return std::nullopt;
            column.samples = before->samples;
        } else if (!batch::read_times(in, column.samples, room, first_time)) {
            return std::nullopt;
        }
        room -= column.samples.size();
        if (!batch::read_values(in, head, column.samples)) return std::nullopt;
        before = &column;
    }
    if (in.failed() || in.left() != 0 || room != 0) return std::nullopt;
    return columns;
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_BATCH_HPP
