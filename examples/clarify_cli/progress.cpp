// SPDX-License-Identifier: BSL-1.0

#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <string>

namespace clarify_cli {

Progress::Progress(std::uint64_t total, bool quiet)
    : total_(total), shown_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

void Progress::show(std::uint64_t done, std::uint64_t samples) {
    if (!shown_) return;
    constexpr std::size_t width = 20;
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    const double part =
        total_ == 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    std::fputs("\r\x1B[K", stderr);
    if (total_ != 0) {
        const auto filled = static_cast<std::size_t>(part * width);
        const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
        std::fprintf(stderr, "[%s] %2.0f %%, ", bar.c_str(), part * 100);
    }
    const double speed = static_cast<double>(samples - samples_before_) / std::max(seconds, 1e-3);
    std::fprintf(stderr, "%" PRIu64 " samples, %.0f a second", samples, speed);
    drawn_ = true;
}

void Progress::clear() {
    if (drawn_) std::fputs("\r\x1B[K", stderr);
    drawn_ = false;
}

}  // namespace clarify_cli
