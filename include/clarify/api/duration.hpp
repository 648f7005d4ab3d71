// SPDX-License-Identifier: BSL-1.0
// Lengths of time: fixed ones, and those of a calendar.

#ifndef CLARIFY_API_DURATION_HPP
#define CLARIFY_API_DURATION_HPP

#include <clarify/core/result.hpp>

#include <chrono>
#include <compare>
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace clarify {
namespace detail {
class JsonInput;
class JsonOutput;

/// A duration in whole nanoseconds, rounded towards minus infinity; the nearest that 64 bits hold.
template <std::integral Rep, class Period>
constexpr std::chrono::nanoseconds saturated_nanoseconds(
    std::chrono::duration<Rep, Period> given) noexcept;
}  // namespace detail

/** A length of time that is the same everywhere: a sample interval, the gap that is still a line.

    Eight bytes, in nanoseconds. Made from any duration of `<chrono>`: `FixedDuration{15min}`. What 64
    bits of nanoseconds (292 years) do not hold becomes the nearest value that they do.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class FixedDuration {
public:
    /// Zero.
    constexpr FixedDuration() noexcept = default;
    template <std::integral Rep, class Period>
    constexpr FixedDuration(std::chrono::duration<Rep, Period> given) noexcept
        : value_(detail::saturated_nanoseconds(given)) {}

    /** Reads an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as `P1DT30M` or
        `-PT0.001S`. Letters may be lower case, only seconds may have decimals, a day is 24 hours,
        a `T` with nothing behind it is allowed. Decimals beyond the ninth are dropped.

        @par Errors
        `Errc::bad_argument`: `Reason::syntax` for anything else, years and months among it,
        `Reason::out_of_range` for what 64 bits of nanoseconds do not hold.
    */
    static Result<FixedDuration> parse(std::string_view text);

    constexpr std::chrono::nanoseconds value() const noexcept { return value_; }
    /// The text that Clarify itself makes: the largest unit is the hour (`PT960H`), zero is `PT0S`.
    std::string to_string() const;

    constexpr auto operator<=>(const FixedDuration&) const noexcept = default;
    /// Writes what `to_string` returns.
    template <class Char, class Traits>
    friend std::basic_ostream<Char, Traits>& operator<<(
        std::basic_ostream<Char, Traits>& out, FixedDuration duration) {
        return out << duration.to_string();
    }

private:
    std::chrono::nanoseconds value_{0};
};

/** A length of time that may depend on the calendar: the width of a rollup's buckets.

    One of three: months (a year has twelve), days, or a fixed length. They differ where a time zone
    has daylight saving: a day (`P1D`) then lasts 23 to 25 hours, and `PT24H` does not.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class CalendarDuration {
public:
    /// A fixed length.
    constexpr CalendarDuration(FixedDuration fixed) noexcept : fixed_(fixed.value()) {}
    template <std::integral Rep, class Period>
    constexpr CalendarDuration(std::chrono::duration<Rep, Period> fixed) noexcept
        : CalendarDuration(FixedDuration{fixed}) {}
    static constexpr CalendarDuration years(std::int32_t count) noexcept {
        return months(count * std::int64_t{12});
    }
    static constexpr CalendarDuration months(std::int64_t count) noexcept { return {count, 0}; }
    static constexpr CalendarDuration weeks(std::int32_t count) noexcept {
        return days(count * std::int64_t{7});
    }
    static constexpr CalendarDuration days(std::int64_t count) noexcept { return {0, count}; }

    /** Reads an ISO 8601 duration of years and months (`P1Y6M`), of weeks and days (`P1W`), or of
        hours, minutes and seconds (`PT15M`). Days with a time (`P1DT12H`) are a fixed length, of 24
        hours a day. Otherwise as `FixedDuration::parse`.

        @par Errors
        `Errc::bad_argument`: `Reason::syntax` for anything else, months with a fixed part among it;
        `Reason::out_of_range` for zero, and for what is too large.
    */
    static Result<CalendarDuration> parse(std::string_view text);

    /// Whole months, or 0 where it is made of something else.
    constexpr std::int64_t months() const noexcept { return months_; }
    /// Days of the calendar, or 0 where it is made of something else.
    constexpr std::int64_t days() const noexcept { return days_; }
    /// A fixed length, or zero where it is made of something else.
    constexpr FixedDuration fixed() const noexcept { return fixed_; }
    /// Months count as 28 days, each twelve of them as 365, and days as 24 hours: how the API
    /// measures a bucket where it limits how many there may be.
    constexpr FixedDuration shortest() const noexcept;
    constexpr bool is_positive() const noexcept {
        return months_ > 0 || days_ > 0 || fixed_ > std::chrono::nanoseconds{0};
    }

    /// `P2Y3M`, `P7D`, `PT1H30M`: what `parse` reads back as the same.
    std::string to_string() const;

    friend constexpr bool operator==(const CalendarDuration&, const CalendarDuration&) noexcept =
        default;
    /// Writes what `to_string` returns.
    template <class Char, class Traits>
    friend std::basic_ostream<Char, Traits>& operator<<(
        std::basic_ostream<Char, Traits>& out, CalendarDuration duration) {
        return out << duration.to_string();
    }

private:
    constexpr CalendarDuration(std::int64_t months, std::int64_t days) noexcept
        : months_(months), days_(days) {}

    std::int64_t months_ = 0;
    std::int64_t days_ = 0;
    std::chrono::nanoseconds fixed_{0};
};

/// Writes a JSON string.
Result<void> append_json_text(std::string& out, FixedDuration duration);
Result<void> append_json_text(std::string& out, CalendarDuration duration);
/// Reads what `parse` reads, as a JSON string. `Errc::decode` for anything else.
Result<void> read_json_text(std::string_view text, FixedDuration& duration);
Result<void> read_json_text(std::string_view text, CalendarDuration& duration);

// For the types that have durations.
void write_json(detail::JsonOutput& out, FixedDuration duration);
void write_json(detail::JsonOutput& out, CalendarDuration duration);
bool read_json(detail::JsonInput& in, FixedDuration& duration);
bool read_json(detail::JsonInput& in, CalendarDuration& duration);

}  // namespace clarify

#include <clarify/api/impl/duration.hpp>

#endif  // CLARIFY_API_DURATION_HPP
