// SPDX-License-Identifier: BSL-1.0
// Moments as text: RFC 3339, read and written.

#ifndef CLARIFY_API_IMPL_TIMESTAMP_HPP
#define CLARIFY_API_IMPL_TIMESTAMP_HPP

#include <clarify/api/detail/digits.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_reader.hpp>
#include <clarify/core/detail/json_writer.hpp>
#include <clarify/core/detail/text.hpp>

namespace clarify {
namespace detail::timestamp {

/// Reads `Z` or an offset, which is all of `text`, as minutes east of Greenwich.
inline bool read_zone(std::string_view text, int& minutes) noexcept {
    minutes = 0;
    if (text.size() == 1) return text[0] == 'Z' || text[0] == 'z';
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
    const int hour = take_digits(text.data() + 1, 2);
    const int minute = take_digits(text.data() + 4, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
    minutes = (hour * 60 + minute) * (text[0] == '-' ? -1 : 1);
    return true;
}

}  // namespace detail::timestamp

CLARIFY_DECL bool detail::read_timestamp(
    std::string_view text, std::int64_t& microseconds) noexcept {
    constexpr std::int64_t minutes_of_day = 24 * 60;
    constexpr std::size_t shortest = 20;  // 2026-11-24T09:30:00Z
    if (text.size() < shortest) return false;
    const char* const at = text.data();
    const int year = take_digits(at, 4);
    const int month = take_digits(at + 5, 2);
    const int day = take_digits(at + 8, 2);
    const int hour = take_digits(at + 11, 2);
    const int minute = take_digits(at + 14, 2);
    const int second = take_digits(at + 17, 2);
    if (year < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60 || at[4] != '-' || at[7] != '-' || (at[10] != 'T' && at[10] != 't') ||
        at[13] != ':' || at[16] != ':' || month < 0 || day < 0) {
        return false;
    }
    const std::chrono::year_month_day date{
        std::chrono::year{year},
        std::chrono::month{static_cast<unsigned>(month)},
        std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return false;
    std::size_t used = 19;
    std::int64_t fraction = 0;
    if (text[used] == '.') {
        int places = 0;
        for (++used; used != text.size() && is_digit(text[used]); ++used) {
            if (places < 6) fraction = fraction * 10 + (text[used] - '0');
            ++places;
        }
        if (places == 0) return false;
        for (; places < 6; ++places)
            fraction *= 10;
    }
    int offset = 0;
    if (!timestamp::read_zone(text.substr(used), offset)) return false;
    const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
    const std::int64_t minutes = (days * 24 + hour) * 60 + minute - offset;
    // RFC 3339 section 5.7: a leap second ends a day of UTC.
    if (second == 60 && (minutes + 1) % minutes_of_day != 0) return false;
    microseconds = (minutes * 60 + second) * 1'000'000 + fraction;
    return true;
}

CLARIFY_DECL Result<Timestamp> Timestamp::parse(std::string_view text) {
    std::int64_t count = 0;
    if (detail::read_timestamp(text, count)) return from_microseconds(count);
    return Error{
        Errc::bad_argument,
        Reason::syntax,
        "not a time in RFC 3339, such as 2026-11-24T09:30:00Z: " + detail::printable(text, 48)};
}

CLARIFY_DECL char* Timestamp::format_to(char* out) const noexcept {
    using namespace std::chrono;
    constexpr std::int64_t day_length = 86'400'000'000;
    std::int64_t days = count_ / day_length;
    std::int64_t rest = count_ % day_length;
    if (rest < 0) {
        rest += day_length;
        --days;
    }
    // Days since 0000-03-01, by Howard Hinnant's algorithm: std::chrono's years end at 32767.
    const std::int64_t shifted = days + 719'468;
    const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
    const auto day_of_era = static_cast<unsigned>(shifted - era * 146'097);
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned month_from_march = (5 * day_of_year + 2) / 153;
    const unsigned day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    const unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const std::int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
    if (year >= 0 && year <= 9999) {
        out = detail::put_digits(out, static_cast<unsigned>(year), 4);
    } else {
        *out++ = year < 0 ? '-' : '+';
        out = detail::put_digits(out, static_cast<unsigned>(year < 0 ? -year : year), 6);
    }
    *out++ = '-';
    out = detail::put_digits(out, month, 2);
    *out++ = '-';
    out = detail::put_digits(out, day, 2);
    const auto seconds = static_cast<unsigned>(rest / 1'000'000);
    *out++ = 'T';
    out = detail::put_digits(out, seconds / 3600, 2);
    *out++ = ':';
    out = detail::put_digits(out, seconds / 60 % 60, 2);
    *out++ = ':';
    out = detail::put_digits(out, seconds % 60, 2);
    out = detail::put_microseconds(out, static_cast<unsigned>(rest % 1'000'000));
    *out++ = 'Z';
    return out;
}

CLARIFY_DECL std::string Timestamp::to_string() const {
    char text[max_text];
    return {text, format_to(text)};
}

CLARIFY_DECL void detail::write_json(JsonWriter& out, Timestamp time) {
    out.string(time.to_string());
}

CLARIFY_DECL bool detail::read_json(JsonReader& in, Timestamp& time) {
    std::string_view raw;
    std::int64_t count = 0;
    if (!in.raw_string(raw)) return false;
    // As good as never is a character of it written as an escape.
    const std::string_view text = raw.substr(1, raw.size() - 2);
    if (!read_timestamp(text, count) && !read_timestamp(json_unescape(raw), count))
        return in.fail(Reason::mismatch, "expected a time in RFC 3339");
    time = Timestamp::from_microseconds(count);
    return true;
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, Timestamp time) {
    char text[Timestamp::max_text];
    const std::string_view written{text, static_cast<std::size_t>(time.format_to(text) - text)};
    if (!detail::is_digit(written.front()))
        return Error{Errc::bad_argument, Reason::out_of_range, "a year beyond 0000 to 9999"};
    out += '"';
    out += written;
    out += '"';
    return {};
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, Timestamp& time) {
    return detail::read_json_document(text, time);
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_TIMESTAMP_HPP
