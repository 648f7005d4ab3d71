// SPDX-License-Identifier: BSL-1.0
// Queries checked and written, and the limits of time windows.

#ifndef CLARIFY_API_IMPL_QUERY_HPP
#define CLARIFY_API_IMPL_QUERY_HPP

#include <clarify/api/patterns.hpp>
#include <clarify/api/query.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_writer.hpp>

#include <charconv>
#include <concepts>

namespace clarify {
namespace detail::query {

inline void write_number(JsonWriter& out, std::string_view name, std::size_t value) {
    out.key(name);
    out.raw(std::to_string(value));
}

inline void write_list(
    JsonWriter& out, std::string_view name, const std::vector<std::string>& values) {
    out.key(name);
    out.open('[');
    for (const std::string& value : values) {
        out.element();
        out.string(value);
    }
    out.close(']');
}

inline void write_time(
    JsonWriter& out, std::string_view name, const std::optional<Timestamp>& time) {
    if (!time) return;
    out.key(name);
    write_json(out, *time);
}

inline void check_time(
    const std::optional<Timestamp>& time, const std::string& path, FieldErrors& errors) {
    std::string text;
    if (time && !append_json_text(text, *time))
        errors.add(path, "is beyond the years 0000 to 9999");
}

inline void check_text(std::string_view text, const std::string& path, FieldErrors& errors) {
    if (text.empty()) errors.add(path, "is empty");
    if (!is_utf8(text)) errors.add(path, "is not UTF-8");
}

}  // namespace detail::query

CLARIFY_DECL Result<Rollup> Rollup::parse(std::string_view text) {
    if (text == "window") return window();
    const Result<CalendarDuration> width = CalendarDuration::parse(text);
    if (!width) return width.error();
    if (!width->is_positive())
        return Error{Errc::bad_argument, Reason::out_of_range, "a rollup that is not positive"};
    return Rollup{*width};
}

CLARIFY_DECL std::string Rollup::to_string() const {
    if (kind_ == Kind::buckets) return width_.to_string();
    return kind_ == Kind::window ? "window" : "";
}

CLARIFY_DECL std::optional<FixedDuration> longest_window(
    const Rollup& rollup, bool for_data_frame) noexcept {
    using std::chrono::hours;
    if (rollup.is_window()) return std::nullopt;
    const std::optional<CalendarDuration> width = rollup.width();
    const FixedDuration length = width ? width->shortest() : FixedDuration{};
    if (for_data_frame && length >= FixedDuration{hours{24 * 30}}) return hours{24 * 3660};
    if (length >= FixedDuration{hours{24}}) return hours{24 * 1900};
    if (length >= FixedDuration{std::chrono::minutes{1}}) return hours{24 * 400};
    return hours{24 * 40};
}

CLARIFY_DECL void detail::check(
    const ResourceQuery& query, std::string_view path, std::size_t most, FieldErrors& errors) {
    using namespace detail::query;
    if (const Result<void> sendable = check(query.filter); !sendable)
        errors.add(field_path(path, "filter"), sendable.error().message());
    if (query.limit && *query.limit > most)
        errors.add(field_path(path, "limit"), "is more than " + std::to_string(most));
    for (const std::string& name : query.sort) {
        const std::string where = field_path(path, "sort");
        check_text(name == "-" ? std::string_view{} : std::string_view{name}, where, errors);
    }
}

CLARIFY_DECL void detail::check(
    const DataQuery& query, std::string_view path, FieldErrors& errors) {
    using namespace detail::query;
    const std::string times = field_path(field_path(path, "filter"), "times");
    check_time(query.from, field_path(times, "$gte"), errors);
    check_time(query.to, field_path(times, "$lt"), errors);
    check_time(query.origin, field_path(path, "origin"), errors);
    if (query.from && query.to && *query.from >= *query.to)
        errors.add(times, "ends before it begins");
    const std::optional<CalendarDuration> width = query.rollup.width();
    if (width && !width->is_positive()) errors.add(field_path(path, "rollup"), "is not positive");
    if (!query.time_zone.empty() && !is_time_zone_name(query.time_zone))
        errors.add(field_path(path, "timeZone"), "is not a valid time zone name");
    if (query.first_day_of_week && !query.first_day_of_week->ok())
        errors.add(field_path(path, "firstDayOfWeek"), "is not a day of the week");
    if (query.last && *query.last == 0) errors.add(field_path(path, "last"), "is 0");
    for (const std::string& key : query.series)
        check_text(key, field_path(field_path(path, "filter"), "series"), errors);
}

CLARIFY_DECL void detail::write_json(JsonWriter& out, const ResourceQuery& query) {
    using namespace detail::query;
    out.open('{');
    out.key("filter");
    write_json(out, query.filter);
    if (!query.sort.empty()) write_list(out, "sort", query.sort);
    if (query.limit) write_number(out, "limit", *query.limit);
    if (query.skip != 0) write_number(out, "skip", query.skip);
    if (query.total) {
        out.key("total");
        out.boolean(true);
    }
    out.close('}');
}

CLARIFY_DECL void detail::write_json(JsonWriter& out, const DataQuery& query) {
    using namespace detail::query;
    out.open('{');
    if (query.from || query.to || !query.series.empty()) {
        out.key("filter");
        out.open('{');
        if (query.from || query.to) {
            out.key("times");
            out.open('{');
            write_time(out, "$gte", query.from);
            write_time(out, "$lt", query.to);
            out.close('}');
        }
        if (!query.series.empty()) {
            out.key("series");
            out.open('{');
            write_list(out, "$in", query.series);
            out.close('}');
        }
        out.close('}');
    }
    if (!query.rollup.is_none()) {
        out.key("rollup");
        out.string(query.rollup.to_string());
    }
    if (!query.time_zone.empty()) {
        out.key("timeZone");
        out.string(query.time_zone);
    }
    // Monday is 1, and Sunday 7, never 0.
    if (query.first_day_of_week)
        write_number(out, "firstDayOfWeek", query.first_day_of_week->iso_encoding());
    write_time(out, "origin", query.origin);
    if (query.last) write_number(out, "last", *query.last);
    if (query.outside_points) {
        out.key("outsidePoints");
        out.boolean(*query.outside_points);
    }
    out.close('}');
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const ResourceQuery& query) {
    FieldErrors errors;
    detail::check(query, "query", std::string_view::npos, errors);
    if (!errors.empty()) return errors.result();
    return detail::append_json_document(out, query);
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const DataQuery& query) {
    FieldErrors errors;
    detail::check(query, "data", errors);
    if (!errors.empty()) return errors.result();
    return detail::append_json_document(out, query);
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_QUERY_HPP
