// SPDX-License-Identifier: BSL-1.0
// Reads RFC 3339 and its relatives, counts since 1970, and patterns.

#include "csv_time.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>

namespace clarify_cli {
namespace {

constexpr std::int64_t million = 1'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The parts of a time, as they are read.
struct Parts {
    int year = 1970;
    int month = 1;
    int day = 1;
    std::optional<int> day_of_year;
    int hour = 0;
    int minute = 0;
    int second = 0;
    std::int64_t microseconds = 0;
    /// `AM` is 0 and `PM` is 12.
    std::optional<int> half;
    /// East of Greenwich.
    std::optional<int> offset_minutes;
};

/// Reads a text from its front.
class Scan {
public:
    explicit Scan(std::string_view text) : rest_(text) {}

    bool ended() const { return rest_.empty(); }
    char front() const { return rest_.empty() ? '\0' : rest_.front(); }
    bool skip(char c) {
        if (front() != c || rest_.empty()) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void skip_blanks() {
        while (front() == ' ' || front() == '\t')
            rest_.remove_prefix(1);
    }
    /// A number of `least` to `most` digits.
    std::optional<int> number(std::size_t least, std::size_t most) {
        int value = 0;
        std::size_t count = 0;
        for (; count != most && is_digit(front()); ++count) {
            value = value * 10 + (front() - '0');
            rest_.remove_prefix(1);
        }
        if (count < least) return std::nullopt;
        return value;
    }
    /// Decimals as microseconds, cut off behind the sixth; none where there is no digit.
    std::optional<std::int64_t> decimals() {
        if (!is_digit(front())) return std::nullopt;
        std::int64_t value = 0;
        std::int64_t unit = million / 10;
        for (; is_digit(front()); rest_.remove_prefix(1), unit /= 10)
            value += unit * (front() - '0');
        return value;
    }
    /// `Z`, `+02:00`, `+0200` or `+02`, in minutes.
    std::optional<int> offset() {
        if (skip('Z') || skip('z')) return 0;
        const bool west = front() == '-';
        if (!skip('+') && !skip('-')) return std::nullopt;
        const auto hours = number(2, 2);
        if (!hours || *hours > 23) return std::nullopt;
        std::optional<int> minutes = 0;
        if (skip(':') || is_digit(front())) minutes = number(2, 2);
        if (!minutes || *minutes > 59) return std::nullopt;
        return (*hours * 60 + *minutes) * (west ? -1 : 1);
    }
    /// One of the names, which may be cut to three letters; its place, from 0.
    template <std::size_t N>
    std::optional<int> name(const std::array<std::string_view, N>& names) {
        for (std::size_t i = 0; i != N; ++i) {
            for (const std::size_t size :
                 {names[i].size(), std::min<std::size_t>(3, names[i].size())}) {
                const std::string_view wanted = names[i].substr(0, size);
                const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
                if (rest_.size() < size ||
                    !std::equal(wanted.begin(), wanted.end(), rest_.begin(), same)) {
                    continue;
                }
                rest_.remove_prefix(size);
                return static_cast<int>(i);
            }
        }
        return std::nullopt;
    }
    void skip_letters() {
        const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
        while (is_letter(front()))
            rest_.remove_prefix(1);
    }

private:
    std::string_view rest_;
};

/// Sets `to`; false where there is nothing to set it to.
template <class To>
bool put(To& to, const auto& from) {
    if (from) to = *from;
    return from.has_value();
}

/// `12:30`, `12:30:00` or `12:30:00.5`; the decimals after a point or a comma.
bool read_clock(Scan& scan, Parts& parts) {
    if (!put(parts.hour, scan.number(2, 2)) || !scan.skip(':') ||
        !put(parts.minute, scan.number(2, 2))) {
        return false;
    }
    if (!scan.skip(':')) return true;
    if (!put(parts.second, scan.number(2, 2))) return false;
    if (!scan.skip('.') && !scan.skip(',')) return true;
    return put(parts.microseconds, scan.decimals());
}

bool read_date(Scan& scan, Parts& parts) {
    return put(parts.year, scan.number(4, 4)) && scan.skip('-') &&
        put(parts.month, scan.number(2, 2)) && scan.skip('-') && put(parts.day, scan.number(2, 2));
}

bool read_iso(Scan& scan, Parts& parts) {
    if (!read_date(scan, parts)) return false;
    if (scan.ended()) return true;
    if (!scan.skip('T') && !scan.skip('t') && !scan.skip(' ')) return false;
    if (!read_clock(scan, parts)) return false;
    scan.skip_blanks();
    return scan.ended() || put(parts.offset_minutes, scan.offset());
}

constexpr std::array<std::string_view, 12> months{
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December"};
constexpr std::array<std::string_view, 2> halves{"AM", "PM"};

/// What stands for one conversion of a pattern.
bool read_conversion(Scan& scan, char conversion, Parts& parts) {
    switch (conversion) {
        case 'Y':
            return put(parts.year, scan.number(4, 4));
        case 'y': {
            // As POSIX has it: 69 to 99 are of the last century.
            const auto year = scan.number(2, 2);
            if (year) parts.year = *year + (*year < 69 ? 2000 : 1900);
            return year.has_value();
        }
        case 'm':
            return put(parts.month, scan.number(1, 2));
        case 'd':
            scan.skip_blanks();
            return put(parts.day, scan.number(1, 2));
        case 'j':
            return put(parts.day_of_year, scan.number(1, 3));
        case 'H':
        case 'I':
            return put(parts.hour, scan.number(1, 2));
        case 'M':
            return put(parts.minute, scan.number(1, 2));
        case 'S':
            if (!put(parts.second, scan.number(1, 2))) return false;
            return (!scan.skip('.') && !scan.skip(',')) || put(parts.microseconds, scan.decimals());
        case 'f':
            return put(parts.microseconds, scan.decimals());
        case 'p': {
            const auto half = scan.name(halves);
            if (half) parts.half = *half * 12;
            return half.has_value();
        }
        case 'b':
        case 'B': {
            const auto month = scan.name(months);
            if (month) parts.month = *month + 1;
            return month.has_value();
        }
        case 'z':
            return put(parts.offset_minutes, scan.offset());
        case 'Z':
            scan.skip_letters();
            return true;
        case 'T':
            return read_clock(scan, parts);
        case 'F':
            return read_date(scan, parts);
        case 'D':
            return read_conversion(scan, 'm', parts) && scan.skip('/') &&
                read_conversion(scan, 'd', parts) && scan.skip('/') &&
                read_conversion(scan, 'y', parts);
        case '%':
            return scan.skip('%');
        default:
            return false;
    }
}

bool read_pattern(Scan& scan, std::string_view pattern, Parts& parts) {
    for (std::size_t i = 0; i != pattern.size(); ++i) {
        if (pattern[i] == '%') {
            if (!read_conversion(scan, pattern[++i], parts)) return false;
        } else if (pattern[i] == ' ') {
            scan.skip_blanks();
        } else if (!scan.skip(pattern[i])) {
            return false;
        }
    }
    return true;
}

/// As microseconds, as if the clocks showed UTC; none where there is no such time.
std::optional<clarify::Timestamp> time_of(const Parts& parts) {
    using namespace std::chrono;
    // Second 60 is the first of the next minute: clocks that know leap seconds show it.
    if (parts.hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
    if (parts.half && (parts.hour == 0 || parts.hour > 12)) return std::nullopt;
    year_month_day date{
        year{parts.year},
        month{static_cast<unsigned>(parts.month)},
        day{static_cast<unsigned>(parts.day)}};
    if (parts.day_of_year) {
        date = sys_days{year{parts.year} / January / 1} + days{*parts.day_of_year - 1};
        if (*parts.day_of_year == 0 || date.year() != year{parts.year}) return std::nullopt;
    }
    if (!date.ok()) return std::nullopt;
    const int hour_of_day = parts.half ? parts.hour % 12 + *parts.half : parts.hour;
    return clarify::Timestamp{
        sys_days{date} + hours{hour_of_day} + minutes{parts.minute} + seconds{parts.second} +
        microseconds{parts.microseconds}};
}

/// A count of units of 10^-digits seconds.
std::optional<clarify::Timestamp> read_count(std::string_view text, int digits) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    // In microseconds; what is finer is rounded towards the past.
    std::int64_t whole = 0;
    bool rest = false;
    int places = -1;
    std::size_t count = 0;
    const auto shift = [](std::int64_t& value, int by) {
        constexpr std::int64_t most = (std::numeric_limits<std::int64_t>::max() - 9) / 10;
        if (value > most) return false;
        value = value * 10 + by;
        return true;
    };
    for (const char c : text) {
        if ((c == '.' || c == ',') && places < 0 && count != 0) {
            places = 0;
            continue;
        }
        if (!is_digit(c)) return std::nullopt;
        ++count;
        // Of what follows the point so many digits count.
        if (places >= 0 && places++ >= 6 - digits) {
            rest = rest || c != '0';
        } else if (!shift(whole, c - '0')) {
            return std::nullopt;
        }
    }
    if (count == 0) return std::nullopt;
    for (int i = std::max(places, 0); i < 6 - digits; ++i) {
        if (!shift(whole, 0)) return std::nullopt;
    }
    for (int i = 6; i < digits; ++i) {
        rest = rest || whole % 10 != 0;
        whole /= 10;
    }
    if (negative) whole = -whole - (rest ? 1 : 0);
    return clarify::Timestamp::from_microseconds(whole);
}

bool is_in_range(clarify::Timestamp time) {
    using namespace std::chrono;
    return time >= clarify::Timestamp{sys_days{year{0} / January / 1}} &&
        time < clarify::Timestamp{sys_days{year{10'000} / January / 1}};
}

clarify::Error fault(std::string what) {
    return clarify::Error{clarify::Errc::bad_argument, clarify::Reason::params, std::move(what)};
}

}  // namespace

clarify::Result<TimeReader> TimeReader::make(const std::string& format, const std::string& zone) {
    static const std::map<std::string, int> epochs{
        {"epoch", 0}, {"epoch-ms", 3}, {"epoch-us", 6}, {"epoch-ns", 9}};
    TimeReader made;
    made.format_ = format;
    if (const auto epoch = epochs.find(format); epoch != epochs.end()) {
        made.epoch_digits_ = epoch->second;
    } else if (!format.empty()) {
        if (format.find('%') == std::string::npos)
            return fault(
                "--time-format is a pattern such as %d.%m.%Y %H:%M:%S, or epoch, epoch-ms, "
                "epoch-us or epoch-ns: " +
                format);
        for (std::size_t i = format.find('%'); i != std::string::npos;
             i = format.find('%', i + 2)) {
            constexpr std::string_view known = "YymdHIMSfpbBjzZTFD%";
            if (i + 1 == format.size() || known.find(format[i + 1]) == std::string_view::npos)
                return fault("--time-format knows no " + format.substr(i, 2));
        }
    }
    if (!zone.empty()) {
        const auto loaded = clarify::TimeZone::load(zone);
        if (!loaded) return loaded.error();
        made.zone_ = *loaded;
    }
    return made;
}

std::optional<clarify::Timestamp> TimeReader::read(std::string_view text) const {
    std::optional<clarify::Timestamp> time;
    if (epoch_digits_) {
        time = read_count(text, *epoch_digits_);
    } else {
        Scan scan{text};
        Parts parts;
        const bool good =
            format_.empty() ? read_iso(scan, parts) : read_pattern(scan, format_, parts);
        if (!good || !scan.ended()) return std::nullopt;
        time = time_of(parts);
        if (!time) return std::nullopt;
        if (parts.offset_minutes) {
            time = *time - std::chrono::minutes{*parts.offset_minutes};
        } else if (zone_) {
            time = zone_->from_local(*time);
        } else {
            return std::nullopt;
        }
    }
    if (!time || !is_in_range(*time)) return std::nullopt;
    return time;
}

std::string TimeReader::wanted() const {
    if (epoch_digits_) return "a number of " + format_;
    const std::string offset = zone_ ? "" : ", with an offset from UTC or with --time-zone";
    if (!format_.empty()) return "a time like " + format_ + offset;
    return "a time such as " + std::string{zone_ ? "2026-11-24 09:30:00" : "2026-11-24T09:30:00Z"} +
        offset;
}

}  // namespace clarify_cli
