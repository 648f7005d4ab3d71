// SPDX-License-Identifier: BSL-1.0
// What is told of how a writer of samples fares.

#ifndef CLARIFY_DAEMONS_WRITER_LOG_HPP
#define CLARIFY_DAEMONS_WRITER_LOG_HPP

#include <clarify/ingest/writer_stats.hpp>

#include "log.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace daemons {

/** Turns the writer's states, and what is damaged in its spool, into lines of the log.

    @par Thread safety
    Shared objects: unsafe; the writer's callbacks are serial.
*/
class WriterLog {
public:
    /// @param refused What it is where there is no room, such as "samples are refused".
    /// @param taken What it is where there is room again, such as "samples are taken again".
    WriterLog(Log& log, std::string refused, std::string taken)
        : log_(log),
          reachable_(log, "Clarify cannot be used", "Clarify can be used again", "requests"),
          no_room_(log, std::move(refused), std::move(taken), "requests") {}

    void changed(const clarify::WriterStats& stats);

private:
    void note_damage(const std::vector<clarify::SpoolDamage>& damage);

    Log& log_;
    LoggedState reachable_;
    LoggedState no_room_;
    std::size_t told_damage_ = 0;
};

}  // namespace daemons

#endif  // CLARIFY_DAEMONS_WRITER_LOG_HPP
