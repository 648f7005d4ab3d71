// SPDX-License-Identifier: BSL-1.0
// Times and durations as the API writes them.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_TIME_TEXT_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_TIME_TEXT_HPP

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

using Microseconds = std::chrono::microseconds;
using ServerTime = std::chrono::sys_time<Microseconds>;

/// Parses RFC 3339; digits finer than a microsecond are floored. nullopt for anything else.
std::optional<ServerTime> parse_time(std::string_view text);

/// RFC 3339 in UTC with `Z` and without trailing zeros in the fraction.
std::string format_time(ServerTime time);

/// A duration of months, or of a fixed length. At most one of the two is not zero.
struct IsoDuration {
    std::int64_t months = 0;
    std::chrono::nanoseconds fixed{0};

    bool operator==(const IsoDuration&) const = default;
};

/** Parses an ISO 8601 duration of years, months, weeks, days, hours, minutes and seconds.

    Only the seconds may have a fraction; a day is 24 hours. Returns nullopt for anything else, for
    months mixed with a fixed part, and for what does not fit 64 bits of nanoseconds.
*/
std::optional<IsoDuration> parse_duration(std::string_view text);

/// As `parse_duration`, but years and months are not accepted.
std::optional<std::chrono::nanoseconds> parse_fixed_duration(std::string_view text);

/// The server's canonical text: hours are the largest unit (`PT960H`), zero is `PT0S`.
std::string format_fixed_duration(std::chrono::nanoseconds duration);

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/emulator/impl/time_text.hpp>

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_TIME_TEXT_HPP
