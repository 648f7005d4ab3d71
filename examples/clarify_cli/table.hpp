// SPDX-License-Identifier: BSL-1.0
// Columns of text that fit a terminal.

#ifndef CLARIFY_CLI_TABLE_HPP
#define CLARIFY_CLI_TABLE_HPP

#include <cstddef>
#include <string>
#include <vector>

namespace clarify_cli {

/** Rows of text, which may come from anywhere: they are shown as `visible` has it.

    Each column is as wide as its longest text. Where that is too much for the terminal, the widest
    of those that may be cut become narrower, and the texts in them end with an ellipsis.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class Table {
public:
    struct Column {
        std::string heading;
        /// May its texts be cut? Not where one wants to copy them.
        bool may_be_cut = false;
    };

    explicit Table(std::vector<Column> columns);

    /// Adds a row, with a text for each column.
    void add(std::vector<std::string> texts);

    /// The lines that were added since the last call. The first time, those of headings before.
    std::string take_text(std::size_t terminal_width);

private:
    std::string line(const std::vector<std::string>& texts) const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
    std::vector<std::size_t> widths_;
    bool begun_ = false;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_TABLE_HPP
