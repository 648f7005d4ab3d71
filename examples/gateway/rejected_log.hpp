// SPDX-License-Identifier: BSL-1.0
// What is told and kept of samples that Clarify rejects.

#ifndef CLARIFY_GATEWAY_REJECTED_LOG_HPP
#define CLARIFY_GATEWAY_REJECTED_LOG_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/ingest/writer_stats.hpp>

#include "../daemons/log.hpp"
#include "rejected_file.hpp"

#include <optional>
#include <string>

namespace gateway {

/** Turns them into lines of the log, of which there are few, and of a file, which has each.

    @par Thread safety
    Shared objects: unsafe; the writer's callbacks are serial.
*/
class RejectedLog {
public:
    /// @param spool The file is beside it; empty: there is none.
    RejectedLog(daemons::Log& log, const std::string& spool) : line_(log) {
        if (!spool.empty()) file_.emplace(spool + ".rejected", log);
    }

    void add(const clarify::RejectedSample& sample) {
        line_.happened([&] {
            return "Clarify rejects a sample of " + sample.input + " at " +
                sample.time.to_string() + ": " + clarify::detail::printable(sample.reason, 256);
        });
        if (file_) file_->add(sample);
    }

private:
    daemons::RareLine line_;
    std::optional<RejectedFile> file_;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_REJECTED_LOG_HPP
