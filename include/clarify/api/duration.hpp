// SPDX-License-Identifier: BSL-1.0
// Lengths of time: fixed ones, and those of a calendar.

#ifndef CLARIFY_API_DURATION_HPP
#define CLARIFY_API_DURATION_HPP

#include <clarify/api/detail/saturate.hpp>
#include <clarify/core/result.hpp>

#include <chrono>
#include <compare>
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <ratio>
#include <string>
#include <string_view>

namespace clarify {
class FixedDuration;
class CalendarDuration;
namespace detail {

class JsonReader;
class JsonWriter;
void write_json(JsonWriter& out, FixedDuration duration);
void write_json(JsonWriter& out, CalendarDuration duration);
bool read_json(JsonReader& in, FixedDuration& duration);
bool read_json(JsonReader& in, CalendarDuration& duration);

}  // namespace detail

/** A length of time that is the same everywhere: a sample interval, the gap that is still a line.

    Eight bytes, in nanoseconds, positive or negative. Made from any duration of `<chrono>` that
    counts whole units: `FixedDuration{15min}`. What 64 bits of nanoseconds (292 years) do not hold
    becomes the nearest value that they do; what is finer than a nanosecond is rounded down.

    On the wire it is an ISO 8601 text, of which Clarify takes weeks, days, hours, minutes and seconds:

    | text | length | text | length |
    | --- | --- | --- | --- |
    | `PT0.001S` | 1 ms | `P4D` | 96 h |
    | `PT15M` | 15 min | `P1W` | 168 h |
    | `PT1M30S` | 90 s | `-PT2H` | 2 h backwards |

    Zero is an ordinary value here. For the attributes of signals and items Clarify takes it for "not
    set" (servers answer `PT0S` there), so reading such an attribute gives none.

    @code
    using namespace std::chrono_literals;
    save.sample_interval = clarify::FixedDuration{15min};
    save.gap_detection = clarify::FixedDuration::parse("PT2H30M").value();
    const auto minutes = std::chrono::floor<std::chrono::minutes>(save.gap_detection->value());
    @endcode

    @par Exception safety
    Nothing here throws, but what makes a text or an error message may find no memory for it.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class FixedDuration {
public:
    /// Zero.
    constexpr FixedDuration() noexcept = default;
    /// From a length in any whole unit, as said above. Durations that count in floating point do not
    /// convert: cast them first.
    template <std::integral Rep, class Period>
    constexpr FixedDuration(std::chrono::duration<Rep, Period> given) noexcept
        : value_(detail::saturated_count<std::nano>(given)) {}

    /** Reads an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as `P1DT30M` or
        `-PT0.001S`. Letters may be lower case, only seconds may have decimals, a day is 24 hours,
        a `T` with nothing behind it is allowed. Decimals beyond the ninth are dropped.

        @par Errors
        `Errc::bad_argument`: `Reason::syntax` for anything else, years and months among it,
        `Reason::out_of_range` for what 64 bits of nanoseconds do not hold. The text is quoted in the
        message, cut and made printable.
    */
    static Result<FixedDuration> parse(std::string_view text);

    /// In nanoseconds, for `<chrono>`.
    constexpr std::chrono::nanoseconds value() const noexcept { return value_; }
    /// The text that Clarify itself makes: the largest unit is the hour (`PT960H` for 40 days), the
    /// decimals of seconds end with no zero, zero is `PT0S`, and a negative one begins with `-`. `parse`
    /// reads it back as the same.
    std::string to_string() const;

    /// Shorter ones come first, negative ones before zero.
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
    has daylight saving: a day (`P1D`) then lasts 23 to 25 hours, and `PT24H` does not. Two are equal
    only if they are of the same kind: `days(1)` is not `24h`.

    It may be zero or negative here; a rollup has to be positive (`is_positive`). There is no order, since
    no calendar is at hand: whether `P1M` is longer than `P30D` depends on the month. `shortest` is what
    limits go by.

    | text | made by | is |
    | --- | --- | --- |
    | `PT15M` | `CalendarDuration{15min}` | a fixed length |
    | `P1D`, `P1W` | `days(1)`, `weeks(1)` | days of the calendar |
    | `P1M`, `P1Y` | `months(1)`, `years(1)` | months of the calendar |

    @code
    query.rollup = clarify::CalendarDuration::months(1);  // from the first of a month to the next
    query.time_zone = "Europe/Oslo";                      // of the clocks there
    @endcode

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class CalendarDuration {
public:
    /// A fixed length, which no calendar changes.
    constexpr CalendarDuration(FixedDuration fixed) noexcept : fixed_(fixed.value()) {}
    /// The same from `<chrono>`. Its `days`, `weeks`, `months` and `years` are fixed lengths too (of 24
    /// hours, and of fractions of an average year): for those of the calendar there are the functions
    /// below.
    template <std::integral Rep, class Period>
    constexpr CalendarDuration(std::chrono::duration<Rep, Period> fixed) noexcept
        : CalendarDuration(FixedDuration{fixed}) {}
    /// So many times twelve months, which any 32 bits hold.
    static constexpr CalendarDuration years(std::int32_t count) noexcept {
        return months(count * std::int64_t{12});
    }
    /// Months of the calendar: from a day to the same one of another month.
    static constexpr CalendarDuration months(std::int64_t count) noexcept { return {count, 0}; }
    /// So many times seven days.
    static constexpr CalendarDuration weeks(std::int32_t count) noexcept {
        return days(count * std::int64_t{7});
    }
    /// Days of the calendar: from midnight to midnight of a time zone.
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
    /// A fixed length, or zero where it is made of something else. Three zeros are a zero of any kind.
    constexpr FixedDuration fixed() const noexcept { return fixed_; }
    /// Months count as 28 days, each twelve of them as 365, and days as 24 hours: how the API
    /// measures a bucket where it limits how many there may be.
    constexpr FixedDuration shortest() const noexcept {
        if (months_ != 0) return std::chrono::seconds{detail::shortest_months(months_)};
        if (days_ != 0) return std::chrono::duration<std::int64_t, std::ratio<86'400>>{days_};
        return fixed_;
    }
    /// Longer than nothing?
    constexpr bool is_positive() const noexcept {
        return months_ > 0 || days_ > 0 || fixed_ > std::chrono::nanoseconds{0};
    }

    /// `P2Y3M`, `P7D`, `PT1H30M`: what `parse` reads back as the same, unless it is zero (`PT0S`).
    std::string to_string() const;

    /// The same kind and the same length of it; three zeros are equal, whatever they were made of.
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

/** Writes a JSON string: what `to_string` returns.

    Does not fail, and takes zero and negative lengths as well; what a request may have is checked with
    the request.
*/
Result<void> append_json_text(std::string& out, FixedDuration duration);
Result<void> append_json_text(std::string& out, CalendarDuration duration);
/** Reads what `parse` reads, as a JSON string.

    @par Errors
    `Errc::decode` for anything else; `duration` is then left alone.
*/
Result<void> read_json_text(std::string_view text, FixedDuration& duration);
Result<void> read_json_text(std::string_view text, CalendarDuration& duration);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/duration.hpp>
#endif

#endif  // CLARIFY_API_DURATION_HPP
