// SPDX-License-Identifier: BSL-1.0

#include "csv_reader.hpp"

#include <algorithm>
#include <string_view>

namespace clarify_cli {
namespace {

constexpr int end_of_input = std::istream::traits_type::eof();

/// The separator that a line of names has most of, outside of quotes.
char delimiter_of(std::string_view line) {
    char best = ',';
    std::ptrdiff_t most = 0;
    for (const char candidate : {',', ';', '\t'}) {
        bool in_quotes = false;
        const auto count = std::count_if(line.begin(), line.end(), [&](char c) {
            if (c == '"') in_quotes = !in_quotes;
            return c == candidate && !in_quotes;
        });
        if (count > most) {
            most = count;
            best = candidate;
        }
    }
    return best;
}

}  // namespace

int CsvReader::take() {
    const int c = in_.get();
    if (c == end_of_input) return c;
    ++offset_;
    if (c == '\n') ++next_line_;
    if (++length_ > longest_record) fault_ = "a record is longer than 16 MiB";
    return c;
}

// Behind the opening quote; up to the closing one.
bool CsvReader::quoted(std::string& field) {
    while (fault_ == nullptr) {
        const int c = take();
        if (c == end_of_input) {
            fault_ = "the input ends within quotes";
        } else if (c != '"') {
            field += static_cast<char>(c);
        } else if (peek() == '"') {
            field += static_cast<char>(take());
        } else {
            return true;
        }
    }
    return false;
}

bool CsvReader::record(std::vector<std::string>& fields) {
    fields.clear();
    std::string field;
    length_ = 0;
    line_ = next_line_;
    while (fault_ == nullptr) {
        const int c = take();
        if (c == '"' && field.empty()) {
            if (!quoted(field)) return false;
        } else if (c == delimiter_) {
            fields.push_back(std::move(field));
            field.clear();
        } else if (c == '\n' || c == end_of_input) {
            if (c == end_of_input && fields.empty() && field.empty()) return false;
            if (!field.empty() && field.back() == '\r') field.pop_back();
            fields.push_back(std::move(field));
            // Blank lines are none.
            if (fields.size() != 1 || !fields.front().empty()) return true;
            fields.clear();
            field.clear();
            length_ = 0;
            line_ = next_line_;
            if (c == end_of_input) return false;
        } else {
            field += static_cast<char>(c);
        }
    }
    return false;
}

bool CsvReader::header(std::vector<std::string>& fields) {
    if (peek() == 0xEF) {
        for (const int byte : {0xEF, 0xBB, 0xBF}) {
            if (take() == byte) continue;
            fault_ = "the input is not UTF-8";
            return false;
        }
    }
    // The separator is not known before the whole line is.
    std::string line;
    const std::istream::pos_type start = in_.tellg();
    if (start == std::istream::pos_type(-1)) {
        // What cannot be read twice is taken to have commas.
        in_.clear();
        return record(fields);
    }
    for (int c = in_.get(); c != end_of_input && c != '\n' && line.size() < longest_record;
         c = in_.get())
        line += static_cast<char>(c);
    in_.clear();
    in_.seekg(start);
    delimiter_ = delimiter_of(line);
    return record(fields);
}

bool CsvReader::next(std::vector<std::string>& fields) { return record(fields); }

void CsvReader::seek(std::uint64_t offset, std::uint64_t line) {
    in_.clear();
    in_.seekg(static_cast<std::istream::off_type>(offset));
    offset_ = offset;
    next_line_ = line;
}

}  // namespace clarify_cli
