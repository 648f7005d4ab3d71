// SPDX-License-Identifier: BSL-1.0
// Frames in memory: their columns and rows, sorted and merged.

#ifndef CLARIFY_API_IMPL_DATA_FRAME_HPP
#define CLARIFY_API_IMPL_DATA_FRAME_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/patterns.hpp>
#include <clarify/core/detail/config.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <tuple>
#include <utility>
#include <vector>

namespace clarify {

CLARIFY_DECL Result<DataFrame> DataFrame::make(
    std::vector<Timestamp> times,
    std::vector<std::pair<std::string, std::vector<double>>> columns) {
    DataFrame frame;
    FieldErrors errors;
    for (auto& [key, values] : columns) {
        const std::string path = field_path("series", key);
        if (frame.contains(key)) errors.add(path, "is repeated");
        if (values.size() != times.size()) errors.add(path, "is not as long as times");
        frame.by_key_.emplace(key, frame.columns_.size());
        frame.columns_.push_back({std::move(key), std::move(values)});
    }
    if (!errors.empty()) return errors.result().error();
    frame.times_ = std::move(times);
    return frame;
}

CLARIFY_DECL std::size_t DataFrame::value_count() const noexcept {
    std::size_t count = 0;
    for (const Column& column : columns_) {
        count += static_cast<std::size_t>(std::count_if(
            column.values.begin(), column.values.end(), [](double x) { return !std::isnan(x); }));
    }
    return count;
}

CLARIFY_DECL std::optional<std::size_t> DataFrame::find(std::string_view key) const {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    return found->second;
}

CLARIFY_DECL std::span<const double> DataFrame::column(std::string_view key) const {
    const std::optional<std::size_t> found = find(key);
    return found ? column(*found) : std::span<const double>{};
}

CLARIFY_DECL std::optional<double> DataFrame::at(Timestamp time, std::string_view key) const {
    const auto found = std::lower_bound(times_.begin(), times_.end(), time);
    const std::span<const double> values = column(key);
    if (found == times_.end() || *found != time || values.empty()) return std::nullopt;
    const double value = values[static_cast<std::size_t>(found - times_.begin())];
    if (std::isnan(value)) return std::nullopt;
    return value;
}

CLARIFY_DECL void DataFrame::reserve(std::size_t rows) {
    times_.reserve(rows);
    for (Column& column : columns_)
        column.values.reserve(rows);
}

CLARIFY_DECL std::size_t DataFrame::add_column(std::string_view key) {
    if (const auto found = find(key)) return *found;
    Column column{std::string{key}, {}};
    column.values.reserve(times_.capacity());
    column.values.resize(times_.size(), missing);
    by_key_.emplace(column.key, columns_.size());
    columns_.push_back(std::move(column));
    return columns_.size() - 1;
}

CLARIFY_DECL std::size_t DataFrame::add_row(Timestamp time) {
    times_.push_back(time);
    for (Column& column : columns_)
        column.values.push_back(missing);
    return times_.size() - 1;
}

CLARIFY_DECL void DataFrame::clear() noexcept {
    times_.clear();
    columns_.clear();
    by_key_.clear();
}

CLARIFY_DECL bool DataFrame::is_normalized() const noexcept {
    return std::adjacent_find(times_.begin(), times_.end(), std::greater_equal<>{}) == times_.end();
}

/// Keeps the rows of `order`, in its order; those of the same time are joined.
CLARIFY_DECL void DataFrame::reorder(const std::vector<std::size_t>& order) {
    std::vector<Timestamp> times;
    times.reserve(order.size());
    std::vector<std::size_t> places;
    places.reserve(order.size());
    for (const std::size_t row : order) {
        if (times.empty() || times.back() != times_[row]) times.push_back(times_[row]);
        places.push_back(times.size() - 1);
    }
    for (Column& column : columns_) {
        std::vector<double> values(times.size(), missing);
        for (std::size_t i = 0; i != order.size(); ++i) {
            const double value = column.values[order[i]];
            if (!std::isnan(value)) values[places[i]] = value;
        }
        column.values = std::move(values);
    }
    times_ = std::move(times);
}

CLARIFY_DECL void DataFrame::normalize() {
    std::vector<bool> used(times_.size(), false);
    std::size_t count = 0;
    for (const Column& column : columns_) {
        if (count == times_.size()) break;
        for (std::size_t i = 0; i != column.values.size(); ++i) {
            if (used[i] || std::isnan(column.values[i])) continue;
            used[i] = true;
            ++count;
        }
    }
    if (count == times_.size() && is_normalized()) return;
    std::vector<std::size_t> order;
    order.reserve(count);
    for (std::size_t i = 0; i != times_.size(); ++i) {
        if (used[i]) order.push_back(i);
    }
    std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
        return std::tie(times_[a], a) < std::tie(times_[b], b);
    });
    reorder(order);
}

CLARIFY_DECL void DataFrame::merge(const DataFrame& other) {
    if (&other == this) return normalize();
    const std::size_t before = times_.size();
    std::vector<std::size_t> columns;
    for (const Column& column : other.columns_)
        columns.push_back(add_column(column.key));
    // No more room than is needed: what is read counts each byte.
    times_.reserve(before + other.times_.size());
    times_.insert(times_.end(), other.times_.begin(), other.times_.end());
    for (Column& column : columns_) {
        column.values.reserve(times_.size());
        column.values.resize(times_.size(), missing);
    }
    for (std::size_t i = 0; i != columns.size(); ++i) {
        std::copy(
            other.columns_[i].values.begin(),
            other.columns_[i].values.end(),
            columns_[columns[i]].values.begin() + static_cast<std::ptrdiff_t>(before));
    }
    normalize();
}

CLARIFY_DECL DataFrame DataFrame::part(std::size_t first, std::size_t count) const {
    first = (std::min)(first, times_.size());
    count = (std::min)(count, times_.size() - first);
    const auto cut = [&](const auto& values) {
        const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first);
        return std::vector(begin, begin + static_cast<std::ptrdiff_t>(count));
    };
    DataFrame result;
    result.times_ = cut(times_);
    for (const Column& column : columns_)
        result.columns_.push_back({column.key, cut(column.values)});
    result.by_key_ = by_key_;
    return result;
}

CLARIFY_DECL DataFrame DataFrame::slice(Timestamp from, Timestamp to) const {
    const auto first = std::lower_bound(times_.begin(), times_.end(), from);
    const auto last = std::lower_bound(first, times_.end(), (std::max)(from, to));
    return part(
        static_cast<std::size_t>(first - times_.begin()), static_cast<std::size_t>(last - first));
}

CLARIFY_DECL bool operator==(const DataFrame& a, const DataFrame& b) noexcept {
    const auto same = [](double x, double y) {
        return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y) ||
            (std::isnan(x) && std::isnan(y));
    };
    return a.times_ == b.times_ &&
        std::equal(
               a.columns_.begin(),
               a.columns_.end(),
               b.columns_.begin(),
               b.columns_.end(),
               [&](const DataFrame::Column& x, const DataFrame::Column& y) {
                   return x.key == y.key &&
                       std::equal(
                              x.values.begin(),
                              x.values.end(),
                              y.values.begin(),
                              y.values.end(),
                              same);
               });
}

CLARIFY_DECL void detail::check(
    const DataFrame& frame, std::string_view path, FieldErrors& errors) {
    const std::string series = field_path(path, "series");
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        const std::string& key = frame.key(i);
        if (!is_input_key(key)) {
            errors.add(
                field_path(series, key),
                "is not a valid input key: 1 to 128 letters, digits and - _ : . # + /");
        }
        const std::span<const double> values = frame.column(i);
        const auto infinite =
            std::find_if(values.begin(), values.end(), [](double x) { return std::isinf(x); });
        if (infinite != values.end()) {
            const Timestamp time =
                frame.times()[static_cast<std::size_t>(infinite - values.begin())];
            errors.add(field_path(series, key), "is infinite at " + time.to_string());
        }
    }
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_DATA_FRAME_HPP
