// SPDX-License-Identifier: BSL-1.0
// What is told and kept of how the writer fares.

#ifndef CLARIFY_GATEWAY_WRITER_LOG_HPP
#define CLARIFY_GATEWAY_WRITER_LOG_HPP

#include <clarify/ingest/sample_spool.hpp>
#include <clarify/ingest/writer_stats.hpp>

#include "log.hpp"
#include "rejected_file.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace gateway {

/** Turns the writer's states, what is damaged in its spool, and samples that it sets aside into lines of
    the log, and of a file for the last.

    @par Thread safety
    Shared objects: unsafe; the writer's callbacks are serial.
*/
class WriterLog {
public:
    /// @param spool The file of set-aside samples is beside it; empty: there is none.
    WriterLog(Log& log, const std::string& spool);

    void changed(const clarify::WriterStats& stats);
    void rejected(const clarify::RejectedSample& sample);

private:
    void note_damage(const std::vector<clarify::SpoolDamage>& damage);

    Log& log_;
    LoggedState reachable_;
    LoggedState no_room_;
    RareLine rejected_;
    std::optional<RejectedFile> rejected_file_;
    std::size_t told_damage_ = 0;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_WRITER_LOG_HPP
