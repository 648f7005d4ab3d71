// SPDX-License-Identifier: BSL-1.0

#include "reload.hpp"
#include "service_manager.hpp"

#include <time.h>

#include <cstddef>
#include <cstdint>
#include <exception>

namespace daemons {
namespace {

/// Returns how many lines it was.
std::size_t tell(Log& log, const ReadAgain& file) {
    const auto stays = [&log](const std::string& why) {
        log.write(Level::error, "what was read before stays in use: " + why);
        return std::size_t{1};
    };
    try {
        const Changes changes = file();
        if (!changes) return stays(changes.error().to_string());
        for (const std::string& change : *changes)
            log.write(Level::notice, change);
        return changes->size();
    } catch (const std::exception& error) {
        return stays(error.what());
    }
}

}  // namespace

void read_again(Log& log, const std::vector<ReadAgain>& files) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    tell_manager(
        "RELOADING=1\nMONOTONIC_USEC=" +
        std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000));
    std::size_t lines = 0;
    for (const ReadAgain& file : files)
        lines += tell(log, file);
    if (lines == 0) log.write(Level::info, "no file has changed");
    tell_manager("READY=1");
}

}  // namespace daemons
