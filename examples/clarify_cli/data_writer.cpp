// SPDX-License-Identifier: BSL-1.0
// How rows are joined, and look in each format.

#include "data_writer.hpp"
#include "json_text.hpp"
#include "terminal_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace clarify_cli {
namespace {

constexpr std::size_t time_width = 26;
constexpr std::size_t least_width = 12;
constexpr std::size_t most_width = 28;

/// A key as a field of a CSV file (RFC 4180), on one line.
std::string csv_field(const std::string& key) {
    std::string text = visible(key);
    if (text.find_first_of(",\"") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text)
        quoted.append(c == '"' ? 2 : 1, c);
    return quoted += '"';
}

/// As short as it can be read back, or with so many digits; empty for a value that is missing.
std::string text_of(double value, int digits = 0) {
    if (std::isnan(value)) return {};
    std::array<char, 32> text{};
    char* const begin = text.data();
    char* const end = begin + text.size();
    const auto written = digits == 0
        ? std::to_chars(begin, end, value)
        : std::to_chars(begin, end, value, std::chars_format::general, digits);
    return {begin, written.ptr};
}

}  // namespace

std::pair<std::string_view, std::string_view> split_key(std::string_view key) {
    for (const std::string_view what : {"count", "min", "max", "sum", "avg"}) {
        const std::size_t at = key.size() - std::min(key.size(), what.size() + 1);
        if (key.ends_with(what) && key[at] == '_') return {key.substr(0, at), what};
    }
    return {key, {}};
}

std::string name_of(const ItemMap& items, std::string_view id) {
    const auto found = items.find(id);
    // Usually an identifier, but a server may send anything.
    if (found == items.end() || found->second.name.empty()) return visible(id);
    const std::string& name = found->second.name;
    const auto same = std::count_if(
        items.begin(), items.end(), [&](const auto& each) { return each.second.name == name; });
    return visible(same == 1 ? std::string_view{name} : id);
}

DataWriter::DataWriter(std::ostream& out, std::string format)
    : out_(out), format_(std::move(format)) {}

void DataWriter::set_zone(clarify::TimeZone zone, std::string name) {
    zone_ = std::move(zone);
    zone_name_ = std::move(name);
}

void DataWriter::set_columns(std::vector<std::string> keys) {
    keys_ = std::move(keys);
    out_ << "time";
    for (std::size_t i = 0; i != keys_.size(); ++i) {
        places_.emplace(keys_[i], i);
        out_ << ',' << csv_field(keys_[i]);
    }
    out_ << '\n';
}

clarify::Result<std::vector<std::size_t>> DataWriter::places_of(const clarify::DataFrame& frame) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        const auto [at, is_new] = places_.emplace(frame.key(i), keys_.size());
        places.push_back(at->second);
        if (!is_new) continue;
        if (format_ == "csv") {
            return clarify::Error{
                clarify::Errc::decode,
                clarify::Reason::mismatch,
                "the server sent a column that was not asked for: " + visible(frame.key(i))};
        }
        keys_.push_back(frame.key(i));
        changed_ = true;
    }
    return places;
}

clarify::Result<void> DataWriter::write(const std::vector<clarify::DataFrame>& frames) {
    std::vector<std::vector<std::size_t>> places;
    for (const clarify::DataFrame& frame : frames) {
        auto found = places_of(frame);
        if (!found) return found.error();
        places.push_back(std::move(*found));
    }
    std::vector<std::size_t> next(frames.size());
    Values values(keys_.size());
    while (true) {
        std::optional<clarify::Timestamp> time;
        for (std::size_t i = 0; i != frames.size(); ++i) {
            if (next[i] == frames[i].size()) continue;
            const clarify::Timestamp mine = frames[i].times()[next[i]];
            if (!time || mine < *time) time = mine;
        }
        if (!time) break;
        std::fill(values.begin(), values.end(), clarify::DataFrame::missing);
        for (std::size_t i = 0; i != frames.size(); ++i) {
            if (next[i] == frames[i].size() || frames[i].times()[next[i]] != *time) continue;
            const clarify::DataFrame::Row row = frames[i].row(next[i]++);
            for (std::size_t column = 0; column != frames[i].columns(); ++column) {
                if (!std::isnan(row[column])) values[places[i][column]] = row[column];
            }
        }
        write_row(*time, values);
    }
    out_ << std::flush;
    return {};
}

void DataWriter::write_row(clarify::Timestamp time, const Values& values) {
    if (format_ == "json") {
        write_json(time, values);
    } else if (format_ == "csv") {
        write_csv(time, values);
    } else {
        write_table(time, values);
    }
}

void DataWriter::write_json(clarify::Timestamp time, const Values& values) {
    out_ << R"({"time":")" << time << '"';
    for (std::size_t i = 0; i != keys_.size(); ++i) {
        if (std::isnan(values[i])) continue;
        std::string name;
        append_json_string(name, keys_[i]);
        out_ << ',' << name << ':' << text_of(values[i]);
    }
    out_ << "}\n";
}

void DataWriter::write_csv(clarify::Timestamp time, const Values& values) {
    out_ << time;
    for (const double value : values)
        out_ << ',' << text_of(value);
    out_ << '\n';
}

void DataWriter::write_names() {
    widths_.clear();
    out_ << pad_right("time in " + zone_name_, time_width);
    for (const std::string& key : keys_) {
        const auto [id, what] = split_key(key);
        const std::string suffix = what.empty() ? std::string{} : ' ' + std::string{what};
        const std::string name = cut_to(name_of(items_, id), most_width - suffix.size()) + suffix;
        widths_.push_back(std::max(width_of(name), least_width));
        out_ << "  " << pad_left(name, widths_.back());
    }
    out_ << '\n';
}

void DataWriter::write_table(clarify::Timestamp at, const Values& values) {
    if (std::exchange(changed_, false)) write_names();
    // As clocks show it, so without the Z of UTC.
    std::string time = zone_.to_local(at).to_string();
    time.pop_back();
    if (const std::size_t separator = time.find('T'); separator != std::string::npos)
        time[separator] = ' ';
    out_ << pad_right(time, time_width);
    for (std::size_t i = 0; i != keys_.size(); ++i)
        out_ << "  " << pad_left(text_of(values[i], 6), widths_[i]);
    out_ << '\n';
}

}  // namespace clarify_cli
