// SPDX-License-Identifier: BSL-1.0
// Times and durations as the API writes them, with none of the code of the library that they judge.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_TIME_TEXT_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_TIME_TEXT_HPP

#include <clarify/core/detail/text.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::testing::detail {

using Microseconds = std::chrono::microseconds;
using ServerTime = std::chrono::sys_time<Microseconds>;

/// A duration of months, or of a fixed length. At most one of the two is not zero.
struct IsoDuration {
    std::int64_t months = 0;
    std::chrono::nanoseconds fixed{0};

    bool operator==(const IsoDuration&) const = default;
};

/// Consumes the front of a text piece by piece; a failed step consumes nothing.
class TextCursor {
public:
    explicit TextCursor(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }

    /// Consumes one character of `any`, of which letters are given in upper case.
    std::optional<char> one_of(std::string_view any) {
        if (rest_.empty()) return std::nullopt;
        const char c = rest_.front();
        const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        if (any.find(upper) == std::string_view::npos) return std::nullopt;
        rest_.remove_prefix(1);
        return upper;
    }

    /// Consumes exactly `count` digits.
    std::optional<int> fixed_number(std::size_t count) {
        int value = 0;
        if (rest_.size() < count) return std::nullopt;
        for (const char c : rest_.substr(0, count)) {
            if (!clarify::detail::is_digit(c)) return std::nullopt;
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(count);
        return value;
    }

    /// Consumes all the digits in front, which may be none.
    std::string_view digits() {
        std::size_t count = 0;
        while (count < rest_.size() && clarify::detail::is_digit(rest_[count]))
            ++count;
        const std::string_view result = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return result;
    }

private:
    std::string_view rest_;
};

/// The first `count` digits of a decimal fraction as an integer of that many digits.
inline std::int64_t fraction_value(std::string_view digits, std::size_t count) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
    return value;
}

/// Parses RFC 3339; digits finer than a microsecond are floored. nullopt for anything else.
inline std::optional<ServerTime> parse_time(std::string_view text) {
    using namespace std::chrono;
    TextCursor in{text};
    const auto year = in.fixed_number(4);
    const bool dash1 = in.one_of("-").has_value();
    const auto month = in.fixed_number(2);
    const bool dash2 = in.one_of("-").has_value();
    const auto day = in.fixed_number(2);
    const bool tee = in.one_of("T").has_value();
    const auto hour = in.fixed_number(2);
    const bool colon1 = in.one_of(":").has_value();
    const auto minute = in.fixed_number(2);
    const bool colon2 = in.one_of(":").has_value();
    const auto second = in.fixed_number(2);
    if (!year || !month || !day || !hour || !minute || !second || !dash1 || !dash2 || !tee ||
        !colon1 || !colon2 || *hour > 23 || *minute > 59 || *second > 59) {
        return std::nullopt;
    }
    const year_month_day date(
        std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(*month)),
        std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok()) return std::nullopt;
    std::int64_t micros = 0;
    if (in.one_of(".")) {
        const std::string_view fraction = in.digits();
        if (fraction.empty()) return std::nullopt;
        micros = fraction_value(fraction, 6);
    }
    minutes offset{0};
    const auto zone = in.one_of("Z+-");
    if (zone && *zone != 'Z') {
        const auto offset_hours = in.fixed_number(2);
        const bool colon = in.one_of(":").has_value();
        const auto offset_minutes = in.fixed_number(2);
        if (!offset_hours || !colon || !offset_minutes || *offset_hours > 23 ||
            *offset_minutes > 59) {
            return std::nullopt;
        }
        offset = hours(*offset_hours) + minutes(*offset_minutes);
        offset = *zone == '-' ? -offset : offset;
    }
    if (!zone || !in.at_end()) return std::nullopt;
    return sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second) +
        microseconds(micros) - offset;
}

/// Appends `value` with at least `width` digits.
inline void append_padded(std::string& out, std::int64_t value, std::size_t width) {
    const std::string digits = std::to_string(value);
    out.append(digits.size() < width ? width - digits.size() : 0, '0');
    out += digits;
}

/// Appends `.` and a fraction of `width` digits without its trailing zeros; nothing for zero.
inline void append_fraction(std::string& out, std::int64_t value, std::size_t width) {
    if (value != 0) {
        out.push_back('.');
        append_padded(out, value, width);
        out.erase(out.find_last_not_of('0') + 1);
    }
}

/// RFC 3339 in UTC with `Z` and without trailing zeros in the fraction.
inline std::string format_time(ServerTime time) {
    using namespace std::chrono;
    const auto day_start = floor<days>(time);
    const year_month_day date(day_start);
    const hh_mm_ss<Microseconds> clock(time - day_start);
    std::string out;
    append_padded(out, static_cast<int>(date.year()), 4);
    out.push_back('-');
    append_padded(out, static_cast<unsigned>(date.month()), 2);
    out.push_back('-');
    append_padded(out, static_cast<unsigned>(date.day()), 2);
    out.push_back('T');
    append_padded(out, clock.hours().count(), 2);
    out.push_back(':');
    append_padded(out, clock.minutes().count(), 2);
    out.push_back(':');
    append_padded(out, clock.seconds().count(), 2);
    append_fraction(out, clock.subseconds().count(), 6);
    out.push_back('Z');
    return out;
}

/// Sums products without overflow: nullopt is sticky.
class CheckedSum {
public:
    void add(std::string_view digits, std::int64_t unit) {
        std::int64_t value = 0;
        for (const char c : digits) {
            valid_ = valid_ && value <= (limit - 9) / 10;
            value = valid_ ? value * 10 + (c - '0') : 0;
        }
        valid_ = valid_ && value <= (limit - sum_) / unit;
        sum_ += valid_ ? value * unit : 0;
    }

    std::optional<std::int64_t> get() const {
        return valid_ ? std::optional<std::int64_t>(sum_) : std::nullopt;
    }

private:
    static constexpr std::int64_t limit = (std::numeric_limits<std::int64_t>::max)();

    std::int64_t sum_ = 0;
    bool valid_ = true;
};

/** Parses an ISO 8601 duration of years, months, weeks, days, hours, minutes and seconds.

    Only the seconds may have a fraction; a day is 24 hours. Returns nullopt for anything else, for
    months mixed with a fixed part, and for what does not fit 64 bits of nanoseconds.
*/
inline std::optional<IsoDuration> parse_duration(std::string_view text) {
    constexpr std::int64_t second = 1'000'000'000;
    struct Unit {
        char letter;
        bool is_time;
        bool is_months;
        std::int64_t size;
    };
    constexpr std::array<Unit, 7> units{
        {{'Y', false, true, 12},
         {'M', false, true, 1},
         {'W', false, false, 7 * 86400 * second},
         {'D', false, false, 86400 * second},
         {'H', true, false, 3600 * second},
         {'M', true, false, 60 * second},
         {'S', true, false, second}}};
    TextCursor in{text};
    const bool negative = in.one_of("-").has_value();
    if (!in.one_of("P")) return std::nullopt;
    CheckedSum months;
    CheckedSum fixed;
    bool in_time = false;
    // Units come in their order, each at most once.
    std::size_t next = 0;
    while (!in.at_end()) {
        if (!in_time && in.one_of("T")) {
            in_time = true;
            continue;
        }
        const std::string_view whole = in.digits();
        const bool has_point = in.one_of(".").has_value();
        const std::string_view fraction = has_point ? in.digits() : std::string_view{};
        const auto letter = in.one_of("YMWDHS");
        while (next < units.size() &&
               (units[next].letter != letter || units[next].is_time != in_time)) {
            ++next;
        }
        if (whole.empty() || next == units.size() || (has_point && fraction.empty()) ||
            (has_point && units[next].letter != 'S')) {
            return std::nullopt;
        }
        (units[next].is_months ? months : fixed).add(whole, units[next].size);
        fixed.add(std::to_string(fraction_value(fraction, 9)), 1);
        ++next;
    }
    const auto month_count = months.get();
    const auto nanos = fixed.get();
    if (!month_count || !nanos || (*month_count != 0 && *nanos != 0)) return std::nullopt;
    const std::int64_t sign = negative ? -1 : 1;
    return IsoDuration{sign * *month_count, std::chrono::nanoseconds{sign * *nanos}};
}

/// As `parse_duration`, but years and months are not accepted.
inline std::optional<std::chrono::nanoseconds> parse_fixed_duration(std::string_view text) {
    const std::string_view date_part = text.substr(0, text.find_first_of("Tt"));
    const auto duration = parse_duration(text);
    if (!duration || date_part.find_first_of("YyMm") != std::string_view::npos) return std::nullopt;
    return duration->fixed;
}

/// The server's canonical text: hours are the largest unit (`PT960H`), zero is `PT0S`.
inline std::string format_fixed_duration(std::chrono::nanoseconds duration) {
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t count = duration.count();
    if (count == 0) return "PT0S";
    // The remainders are taken before the sign is dropped, as the smallest value has no positive.
    const auto part = [&](std::int64_t unit, std::int64_t limit) {
        const std::int64_t value = count / unit % limit;
        return value < 0 ? -value : value;
    };
    std::string out = count < 0 ? "-PT" : "PT";
    constexpr std::int64_t unlimited = (std::numeric_limits<std::int64_t>::max)();
    if (const auto hours = part(3600 * second, unlimited); hours != 0)
        out += std::to_string(hours) + "H";
    if (const auto minutes = part(60 * second, 60); minutes != 0)
        out += std::to_string(minutes) + "M";
    const auto seconds = part(second, 60);
    const auto nanos = part(1, second);
    if (seconds != 0 || nanos != 0) {
        out += std::to_string(seconds);
        append_fraction(out, nanos, 9);
        out.push_back('S');
    }
    return out;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_TIME_TEXT_HPP
