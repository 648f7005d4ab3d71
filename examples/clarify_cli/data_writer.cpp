// SPDX-License-Identifier: BSL-1.0
// How rows are joined, and look in each format.

#include "data_writer.hpp"
#include "json_text.hpp"
#include "terminal_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <queue>
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

ItemNames::ItemNames(const ItemMap& items) {
    std::map<std::string_view, std::size_t> counts;
    for (const auto& [id, item] : items)
        ++counts[item.name];
    for (const auto& [id, item] : items) {
        if (!item.name.empty() && counts[item.name] == 1) names_.emplace(id, item.name);
    }
}

std::string ItemNames::name_of(std::string_view id) const {
    const auto found = names_.find(id);
    // Usually an identifier, but a server may send anything.
    return visible(found == names_.end() ? id : std::string_view{found->second});
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

clarify::Result<void> DataWriter::check_column(const std::string& key) const {
    constexpr std::size_t longest = 256;
    constexpr std::size_t most = 20'000;
    const auto fault = [](const std::string& what) {
        return clarify::Error{clarify::Errc::decode, clarify::Reason::mismatch, what};
    };
    if (key.size() > longest)
        return fault("the server sent a key that is too long: " + cut_to(visible(key), 60));
    if (format_ == "csv")
        return fault("the server sent a column that was not asked for: " + visible(key));
    if (format_ == "table" && keys_.size() == most)
        return fault("the server sent more columns than a table has room for; use --format json");
    return {};
}

clarify::Result<std::vector<std::size_t>> DataWriter::places_of(const clarify::DataFrame& frame) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        const auto [at, is_new] = places_.emplace(frame.key(i), keys_.size());
        places.push_back(at->second);
        if (!is_new) continue;
        if (const auto fine = check_column(frame.key(i)); !fine) return fine.error();
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
    // The next row of each frame, the earliest first; at the same time in the order of the frames.
    using Next = std::pair<clarify::Timestamp, std::size_t>;
    std::priority_queue<Next, std::vector<Next>, std::greater<>> next;
    std::vector<std::size_t> rows(frames.size());
    const auto enqueue = [&](std::size_t i) {
        if (rows[i] != frames[i].size()) next.emplace(frames[i].times()[rows[i]], i);
    };
    for (std::size_t i = 0; i != frames.size(); ++i)
        enqueue(i);
    Values values(keys_.size(), clarify::DataFrame::missing);
    std::vector<std::size_t> used;
    while (!next.empty()) {
        const clarify::Timestamp time = next.top().first;
        used.clear();
        while (!next.empty() && next.top().first == time) {
            const std::size_t i = next.top().second;
            next.pop();
            const clarify::DataFrame::Row row = frames[i].row(rows[i]++);
            for (std::size_t column = 0; column != frames[i].columns(); ++column) {
                if (std::isnan(row[column])) continue;
                values[places[i][column]] = row[column];
                used.push_back(places[i][column]);
            }
            enqueue(i);
        }
        write_row(time, values, used);
        // Not all of them, where rows have few of many columns.
        for (const std::size_t place : used)
            values[place] = clarify::DataFrame::missing;
    }
    out_ << std::flush;
    return {};
}

void DataWriter::write_row(
    clarify::Timestamp time, const Values& values, std::vector<std::size_t>& used) {
    if (format_ == "json") {
        std::sort(used.begin(), used.end());
        used.erase(std::unique(used.begin(), used.end()), used.end());
        write_json(time, values, used);
    } else if (format_ == "csv") {
        write_csv(time, values);
    } else {
        write_table(time, values);
    }
}

void DataWriter::write_json(
    clarify::Timestamp time, const Values& values, const std::vector<std::size_t>& used) {
    out_ << R"({"time":")" << time << '"';
    for (const std::size_t i : used) {
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
        const std::string name = cut_to(names_.name_of(id), most_width - suffix.size()) + suffix;
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
