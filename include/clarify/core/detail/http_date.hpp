// SPDX-License-Identifier: BSL-1.0
// HTTP dates (RFC 9110 section 5.6.7).

#ifndef CLARIFY_CORE_DETAIL_HTTP_DATE_HPP
#define CLARIFY_CORE_DETAIL_HTTP_DATE_HPP

#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>

namespace clarify::detail {

/// The numbers of a date as they stand in its text.
struct HttpDateParts {
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
};

/// Reads a text that has the form of `shape`, in which `y`, `d`, `h`, `m` and `s` stand for a digit
/// of a number, `_` for a blank or a digit of the day, `bbb` for the month, and `a` for anything.
inline std::optional<HttpDateParts> match_http_date(
    std::string_view text, std::string_view shape) noexcept {
    constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != shape.size()) return std::nullopt;
    HttpDateParts parts;
    for (std::size_t i = 0; i != shape.size(); ++i) {
        int* number = nullptr;
        switch (shape[i]) {
            case 'a':
            case 'b':
                continue;
            case '_':
                if (text[i] == ' ') continue;
                [[fallthrough]];
            case 'd':
                number = &parts.day;
                break;
            case 'y':
                number = &parts.year;
                break;
            case 'h':
                number = &parts.hour;
                break;
            case 'm':
                number = &parts.minute;
                break;
            case 's':
                number = &parts.second;
                break;
            default:
                if (text[i] != shape[i]) return std::nullopt;
                continue;
        }
        if (!is_digit(text[i])) return std::nullopt;
        *number = *number * 10 + (text[i] - '0');
    }
    const auto month = std::find(months.begin(), months.end(), text.substr(shape.find("bbb"), 3));
    if (month == months.end()) return std::nullopt;
    parts.month = static_cast<int>(month - months.begin()) + 1;
    return parts;
}

/** Reads a date in any of the forms that a recipient has to accept: `Sun, 06 Nov 1994 08:49:37 GMT`,
    `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.

    A year of two digits is the last one that is not more than 50 years after `reference`.
*/
inline std::optional<std::chrono::sys_seconds> parse_http_date(
    std::string_view text,
    std::chrono::sys_seconds reference = std::chrono::sys_days{
        std::chrono::year{2000} / std::chrono::January / 1}) {
    namespace chrono = std::chrono;
    constexpr std::array<std::string_view, 7> weekdays{
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    auto parts = match_http_date(text, "aaa, dd bbb yyyy hh:mm:ss GMT");
    if (!parts) parts = match_http_date(text, "aaa bbb _d hh:mm:ss yyyy");
    const bool is_whole_year = parts.has_value();
    if (!parts) {
        const std::size_t comma = (std::min)(text.find(','), text.size());
        if (std::find(weekdays.begin(), weekdays.end(), text.substr(0, comma)) == weekdays.end())
            return std::nullopt;
        parts = match_http_date(text.substr(comma), ", dd-bbb-yy hh:mm:ss GMT");
        if (!parts) return std::nullopt;
    }
    if (parts->hour > 23 || parts->minute > 59 || parts->second > 60) return std::nullopt;
    const chrono::seconds time = chrono::hours{parts->hour} + chrono::minutes{parts->minute} +
        chrono::seconds{parts->second};
    chrono::year_month_day day{
        chrono::year{parts->year},
        chrono::month{static_cast<unsigned>(parts->month)},
        chrono::day{static_cast<unsigned>(parts->day)}};
    if (!is_whole_year) {
        const auto midnight = chrono::floor<chrono::days>(reference);
        const chrono::year_month_day last = chrono::year_month_day{midnight} + chrono::years{50};
        const int century = static_cast<int>(last.year()) / 100 * 100;
        day += chrono::years{century};
        if (std::tuple{day, time} > std::tuple{last, chrono::seconds{reference - midnight}})
            day -= chrono::years{100};
    }
    if (!day.ok()) return std::nullopt;
    return chrono::sys_days{day} + time;
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_HTTP_DATE_HPP
