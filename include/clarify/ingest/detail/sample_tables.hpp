// SPDX-License-Identifier: BSL-1.0
// Tables of samples made of frames, counted and checked.

#ifndef CLARIFY_INGEST_DETAIL_SAMPLE_TABLES_HPP
#define CLARIFY_INGEST_DETAIL_SAMPLE_TABLES_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/detail/sample_parts.hpp>
#include <clarify/api/field_errors.hpp>
#include <clarify/api/samples.hpp>
#include <clarify/core/result.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace clarify::detail {

/// The values of a frame, in the order of its rows.
inline SampleTable table_of(const DataFrame& frame) {
    SampleTable table;
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        const std::span<const double> values = frame.column(i);
        std::vector<Sample> samples;
        samples.reserve(values.size());
        for (std::size_t row = 0; row != values.size(); ++row) {
            if (!std::isnan(values[row])) samples.push_back({frame.times()[row], values[row]});
        }
        if (!samples.empty()) table.emplace(frame.key(i), std::move(samples));
    }
    return table;
}

/// How many samples there are.
inline std::uint64_t count_of(const SampleTable& table) noexcept {
    std::uint64_t count = 0;
    for (const auto& [key, samples] : table)
        count += samples.size();
    return count;
}

/// About how much memory they take.
inline std::uint64_t bytes_of(const SampleTable& table) noexcept {
    constexpr std::uint64_t around_input = 112;
    std::uint64_t bytes = 0;
    for (const auto& [key, samples] : table)
        bytes += around_input + key.size() + samples.size() * sizeof(Sample);
    return bytes;
}

/// Adds the samples of a table behind those of another one.
inline void add_samples(SampleTable& to, const SampleTable& from) {
    for (const auto& [key, samples] : from) {
        std::vector<Sample>& all = to[key];
        all.insert(all.end(), samples.begin(), samples.end());
    }
}

/// `Errc::bad_argument` with the paths of faulty keys, times and values.
inline Result<void> check_samples(const SampleTable& table) {
    FieldErrors errors;
    check(table, "", errors);
    return errors.result();
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_SAMPLE_TABLES_HPP
