// SPDX-License-Identifier: BSL-1.0
// Samples collected, sorted, and made frames of.

#ifndef CLARIFY_API_IMPL_SAMPLE_BUFFER_HPP
#define CLARIFY_API_IMPL_SAMPLE_BUFFER_HPP

#include <clarify/api/detail/sample_groups.hpp>
#include <clarify/api/sample_buffer.hpp>
#include <clarify/core/detail/config.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace clarify {
namespace detail::sample_buffer {

/// Sorts by time; of samples at the same time the one that was added last stays.
inline void normalize(std::vector<Sample>& samples) {
    const auto not_later = [](const Sample& a, const Sample& b) { return a.time >= b.time; };
    if (std::adjacent_find(samples.begin(), samples.end(), not_later) == samples.end()) return;
    // By their places too, so that of two at the same time the later one stays the later one.
    std::vector<const Sample*> order;
    order.reserve(samples.size());
    for (const Sample& sample : samples)
        order.push_back(&sample);
    std::sort(order.begin(), order.end(), [](const Sample* a, const Sample* b) {
        return std::tie(a->time, a) < std::tie(b->time, b);
    });
    std::vector<Sample> sorted;
    sorted.reserve(samples.size());
    for (const Sample* const sample : order) {
        if (!sorted.empty() && sorted.back().time == sample->time) sorted.pop_back();
        sorted.push_back(*sample);
    }
    samples = std::move(sorted);
}

/// The values of a column at these times, among which are all of its own.
inline std::vector<double> spread(
    const std::vector<Sample>& samples, std::span<const Timestamp> times) {
    std::vector<double> values(times.size(), DataFrame::missing);
    std::size_t row = 0;
    for (const Sample& sample : samples) {
        while (times[row] != sample.time)
            ++row;
        values[row] = sample.value;
    }
    return values;
}

}  // namespace detail::sample_buffer

CLARIFY_DECL void SampleBuffer::add(std::string_view key, Timestamp time, double value) {
    auto found = samples_.find(key);
    if (found == samples_.end()) found = samples_.try_emplace(std::string{key}).first;
    if (std::isnan(value)) return;
    found->second.push_back({time, value});
    ++size_;
}

CLARIFY_DECL void SampleBuffer::add(const DataFrame& frame) {
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        std::vector<Sample>& samples = samples_[frame.key(i)];
        const std::span<const double> values = frame.column(i);
        const std::size_t before = samples.size();
        for (std::size_t row = 0; row != values.size(); ++row) {
            if (!std::isnan(values[row])) samples.push_back({frame.times()[row], values[row]});
        }
        size_ += samples.size() - before;
    }
}

CLARIFY_DECL void SampleBuffer::add(SampleTable samples) {
    for (auto& [key, column] : samples) {
        std::erase_if(column, [](const Sample& sample) { return std::isnan(sample.value); });
        size_ += column.size();
    }
    if (samples_.empty()) {
        samples_ = std::move(samples);
        return;
    }
    for (auto& [key, column] : samples) {
        std::vector<Sample>& all = samples_[key];
        all.insert(all.end(), column.begin(), column.end());
    }
}

CLARIFY_DECL void SampleBuffer::clear() noexcept {
    samples_.clear();
    size_ = 0;
}

CLARIFY_DECL void SampleBuffer::normalize() {
    size_ = 0;
    for (auto& [key, samples] : samples_) {
        detail::sample_buffer::normalize(samples);
        size_ += samples.size();
    }
}

CLARIFY_DECL std::vector<DataFrame> SampleBuffer::take() {
    SampleTable table = detail::SampleAccess::take(*this);
    const std::vector<const SampleColumn*> empty = detail::empty_columns(table);
    std::vector<DataFrame> frames;
    for (detail::SampleGroup& group : detail::group_samples(table, detail::costs_of_memory)) {
        std::vector<std::pair<std::string, std::vector<double>>> columns;
        for (const SampleColumn* const column : group.columns) {
            columns.emplace_back(
                column->first, detail::sample_buffer::spread(column->second, group.times));
            // Not all of it twice.
            std::vector<Sample>{}.swap(table.find(column->first)->second);
        }
        frames.push_back(*DataFrame::make(std::move(group.times), std::move(columns)));
    }
    if (frames.empty() && !empty.empty()) frames.emplace_back();
    for (const SampleColumn* const column : empty)
        frames.back().add_column(column->first);
    return frames;
}

CLARIFY_DECL SampleTable detail::SampleAccess::take(SampleBuffer& buffer) {
    buffer.normalize();
    buffer.size_ = 0;
    return std::exchange(buffer.samples_, {});
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_SAMPLE_BUFFER_HPP
