// SPDX-License-Identifier: BSL-1.0
// What the clocks of a place show, from the system's time zone database.

#ifndef CLARIFY_API_TIME_ZONE_HPP
#define CLARIFY_API_TIME_ZONE_HPP

#include <clarify/api/timestamp.hpp>
#include <clarify/core/result.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace clarify {
namespace detail {
struct ZoneData;
}

/** How far the clocks of a place are from UTC, at any time.

    For finding out where the buckets of a rollup begin, which `ApiClient::data_parts` does with the
    zone of a query. It reads the compiled files that Unix systems keep (RFC 8536), because g++ 12 has
    no `std::chrono::time_zone`. A copy shares what was read.

    It knows what the file knew when it was read. For times after the last change that the file lists,
    the rule at its end applies for ever.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class TimeZone {
public:
    /// UTC, which needs no database.
    TimeZone() noexcept {}

    /** Reads a zone of the database, such as `Europe/Oslo`, from `/usr/share/zoneinfo`, whatever the
        environment says; `parse` is for a database elsewhere. `UTC` needs no file. The file is read
        anew each time, in the calling thread.

        @par Errors
        `Errc::bad_argument`: `Reason::not_found` for a name that is not there, `Reason::syntax` for
        a name that is none (it has letters, digits and `_ + - /`), or a file that is broken.
    */
    static Result<TimeZone> load(std::string_view name);
    /** Reads the contents of such a file, of version 2 or newer (RFC 8536 section 3).

        @par Errors
        `Errc::bad_argument` with `Reason::syntax` for anything else.
    */
    static Result<TimeZone> parse(std::string_view file);

    /// What has to be added to UTC to get the time of the clocks: positive to the east of Greenwich.
    /// Found in logarithmic time.
    std::chrono::seconds offset_at(Timestamp time) const noexcept;
    /// What the clocks show, as if they showed UTC.
    Timestamp to_local(Timestamp time) const noexcept { return time + offset_at(time); }
    /** When the clocks show `local`: the first time where they do so twice, and the moment at which
        they are put forward where they leave it out.
    */
    Timestamp from_local(Timestamp local) const noexcept;

    /// Is it the default-constructed one, whose clocks show UTC?
    bool is_utc() const noexcept { return data_ == nullptr; }

private:
    std::shared_ptr<const detail::ZoneData> data_;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/time_zone.hpp>
#endif

#endif  // CLARIFY_API_TIME_ZONE_HPP
