// SPDX-License-Identifier: BSL-1.0
// Reads a `Retry-After` as seconds or as a date.

#ifndef CLARIFY_CORE_IMPL_RETRY_AFTER_HPP
#define CLARIFY_CORE_IMPL_RETRY_AFTER_HPP

#include <clarify/core/detail/http_date.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/core/retry_after.hpp>

#include <algorithm>

namespace clarify {

CLARIFY_DECL std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view retry_after,
    std::string_view date,
    std::optional<std::chrono::system_clock::time_point> now) {
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
    auto until = detail::parse_http_date(text);
    if (!until) return std::nullopt;
    // Where one of them leaves the century open, the other one tells it.
    auto begin = detail::parse_http_date(detail::trim(date), *until);
    if (!begin && now) begin = std::chrono::floor<std::chrono::seconds>(*now);
    if (!begin) return std::nullopt;
    until = detail::parse_http_date(text, *begin);
    if (!until) return std::nullopt;
    if (*until <= *begin) return std::chrono::milliseconds{0};
    return std::min<std::chrono::seconds>(*until - *begin, day);
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_RETRY_AFTER_HPP
