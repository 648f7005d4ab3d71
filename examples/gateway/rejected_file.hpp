// SPDX-License-Identifier: BSL-1.0
// Where samples are kept that Clarify does not take.

#ifndef CLARIFY_GATEWAY_REJECTED_FILE_HPP
#define CLARIFY_GATEWAY_REJECTED_FILE_HPP

#include <clarify/ingest/writer_stats.hpp>

#include "bounded_lines.hpp"
#include "../daemons/log.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace gateway {

/** Writes set-aside samples into a file, a JSON object a line:

    @code{.json}
    {"input":"temperature","time":"2024-01-01T00:00:00Z","value":20.5,"reason":"..."}
    @endcode

    A thread of its own writes, so that no disk holds up the gateway. What comes while 10 MiB wait for
    it is left out. That, and a file that cannot be written, is a line in the log, not one for each.

    @par Thread safety
    Shared objects: safe.
*/
class RejectedFile {
public:
    RejectedFile(const std::string& path, daemons::Log& log);
    RejectedFile(const RejectedFile&) = delete;
    RejectedFile& operator=(const RejectedFile&) = delete;
    /// Writes what still waits.
    ~RejectedFile();

    void add(const clarify::RejectedSample& sample);

private:
    /// Of the file, of the one before it, and of what waits to be written.
    static constexpr std::size_t limit = std::size_t{10} << 20U;

    void write_until_ended();
    void write(const std::string& lines, bool all);

    const BoundedLines file_;
    daemons::LoggedState kept_;
    // Guards what follows it.
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string lines_;
    bool left_some_out_ = false;
    bool ending_ = false;
    std::thread writer_;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_REJECTED_FILE_HPP
