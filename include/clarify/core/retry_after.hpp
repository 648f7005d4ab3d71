// SPDX-License-Identifier: BSL-1.0
// The Retry-After header (RFC 9110 section 10.2.3).

#ifndef CLARIFY_CORE_RETRY_AFTER_HPP
#define CLARIFY_CORE_RETRY_AFTER_HPP

#include <clarify/core/detail/text.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace clarify {

/** The wait that a `Retry-After` field asks for.

    Seconds, or an HTTP date that is measured against the reply's own `Date`, so that neither clock
    needs to be right. A date in the past is zero; what cannot be understood counts as absent; more
    than a day is clamped to a day.
*/
std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view retry_after, std::string_view date);

namespace detail {

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT` (the one format a sender may use, RFC 9110 section 5.6.7).
inline std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
    constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    constexpr std::string_view shape = "aaa, dd aaa dddd dd:dd:dd GMT";
    if (text.size() != shape.size()) return std::nullopt;
    for (std::size_t i = 0; i != shape.size(); ++i) {
        if (shape[i] == 'd' ? !is_digit(text[i]) : shape[i] != 'a' && text[i] != shape[i]) {
            return std::nullopt;
        }
    }
    const auto number = [text](std::size_t at, std::size_t count) {
        int value = 0;
        for (const char c : text.substr(at, count))
            value = value * 10 + (c - '0');
        return value;
    };
    unsigned month = 0;
    for (unsigned i = 0; i != months.size(); ++i) {
        if (text.substr(8, 3) == months[i]) month = i + 1;
    }
    const std::chrono::year_month_day day{
        std::chrono::year{number(12, 4)},
        std::chrono::month{month},
        std::chrono::day{static_cast<unsigned>(number(5, 2))}};
    const int hour = number(17, 2);
    const int minute = number(20, 2);
    const int second = number(23, 2);
    if (!day.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return std::chrono::sys_days{day} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
        std::chrono::seconds{second};
}

}  // namespace detail

inline std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view retry_after, std::string_view date) {
    constexpr std::chrono::seconds day{86'400};
    const std::string_view text = detail::trim(retry_after);
    if (text.empty()) return std::nullopt;
    if (text.find_first_not_of("0123456789") == std::string_view::npos) {
        std::chrono::seconds wait{0};
        for (const char c : text) {
            wait = wait * 10 + std::chrono::seconds{c - '0'};
            if (wait > day) return day;
        }
        return wait;
    }
    const auto until = detail::parse_http_date(text);
    const auto now = detail::parse_http_date(detail::trim(date));
    if (!until || !now) return std::nullopt;
    if (*until <= *now) return std::chrono::milliseconds{0};
    return std::min<std::chrono::seconds>(*until - *now, day);
}

}  // namespace clarify

#endif  // CLARIFY_CORE_RETRY_AFTER_HPP
