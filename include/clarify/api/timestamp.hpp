// SPDX-License-Identifier: BSL-1.0
// A moment, as Clarify stores it.

#ifndef CLARIFY_API_TIMESTAMP_HPP
#define CLARIFY_API_TIMESTAMP_HPP

#include <clarify/core/result.hpp>

#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <string>
#include <string_view>

namespace clarify {
namespace detail {

/// A duration in whole microseconds, rounded towards the past; the nearest that 64 bits hold.
template <std::integral Rep, class Period>
constexpr std::int64_t saturated_microseconds(std::chrono::duration<Rep, Period> given) noexcept;
/// The sum, or the nearest that 64 bits hold.
constexpr std::int64_t saturated_sum(std::int64_t a, std::int64_t b) noexcept;

/// As `Timestamp::parse`, for hot paths: `false`, with `microseconds` unspecified, for anything else.
bool read_timestamp(std::string_view text, std::int64_t& microseconds) noexcept;

}  // namespace detail

/** A moment in whole microseconds since 1970-01-01T00:00:00Z, which is the resolution of Clarify.

    Eight bytes, ordered, trivially copyable. On the wire it is text as RFC 3339 has it, in UTC.
    Arithmetic ends at the smallest and the largest value instead of overflowing.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Timestamp {
public:
    /// 1970-01-01T00:00:00Z.
    constexpr Timestamp() noexcept = default;
    /// From a time of the system clock; what is finer than a microsecond is rounded towards the
    /// past.
    template <class Duration>
    requires std::integral<typename Duration::rep>
    constexpr Timestamp(std::chrono::sys_time<Duration> time) noexcept
        : count_(detail::saturated_microseconds(time.time_since_epoch())) {}
    static constexpr Timestamp from_microseconds(std::int64_t count) noexcept;
    /// The time of the system clock.
    static Timestamp now() noexcept { return std::chrono::system_clock::now(); }
    static constexpr Timestamp min() noexcept;
    static constexpr Timestamp max() noexcept;

    /** Reads RFC 3339: a date, `T`, a time with any number of decimals, and `Z` or an offset such as
        `+02:00`. Decimals beyond the sixth are rounded towards the past, before 1970 too.

        @par Errors
        `Errc::bad_argument` with `Reason::syntax` for anything else, such as a time without an
        offset, a space for the `T`, a day that the month lacks, or the second 60.
    */
    static Result<Timestamp> parse(std::string_view text);

    /// Microseconds since 1970-01-01T00:00:00Z.
    constexpr std::int64_t microseconds() const noexcept { return count_; }
    constexpr std::chrono::sys_time<std::chrono::microseconds> time_point() const noexcept {
        return std::chrono::sys_time<std::chrono::microseconds>{std::chrono::microseconds{count_}};
    }

    /// The longest text of a moment, in bytes.
    static constexpr std::size_t max_text = 32;
    /** RFC 3339 in UTC, without trailing zeros in the fraction: `2026-11-24T09:30:00.25Z`.

        A year outside 0000 to 9999 has a sign and six digits (ISO 8601), which nobody reads back.
    */
    std::string to_string() const;
    /// Writes the same to `out`, which has room for `max_text` bytes; no zero byte. Returns the end.
    char* format_to(char* out) const noexcept;

    constexpr auto operator<=>(const Timestamp&) const noexcept = default;

    template <std::integral Rep, class Period>
    constexpr Timestamp& operator+=(std::chrono::duration<Rep, Period> by) noexcept {
        count_ = detail::saturated_sum(count_, detail::saturated_microseconds(by));
        return *this;
    }
    template <std::integral Rep, class Period>
    constexpr Timestamp& operator-=(std::chrono::duration<Rep, Period> by) noexcept {
        return *this += -by;
    }
    template <std::integral Rep, class Period>
    friend constexpr Timestamp operator+(
        Timestamp time, std::chrono::duration<Rep, Period> by) noexcept {
        return time += by;
    }
    template <std::integral Rep, class Period>
    friend constexpr Timestamp operator-(
        Timestamp time, std::chrono::duration<Rep, Period> by) noexcept {
        return time -= by;
    }
    /// The time from `b` to `a`.
    friend constexpr std::chrono::microseconds operator-(Timestamp a, Timestamp b) noexcept;
    /// Writes what `to_string` returns.
    template <class Char, class Traits>
    friend std::basic_ostream<Char, Traits>& operator<<(
        std::basic_ostream<Char, Traits>& out, Timestamp time) {
        return out << time.to_string();
    }

private:
    std::int64_t count_ = 0;
};

/// Writes a JSON string. `Errc::bad_argument` with `Reason::out_of_range` for a year that RFC 3339
/// cannot express.
Result<void> append_json_text(std::string& out, Timestamp time);
/// Reads a JSON string in RFC 3339. `Errc::decode` for anything else.
Result<void> read_json_text(std::string_view text, Timestamp& time);

namespace detail {
class JsonInput;
class JsonOutput;
}  // namespace detail
// For the types that have timestamps.
void write_json(detail::JsonOutput& out, Timestamp time);
bool read_json(detail::JsonInput& in, Timestamp& time);

}  // namespace clarify

#include <clarify/api/impl/timestamp.hpp>

#endif  // CLARIFY_API_TIMESTAMP_HPP
