// SPDX-License-Identifier: BSL-1.0
// Offsets looked up in the files of the system's database.

#ifndef CLARIFY_API_IMPL_TIME_ZONE_HPP
#define CLARIFY_API_IMPL_TIME_ZONE_HPP

#include <clarify/api/detail/zone_data.hpp>
#include <clarify/api/patterns.hpp>
#include <clarify/api/time_zone.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/file.hpp>
#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace clarify {
namespace detail {

/// Rounded towards the past.
inline std::int64_t whole_seconds(Timestamp time) noexcept {
    const std::int64_t count = time.microseconds();
    return count / 1'000'000 - (count % 1'000'000 < 0 ? 1 : 0);
}

}  // namespace detail

CLARIFY_DECL Result<TimeZone> TimeZone::load(std::string_view name) {
    if (name == "UTC" || name == "Etc/UTC") return TimeZone{};
    if (!is_time_zone_name(name)) {
        return Error{
            Errc::bad_argument,
            Reason::syntax,
            "not the name of a time zone: " + detail::printable(name, 64)};
    }
    const std::string path = "/usr/share/zoneinfo/" + std::string{name};
    // A few kilobytes each. Some names are folders, such as Europe.
    constexpr std::size_t longest = 256 * 1024;
    const auto file = detail::read_small_file(path, longest);
    if (!file || file->content.empty()) {
        return Error{
            Errc::bad_argument,
            Reason::not_found,
            "the time zone database of this machine has no " + std::string{name}};
    }
    return parse(file->content);
}

CLARIFY_DECL Result<TimeZone> TimeZone::parse(std::string_view file) {
    std::optional<detail::ZoneData> data = detail::ZoneData::parse(file);
    if (!data)
        return Error{Errc::bad_argument, Reason::syntax, "not a time zone file of version 2"};
    TimeZone zone;
    zone.data_ = std::make_shared<const detail::ZoneData>(std::move(*data));
    return zone;
}

CLARIFY_DECL std::chrono::seconds TimeZone::offset_at(Timestamp time) const noexcept {
    if (!data_) return std::chrono::seconds{0};
    return std::chrono::seconds{data_->offset_at(detail::whole_seconds(time))};
}

CLARIFY_DECL Timestamp TimeZone::from_local(Timestamp local) const noexcept {
    if (!data_) return local;
    // No offset is as large as a day, and no two changes are as close.
    const std::chrono::seconds before = offset_at(local - std::chrono::hours{24});
    const std::chrono::seconds after = offset_at(local + std::chrono::hours{24});
    const Timestamp early = local - (std::max)(before, after);
    const Timestamp late = local - (std::min)(before, after);
    for (const Timestamp candidate : {early, late}) {
        if (to_local(candidate) == local) return candidate;
    }
    // Left out: the change is between the two, and found by halving.
    std::int64_t low = detail::whole_seconds(early);
    std::int64_t high = detail::whole_seconds(late) + 1;
    while (high - low > 1) {
        const std::int64_t middle = low + (high - low) / 2;
        (data_->offset_at(middle) == before.count() ? low : high) = middle;
    }
    return std::chrono::sys_seconds{std::chrono::seconds{high}};
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_TIME_ZONE_HPP
