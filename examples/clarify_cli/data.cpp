// SPDX-License-Identifier: BSL-1.0
// `clarify data`: the data of items as a table, CSV, JSON, or drawn.

#include "api_session.hpp"
#include "commands.hpp"
#include "json_text.hpp"
#include "plot.hpp"
#include "terminal_text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

std::string text_of(double value) {
    if (std::isnan(value)) return {};
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// Writes frames as they come.
class Writer {
public:
    explicit Writer(std::string format) : format_(std::move(format)) {}

    void write(const clarify::DataFrame& frame) {
        for (std::size_t i = 0; i != frame.columns(); ++i) {
            if (std::find(keys_.begin(), keys_.end(), frame.key(i)) != keys_.end()) continue;
            keys_.push_back(frame.key(i));
            titles_.push_back(title(frame.key(i)));
            changed_ = true;
        }
        for (const clarify::DataFrame::Row row : frame.rows()) {
            if (format_ == "json") {
                write_json(frame, row);
            } else {
                write_line(frame, row);
            }
        }
        std::cout << std::flush;
    }

private:
    /// A key as it is written: usually an identifier, but a server may send anything.
    std::string title(const std::string& key) const {
        std::string text;
        if (format_ == "json") {
            append_json_string(text, key);
            return text;
        }
        text = visible(key);
        if (format_ != "csv" || text.find_first_of(",\"") == std::string::npos) return text;
        // RFC 4180.
        std::string quoted = "\"";
        for (const char c : text)
            quoted.append(c == '"' ? 2 : 1, c);
        return quoted += '"';
    }

    void write_json(const clarify::DataFrame& frame, const clarify::DataFrame::Row& row) {
        std::cout << R"({"time":")" << row.time() << '"';
        for (std::size_t i = 0; i != frame.columns(); ++i) {
            if (std::isnan(row[i])) continue;
            const auto at = std::find(keys_.begin(), keys_.end(), frame.key(i)) - keys_.begin();
            std::cout << ',' << titles_[static_cast<std::size_t>(at)] << ':' << text_of(row[i]);
        }
        std::cout << "}\n";
    }

    void write_line(const clarify::DataFrame& frame, const clarify::DataFrame::Row& row) {
        const bool csv = format_ == "csv";
        const auto pad = [csv](std::string text, std::size_t width) {
            if (!csv && text.size() < width) text.insert(0, width - text.size(), ' ');
            return text;
        };
        // Columns that turn up later get a line of names of their own.
        if (changed_) {
            std::cout << (csv ? "time" : "time                       ");
            for (const std::string& name : titles_)
                std::cout << (csv ? "," : "  ") << pad(name, 20);
            std::cout << '\n';
            changed_ = false;
        }
        std::string time = row.time().to_string();
        if (!csv) time.resize(27, ' ');
        std::cout << time;
        for (std::size_t i = 0; i != keys_.size(); ++i) {
            const auto column = frame.find(keys_[i]);
            const std::string value = column ? text_of(row[*column]) : std::string{};
            std::cout << (csv ? "," : "  ")
                      << pad(value, std::max<std::size_t>(20, titles_[i].size()));
        }
        std::cout << '\n';
    }

    std::string format_;
    std::vector<std::string> keys_;
    std::vector<std::string> titles_;
    bool changed_ = false;
};

bool ends_with_sum(std::string_view key) {
    for (const std::string_view suffix : {"_count", "_min", "_max", "_sum"}) {
        if (key.ends_with(suffix)) return true;
    }
    return false;
}

clarify::Result<void> draw(const clarify::DataFrame& frame, const std::string& target) {
    Plot plot;
    plot.times = frame.times();
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        // Of a rollup only the averages.
        if (frame.key(i).find('_') != std::string::npos && ends_with_sum(frame.key(i))) continue;
        plot.series.push_back({frame.key(i), frame.column(i)});
    }
    if (target == "-") {
        const bool terminal = ::isatty(STDOUT_FILENO) == 1;
        winsize size{};
        const bool known = terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
        const std::size_t columns = known && size.ws_col >= 40 ? size.ws_col : 80;
        std::cout << plot_braille(plot, columns, 16, terminal) << std::flush;
        return {};
    }
    std::ofstream file{target};
    file << plot_svg(plot);
    file.close();
    if (!file) return fault(target + " cannot be written");
    return {};
}

boost::asio::awaitable<clarify::Result<void>> print_parts(
    clarify::DataStream parts, std::string format, std::string plot) {
    Writer writer{std::move(format)};
    clarify::DataFrame all;
    while (true) {
        const auto part = co_await parts.next();
        if (!part) co_return clarify::Result<void>{part.error()};
        if (!*part) break;
        if (plot.empty()) {
            writer.write((*part)->frame);
        } else {
            all.merge((*part)->frame);
        }
    }
    if (!plot.empty()) co_return draw(all, plot);
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
    if (!command.items.empty()) *filter = *filter && clarify::field("id").in(command.items);
    if (filter->matches_everything())
        return fail(fault("which items? Name them, or use --filter or --label"));
    std::string format = command.format;
    if (format.empty()) format = ::isatty(STDOUT_FILENO) == 1 ? "table" : "csv";
    return run_with_client(command.common, [&](clarify::Client& client) {
        return print_parts(client.data_parts(*filter, *query), format, command.plot);
    });
}

}  // namespace clarify_cli
