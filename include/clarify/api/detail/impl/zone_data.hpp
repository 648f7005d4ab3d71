// SPDX-License-Identifier: BSL-1.0
// Reads time zone files (RFC 8536) and the rule at their end (POSIX TZ), and computes with both.

#ifndef CLARIFY_API_DETAIL_IMPL_ZONE_DATA_HPP
#define CLARIFY_API_DETAIL_IMPL_ZONE_DATA_HPP

#include <clarify/api/detail/zone_data.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace clarify::detail {

CLARIFY_DECL std::int64_t YearlyMoment::in_year(int year) const noexcept {
    using namespace std::chrono;
    const std::chrono::year in{year};
    std::int64_t date = 0;
    if (kind == Kind::weekday_of_month) {
        const std::chrono::month of{static_cast<unsigned>(month)};
        const weekday which{static_cast<unsigned>(day)};
        const sys_days found = week == 5
            ? sys_days{year_month_weekday_last{in, of, weekday_last{which}}}
            : sys_days{
                  year_month_weekday{in, of, weekday_indexed{which, static_cast<unsigned>(week)}}};
        date = found.time_since_epoch().count();
    } else {
        date = sys_days{in / January / 1}.time_since_epoch().count() + day;
        // Days from 1 that never count 29 February.
        if (kind == Kind::day_without_leap) date += in.is_leap() && day >= 60 ? 0 : -1;
    }
    return date * 86'400 + time;
}

namespace zone {

/// Reads the text of a rule from left to right; what does not fit ends it with a failure.
class RuleReader {
public:
    explicit RuleReader(std::string_view text) noexcept : rest_(text) {}

    bool failed() const noexcept { return failed_; }
    bool at_end() const noexcept { return rest_.empty(); }
    bool take(char c) noexcept {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char c) noexcept { failed_ = !take(c) || failed_; }

    int number(int smallest, int largest) noexcept {
        int value = 0;
        std::size_t count = 0;
        for (; count != rest_.size() && count != 4 && is_digit(rest_[count]); ++count)
            value = value * 10 + (rest_[count] - '0');
        rest_.remove_prefix(count);
        failed_ = failed_ || count == 0 || value < smallest || value > largest;
        return value;
    }

    /// An abbreviation of at least three letters, or anything in angle brackets.
    void name() noexcept {
        const bool quoted = take('<');
        std::size_t count = 0;
        while (count != rest_.size() &&
               (quoted ? rest_[count] != '>' : is_alnum(rest_[count]) && !is_digit(rest_[count])))
            ++count;
        rest_.remove_prefix(count);
        if (quoted) expect('>');
        failed_ = failed_ || count < 3;
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    std::int64_t time(int most_hours) noexcept {
        const bool negative = take('-');
        if (!negative) take('+');
        std::int64_t value = number(0, most_hours) * std::int64_t{3600};
        if (take(':')) {
            value += number(0, 59) * 60;
            if (take(':')) value += number(0, 59);
        }
        return negative ? -value : value;
    }

    YearlyMoment moment() noexcept {
        YearlyMoment moment;
        if (take('M')) {
            moment.kind = YearlyMoment::Kind::weekday_of_month;
            moment.month = number(1, 12);
            expect('.');
            moment.week = number(1, 5);
            expect('.');
            moment.day = number(0, 6);
        } else if (take('J')) {
            moment.kind = YearlyMoment::Kind::day_without_leap;
            moment.day = number(1, 365);
        } else {
            moment.day = number(0, 365);
        }
        if (take('/')) moment.time = time(167);
        return moment;
    }

private:
    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace zone

CLARIFY_DECL std::optional<ZoneRule> ZoneRule::parse(std::string_view text) {
    zone::RuleReader in{text};
    ZoneRule rule;
    in.name();
    // POSIX counts to the west.
    rule.standard = -in.time(24);
    if (!in.at_end() && !in.failed()) {
        rule.has_daylight = true;
        in.name();
        rule.daylight = rule.standard + 3600;
        if (!in.take(',')) {
            rule.daylight = -in.time(24);
            in.expect(',');
        }
        rule.begins = in.moment();
        in.expect(',');
        rule.ends = in.moment();
    }
    if (in.failed() || !in.at_end()) return std::nullopt;
    return rule;
}

CLARIFY_DECL std::int64_t ZoneRule::offset_at(std::int64_t time) const noexcept {
    if (!has_daylight) return standard;
    using namespace std::chrono;
    const year_month_day date{floor<days>(sys_seconds{seconds{time + standard}})};
    const int year = static_cast<int>(date.year());
    const std::int64_t from = begins.in_year(year) - standard;
    const std::int64_t until = ends.in_year(year) - daylight;
    const bool is_daylight =
        from < until ? time >= from && time < until : time >= from || time < until;
    return is_daylight ? daylight : standard;
}

namespace zone {

/// Big-endian integers, one after the other.
class Bytes {
public:
    explicit Bytes(std::string_view bytes) noexcept : rest_(bytes) {}

    bool has(std::uint64_t count) const noexcept { return rest_.size() >= count; }
    std::string_view rest() const noexcept { return rest_; }
    /// What there is of the next `count` bytes.
    std::string_view take(std::uint64_t count) noexcept {
        std::string_view taken = rest_;
        if (count < rest_.size()) taken = rest_.substr(0, count);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::uint64_t number(std::size_t width) noexcept {
        std::uint64_t value = 0;
        for (const char c : take(width))
            value = value << 8U | static_cast<unsigned char>(c);
        return value;
    }

private:
    std::string_view rest_;
};

struct Header {
    std::uint64_t utc_indicators, standard_indicators, leaps, times, types, letters;

    /// The size of what follows, where times have `width` bytes.
    std::uint64_t size(std::uint64_t width) const noexcept {
        return times * (width + 1) + types * 6 + letters + leaps * (width + 4) +
            standard_indicators + utc_indicators;
    }
};

inline std::optional<Header> read_header(Bytes& in) noexcept {
    if (!in.has(44) || in.take(4) != "TZif") return std::nullopt;
    const std::uint64_t version = in.number(1);
    in.take(15);
    Header header{};
    for (std::uint64_t* count :
         {&header.utc_indicators,
          &header.standard_indicators,
          &header.leaps,
          &header.times,
          &header.types,
          &header.letters})
        *count = in.number(4);
    // Version 1 has times of 32 bits only, and no rule.
    if (version < '2' || header.types == 0) return std::nullopt;
    return header;
}

}  // namespace zone

CLARIFY_DECL std::optional<ZoneData> ZoneData::parse(std::string_view file) {
    zone::Bytes in{file};
    const std::optional<zone::Header> old = zone::read_header(in);
    if (!old || !in.has(old->size(4))) return std::nullopt;
    in.take(old->size(4));
    const std::optional<zone::Header> header = zone::read_header(in);
    if (!header || !in.has(header->size(8))) return std::nullopt;

    ZoneData data;
    for (std::uint64_t i = 0; i != header->times; ++i)
        data.times.push_back(static_cast<std::int64_t>(in.number(8)));
    const std::string_view which = in.take(header->times);
    std::vector<std::int32_t> types;
    for (std::uint64_t i = 0; i != header->types; ++i) {
        types.push_back(static_cast<std::int32_t>(static_cast<std::uint32_t>(in.number(4))));
        in.take(2);
    }
    in.take(header->size(8) - header->times * 9 - header->types * 6);
    data.first_offset = types.front();
    for (const char c : which) {
        const auto type = static_cast<unsigned char>(c);
        if (type >= types.size()) return std::nullopt;
        data.offsets.push_back(types[type]);
    }
    if (!std::is_sorted(data.times.begin(), data.times.end())) return std::nullopt;
    // The rule stands between two line feeds; it may be empty.
    std::string_view text = in.rest();
    if (text.size() < 2 || text.front() != '\n') return std::nullopt;
    text.remove_prefix(1);
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    if (end != 0) {
        data.rule = ZoneRule::parse(text.substr(0, end));
        if (!data.rule) return std::nullopt;
    }
    return data;
}

CLARIFY_DECL std::int64_t ZoneData::offset_at(std::int64_t time) const noexcept {
    if (rule && (times.empty() || time >= times.back())) return rule->offset_at(time);
    const auto after = std::upper_bound(times.begin(), times.end(), time);
    if (after == times.begin()) return first_offset;
    return offsets[static_cast<std::size_t>(after - times.begin()) - 1];
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_IMPL_ZONE_DATA_HPP
