// SPDX-License-Identifier: BSL-1.0
// Text of a server's for people to read on a terminal.

#ifndef CLARIFY_CLI_VISIBLE_HPP
#define CLARIFY_CLI_VISIBLE_HPP

#include <string>
#include <string_view>

namespace clarify_cli {

/// The character at the front of UTF-8 `text`, if it is one for control: of ASCII, C1, a mark or an
/// override of direction, a separator of lines or paragraphs. Else nothing.
std::string_view control_character(std::string_view text);

/// `text` without what could drive a terminal or look like a line of ours: `\n` for a line break,
/// `?` for any other control character.
std::string visible(std::string_view text);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_VISIBLE_HPP
