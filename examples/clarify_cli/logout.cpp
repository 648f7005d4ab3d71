// SPDX-License-Identifier: BSL-1.0
// `clarify logout`: removes the tokens that earlier runs have kept.

#include <clarify/auth/file_token_store.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "session.hpp"

#include <cstddef>
#include <filesystem>
#include <iostream>

namespace clarify_cli {

ExitCode logout(const LogoutCommand& command) {
    const std::filesystem::path folder = token_folder(command.token_cache);
    if (folder.empty()) {
        print_warning("there is no folder for tokens: HOME is not set");
        return ExitCode::usage;
    }
    const clarify::Result<std::size_t> removed = clarify::FileTokenStore{folder}.clear();
    if (!removed) {
        print_error(removed.error(), false);
        return exit_code(removed.error().code());
    }
    std::cout << "removed " << *removed << (*removed == 1 ? " token" : " tokens") << " from "
              << folder.string() << '\n';
    return end_output();
}

}  // namespace clarify_cli
