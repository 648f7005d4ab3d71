// SPDX-License-Identifier: BSL-1.0
// Text that came from elsewhere, on a terminal.

#ifndef CLARIFY_CLI_TERMINAL_TEXT_HPP
#define CLARIFY_CLI_TERMINAL_TEXT_HPP

#include <cstddef>
#include <string>
#include <string_view>

namespace clarify_cli {

/** UTF-8 on one line, without what could drive a terminal or change how a line of ours reads: a line
    feed becomes `\n`; control characters, marks that turn the direction of writing, line separators,
    code points that are no characters and bytes that are no UTF-8 become `?`. It may stand in XML, but
    for its markup.
*/
std::string visible(std::string_view text);

/// The character that UTF-8 begins with, where it is one that `visible` would not show; else nothing.
std::string_view harmful_front(std::string_view text);

/// How many columns of a terminal visible text takes: none for a combining mark, two for an
/// ideograph or an emoji.
std::size_t width_of(std::string_view text);

/// Visible text in at most `width` columns. What is longer is cut off, and ends with an ellipsis.
std::string cut_to(std::string_view text, std::size_t width);

/// Visible text followed by blanks, or preceded by them, up to `width` columns.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

/// The width of the terminal that a file descriptor is; 80 where it has none.
std::size_t terminal_columns(int descriptor);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_TERMINAL_TEXT_HPP
