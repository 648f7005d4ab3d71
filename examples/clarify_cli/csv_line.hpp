// SPDX-License-Identifier: BSL-1.0
// Lines of comma-separated values.

#ifndef CLARIFY_CLI_CSV_LINE_HPP
#define CLARIFY_CLI_CSV_LINE_HPP

#include <string>
#include <string_view>
#include <vector>

namespace clarify_cli {

/// The one of `,` `;` and tab that a line of names has most of, outside of quotes.
char delimiter_of(std::string_view line);

/** Divides a line as RFC 4180 has it, with or without a carriage return at its end.

    A field may be in quotes, but not go on in the next line: no key, time or number does, and so a
    quote that is not closed spoils one line and not the rest of a file.

    @return What is wrong with the line; null where nothing is.
*/
const char* split_csv(std::string_view line, char delimiter, std::vector<std::string>& fields);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_CSV_LINE_HPP
