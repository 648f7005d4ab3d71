// SPDX-License-Identifier: BSL-1.0
// What names, times and values of a CSV file may look like.

#include <clarify/api/field_errors.hpp>
#include <clarify/api/patterns.hpp>

#include "csv_samples.hpp"
#include "terminal_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
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

/// Is it how a program writes a value that is not there? C, Python, SQL, R and spreadsheets do.
bool is_missing(std::string_view text) {
    if (text.empty()) return true;
    std::string name;
    for (const char c : text.substr(0, 16))
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (name.front() == '-' || name.front() == '+') name.erase(0, 1);
    // Some C libraries add what the bits of it are, nan(ind) or nan(0x8000000000000), and some
    // write it as a number with as many digits as were asked for: 1.#QNAN, 1.#QNAN0.
    if (name.starts_with("nan(") && text.back() == ')') return true;
    for (const std::string_view start : {"1.#ind", "1.#qnan", "1.#snan"}) {
        if (name.starts_with(start)) return name.find_first_not_of('0', start.size()) == name.npos;
    }
    constexpr std::array<std::string_view, 13> names{
        "nan",
        "null",
        "nil",
        "none",
        "na",
        "n/a",
        "<na>",
        "#n/a",
        "#na",
        "#nv",
        "#n/a n/a",
        "nat",
        "\\n"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Reads a value. False for what is no finite number.
bool read_value(std::string_view text, char decimal, double& value) {
    value = clarify::DataFrame::missing;
    if (is_missing(text)) return true;
    std::string with_point;
    if (decimal != '.') {
        if (text.find('.') != std::string_view::npos) return false;
        with_point = text;
        std::replace(with_point.begin(), with_point.end(), decimal, '.');
        text = with_point;
    }
    // Instruments write the sign of every value, which from_chars does not know.
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) return false;
    }
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (stop != end) return false;
    if (error == std::errc::result_out_of_range) {
        // Too large for a double, or so small that it is zero.
        value = std::strtod(std::string{text}.c_str(), nullptr);
        return std::isfinite(value);
    }
    return error == std::errc{} && std::isfinite(value);
}

/// What is wrong with a name of a column, if anything is.
std::string fault_of(const std::string& name, const std::string& key) {
    if (name.empty()) return "has no name";
    if (clarify::is_input_key(key)) return {};
    return "is not an input key, which has 1 to 128 letters, digits and - _ : . # + /: " +
        shown(key);
}

}  // namespace

clarify::Result<CsvSamples> CsvSamples::make(
    const std::vector<std::string>& names, const CsvOptions& options) {
    const auto fail = [](std::string what) {
        return clarify::Error{
            clarify::Errc::bad_argument, clarify::Reason::fields, "the first line " + what};
    };
    auto times = TimeReader::make(options.time_format, options.time_zone);
    if (!times) return times.error();
    CsvSamples made{std::move(*times)};
    made.prefix_ = options.prefix;
    made.decimal_ = options.decimal;
    made.count_ = names.size();
    made.time_ = find_column(names, {"time", "timestamp"}).value_or(0);
    if (made.times_.read(names[made.time_]) || clarify::Timestamp::parse(names[made.time_]))
        return fail("has a time where it should name the columns");
    if (names.size() < 2) return fail("names no column but one: " + shown(names.front()));

    const auto key = find_column(names, {"input", "key", "signal"});
    const auto value = find_column(names, {"value"});
    if (names.size() == 3 && key && value) {
        made.sample_ = {*key, *value};
        return made;
    }
    clarify::FieldErrors errors;
    for (const std::string& name : options.skip) {
        if (std::find(names.begin(), names.end(), name) == names.end())
            errors.add("--skip", "there is no column " + shown(name));
    }
    for (std::size_t i = 0; i != names.size(); ++i) {
        made.keys_.emplace_back();
        const bool skip =
            std::find(options.skip.begin(), options.skip.end(), names[i]) != options.skip.end();
        if (i == made.time_ || skip) continue;
        const std::string column = "column " + std::to_string(i + 1);
        const std::string input = options.prefix + names[i];
        const std::string fault = fault_of(names[i], input);
        if (!fault.empty()) {
            errors.add(column, fault);
        } else if (std::find(made.keys_.begin(), made.keys_.end(), input) != made.keys_.end()) {
            errors.add(column, "has the name of another one: " + names[i]);
        }
        made.keys_.back() = input;
    }
    if (!errors.empty()) return errors.result().error();
    return made;
}

bool CsvSamples::has_time(const Fields& fields) const {
    return fields.size() > time_ && times_.read(fields[time_]);
}

std::optional<std::string> CsvSamples::add(const Fields& fields, clarify::SampleBuffer& samples) {
    if (fields.size() != count_) {
        return std::to_string(fields.size()) + (fields.size() == 1 ? " field" : " fields") +
            ", but " + std::to_string(count_) + " columns";
    }
    const auto time = times_.read(fields[time_]);
    if (!time) return "not " + times_.wanted() + ": " + shown(fields[time_]);
    return sample_ ? add_sample(*time, fields, samples) : add_row(*time, fields, samples);
}

std::optional<std::string> CsvSamples::add_sample(
    clarify::Timestamp time, const Fields& fields, clarify::SampleBuffer& samples) {
    const auto [key_column, value_column] = *sample_;
    const std::string key = prefix_ + fields[key_column];
    if (!clarify::is_input_key(key)) return "not an input key: " + shown(key);
    double value = 0;
    if (!read_value(fields[value_column], decimal_, value))
        return "not a number: " + shown(fields[value_column]);
    samples.add(key, time, value);
    return std::nullopt;
}

std::optional<std::string> CsvSamples::add_row(
    clarify::Timestamp time, const Fields& fields, clarify::SampleBuffer& samples) {
    values_.resize(count_);
    for (std::size_t i = 0; i != count_; ++i) {
        if (keys_[i].empty() || read_value(fields[i], decimal_, values_[i])) continue;
        return "not a number in " + keys_[i] + ": " + shown(fields[i]);
    }
    for (std::size_t i = 0; i != count_; ++i) {
        if (!keys_[i].empty()) samples.add(keys_[i], time, values_[i]);
    }
    return std::nullopt;
}

}  // namespace clarify_cli
