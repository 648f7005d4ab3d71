// SPDX-License-Identifier: BSL-1.0
// How lines become fields and records.

#include "csv_record.hpp"

#include <algorithm>
#include <utility>

namespace clarify_cli {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

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

void CsvSplitter::clear() {
    count_ = 0;
    field_.clear();
    quoted_ = 0;
    within_ = false;
}

void CsvSplitter::end_field() {
    while (field_.size() > quoted_ && is_blank(field_.back()))
        field_.pop_back();
    if (count_ == fields_.size()) fields_.emplace_back();
    // Its memory is kept: the two change places.
    std::swap(fields_[count_++], field_);
    field_.clear();
    quoted_ = 0;
}

bool CsvSplitter::feed(std::string_view line) {
    // A carriage return before the end of the line belongs to the end, but within quotes to the text.
    const std::string_view whole = line;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (within_) field_ += '\n';
    for (std::size_t i = 0; i <= line.size(); ++i) {
        if (within_) {
            const std::size_t quote = line.find('"', i);
            if (quote == std::string_view::npos) {
                field_.append(whole, i);
                return false;
            }
            field_.append(line, i, quote - i);
            i = quote;
            quoted_ = field_.size();
            if (i + 1 < line.size() && line[i + 1] == '"') {
                field_ += '"';
                ++i;
                continue;
            }
            within_ = false;
        } else if (i == line.size() || line[i] == delimiter_) {
            end_field();
        } else if (line[i] == '"' && field_.empty() && quoted_ == 0) {
            within_ = true;
        } else if (!is_blank(line[i]) || !field_.empty()) {
            field_ += line[i];
        }
    }
    fields_.resize(count_);
    return true;
}

std::optional<CsvRecords::Record> CsvRecords::next(bool ended) {
    while (fed_ != lines_.size()) {
        const CsvLine& line = lines_[fed_];
        if (line.cut) {
            if (fed_ == 0) return taken(1, "longer than 1 MiB");
            break;
        }
        if (fed_ == 0) splitter_.clear();
        bytes_ += line.text.size() + 1;
        ++fed_;
        if (splitter_.feed(line.text)) return taken(fed_, nullptr);
        if (bytes_ > longest) break;
    }
    // Within quotes, if there is anything.
    if (lines_.empty() || (fed_ == lines_.size() && bytes_ <= longest && !ended))
        return std::nullopt;
    return taken(1, "a quote that is not closed");
}

CsvRecords::Record CsvRecords::taken(std::size_t count, const char* fault) {
    Record record;
    record.first = lines_.front().number;
    record.last = lines_[count - 1].number;
    record.end = lines_[count - 1].end;
    record.fault = fault;
    record.cut = lines_[count - 1].cut;
    const std::string& text = lines_.front().text;
    record.blank =
        count == 1 && fault == nullptr && text.find_first_not_of(" \t\r") == std::string::npos;
    lines_.erase(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(count));
    fed_ = 0;
    bytes_ = 0;
    return record;
}

}  // namespace clarify_cli
