// SPDX-License-Identifier: BSL-1.0

#include "table.hpp"
#include "terminal_text.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

namespace clarify_cli {
namespace {

constexpr std::string_view between = "  ";
/// No column is made narrower.
constexpr std::size_t narrowest = 8;
/// Nor wider, for all lines pay for the longest text of one.
constexpr std::size_t widest = 200;

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
    for (const Column& column : columns_)
        widths_.push_back(width_of(column.heading));
}

void Table::add(std::vector<std::string> texts) {
    for (std::size_t i = 0; i != texts.size(); ++i) {
        texts[i] = visible(texts[i]);
        widths_[i] = std::max(widths_[i], std::min(width_of(texts[i]), widest));
    }
    rows_.push_back(std::move(texts));
}

std::string Table::take_text(std::size_t terminal_width) {
    std::size_t total = between.size() * (widths_.size() - 1);
    total = std::accumulate(widths_.begin(), widths_.end(), total);
    for (; total > terminal_width; --total) {
        std::size_t* widest_one = nullptr;
        for (std::size_t i = 0; i != widths_.size(); ++i) {
            if (!columns_[i].may_be_cut || widths_[i] <= narrowest) continue;
            if (widest_one == nullptr || widths_[i] > *widest_one) widest_one = &widths_[i];
        }
        if (widest_one == nullptr) break;
        --*widest_one;
    }
    std::string out;
    if (!std::exchange(begun_, true)) {
        std::vector<std::string> headings;
        for (const Column& column : columns_)
            headings.push_back(column.heading);
        out += line(headings);
    }
    for (const auto& row : std::exchange(rows_, {}))
        out += line(row);
    return out;
}

std::string Table::line(const std::vector<std::string>& texts) const {
    std::string out;
    for (std::size_t i = 0; i != texts.size(); ++i) {
        if (i != 0) out += between;
        out += pad_right(cut_to(texts[i], widths_[i]), widths_[i]);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out + '\n';
}

}  // namespace clarify_cli
