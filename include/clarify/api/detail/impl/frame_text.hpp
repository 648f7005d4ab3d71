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

/// Writes a value, not infinite, and returns the end. Room for `json_number_size` bytes.
inline char* put_value(char* out, double value) noexcept {
    if (std::isnan(value)) {
        std::memcpy(out, "null", 4);
        return out + 4;
    }
    return put_json_number(out, value);
}

/// Writes times as quoted text. The date and minute are written once for those that share them.
class TimeWriter {
public:
    static constexpr std::size_t max_size = Timestamp::max_text + 2;

    char* put(char* out, Timestamp time) noexcept {
        constexpr std::int64_t minute_length = 60'000'000;
        const std::int64_t count = time.microseconds();
        std::int64_t minute = count / minute_length;
        std::int64_t rest = count % minute_length;
        if (rest < 0) {
            rest += minute_length;
            --minute;
        }
        if (minute != minute_ || size_ == 0) {
            minute_ = minute;
            char* const end =
                Timestamp::from_microseconds(minute * minute_length).format_to(prefix_);
            // Up to the seconds.
            size_ = static_cast<std::size_t>(end - prefix_) - 3;
        }
        *out++ = '"';
        std::memcpy(out, prefix_, size_);
        out = put_digits(out + size_, static_cast<unsigned>(rest / 1'000'000), 2);
        out = put_microseconds(out, static_cast<unsigned>(rest % 1'000'000));
        *out++ = 'Z';
        *out++ = '"';
        return out;
    }

private:
    std::int64_t minute_ = 0;
    std::size_t size_ = 0;
    char prefix_[Timestamp::max_text];
};

/// Appends `count` elements in brackets; `put(out, i)` writes one, of at most `longest` bytes.
template <class Put>
void append_array(std::string& out, std::size_t count, std::size_t longest, Put&& put) {
    // By blocks, so that the text grows seldom, and no more than it needs.
    constexpr std::size_t block = 256;
    out += '[';
    for (std::size_t first = 0; first < count; first += block) {
        const std::size_t last = (std::min)(count, first + block);
        const std::size_t before = out.size();
        out.resize(before + (last - first) * (longest + 1));
        char* at = out.data() + before;
        for (std::size_t i = first; i != last; ++i) {
            if (i != 0) *at++ = ',';
            at = put(at, i);
        }
        out.resize(static_cast<std::size_t>(at - out.data()));
    }
    out += ']';
}

inline Result<void> check_writable(const DataFrame& frame) {
    for (const Timestamp time : frame.times()) {
        if (time.microseconds() >= -62'167'219'200'000'000 &&
            time.microseconds() < 253'402'300'800'000'000)
            continue;
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
            return read_json(in, time) && (times.push_back(time), true);
        });
    }
    bool read_series(JsonReader& in) {
        columns.clear();
        return in.take_null() || in.object([&](const JsonKey& key) {
            // Not for ever more columns that make no use of it.
            const bool as_long = columns.empty() || columns.back().values.size() == times.size();
            ReadColumn& column = columns.emplace_back();
            column.key = key.text();
            if (as_long) column.values.reserve(times.size());
            return in.take_null() || in.array([&] {
                double value = DataFrame::missing;
                return in.number_or_null(value) && (column.values.push_back(value), true);
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
    FrameMerge merge;
    const auto fits = [&](bool fine) {
        return fine || in.fail(Reason::out_of_range, "the frames have too little in common");
    };
    const bool read = in.array([&] {
        DataFrame one;
        return in.expect(JsonKind::object, "an object") && read_json(in, one) &&
            fits(merge.add(std::move(one)));
    });
    return read && fits(merge.finish(frame));
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
        const auto [place, added] = result.by_key_.emplace(column.key, result.columns_.size());
        // Of members with the same name the last one counts.
        if (!added) {
            result.columns_[place->second].values = std::move(column.values);
            continue;
        }
        result.columns_.push_back({std::move(column.key), std::move(column.values)});
    }
    if (!result.is_normalized()) result.normalize();
    frame = std::move(result);
    return true;
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, DataFrame& frame) {
    return detail::read_json_document(text, frame);
}

namespace detail::frame_json {

/// How many bytes a frame takes without its rows: brackets, and for each column its key.
inline std::size_t fixed_size(const DataFrame& frame) {
    std::size_t size = std::string_view{R"({"times":[],"series":{}})"}.size();
    std::string key;
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        key.clear();
        append_json_string(key, frame.key(i));
        size += key.size() + std::string_view{":[],"}.size();
    }
    return size;
}

/// How many bytes each row takes, with its commas.
inline std::vector<std::size_t> row_sizes(const DataFrame& frame) {
    std::vector<std::size_t> sizes(frame.size());
    char text[(std::max)(json_number_size, TimeWriter::max_size)];
    TimeWriter writer;
    for (std::size_t row = 0; row != frame.size(); ++row)
        sizes[row] = static_cast<std::size_t>(writer.put(text, frame.times()[row]) - text) + 1;
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        const std::span<const double> values = frame.column(i);
        for (std::size_t row = 0; row != values.size(); ++row)
            sizes[row] += static_cast<std::size_t>(put_value(text, values[row]) - text) + 1;
    }
    return sizes;
}

}  // namespace detail::frame_json

CLARIFY_DECL Result<std::vector<detail::RowRange>> detail::split_by_json_size(
    const DataFrame& frame, std::size_t max_size) {
    const std::size_t fixed = frame_json::fixed_size(frame);
    const std::vector<std::size_t> sizes = frame_json::row_sizes(frame);
    std::vector<RowRange> ranges;
    std::size_t size = fixed;
    for (std::size_t row = 0; row != frame.size(); ++row) {
        if (fixed + sizes[row] > max_size) {
            return Error{
                Errc::bad_argument,
                Reason::request,
                "the row at " + frame.times()[row].to_string() + " alone has " +
                    std::to_string(fixed + sizes[row]) + " bytes, the limit is " +
                    std::to_string(max_size)};
        }
        if (ranges.empty() || size + sizes[row] > max_size) {
            ranges.push_back({row, 0});
            size = fixed;
        }
        ++ranges.back().count;
        size += sizes[row];
    }
    return ranges;
}

}  // namespace clarify

#endif  // CLARIFY_API_DETAIL_IMPL_FRAME_TEXT_HPP
