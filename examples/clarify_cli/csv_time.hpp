// SPDX-License-Identifier: BSL-1.0
// Times as people write them into files.

#ifndef CLARIFY_CLI_CSV_TIME_HPP
#define CLARIFY_CLI_CSV_TIME_HPP

#include <clarify/api/time_zone.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace clarify_cli {

/** Reads times of one form.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class TimeReader {
public:
    /** @param format Empty: RFC 3339, with a blank or a `T`, with or without seconds and decimals, and
            with an offset unless a zone is given. `epoch`, `epoch-ms`, `epoch-us`, `epoch-ns`: so many
            of that since 1970 in UTC, with or without decimals. Else a pattern as of `strptime`, of
            %Y %y %m %d %H %I %M %S %f %p %b %B %j %z %Z %T %F %D %%.
        @param zone Whose clocks show times without an offset. Empty: there is to be an offset, or
            the pattern's times are refused.
        @par Errors
        `Errc::bad_argument` for a pattern or a zone that is not known.
    */
    static clarify::Result<TimeReader> make(const std::string& format, const std::string& zone);

    /// Nothing for what is not such a time, or is beyond the years 0000 to 9999.
    std::optional<clarify::Timestamp> read(std::string_view text) const;
    /// What `read` wants, for messages.
    std::string wanted() const;

private:
    TimeReader() {}

    std::string format_;
    /// Times are counts of units of ten to the minus this seconds.
    std::optional<int> epoch_digits_;
    std::optional<clarify::TimeZone> zone_;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_CSV_TIME_HPP
