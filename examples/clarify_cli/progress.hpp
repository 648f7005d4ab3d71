// SPDX-License-Identifier: BSL-1.0
// A bar on standard error, if that is a terminal.

#ifndef CLARIFY_CLI_PROGRESS_HPP
#define CLARIFY_CLI_PROGRESS_HPP

#include <chrono>
#include <cstdint>

namespace clarify_cli {

/// How far an import has come, in one line that replaces itself.
class Progress {
public:
    /// @param total The size of the file; 0 where it is not known.
    Progress(std::uint64_t total, bool quiet);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { clear(); }

    /// So many samples were there already, and say nothing about the speed.
    void begin_at(std::uint64_t samples) { samples_before_ = samples; }
    /// Shows how many bytes are done, and samples inserted.
    void show(std::uint64_t done, std::uint64_t samples);
    /// Removes the line, before another one is written.
    void clear();

private:
    std::uint64_t total_;
    bool shown_;
    bool drawn_ = false;
    std::uint64_t samples_before_ = 0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_PROGRESS_HPP
