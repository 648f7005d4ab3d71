// SPDX-License-Identifier: BSL-1.0

#include <clarify/api/field_errors.hpp>
#include <clarify/api/patterns.hpp>

#include "csv_line.hpp"
#include "csv_samples.hpp"
#include "terminal_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <system_error>

namespace clarify_cli {
namespace {

/// A field in a message, which is to be one line.
std::string shown(std::string_view field) { return cut_to(visible(field.substr(0, 256)), 60); }

std::optional<std::size_t> find_column(
    const std::vector<std::string>& names, std::initializer_list<std::string_view> wanted) {
    for (std::size_t i = 0; i != names.size(); ++i) {
        std::string name = names[i];
        std::transform(name.begin(), name.end(), name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        });
        if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) return i;
    }
    return std::nullopt;
}

/// Reads a value. An empty text is one that is missing; false for what is no finite number.
bool read_value(std::string_view text, double& value) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    value = clarify::DataFrame::missing;
    if (text.empty() || text == "null" || text == "NaN" || text == "nan") return true;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
}

/// What is wrong with a name of a column, if anything is.
std::string fault_of(const std::string& name, const std::string& key) {
    if (name.empty()) return "has no name";
    if (clarify::is_input_key(key)) return {};
    return "is no input key, which has 1 to 128 letters, digits and - _ : . # + /: " + shown(key);
}

}  // namespace

clarify::Result<CsvSamples> CsvSamples::make(
    std::string_view names, const std::string& prefix, const std::vector<std::string>& skipped) {
    const auto fail = [](std::string what) {
        return clarify::Error{
            clarify::Errc::bad_argument, clarify::Reason::fields, "the first line " + what};
    };
    if (names.starts_with("\xEF\xBB\xBF")) names.remove_prefix(3);
    if (names.find('\0') != std::string_view::npos)
        return fail("has zero bytes: the file is to be UTF-8 text");
    CsvSamples made;
    made.prefix_ = prefix;
    made.delimiter_ = delimiter_of(names);
    std::vector<std::string> columns;
    if (const char* const fault = split_csv(names, made.delimiter_, columns))
        return fail(std::string{"has "} + fault);
    made.count_ = columns.size();
    made.time_ = find_column(columns, {"time", "timestamp"}).value_or(0);
    if (clarify::Timestamp::parse(columns[made.time_]))
        return fail("has a time where it should name the columns");
    if (columns.size() < 2) return fail("names no column but one: " + shown(columns.front()));

    const auto key = find_column(columns, {"input", "key", "signal"});
    const auto value = find_column(columns, {"value"});
    if (columns.size() == 3 && key && value) {
        made.sample_ = {*key, *value};
        return made;
    }
    clarify::FieldErrors errors;
    for (const std::string& name : skipped) {
        if (std::find(columns.begin(), columns.end(), name) == columns.end())
            errors.add("--skip", "there is no column " + shown(name));
    }
    for (std::size_t i = 0; i != columns.size(); ++i) {
        const std::string& name = columns[i];
        made.keys_.emplace_back();
        const bool skip = std::find(skipped.begin(), skipped.end(), name) != skipped.end();
        if (i == made.time_ || skip) continue;
        const std::string column = "column " + std::to_string(i + 1);
        const std::string fault = fault_of(name, prefix + name);
        if (!fault.empty()) {
            errors.add(column, fault);
        } else if (
            std::find(made.keys_.begin(), made.keys_.end(), prefix + name) != made.keys_.end()) {
            errors.add(column, "has the name of another one: " + name);
        }
        made.keys_.back() = prefix + name;
    }
    if (!errors.empty()) return errors.result().error();
    return made;
}

std::optional<std::string> CsvSamples::add(std::string_view line, clarify::SampleBuffer& samples) {
    if (const char* const fault = split_csv(line, delimiter_, fields_)) return fault;
    if (fields_.size() != count_) {
        return std::to_string(fields_.size()) + (fields_.size() == 1 ? " field" : " fields") +
            ", but " + std::to_string(count_) + " columns";
    }
    const auto time = clarify::Timestamp::parse(fields_[time_]);
    if (!time) {
        return "no time in RFC 3339, such as 2026-11-24T09:30:00Z: " + shown(fields_[time_]);
    }
    return sample_ ? add_sample(*time, samples) : add_row(*time, samples);
}

std::optional<std::string> CsvSamples::add_sample(
    clarify::Timestamp time, clarify::SampleBuffer& samples) {
    const auto [key_column, value_column] = *sample_;
    const std::string key = prefix_ + fields_[key_column];
    if (!clarify::is_input_key(key)) return "no input key: " + shown(key);
    double value = 0;
    if (!read_value(fields_[value_column], value))
        return "no number: " + shown(fields_[value_column]);
    samples.add(key, time, value);
    return std::nullopt;
}

std::optional<std::string> CsvSamples::add_row(
    clarify::Timestamp time, clarify::SampleBuffer& samples) {
    values_.resize(count_);
    for (std::size_t i = 0; i != count_; ++i) {
        if (keys_[i].empty() || read_value(fields_[i], values_[i])) continue;
        return "no number in " + keys_[i] + ": " + shown(fields_[i]);
    }
    for (std::size_t i = 0; i != count_; ++i) {
        if (!keys_[i].empty()) samples.add(keys_[i], time, values_[i]);
    }
    return std::nullopt;
}

}  // namespace clarify_cli
