// SPDX-License-Identifier: BSL-1.0
// Groups of inputs divided by time, and what each part says.

#ifndef CLARIFY_API_DETAIL_IMPL_SAMPLE_PARTS_HPP
#define CLARIFY_API_DETAIL_IMPL_SAMPLE_PARTS_HPP

#include <clarify/api/detail/frame_text.hpp>
#include <clarify/api/detail/sample_parts.hpp>
#include <clarify/api/patterns.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_number.hpp>
#include <clarify/core/detail/json_text.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

namespace clarify {
namespace detail::sample_parts {

inline constexpr std::string_view frame_start = R"({"times":)";
inline constexpr std::string_view series_start = R"(,"series":{)";
/// Around times and columns, and around each column.
inline constexpr std::size_t around_frame = 26;
inline constexpr std::size_t around_column = 4;

/// The samples of a column from the first time of a part to its last.
inline std::span<const Sample> within(
    const SampleColumn& column, std::span<const Timestamp> times) noexcept {
    if (times.empty()) return {};
    const auto earlier = [](const Sample& sample, Timestamp time) { return sample.time < time; };
    const auto later = [](Timestamp time, const Sample& sample) { return time < sample.time; };
    const std::vector<Sample>& all = column.second;
    const auto first = std::lower_bound(all.begin(), all.end(), times.front(), earlier);
    const auto last = std::upper_bound(first, all.end(), times.back(), later);
    return {first, last};
}

}  // namespace detail::sample_parts

CLARIFY_DECL std::size_t detail::SamplePart::size() const noexcept {
    std::size_t count = 0;
    for (const SampleColumn* const column : columns)
        count += sample_parts::within(*column, times).size();
    return count;
}

CLARIFY_DECL void detail::append_json(std::string& out, const SamplePart& part) {
    using namespace frame_json;
    out += sample_parts::frame_start;
    TimeWriter writer;
    append_array(out, part.times.size(), TimeWriter::max_size, [&](char* to, std::size_t row) {
        return writer.put(to, part.times[row]);
    });
    out += sample_parts::series_start;
    bool is_first = true;
    for (const SampleColumn* const column : part.columns) {
        const std::span<const Sample> samples = sample_parts::within(*column, part.times);
        if (samples.empty() && !column->second.empty()) continue;
        if (!is_first) out += ',';
        is_first = false;
        append_json_string(out, column->first);
        out += ':';
        auto next = samples.begin();
        append_array(out, part.times.size(), json_number_size, [&](char* to, std::size_t row) {
            const bool has = next != samples.end() && next->time == part.times[row];
            return put_value(to, has ? (next++)->value : DataFrame::missing);
        });
    }
    out += "}}";
}

CLARIFY_DECL detail::SampleParts::SampleParts(SampleTable table, std::size_t max_size)
    : table_(std::move(table)), max_size_(max_size) {
    for (const SampleColumn& column : table_)
        samples_ += column.second.size();
    TableCosts costs = costs_of_text;
    if (max_size == 0) {
        max_size_ = costs.spare = SIZE_MAX;
    } else {
        constexpr std::size_t around_row =
            sample_parts::around_frame + frame_json::TimeWriter::max_size;
        costs.largest = max_size;
        costs.widest = max_size - (std::min)(max_size, around_row);
    }
    groups_ = group_samples(table_, costs);
    empty_ = empty_columns(table_);
}

CLARIFY_DECL Result<void> detail::SampleParts::check_size() const {
    for (const SampleColumn& column : table_) {
        const std::size_t size = sample_parts::around_frame + sample_parts::around_column +
            column.first.size() + frame_json::TimeWriter::max_size + json_number_size;
        if (size <= max_size_) continue;
        return Error{
            Errc::bad_argument,
            Reason::request,
            "a sample of " + column.first + " alone may have " + std::to_string(size) +
                " bytes, the limit is " + std::to_string(max_size_)};
    }
    return {};
}

CLARIFY_DECL const detail::SamplePart* detail::SampleParts::next() {
    if (begun_ == 0 || row_ == groups_[begun_ - 1].times.size()) {
        if (begun_ == groups_.size()) return with_empty_columns() ? &part_ : nullptr;
        begin_group();
    }
    const SampleGroup& group = groups_[begun_ - 1];
    const std::size_t first = row_;
    // One row fits in any case, for groups are not wider than that.
    std::size_t size = fixed_ + sizes_[row_++];
    while (row_ != sizes_.size() && sizes_[row_] <= max_size_ - (std::min)(max_size_, size))
        size += sizes_[row_++];
    part_.columns = group.columns;
    part_.times = std::span{group.times}.subspan(first, row_ - first);
    if (begun_ == groups_.size() && row_ == sizes_.size()) take_empty_columns_along(size);
    return &part_;
}

CLARIFY_DECL void detail::SampleParts::begin_group() {
    if (begun_ != 0) groups_[begun_ - 1] = {};
    ++begun_;
    row_ = 0;
    measure_rows();
}

/// How many bytes each row takes, with its commas, and what is around them.
CLARIFY_DECL void detail::SampleParts::measure_rows() {
    using namespace frame_json;
    constexpr std::size_t missing = 5;
    const SampleGroup& group = groups_[begun_ - 1];
    fixed_ = sample_parts::around_frame;
    for (const SampleColumn* const column : group.columns)
        fixed_ += column->first.size() + sample_parts::around_column + 2;
    sizes_.assign(group.times.size(), missing * group.columns.size());
    char text[(std::max)(json_number_size, TimeWriter::max_size)];
    TimeWriter writer;
    for (std::size_t row = 0; row != sizes_.size(); ++row)
        sizes_[row] += static_cast<std::size_t>(writer.put(text, group.times[row]) - text) + 1;
    for (const SampleColumn* const column : group.columns) {
        std::size_t row = 0;
        for (const Sample& sample : column->second) {
            while (group.times[row] != sample.time)
                ++row;
            sizes_[row] += static_cast<std::size_t>(put_value(text, sample.value) - text) + 1;
            sizes_[row] -= missing;
        }
    }
}

// Columns without a sample make signals all the same. A frame without any times may be none, so they
// go with the last part, of which `size` bytes are known, or with a row of it that is sent once more.
CLARIFY_DECL void detail::SampleParts::take_empty_columns_along(std::size_t size) {
    constexpr std::size_t missing = 5;
    std::size_t more = 0;
    for (const SampleColumn* const column : empty_)
        more +=
            column->first.size() + sample_parts::around_column + 2 + missing * part_.times.size();
    const bool fits = size <= max_size_ && more <= max_size_ - size;
    if (empty_.empty() || !fits || (max_size_ != SIZE_MAX && more > costs_of_text.spare)) return;
    empty_.insert(empty_.end(), part_.columns.begin(), part_.columns.end());
    part_.columns = empty_;
    told_of_empty_ = true;
}

CLARIFY_DECL bool detail::SampleParts::with_empty_columns() {
    if (std::exchange(told_of_empty_, true) || empty_.empty()) return false;
    part_.times = {};
    if (!groups_.empty()) {
        SampleGroup& group = groups_.back();
        group.times.resize(1);
        row_ = 1;
        part_.times = group.times;
        empty_.push_back(group.columns.front());
    }
    part_.columns = empty_;
    return true;
}

CLARIFY_DECL void detail::check(
    const SampleTable& table, std::string_view path, FieldErrors& errors) {
    const std::string series = field_path(path, "series");
    for (const auto& [key, samples] : table) {
        if (!is_input_key(key)) {
            errors.add(
                field_path(series, key),
                "is not a valid input key: 1 to 128 letters, digits and - _ : . # + /");
        }
        const auto infinite = std::find_if(
            samples.begin(), samples.end(), [](const Sample& x) { return std::isinf(x.value); });
        if (infinite != samples.end())
            errors.add(field_path(series, key), "is infinite at " + infinite->time.to_string());
        const auto unwritable = std::find_if(samples.begin(), samples.end(), [](const Sample& x) {
            return !frame_json::is_writable(x.time);
        });
        if (unwritable != samples.end()) {
            errors.add(
                field_path(series, key),
                "has a year beyond 0000 to 9999: " + unwritable->time.to_string());
        }
    }
}

CLARIFY_DECL bool detail::is_worth_one_request(const DataFrame& frame, std::size_t max_size) {
    const TableCosts& costs = costs_of_text;
    const std::size_t cells = frame.size() * frame.columns();
    std::size_t keys = 0;
    for (std::size_t i = 0; i != frame.columns(); ++i)
        keys += frame.key(i).size() + sample_parts::around_column + 2;
    // No value has more than 25 bytes with its comma, and no time 33.
    if (frame.size() * 33 + cells * 25 + keys > max_size / 2) return false;
    const std::size_t values = frame.value_count();
    const std::size_t missing = (cells - values) * costs.missing;
    return missing <= costs.spare || missing <= frame.size() * costs.time + values * costs.value;
}

}  // namespace clarify

#endif  // CLARIFY_API_DETAIL_IMPL_SAMPLE_PARTS_HPP
