// SPDX-License-Identifier: BSL-1.0

#include "data_writer.hpp"
#include "json_text.hpp"
#include "terminal_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

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

void DataWriter::write(const clarify::DataFrame& frame) {
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        if (std::find(keys_.begin(), keys_.end(), frame.key(i)) != keys_.end()) continue;
        keys_.push_back(frame.key(i));
        changed_ = true;
    }
    for (const clarify::DataFrame::Row row : frame.rows()) {
        if (format_ == "json") {
            write_json(frame, row);
        } else if (format_ == "csv") {
            write_csv(frame, row);
        } else {
            write_table(frame, row);
        }
    }
    out_ << std::flush;
}

void DataWriter::write_json(const clarify::DataFrame& frame, const clarify::DataFrame::Row& row) {
    out_ << R"({"time":")" << row.time() << '"';
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        if (std::isnan(row[i])) continue;
        std::string name;
        append_json_string(name, frame.key(i));
        out_ << ',' << name << ':' << text_of(row[i]);
    }
    out_ << "}\n";
}

void DataWriter::write_csv(const clarify::DataFrame& frame, const clarify::DataFrame::Row& row) {
    // Columns that turn up later get a line of names of their own.
    if (std::exchange(changed_, false)) {
        out_ << "time";
        for (const std::string& key : keys_)
            out_ << ',' << csv_field(key);
        out_ << '\n';
    }
    out_ << row.time();
    for (const std::string& key : keys_) {
        const auto column = frame.find(key);
        out_ << ',' << (column ? text_of(row[*column]) : std::string{});
    }
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

void DataWriter::write_table(const clarify::DataFrame& frame, const clarify::DataFrame::Row& row) {
    if (std::exchange(changed_, false)) write_names();
    // As clocks show it, so without the Z of UTC.
    std::string time = zone_.to_local(row.time()).to_string();
    time.pop_back();
    if (const std::size_t separator = time.find('T'); separator != std::string::npos)
        time[separator] = ' ';
    out_ << pad_right(time, time_width);
    for (std::size_t i = 0; i != keys_.size(); ++i) {
        const auto column = frame.find(keys_[i]);
        out_ << "  " << pad_left(column ? text_of(row[*column], 6) : std::string{}, widths_[i]);
    }
    out_ << '\n';
}

}  // namespace clarify_cli
