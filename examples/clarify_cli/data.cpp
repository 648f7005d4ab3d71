// SPDX-License-Identifier: BSL-1.0
// `clarify data`: the data of items as a table, CSV, JSON, or drawn.

#include <clarify/api/patterns.hpp>

#include "api_session.hpp"
#include "commands.hpp"
#include "csv_time.hpp"
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
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify_cli {
namespace {

clarify::Error fault(std::string what) {
    return clarify::Error{clarify::Errc::bad_argument, clarify::Reason::params, std::move(what)};
}

/// RFC 3339, a date or a time of the reader's zone, `now`, or a distance from now such as `-36h`.
clarify::Result<clarify::Timestamp> time_of(
    const std::string& text, clarify::Timestamp now, const TimeReader& reader) {
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
    if (const auto time = reader.read(text)) return *time;
    return fault("not a time, such as 2026-11-24T09:30:00Z, 2026-11-24, -7d or now: " + text);
}

clarify::Result<clarify::DataQuery> query_of(const DataCommand& command) {
    const auto reader = TimeReader::make({}, command.time_zone.empty() ? "UTC" : command.time_zone);
    if (!reader) return reader.error();
    const clarify::Timestamp now = clarify::Timestamp::now();
    const auto from = time_of(command.from.empty() ? "-7d" : command.from, now, *reader);
    if (!from) return from.error();
    const auto to = time_of(command.to.empty() ? "now" : command.to, now, *reader);
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
    const ItemNames names{items};
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
        series.name = names.name_of(id);
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

/// The columns that the data of items will have.
std::vector<std::string> columns_of(const ItemMap& items, const clarify::DataQuery& query) {
    std::vector<std::string> keys;
    for (const auto& [id, item] : items) {
        if (query.rollup.is_none()) {
            keys.push_back(id);
        } else {
            for (const char* const what : {"count", "min", "max", "sum", "avg"})
                keys.push_back(id + '_' + what);
        }
    }
    return keys;
}

/** Collects the parts of a stream until it has those of all items up to the same time.

    There are several of the same time where there are more items than a request may name, or where
    replies were too large. No more is kept than the parts of one window.
*/
class PartsOfAll {
public:
    /// Adds a part; true where rows are complete, so that the frames are to be written and cleared.
    bool add(clarify::DataStream::Part part, const std::vector<std::string>& items) {
        if (part.to > newest_) {
            newest_ = part.to;
            done_.clear();
        }
        if (part.to == newest_) done_.insert(part.items.begin(), part.items.end());
        frames_.push_back(std::move(part.frame));
        if (counted_ != items.size()) {
            counted_ = items.size();
            count_ = std::set<std::string_view>{items.begin(), items.end()}.size();
        }
        return done_.size() == count_;
    }
    const std::vector<clarify::DataFrame>& frames() const { return frames_; }
    void clear() { frames_.clear(); }

private:
    clarify::Timestamp newest_ = clarify::Timestamp::min();
    /// The items that have reached that time.
    std::set<std::string> done_;
    /// How many items there are: a server may name one twice.
    std::size_t count_ = 0;
    std::size_t counted_ = 0;
    std::vector<clarify::DataFrame> frames_;
};

/// Joins many frames in pairs of about the same size, so that each is looked at a few times only.
class Joined {
public:
    void add(clarify::DataFrame frame) {
        frames_.push_back(std::move(frame));
        while (frames_.size() > 1 && weight(frames_.end()[-2]) <= 2 * weight(frames_.back()))
            join_last();
    }
    clarify::DataFrame take() {
        while (frames_.size() > 1)
            join_last();
        return frames_.empty() ? clarify::DataFrame{} : std::move(frames_.front());
    }

private:
    static std::size_t weight(const clarify::DataFrame& frame) {
        return (frame.size() + 1) * (frame.columns() + 1);
    }
    void join_last() {
        frames_.end()[-2].merge(frames_.back());
        frames_.pop_back();
    }

    std::vector<clarify::DataFrame> frames_;
};

/// Replies to many requests for the same time are kept together, so each is to have less.
clarify::DataStreamOptions stream_options(std::size_t items) {
    clarify::DataStreamOptions options;
    const std::size_t groups = (items + options.items_per_request - 1) / options.items_per_request;
    constexpr std::size_t most = 2'000'000;
    constexpr std::size_t least = 20'000;
    if (groups > 4) options.values_per_request = std::max(most / groups, least);
    return options;
}

boost::asio::awaitable<clarify::Result<void>> print_data(
    clarify::Client& client,
    const clarify::Filter& filter,
    const clarify::DataQuery& query,
    const DataCommand& command) {
    DataWriter writer{std::cout, command.format};
    auto found = co_await items_of(client, filter);
    if (!found) co_return found.error();
    const ItemMap items = std::move(*found);
    const bool others = !command.filter.json.empty() || !command.filter.labels.empty();
    for (const std::string& item : command.items) {
        if (others || items.find(item) != items.end()) continue;
        co_return fault("there is no item " + item + " that this integration may see");
    }
    if (items.empty()) co_return clarify::Result<void>{};
    if (command.plot.empty() && command.format == "csv")
        writer.set_columns(columns_of(items, query));
    if (command.format == "table") {
        writer.set_items(items);
        if (!query.time_zone.empty()) {
            const auto zone = clarify::TimeZone::load(query.time_zone);
            if (!zone) co_return zone.error();
            writer.set_zone(*zone, query.time_zone);
        }
    }
    Joined all;
    PartsOfAll rows;
    auto parts = client.data_parts(filter, query, stream_options(items.size()));
    while (true) {
        auto part = co_await parts.next();
        if (!part) co_return part.error();
        if (!*part) break;
        if (!command.plot.empty()) {
            all.add(std::move((*part)->frame));
        } else if (rows.add(std::move(**part), parts.items())) {
            const auto written = writer.write(rows.frames());
            if (!written) co_return written.error();
            rows.clear();
        }
    }
    if (!command.plot.empty()) co_return draw(all.take(), items, query, command.plot);
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
