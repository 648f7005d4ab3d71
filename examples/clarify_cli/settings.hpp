// SPDX-License-Identifier: BSL-1.0
// The client's limits by their names, for `--set`.

#ifndef CLARIFY_CLI_SETTINGS_HPP
#define CLARIFY_CLI_SETTINGS_HPP

#include <clarify/client_options.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace clarify_cli {

/// All that `--set` sets.
struct Limits {
    Limits();

    clarify::ClientOptions client;
    std::size_t max_credentials;
};

/// `5`, `0.5`, `5s` or `500ms`. Nothing where it is none of these, or not a time that a call may
/// take.
std::optional<std::chrono::milliseconds> parse_time(std::string_view text);

/// `128`, `16KiB`, `1MiB` or `2GiB`. Nothing where it is none of these.
std::optional<std::size_t> parse_size(std::string_view text);

/** Sets what `assignment`, such as `connect_timeout=3s` or `max_response_body=1MiB`, says.

    Returns why it cannot, or an empty text.
*/
std::string set_option(Limits& limits, std::string_view assignment);

/// All names with their defaults, a line each.
std::string option_names();

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_SETTINGS_HPP
