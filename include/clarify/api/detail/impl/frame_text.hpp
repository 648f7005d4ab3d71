// SPDX-License-Identifier: BSL-1.0
// Data frames written by blocks and read in one pass.

#ifndef CLARIFY_API_DETAIL_IMPL_FRAME_TEXT_HPP
#define CLARIFY_API_DETAIL_IMPL_FRAME_TEXT_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/detail/digits.hpp>
#include <clarify/api/detail/frame_text.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_reader.hpp>
#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <clarify/api/detail/impl/frame_merge.hpp>

namespace clarify {
namespace detail {
namespace frame_json {

inline Result<void> check_writable(const DataFrame& frame) {
    for (const Timestamp time : frame.times()) {
        if (is_writable(time)) continue;
        return Error{
            Errc::bad_argument,
            Reason::out_of_range,
            "times: a year beyond 0000 to 9999: " + time.to_string()};
    }
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        const std::string where = "series." + printable(frame.key(i), 128);
        if (!is_utf8(frame.key(i)))
            return Error{Errc::bad_argument, Reason::encoding, where + ": text that is not UTF-8"};
        const std::span<const double> values = frame.column(i);
        const auto found =
            std::find_if(values.begin(), values.end(), [](double x) { return std::isinf(x); });
        if (found == values.end()) continue;
        const Timestamp time = frame.times()[static_cast<std::size_t>(found - values.begin())];
        return Error{
            Errc::bad_argument, Reason::out_of_range, where + ": infinite at " + time.to_string()};
    }
    return {};
}

/// One column as it is read: the times may come later.
struct ReadColumn {
    std::string key;
    std::vector<double> values;
};

/// What one frame says, before it is known to be one.
struct ReadFrame {
    std::vector<Timestamp> times;
    std::vector<ReadColumn> columns;

    bool read_times(JsonReader& in) {
        times.clear();
        return in.take_null() || in.array([&] {
            Timestamp time;
            if (!read_json(in, time)) return false;
            in.grow(times);
            times.push_back(time);
            return true;
        });
    }
    bool read_series(JsonReader& in) {
        columns.clear();
        return in.take_null() || in.object([&](const JsonKey& key) {
            // Not for ever more columns that make no use of it.
            const bool as_long = columns.empty() || columns.back().values.size() == times.size();
            ReadColumn& column = in.add_to(columns);
            column.key = in.text(key);
            if (as_long) {
                in.budget().charge_block(times.size() * sizeof(double));
                column.values.reserve(times.size());
            }
            return in.take_null() || in.array([&] {
                double value = DataFrame::missing;
                if (!in.number_or_null(value)) return false;
                in.grow(column.values);
                column.values.push_back(value);
                return true;
            });
        });
    }
    /// Reports the first column that has another length than the times.
    bool check_lengths(JsonReader& in) const {
        const auto other = std::find_if(columns.begin(), columns.end(), [this](const auto& column) {
            return column.values.size() != times.size();
        });
        return other == columns.end() ||
            in.fail(
                Reason::mismatch,
                "the series " + printable(other->key, 128) + " has the length " +
                    std::to_string(other->values.size()) + ", the times have " +
                    std::to_string(times.size()));
    }
};

}  // namespace frame_json
}  // namespace detail

CLARIFY_DECL Result<void> append_json_text(std::string& out, const DataFrame& frame) {
    using namespace detail::frame_json;
    if (!frame.is_normalized()) {
        DataFrame copy = frame;
        copy.normalize();
        return append_json_text(out, copy);
    }
    if (Result<void> writable = check_writable(frame); !writable) return writable;
    out += R"({"times":)";
    TimeWriter writer;
    append_array(out, frame.size(), TimeWriter::max_size, [&](char* to, std::size_t row) {
        return writer.put(to, frame.times()[row]);
    });
    out += R"(,"series":{)";
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        if (i != 0) out += ',';
        detail::append_json_string(out, frame.key(i));
        out += ':';
        const std::span<const double> values = frame.column(i);
        append_array(out, values.size(), detail::json_number_size, [&](char* to, std::size_t row) {
            return put_value(to, values[row]);
        });
    }
    out += "}}";
    return {};
}

namespace detail::frame_json {

/// Reads an array of frames, which are merged.
inline bool read_frames(JsonReader& in, DataFrame& frame) {
    FrameMerge merge{in.budget()};
    const bool read = in.array([&] {
        const std::size_t before = in.budget().left();
        DataFrame one;
        if (!in.expect(JsonKind::object, "an object") || !read_json(in, one)) return false;
        merge.add(std::move(one), before - in.budget().left());
        return true;
    });
    if (read) frame = merge.finish();
    return read;
}

}  // namespace detail::frame_json

CLARIFY_DECL bool detail::read_json(JsonReader& in, DataFrame& frame) {
    if (in.next() == JsonKind::array) return frame_json::read_frames(in, frame);
    frame_json::ReadFrame parts;
    const bool read = in.object([&](const JsonKey& name) {
        if (name == "times") return parts.read_times(in);
        return name == "series" ? parts.read_series(in) : in.skip();
    });
    if (!read || !parts.check_lengths(in)) return false;
    DataFrame result;
    result.times_ = std::move(parts.times);
    for (frame_json::ReadColumn& column : parts.columns) {
        // Once for the column, and once for where it is found by its key.
        in.budget().charge_block(2 * sizeof(DataFrame::Column) + column.key.size());
        in.charge_node<decltype(result.by_key_)>();
        const auto [place, added] = result.by_key_.emplace(column.key, result.columns_.size());
        // Of members with the same name the last one counts.
        if (!added) {
            result.columns_[place->second].values = std::move(column.values);
            continue;
        }
        result.columns_.push_back({std::move(column.key), std::move(column.values)});
    }
    if (!result.is_normalized()) {
        in.budget().charge(result.size() * frame_json::scratch_of_row);
        result.normalize();
        in.budget().refund(result.size() * frame_json::scratch_of_row);
    }
    frame = std::move(result);
    return true;
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, DataFrame& frame) {
    return detail::read_json_document(text, frame);
}

}  // namespace clarify

#endif  // CLARIFY_API_DETAIL_IMPL_FRAME_TEXT_HPP
