// SPDX-License-Identifier: BSL-1.0
// The contents of a time zone file, and the rule for the time after its last entry.

#ifndef CLARIFY_API_DETAIL_ZONE_DATA_HPP
#define CLARIFY_API_DETAIL_ZONE_DATA_HPP

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace clarify::detail {

/// A day of every year with a time, as POSIX writes it: `M10.5.0/3`, `J60`, `59`.
struct YearlyMoment {
    enum class Kind : std::uint8_t { weekday_of_month, day_without_leap, day };

    Kind kind = Kind::day;
    int month = 0;
    /// 5: the last one.
    int week = 0;
    /// Of the week from 0 (Sunday), or of the year.
    int day = 0;
    /// From midnight in seconds; may be negative, and more than a day (RFC 8536 section 3.3.1).
    std::int64_t time = 7200;

    /// In seconds since 1970 of the clocks that it is told in.
    std::int64_t in_year(int year) const noexcept;
};

/// The rule that a zone follows for ever, from a text such as `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneRule {
    std::int64_t standard = 0;
    std::int64_t daylight = 0;
    bool has_daylight = false;
    YearlyMoment begins;
    YearlyMoment ends;

    static std::optional<ZoneRule> parse(std::string_view text);
    /// In seconds to the east, at a time in seconds since 1970.
    std::int64_t offset_at(std::int64_t time) const noexcept;
};

struct ZoneData {
    /// When the offset changes, in seconds since 1970, ascending, and to which.
    std::vector<std::int64_t> times;
    std::vector<std::int32_t> offsets;
    std::int32_t first_offset = 0;
    /// From the last change on.
    std::optional<ZoneRule> rule;

    static std::optional<ZoneData> parse(std::string_view file);
    std::int64_t offset_at(std::int64_t time) const noexcept;
};

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/detail/impl/zone_data.hpp>
#endif

#endif  // CLARIFY_API_DETAIL_ZONE_DATA_HPP
