// SPDX-License-Identifier: BSL-1.0
// Lengths of time as text: ISO 8601, read and written.

#ifndef CLARIFY_API_IMPL_DURATION_HPP
#define CLARIFY_API_IMPL_DURATION_HPP

#include <clarify/api/detail/saturate.hpp>
#include <clarify/api/duration.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_reader.hpp>
#include <clarify/core/detail/json_writer.hpp>
#include <clarify/core/detail/text.hpp>

#include <cstddef>
#include <limits>

namespace clarify {
namespace detail {

/// The components of an ISO 8601 duration.
struct DurationParts {
    bool negative = false;
    bool has_months = false;
    bool has_days = false;
    bool has_time = false;
    std::uint64_t months = 0;
    std::uint64_t days = 0;
    /// Nanoseconds, without the days.
    std::uint64_t time = 0;
};

/// Adds up components of a duration from its text, from left to right.
class DurationReader {
public:
    explicit DurationReader(std::string_view text) noexcept : rest_(text) {}

    /// `Reason::none`, or what is wrong.
    Reason read(DurationParts& parts) noexcept {
        parts.negative = take('-');
        if (!take('P')) return Reason::syntax;
        while (!rest_.empty() && reason_ == Reason::none) {
            if (!in_time_ && take('T')) {
                in_time_ = true;
            } else {
                component(parts);
            }
        }
        return reason_;
    }

private:
    bool take(char letter) noexcept {
        if (rest_.empty() || to_lower(rest_.front()) != to_lower(letter)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void fail(Reason reason) noexcept {
        if (reason_ == Reason::none) reason_ = reason;
    }

    /// Adds the number that the digits at the front spell, times `unit`.
    void add(std::uint64_t& sum, std::uint64_t number, std::uint64_t unit) noexcept {
        if (!add_product(sum, number, unit)) fail(Reason::out_of_range);
    }

    /// Reads digits. `count` counts them; decimals beyond the ninth are dropped.
    std::uint64_t digits(std::size_t& count, bool decimals) noexcept {
        std::uint64_t value = 0;
        for (count = 0; !rest_.empty() && is_digit(rest_.front()); ++count) {
            const auto digit = static_cast<std::uint64_t>(rest_.front() - '0');
            rest_.remove_prefix(1);
            if (decimals && count >= 9) continue;
            std::uint64_t next = digit;
            if (!add_product(next, value, 10)) fail(Reason::out_of_range);
            value = next;
        }
        for (std::size_t i = count; decimals && i < 9; ++i)
            value *= 10;
        return value;
    }

    void component(DurationParts& parts) noexcept {
        std::size_t count = 0;
        std::size_t places = 0;
        std::uint64_t fraction = 0;
        const std::uint64_t number = digits(count, false);
        const bool has_point = take('.');
        if (has_point) fraction = digits(places, true);
        constexpr std::string_view letters = "ymwdhms";
        const std::size_t from = in_time_ ? 4 : 0;
        const std::size_t until = in_time_ ? 7 : 4;
        std::size_t unit = from > next_ ? from : next_;
        while (!rest_.empty() && unit < until && to_lower(rest_.front()) != letters[unit])
            ++unit;
        if (count == 0 || rest_.empty() || unit >= until || (has_point && places == 0) ||
            (has_point && unit != 6)) {
            return fail(Reason::syntax);
        }
        rest_.remove_prefix(1);
        next_ = unit + 1;
        constexpr std::uint64_t second = 1'000'000'000;
        switch (unit) {
            case 0:
                parts.has_months = true;
                return add(parts.months, number, 12);
            case 1:
                parts.has_months = true;
                return add(parts.months, number, 1);
            case 2:
                parts.has_days = true;
                return add(parts.days, number, 7);
            case 3:
                parts.has_days = true;
                return add(parts.days, number, 1);
            case 4:
                parts.has_time = true;
                return add(parts.time, number, 3600 * second);
            case 5:
                parts.has_time = true;
                return add(parts.time, number, 60 * second);
            default:
                break;
        }
        parts.has_time = true;
        add(parts.time, number, second);
        add(parts.time, fraction, 1);
    }

    std::string_view rest_;
    bool in_time_ = false;
    /// Units come in their order, each at most once: the first that may come next.
    std::size_t next_ = 0;
    Reason reason_ = Reason::none;
};

/// Days and time in nanoseconds, with their sign.
inline Reason fixed_length(DurationParts parts, std::int64_t& out) noexcept {
    std::uint64_t total = parts.time;
    if (!add_product(total, parts.days, 86'400'000'000'000)) return Reason::out_of_range;
    constexpr auto largest = static_cast<std::uint64_t>((std::numeric_limits<std::int64_t>::max)());
    if (total > largest + (parts.negative ? 1 : 0)) return Reason::out_of_range;
    // The negation of unsigned values wraps to the representation of the smallest value, too.
    out = static_cast<std::int64_t>(parts.negative ? ~total + 1 : total);
    return Reason::none;
}

inline bool signed_count(std::uint64_t magnitude, bool negative, std::int64_t& out) noexcept {
    if (magnitude > static_cast<std::uint64_t>((std::numeric_limits<std::int64_t>::max)()))
        return false;
    out = negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
    return true;
}

inline Error duration_error(Reason reason, std::string_view text) {
    const bool wrong = reason == Reason::syntax;
    return Error{
        Errc::bad_argument,
        reason,
        (wrong ? "not an ISO 8601 duration of the expected kind: "
               : "a duration that is zero or too long: ") +
            printable(text, 48)};
}

}  // namespace detail

CLARIFY_DECL Result<FixedDuration> FixedDuration::parse(std::string_view text) {
    detail::DurationParts parts;
    std::int64_t count = 0;
    Reason reason = detail::DurationReader{text}.read(parts);
    if (reason == Reason::none && parts.has_months) reason = Reason::syntax;
    if (reason == Reason::none) reason = detail::fixed_length(parts, count);
    if (reason != Reason::none) return detail::duration_error(reason, text);
    return FixedDuration{std::chrono::nanoseconds{count}};
}

CLARIFY_DECL std::string FixedDuration::to_string() const {
    const std::int64_t count = value_.count();
    if (count == 0) return "PT0S";
    constexpr std::uint64_t second = 1'000'000'000;
    std::uint64_t rest = static_cast<std::uint64_t>(count);
    if (count < 0) rest = ~rest + 1;
    std::string out = count < 0 ? "-PT" : "PT";
    if (const std::uint64_t hours = rest / (3600 * second); hours != 0)
        out += std::to_string(hours) + 'H';
    rest %= 3600 * second;
    if (const std::uint64_t minutes = rest / (60 * second); minutes != 0)
        out += std::to_string(minutes) + 'M';
    rest %= 60 * second;
    if (rest == 0) return out;
    out += std::to_string(rest / second);
    if (std::uint64_t fraction = rest % second; fraction != 0) {
        std::size_t places = 9;
        for (; fraction % 10 == 0; fraction /= 10)
            --places;
        const std::string digits = std::to_string(fraction);
        out += '.';
        out.append(places - digits.size(), '0');
        out += digits;
    }
    return out += 'S';
}

CLARIFY_DECL Result<CalendarDuration> CalendarDuration::parse(std::string_view text) {
    detail::DurationParts parts;
    std::int64_t count = 0;
    Reason reason = detail::DurationReader{text}.read(parts);
    const bool is_fixed = parts.days != 0 || parts.time != 0;
    if (reason == Reason::none && parts.months != 0 && is_fixed) reason = Reason::syntax;
    if (reason != Reason::none) return detail::duration_error(reason, text);
    if (parts.months != 0) {
        if (!detail::signed_count(parts.months, parts.negative, count))
            return detail::duration_error(Reason::out_of_range, text);
        return months(count);
    }
    // Also bounds a count of days by what may be measured.
    reason = is_fixed ? detail::fixed_length(parts, count) : Reason::out_of_range;
    if (reason != Reason::none) return detail::duration_error(reason, text);
    if (parts.days == 0 || parts.time != 0)
        return CalendarDuration{std::chrono::nanoseconds{count}};
    detail::signed_count(parts.days, parts.negative, count);
    return days(count);
}

CLARIFY_DECL std::string CalendarDuration::to_string() const {
    if (months_ == 0 && days_ == 0) return fixed().to_string();
    const std::int64_t count = months_ != 0 ? months_ : days_;
    std::uint64_t magnitude = static_cast<std::uint64_t>(count);
    if (count < 0) magnitude = ~magnitude + 1;
    std::string out = count < 0 ? "-P" : "P";
    if (months_ == 0) return out += std::to_string(magnitude) + 'D';
    if (magnitude >= 12) out += std::to_string(magnitude / 12) + 'Y';
    if (magnitude % 12 != 0) out += std::to_string(magnitude % 12) + 'M';
    return out;
}

CLARIFY_DECL void detail::write_json(JsonWriter& out, FixedDuration duration) {
    out.string(duration.to_string());
}

CLARIFY_DECL void detail::write_json(JsonWriter& out, CalendarDuration duration) {
    out.string(duration.to_string());
}

namespace detail {

template <class Duration>
bool read_duration(JsonReader& in, Duration& duration) {
    std::string text;
    if (!in.string(text)) return false;
    const Result<Duration> parsed = Duration::parse(text);
    if (!parsed) return in.fail(Reason::mismatch, "expected an ISO 8601 duration");
    duration = *parsed;
    return true;
}

}  // namespace detail

CLARIFY_DECL bool detail::read_json(JsonReader& in, FixedDuration& duration) {
    return read_duration(in, duration);
}

CLARIFY_DECL bool detail::read_json(JsonReader& in, CalendarDuration& duration) {
    return read_duration(in, duration);
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, FixedDuration duration) {
    return detail::append_json_document(out, duration);
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, CalendarDuration duration) {
    return detail::append_json_document(out, duration);
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, FixedDuration& duration) {
    return detail::read_json_document(text, duration);
}

CLARIFY_DECL Result<void> read_json_text(std::string_view text, CalendarDuration& duration) {
    const auto read = [](detail::JsonReader& in, CalendarDuration& value) {
        return read_json(in, value);
    };
    return detail::read_json_document(text, duration, read, CalendarDuration{FixedDuration{}});
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_DURATION_HPP
