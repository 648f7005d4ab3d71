// SPDX-License-Identifier: BSL-1.0
// The command lines of what knows signals, items and samples.

#ifndef CLARIFY_CLI_API_OPTIONS_HPP
#define CLARIFY_CLI_API_OPTIONS_HPP

#include "options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace clarify_cli {

/// Adds the commands to `app`, which fill in the options.
struct ApiCommands {
    explicit ApiCommands(CLI::App& app);

    std::vector<CLI::App*> apps;
    ListCommand list;
    PublishCommand publish;
    InsertCommand insert;
    DataCommand data;

    /// The command that was given, if it was one of these.
    std::optional<ParsedCommand> parsed(const CommonOptions& common) const;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_API_OPTIONS_HPP
