// SPDX-License-Identifier: BSL-1.0

#include "csv_line.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace clarify_cli {

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

const char* split_csv(std::string_view line, char delimiter, std::vector<std::string>& fields) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    // Strings keep their memory from one line to the next.
    std::size_t count = 0;
    const auto next_field = [&]() -> std::string& {
        if (count == fields.size()) fields.emplace_back();
        fields[count].clear();
        return fields[count++];
    };
    std::string* field = &next_field();
    for (std::size_t i = 0; i != line.size(); ++i) {
        if (line[i] == delimiter) {
            field = &next_field();
        } else if (line[i] != '"' || !field->empty()) {
            *field += line[i];
        } else {
            // Behind the opening quote. Two of them within stand for one.
            while (true) {
                const std::size_t quote = line.find('"', i + 1);
                if (quote == std::string_view::npos) return "a quote that is not closed";
                field->append(line, i + 1, quote - i - 1);
                i = quote;
                if (i + 1 == line.size() || line[i + 1] != '"') break;
                *field += '"';
                ++i;
            }
        }
    }
    fields.resize(count);
    return nullptr;
}

}  // namespace clarify_cli
