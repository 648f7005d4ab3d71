// SPDX-License-Identifier: BSL-1.0
// A moment, as Clarify stores it.

#ifndef CLARIFY_API_TIMESTAMP_HPP
#define CLARIFY_API_TIMESTAMP_HPP

#include <clarify/api/detail/saturate.hpp>
#include <clarify/core/result.hpp>

#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <ratio>
#include <string>
#include <string_view>

namespace clarify {
class Timestamp;
namespace detail {

class JsonReader;
class JsonWriter;
void write_json(JsonWriter& out, Timestamp time);
bool read_json(JsonReader& in, Timestamp& time);

/// As `Timestamp::parse`, for hot paths: `false`, with `microseconds` unspecified, for anything else.
bool read_timestamp(std::string_view text, std::int64_t& microseconds) noexcept;

}  // namespace detail

/** A moment in whole microseconds since 1970-01-01T00:00:00Z, which is the resolution of Clarify.

    @code
    using namespace std::chrono_literals;
    const clarify::Timestamp begin = clarify::Timestamp::parse("2026-11-24T09:30:00+01:00").value();
    const clarify::Timestamp end = begin + 15min;
    @endcode

    Eight bytes, ordered, trivially copyable. It holds any moment of some 292,000 years to either
    side of 1970; arithmetic ends at the smallest and the largest of them instead of overflowing.
    There are no leap seconds, as in Unix time: every day has 86,400 seconds.

    On the wire it is a string as RFC 3339 has it, written in UTC, with up to six decimals; what a
    server sends may have any offset. A default-constructed one is 1970: where "no time" is possible,
    the library uses `std::optional<Timestamp>`.

    `Timestamp` names nothing but a moment: how far samples are apart, how long a bucket is and the like
    are durations, see `FixedDuration` and `CalendarDuration`; what the clocks of a place show is a matter
    of `TimeZone`.

    | made by | from |
    | --- | --- |
    | `Timestamp{time_point}` | a time of `std::chrono::system_clock`, in any whole unit |
    | `Timestamp::from_microseconds(count)` | a count, such as a database or a device has it |
    | `Timestamp::parse(text)` | RFC 3339 |
    | `Timestamp::now()` | the system's clock |

    Times of other clocks do not convert: their zero is elsewhere. A monotonic one, such as the
    `clarify::Clock` of deadlines, has none at all.

    @par Exception safety
    Nothing here throws, but what makes a text or an error message may find no memory for it.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Timestamp {
public:
    /// 1970-01-01T00:00:00Z.
    constexpr Timestamp() noexcept = default;
    /// From a time of the system clock, in any whole unit. What is finer than a microsecond is rounded
    /// towards the past, what is out of range becomes the nearest moment within it. A time that counts
    /// in floating point does not convert: `std::chrono::floor` it first.
    template <class Duration>
    requires std::integral<typename Duration::rep>
    constexpr Timestamp(std::chrono::sys_time<Duration> time) noexcept
        : count_(detail::saturated_count<std::micro>(time.time_since_epoch())) {}
    /// From microseconds since 1970-01-01T00:00:00Z; negative before it. Any value will do here; which
    /// of them can be sent is said at `append_json_text`.
    static constexpr Timestamp from_microseconds(std::int64_t count) noexcept {
        Timestamp time;
        time.count_ = count;
        return time;
    }
    /// What the system's clock shows, which may jump when the clock is set. A client that goes by another
    /// clock (`ClientOptions::clock`) does not change that: there is no time of day on it.
    static Timestamp now() noexcept { return std::chrono::system_clock::now(); }
    /// The earliest moment, in the year -290308: for searching the latest of many. It cannot be sent: see
    /// `append_json_text`.
    static constexpr Timestamp(min)() noexcept { return from_microseconds(INT64_MIN); }
    /// The latest moment, in the year 294247: for searching the earliest of many. It cannot be sent
    /// either.
    static constexpr Timestamp(max)() noexcept { return from_microseconds(INT64_MAX); }

    /** Reads RFC 3339 (section 5.6): a date, `T`, a time with any number of decimals, and `Z` or an offset such as
        `+02:00`. The letters may be lower case.

        Decimals beyond the sixth are rounded towards the past, before 1970 too. A leap second, which
        is 23:59:60 in UTC, becomes the second after it.

        @par Errors
        `Errc::bad_argument` with `Reason::syntax` for anything else, such as a time without an
        offset, a space for the `T`, a day that the month lacks, or a second 60 elsewhere. The text is
        quoted in the message, cut and made printable.
    */
    static Result<Timestamp> parse(std::string_view text);

    /// Microseconds since 1970-01-01T00:00:00Z; negative before it. As a key of a file or a database it
    /// is exact, unlike a text of fewer decimals.
    constexpr std::int64_t microseconds() const noexcept { return count_; }
    /// The same for `<chrono>`, as a time of the system clock: `std::chrono::floor<std::chrono::days>` of
    /// it is its day in UTC, from which `std::chrono::year_month_day` has the date.
    constexpr std::chrono::sys_time<std::chrono::microseconds> time_point() const noexcept {
        return std::chrono::sys_time<std::chrono::microseconds>{std::chrono::microseconds{count_}};
    }

    /// No text of a moment has more bytes, not even that of `min()`.
    static constexpr std::size_t max_text = 32;
    /** RFC 3339 in UTC, without trailing zeros in the fraction: `2026-11-24T09:30:00.25Z`.

        A year outside 0000 to 9999 has a sign and six digits (ISO 8601), which nobody reads back.
    */
    std::string to_string() const;
    /// Writes the same to `out`, which has room for `max_text` bytes, without allocating. Adds no zero
    /// byte.
    /// @return the end of what was written
    char* format_to(char* out) const noexcept;

    /// Earlier ones come first. All six comparisons work, and `Timestamp` is a key of maps and sets.
    constexpr auto operator<=>(const Timestamp&) const noexcept = default;

    /// Moves the moment: `time += 15min`. What is finer than a microsecond is rounded towards the past;
    /// past the ends of the range it stays at the end.
    template <std::integral Rep, class Period>
    constexpr Timestamp& operator+=(std::chrono::duration<Rep, Period> by) noexcept {
        count_ = detail::saturated_sum(count_, detail::saturated_count<std::micro>(by));
        return *this;
    }
    /// The same backwards.
    template <std::integral Rep, class Period>
    constexpr Timestamp& operator-=(std::chrono::duration<Rep, Period> by) noexcept {
        return *this += -by;
    }
    /// The moment that is later by a duration; at the ends of the range as `+=`.
    template <std::integral Rep, class Period>
    friend constexpr Timestamp operator+(
        Timestamp time, std::chrono::duration<Rep, Period> by) noexcept {
        return time += by;
    }
    /// The moment that is earlier by a duration, likewise.
    template <std::integral Rep, class Period>
    friend constexpr Timestamp operator-(
        Timestamp time, std::chrono::duration<Rep, Period> by) noexcept {
        return time -= by;
    }
    /// The time from `b` to `a`, negative where `a` is earlier; the nearest that 64 bits hold. For people,
    /// or for a bucket, make it a coarser one: `std::chrono::floor<std::chrono::minutes>(a - b)`.
    friend constexpr std::chrono::microseconds operator-(Timestamp a, Timestamp b) noexcept {
        return std::chrono::microseconds{detail::saturated_difference(a.count_, b.count_)};
    }
    /// Writes what `to_string` returns, whatever the locale of the stream is.
    template <class Char, class Traits>
    friend std::basic_ostream<Char, Traits>& operator<<(
        std::basic_ostream<Char, Traits>& out, Timestamp time) {
        return out << time.to_string();
    }

private:
    std::int64_t count_ = 0;
};

/** Writes a JSON string: what `to_string` returns, in quotes, at the end of `out`.

    With `read_json_text` it makes a moment a type that every codec takes, as `params`, as a result, and
    with the shipped codecs in containers and structs too.

    @par Errors
    `Errc::bad_argument` with `Reason::out_of_range` for a year beyond 0000 to 9999, which RFC 3339
    cannot express; `out` is then as it was.
*/
Result<void> append_json_text(std::string& out, Timestamp time);
/** Reads a JSON string as `Timestamp::parse` does.

    @par Errors
    `Errc::decode` with `Reason::mismatch` for anything else; `time` is then left alone.
*/
Result<void> read_json_text(std::string_view text, Timestamp& time);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/timestamp.hpp>
#endif

#endif  // CLARIFY_API_TIMESTAMP_HPP
