// SPDX-License-Identifier: BSL-1.0
// `clarify data`: the data of items as a table, CSV, JSON, or drawn.

#include <clarify/api/patterns.hpp>

#include "api_session.hpp"
#include "commands.hpp"
#include "data_writer.hpp"
#include "plot.hpp"
#include "terminal_text.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <utility>

namespace clarify_cli {
namespace {

clarify::Error fault(std::string what) {
    return clarify::Error{clarify::Errc::bad_argument, clarify::Reason::params, std::move(what)};
}

/// RFC 3339, a date, `now`, or a distance from now such as `-36h`.
clarify::Result<clarify::Timestamp> time_of(const std::string& text, clarify::Timestamp now) {
    if (text == "now") return now;
    if (text.size() > 2 && (text.front() == '-' || text.front() == '+')) {
        std::int64_t count = 0;
        const char* const end = text.data() + text.size() - 1;
        const auto read = std::from_chars(text.data() + 1, end, count);
        const std::map<char, std::chrono::seconds> units{
            {'s', std::chrono::seconds{1}},
            {'m', std::chrono::minutes{1}},
            {'h', std::chrono::hours{1}},
            {'d', std::chrono::hours{24}},
            {'w', std::chrono::hours{168}}};
        const auto unit = units.find(text.back());
        if (read.ec == std::errc{} && read.ptr == end && unit != units.end() && count < 1'000'000) {
            const auto distance = unit->second * count;
            return text.front() == '-' ? now - distance : now + distance;
        }
    }
    const bool is_date = text.size() == 10;
    const auto time = clarify::Timestamp::parse(is_date ? text + "T00:00:00Z" : text);
    if (time) return *time;
    return fault("no time, such as 2026-11-24T09:30:00Z, 2026-11-24, -7d or now: " + text);
}

clarify::Result<clarify::DataQuery> query_of(const DataCommand& command) {
    const clarify::Timestamp now = clarify::Timestamp::now();
    const auto from = time_of(command.from.empty() ? "-7d" : command.from, now);
    if (!from) return from.error();
    const auto to = time_of(command.to.empty() ? "now" : command.to, now);
    if (!to) return to.error();
    clarify::DataQuery query{*from, *to};
    if (!command.rollup.empty()) {
        const auto rollup = clarify::Rollup::parse(command.rollup);
        if (!rollup) return rollup.error();
        query.rollup = *rollup;
    }
    query.time_zone = command.time_zone;
    return query;
}

/// What is known of the items, for people.
boost::asio::awaitable<clarify::Result<ItemMap>> items_of(
    clarify::Client& client, clarify::Filter filter) {
    ItemMap found;
    auto pages = client.item_pages(filter);
    while (true) {
        const auto page = co_await pages.next();
        if (!page) co_return page.error();
        if (!*page) break;
        for (const clarify::Item& item : (*page)->data)
            found.emplace(item.id, item);
    }
    co_return found;
}

/// How far values may be apart to be connected.
std::chrono::microseconds gap_of(
    const clarify::DataFrame& frame,
    std::size_t column,
    const clarify::DataQuery& query,
    const clarify::Item* item) {
    // An empty bucket is a gap.
    if (const auto width = query.rollup.width()) {
        return std::chrono::duration_cast<std::chrono::microseconds>(
            width->shortest().value() * 3 / 2);
    }
    if (item != nullptr && item->gap_detection) {
        return std::chrono::duration_cast<std::chrono::microseconds>(item->gap_detection->value());
    }
    return usual_gap(frame.times(), frame.column(column));
}

std::string title_of(const Plot& plot, const clarify::DataQuery& query) {
    std::string title = plot.series.size() == 1 ? cut_to(visible(plot.series.front().name), 50)
                                                : std::to_string(plot.series.size()) + " items";
    if (query.rollup.is_none()) return title;
    return title + ", average, least and greatest of " + query.rollup.to_string();
}

clarify::Result<void> draw(
    const clarify::DataFrame& frame,
    const ItemMap& items,
    const clarify::DataQuery& query,
    const std::string& target) {
    Plot plot;
    plot.times = frame.times();
    if (!query.time_zone.empty()) {
        const auto zone = clarify::TimeZone::load(query.time_zone);
        if (!zone) return zone.error();
        plot.zone = *zone;
        plot.zone_name = query.time_zone;
    }
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        // Of a rollup the averages, in a band from the least to the greatest.
        const auto [id, what] = split_key(frame.key(i));
        if (!what.empty() && what != "avg") continue;
        const auto found = items.find(id);
        const clarify::Item* const item = found == items.end() ? nullptr : &found->second;
        PlotSeries series;
        series.name = name_of(items, id);
        if (item != nullptr) series.unit = item->eng_unit;
        series.values = frame.column(i);
        if (!what.empty()) {
            series.low = frame.column(std::string{id} + "_min");
            series.high = frame.column(std::string{id} + "_max");
        }
        series.gap = gap_of(frame, i, query, item);
        plot.series.push_back(std::move(series));
    }
    plot.title = title_of(plot, query);
    if (target == "-") {
        const bool terminal = ::isatty(STDOUT_FILENO) == 1;
        const std::size_t columns =
            std::max<std::size_t>(terminal ? terminal_columns(STDOUT_FILENO) : 80, 40);
        std::cout << plot_braille(plot, columns, 16, terminal) << std::flush;
        return {};
    }
    std::ofstream file{target};
    file << plot_svg(plot);
    file.close();
    if (!file) return fault(target + " cannot be written");
    return {};
}

boost::asio::awaitable<clarify::Result<void>> print_data(
    clarify::Client& client,
    const clarify::Filter& filter,
    const clarify::DataQuery& query,
    const DataCommand& command) {
    DataWriter writer{std::cout, command.format};
    ItemMap items;
    if (!command.plot.empty() || command.format == "table") {
        auto found = co_await items_of(client, filter);
        if (!found) co_return found.error();
        items = std::move(*found);
        writer.set_items(items);
        if (!query.time_zone.empty()) {
            const auto zone = clarify::TimeZone::load(query.time_zone);
            if (!zone) co_return zone.error();
            writer.set_zone(*zone, query.time_zone);
        }
    }
    clarify::DataFrame all;
    auto parts = client.data_parts(filter, query);
    while (true) {
        const auto part = co_await parts.next();
        if (!part) co_return part.error();
        if (!*part) break;
        if (command.plot.empty()) {
            writer.write((*part)->frame);
        } else {
            all.merge((*part)->frame);
        }
    }
    const bool others = !command.filter.json.empty() || !command.filter.labels.empty();
    for (const std::string& item : command.items) {
        if (others || std::count(parts.items().begin(), parts.items().end(), item) != 0) continue;
        co_return fault("there is no item " + item + " that this integration may see");
    }
    if (!command.plot.empty()) co_return draw(all, items, query, command.plot);
    co_return clarify::Result<void>{};
}

}  // namespace

ExitCode data(const DataCommand& command) {
    const auto fail = [](const clarify::Error& error) {
        print_error(error, false);
        return exit_code(error.code());
    };
    const auto query = query_of(command);
    if (!query) return fail(query.error());
    auto filter = filter_of(command.filter);
    if (!filter) return fail(filter.error());
    for (const std::string& item : command.items) {
        if (clarify::is_resource_id(item)) continue;
        return fail(fault("no identifier of an item, which `clarify items` lists: " + item));
    }
    if (!command.items.empty()) *filter = *filter && clarify::field("id").in(command.items);
    if (filter->matches_everything())
        return fail(fault("which items? Name them, or use --filter or --label"));
    DataCommand complete = command;
    if (complete.format.empty()) complete.format = ::isatty(STDOUT_FILENO) == 1 ? "table" : "csv";
    return run_with_client(command.common, [&](clarify::Client& client) {
        return print_data(client, *filter, *query, complete);
    });
}

}  // namespace clarify_cli
