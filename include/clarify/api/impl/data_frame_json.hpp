// SPDX-License-Identifier: BSL-1.0
// Data frames as text, without a document tree in between.

#ifndef CLARIFY_API_IMPL_DATA_FRAME_JSON_HPP
#define CLARIFY_API_IMPL_DATA_FRAME_JSON_HPP

#include <clarify/api/detail/json_input.hpp>

#include <charconv>
#include <cmath>
#include <cstring>

namespace clarify {
namespace detail {
namespace frame_json {

/// The longest text of a double.
inline constexpr std::size_t max_number = 32;

/// Writes a value, not infinite, and returns the end. Room for `max_number` bytes.
inline char* put_value(char* out, double value) noexcept {
    if (std::isnan(value)) {
        std::memcpy(out, "null", 4);
        return out + 4;
    }
    return std::to_chars(out, out + max_number, value).ptr;
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
        out = timestamp::put(out + size_, static_cast<unsigned>(rest / 1'000'000), 2);
        if (const auto fraction = static_cast<unsigned>(rest % 1'000'000); fraction != 0) {
            *out++ = '.';
            out = timestamp::put(out, fraction, 6);
            while (out[-1] == '0')
                --out;
        }
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
        const std::size_t last = std::min(count, first + block);
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

/// Reports the first column that has another length than the times.
inline bool check_lengths(
    JsonInput& in, std::size_t times, const std::vector<ReadColumn>& columns) {
    const auto other = std::find_if(columns.begin(), columns.end(), [times](const auto& column) {
        return column.values.size() != times;
    });
    return other == columns.end() ||
        in.fail(
            Reason::mismatch,
            "the series " + printable(other->key, 128) + " has the length " +
                std::to_string(other->values.size()) + ", the times have " + std::to_string(times));
}

/** Merges frames one by one, in their order.

    In pairs of about the same size, so that many small ones take little more time than one large
    one. Frames with neither times nor keys in common would become a frame of little but missing
    values, however short the text is; there is a limit to that.
*/
class FrameMerge {
public:
    /// False if that would take too much memory.
    bool add(DataFrame frame) {
        values_ += cells(frame);
        parts_.push_back(std::move(frame));
        while (parts_.size() > 1 && cells(parts_.end()[-2]) <= 2 * cells(parts_.back())) {
            if (!join_last()) return false;
        }
        return true;
    }
    /// What all of them make; the same error.
    bool finish(DataFrame& out) {
        while (parts_.size() > 1) {
            if (!join_last()) return false;
        }
        out = parts_.empty() ? DataFrame{} : std::move(parts_.front());
        return true;
    }

private:
    static constexpr std::size_t spare = std::size_t{1} << 22U;

    static std::size_t cells(const DataFrame& frame) noexcept {
        return frame.size() * frame.columns();
    }
    bool join_last() {
        const DataFrame last = std::move(parts_.back());
        parts_.pop_back();
        DataFrame& into = parts_.back();
        std::size_t columns = into.columns();
        for (std::size_t i = 0; i != last.columns(); ++i)
            columns += into.contains(last.key(i)) ? 0U : 1U;
        const std::size_t rows = into.size() + last.size();
        if (columns != 0 && rows > (2 * values_ + spare) / columns) return false;
        into.merge(last);
        return true;
    }

    std::vector<DataFrame> parts_;
    /// In all frames together.
    std::size_t values_ = 0;
};

}  // namespace frame_json
}  // namespace detail

inline Result<void> append_json_text(std::string& out, const DataFrame& frame) {
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
        append_array(out, values.size(), max_number, [&](char* to, std::size_t row) {
            return put_value(to, values[row]);
        });
    }
    out += "}}";
    return {};
}

inline bool read_json(detail::JsonInput& in, DataFrame& frame) {
    if (in.next() == detail::JsonKind::array) {
        detail::frame_json::FrameMerge merge;
        const auto fits = [&](bool fine) {
            return fine || in.fail(Reason::out_of_range, "the frames have too little in common");
        };
        const bool read = in.array([&] {
            DataFrame one;
            if (in.next() == detail::JsonKind::array) return in.mismatch("an object");
            return read_json(in, one) && fits(merge.add(std::move(one)));
        });
        return read && fits(merge.finish(frame));
    }
    std::vector<Timestamp> times;
    std::vector<detail::frame_json::ReadColumn> columns;
    const bool read = in.object([&](const detail::JsonKey& name) {
        if (name == "times") {
            times.clear();
            return in.take_null() || in.array([&] {
                Timestamp time;
                return read_json(in, time) && (times.push_back(time), true);
            });
        }
        if (name != "series") return in.skip();
        columns.clear();
        return in.take_null() || in.object([&](const detail::JsonKey& key) {
            // Not for ever more columns that make no use of it.
            const bool as_long = columns.empty() || columns.back().values.size() == times.size();
            auto& column = columns.emplace_back();
            column.key = key.text();
            if (as_long) column.values.reserve(times.size());
            return in.take_null() || in.array([&] {
                double value = DataFrame::missing;
                return in.number_or_null(value) && (column.values.push_back(value), true);
            });
        });
    });
    if (!read || !detail::frame_json::check_lengths(in, times.size(), columns)) return false;
    DataFrame result;
    result.times_ = std::move(times);
    for (auto& column : columns) {
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

inline Result<void> read_json_text(std::string_view text, DataFrame& frame) {
    return detail::read_json_document(text, frame);
}

inline Result<std::vector<RowRange>> split_by_json_size(
    const DataFrame& frame, std::size_t max_size) {
    using namespace detail::frame_json;
    // Brackets, and for each column its key.
    std::size_t fixed = std::string_view{R"({"times":[],"series":{}})"}.size();
    std::string key;
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        key.clear();
        detail::append_json_string(key, frame.key(i));
        fixed += key.size() + std::string_view{":[],"}.size();
    }
    std::vector<std::size_t> sizes(frame.size());
    char text[std::max(max_number, TimeWriter::max_size)];
    TimeWriter writer;
    for (std::size_t row = 0; row != frame.size(); ++row)
        sizes[row] = static_cast<std::size_t>(writer.put(text, frame.times()[row]) - text) + 1;
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        const std::span<const double> values = frame.column(i);
        for (std::size_t row = 0; row != values.size(); ++row)
            sizes[row] += static_cast<std::size_t>(put_value(text, values[row]) - text) + 1;
    }
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

#endif  // CLARIFY_API_IMPL_DATA_FRAME_JSON_HPP
