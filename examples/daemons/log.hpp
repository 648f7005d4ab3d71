// SPDX-License-Identifier: BSL-1.0
// Lines on standard output and standard error, which nobody is ever waited for to read.

#ifndef CLARIFY_DAEMONS_LOG_HPP
#define CLARIFY_DAEMONS_LOG_HPP

#include "outage.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace daemons {

/** Writes whole lines to a descriptor without waiting.

    A line for which there is no room is dropped, and counted: the next one that gets through is
    preceded by the number. A reader that has gone is no reason to end: then all of them are dropped.
    SIGPIPE must be ignored.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class LineChannel {
public:
    explicit LineChannel(int descriptor);
    LineChannel(const LineChannel&) = delete;
    LineChannel& operator=(const LineChannel&) = delete;
    ~LineChannel();

    /// `line` without its end, and what to say before the number of lines that were dropped.
    void write(std::string_view line, std::string_view before_notice = "");

private:
    enum class Kind { socket, pipe, other };

    bool put(std::string text);
    long send(std::string_view text) const;

    std::mutex mutex_;
    int descriptor_;
    bool owned_ = false;
    Kind kind_ = Kind::other;
    /// The rest of a line that was taken in part only.
    std::string rest_;
    std::uint64_t dropped_ = 0;
};

/// As the journal of systemd numbers them.
enum class Level { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

/** The log, on standard error.

    A line begins with the program's name, or with its level as `<3>` to `<7>` for the journal, which
    knows the name itself. What came from outside is made printable.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class Log {
public:
    /// @param name Of the program.
    /// @param levels Begin each line with its level? It also does where standard error is the
    ///     journal's, as the variable `JOURNAL_STREAM` says.
    explicit Log(std::string name, bool levels = false);

    void write(Level level, std::string_view text);

private:
    LineChannel channel_;
    std::string name_;
    bool levels_;
};

/** A state that lasts, as two lines: one when it begins, with the reason, and one when it ends, with
    how long it took and how often something failed.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class LoggedState {
public:
    /// @param begun What it is, such as "Clarify cannot be used".
    /// @param ended What it is again, such as "Clarify can be used again".
    /// @param what What failed, such as "requests".
    LoggedState(Log& log, std::string begun, std::string ended, std::string what);

    void failed(std::string_view reason);
    /// Cheap while all is well.
    void succeeded();

private:
    Log& log_;
    const std::string begun_;
    const std::string ended_;
    const std::string what_;
    std::atomic<bool> lasting_ = false;
    // Guards outage_.
    std::mutex mutex_;
    Outage outage_;
};

/** What would fill a log: told at once, and then no more than once in a minute, with how often it was
    not.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class RareLine {
public:
    explicit RareLine(Log& log) : log_(log) {}

    /// @param text Makes the line, if there is to be one.
    void happened(const std::function<std::string()>& text);

private:
    Log& log_;
    // Guards rarely_.
    std::mutex mutex_;
    Rarely rarely_;
};

}  // namespace daemons

#endif  // CLARIFY_DAEMONS_LOG_HPP
