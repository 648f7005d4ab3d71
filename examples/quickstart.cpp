// SPDX-License-Identifier: BSL-1.0
// A tour of the API: inserts a day of samples, publishes the signals as items, and reads hourly
// values back.
//
//   example_quickstart [--write] [--ca-file FILE]
//
// The credentials are those of the file that CLARIFY_CREDENTIALS names. Without --write nothing is
// changed, and the tour shows what is there already. examples/quickstart.sh starts it with a local
// Clarify.

#include <clarify/client.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/describe/class.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <iostream>
#include <map>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;
using Seconds = std::chrono::sys_seconds;

// --- What is sent and received
// --------------------------------------------------------------------

// Types described with Boost.Describe become JSON and come from it, with camelCase names. Where
// that is not worth a type, boost::json values do as well.

struct Frame {
    std::vector<std::string> times;
    std::map<std::string, std::vector<std::optional<double>>> series;
};
BOOST_DESCRIBE_STRUCT(Frame, (), (times, series))

struct InsertParams {
    std::string integration;
    Frame data;
};
BOOST_DESCRIBE_STRUCT(InsertParams, (), (integration, data))

struct Saved {
    std::string id;
    bool created = false;
};
BOOST_DESCRIBE_STRUCT(Saved, (), (id, created))

struct SavedSignals {
    std::map<std::string, Saved> signals_by_input;
};
BOOST_DESCRIBE_STRUCT(SavedSignals, (), (signals_by_input))

struct SavedItems {
    std::map<std::string, Saved> items_by_signal;
};
BOOST_DESCRIBE_STRUCT(SavedItems, (), (items_by_signal))

struct Attributes {
    std::string name;
    std::string eng_unit;
};
BOOST_DESCRIBE_STRUCT(Attributes, (), (name, eng_unit))

struct Item {
    std::string id;
    Attributes attributes;
};
BOOST_DESCRIBE_STRUCT(Item, (), (id, attributes))

struct Items {
    std::vector<Item> data;
};
BOOST_DESCRIBE_STRUCT(Items, (), (data))

struct FrameReply {
    Frame data;
};
BOOST_DESCRIBE_STRUCT(FrameReply, (), (data))

// --- The three signals
// ----------------------------------------------------------------------------

struct DemoSignal {
    const char* input;
    const char* name;
    const char* unit;
    double mean;
    double swing;
};

constexpr std::array<DemoSignal, 3> demo_signals{{
    {"quickstart/temperature", "Temperature", "°C", 18, 6},
    {"quickstart/humidity", "Humidity", "%", 55, -15},
    {"quickstart/power", "Power", "kW", 2.4, 1.1},
}};

/// RFC 3339, as the API has it.
std::string to_text(Seconds time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    std::array<char, 32> text{};
    std::snprintf(
        text.data(),
        text.size(),
        "%04d-%02u-%02uT%02d:%02d:%02dZ",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    return text.data();
}

/// Warmest in the afternoon, sampled every five minutes.
Frame make_samples(Seconds from, Seconds until) {
    Frame frame;
    for (Seconds time = from; time < until; time += 5min) {
        frame.times.push_back(to_text(time));
        const auto since_midnight = time - std::chrono::floor<std::chrono::days>(time);
        const double turn =
            std::chrono::duration<double, std::ratio<86'400>>(since_midnight).count();
        const double wave = std::sin(2 * std::numbers::pi * (turn - 0.375));
        for (const DemoSignal& signal : demo_signals) {
            frame.series[signal.input].push_back(signal.mean + signal.swing * wave);
        }
    }
    return frame;
}

json::object attributes_of(const DemoSignal& signal) {
    return {{"name", signal.name}, {"engUnit", signal.unit}, {"sampleInterval", "PT5M"}};
}

// --- The tour
// -------------------------------------------------------------------------------------

/// What the whole tour cost.
struct Cost {
    int calls = 0;
    int tokens = 0;
    int connections = 0;
};

/// Shows what happens beneath the calls, and counts it.
void observe(Cost& cost, const clarify::Event& event) {
    const auto milliseconds = std::chrono::duration<double, std::milli>(event.elapsed).count();
    switch (event.kind) {
        case clarify::EventKind::connection_opened:
            ++cost.connections;
            std::printf("     opened a connection, in %.1f ms\n", milliseconds);
            break;
        case clarify::EventKind::token_fetched:
            ++cost.tokens;
            std::printf("     fetched an access token, in %.1f ms\n", milliseconds);
            break;
        case clarify::EventKind::response:
            ++cost.calls;
            std::printf("     answered HTTP %u, in %.1f ms\n", event.status, milliseconds);
            break;
        default:
            break;
    }
}

/// The headline of the next step.
void step(std::string_view what, std::string_view method) {
    static int number = 0;
    std::cout << '\n' << ++number << ". " << what << " (" << method << ")" << std::endl;
}

/// Writes the demo signals and yields the ids of the items that show them.
asio::awaitable<json::array> write_signals(
    clarify::Client& client, std::string integration, Seconds from, Seconds until) {
    step("Insert a day of samples for three signals", "integration.insert");
    InsertParams samples;
    samples.integration = integration;
    samples.data = make_samples(from, until);
    const clarify::Result<SavedSignals> inserted =
        co_await client.call<SavedSignals>("integration.insert", samples);
    const SavedSignals signals = inserted.value();
    std::cout << "   " << samples.data.times.size() << " samples each for\n";
    for (const auto& [input, saved] : signals.signals_by_input) {
        std::cout << "   " << input << (saved.created ? ", a new signal " : ", signal ") << saved.id
                  << '\n';
    }

    step("Give the signals names and units", "integration.saveSignals");
    json::object by_input;
    json::object by_signal;
    for (const DemoSignal& signal : demo_signals) {
        by_input[signal.input] = attributes_of(signal);
        json::object item = attributes_of(signal);
        item["visible"] = true;
        by_signal[signals.signals_by_input.at(signal.input).id] = std::move(item);
    }
    json::object save_params{{"integration", integration}, {"signalsByInput", std::move(by_input)}};
    const clarify::Result<SavedSignals> named =
        co_await client.call<SavedSignals>("integration.saveSignals", save_params);
    named.value();

    step("Publish the signals as items", "admin.publishSignals");
    json::object publish_params{
        {"integration", integration}, {"itemsBySignal", std::move(by_signal)}};
    const clarify::Result<SavedItems> published =
        co_await client.call<SavedItems>("admin.publishSignals", publish_params);
    const SavedItems items = published.value();
    json::array ids;
    for (const auto& [signal, item] : items.items_by_signal) {
        std::cout << "   signal " << signal << " is shown by item " << item.id << '\n';
        ids.emplace_back(item.id);
    }
    co_return ids;
}

/// Reads hourly values. What was inserted a moment ago may take a while to appear.
asio::awaitable<Frame> read_hourly(
    clarify::Client& client, json::object query, Seconds from, Seconds until, bool wait_for_data) {
    json::object times{{"$gte", to_text(from)}, {"$lt", to_text(until)}};
    json::object filter{{"times", std::move(times)}};
    json::object data{{"filter", std::move(filter)}, {"rollup", "PT1H"}};
    json::object format{{"dataAsArray", false}, {"groupIncludedByType", true}};
    json::object params{
        {"query", std::move(query)}, {"data", std::move(data)}, {"format", std::move(format)}};
    asio::steady_timer timer{co_await asio::this_coro::executor};
    for (int attempt = 1;; ++attempt) {
        const clarify::Result<FrameReply> reply =
            co_await client.call<FrameReply>("clarify.dataFrame", params);
        const Frame frame = reply.value().data;
        if (!frame.times.empty() || !wait_for_data || attempt == 12) co_return frame;
        std::cout << "   no data yet, asking again in 5 s" << std::endl;
        timer.expires_after(5s);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

/// `text` at the right of a column, cut to what fits; a character of UTF-8 counts as one.
std::string right(std::string_view text, std::size_t width) {
    std::string cut;
    std::size_t length = 0;
    for (const char c : text) {
        length += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
        if (length == width) break;
        cut += c;
    }
    return std::string(length < width ? width - length : 1, ' ') + cut;
}

void print_table(const Items& items, const Frame& frame) {
    constexpr std::size_t column = 20;
    std::cout << "\n   " << right("hour (UTC)", 16);
    for (const Item& item : items.data) {
        const Attributes& attributes = item.attributes;
        const std::string unit = attributes.eng_unit.empty() ? "" : " " + attributes.eng_unit;
        std::cout << right(attributes.name + unit, column);
    }
    std::cout << '\n';
    for (std::size_t row = 0; row != frame.times.size(); ++row) {
        std::string hour = frame.times[row].substr(0, 16);
        if (hour.size() == 16) hour[10] = ' ';
        std::cout << "   " << hour;
        for (const Item& item : items.data) {
            const auto average = frame.series.find(item.id + "_avg");
            std::array<char, 32> text{"-"};
            if (average != frame.series.end() && row < average->second.size() &&
                average->second[row]) {
                std::snprintf(text.data(), text.size(), "%.2f", *average->second[row]);
            }
            std::cout << right(text.data(), column);
        }
        std::cout << '\n';
    }
}

asio::awaitable<void> tour(clarify::Client& client, std::string integration, bool write) {
    const Seconds until = std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now());
    const Seconds from = until - 24h;

    step("The first call signs in: how many items are there?", "clarify.selectItems");
    json::object count_query{{"limit", 1}, {"total", true}};
    json::object count_params{{"query", std::move(count_query)}};
    const clarify::Result<json::value> count =
        co_await client.call("clarify.selectItems", count_params);
    std::cout << "   total: " << count.value().at("meta").at("total") << '\n';

    json::object query{{"limit", 3}};
    if (write) {
        json::array ids = co_await write_signals(client, integration, from, until);
        json::object any_of{{"$in", std::move(ids)}};
        json::object filter{{"id", std::move(any_of)}};
        query["filter"] = std::move(filter);
    }

    step("Select items", "clarify.selectItems");
    json::object format{{"dataAsArray", true}, {"groupIncludedByType", true}};
    json::object select_params{{"query", query}, {"format", std::move(format)}};
    const clarify::Result<Items> selected =
        co_await client.call<Items>("clarify.selectItems", select_params);
    const Items items = selected.value();
    for (const Item& item : items.data) {
        std::cout << "   " << item.id << "  " << item.attributes.name << '\n';
    }

    step("Read hourly values of the last day", "clarify.dataFrame");
    const Frame frame = co_await read_hourly(client, query, from, until, write);
    print_table(items, frame);
}

}  // namespace

int main(int argc, char** argv) {
    bool write = false;
    clarify::ClientOptions options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--write") {
            write = true;
        } else if (argument == "--ca-file" && i + 1 < argc) {
            options.http.tls.ca_file = argv[++i];
        } else {
            std::cerr << "usage: " << argv[0] << " [--write] [--ca-file FILE]\n";
            return 2;
        }
    }
    const char* const file = std::getenv("CLARIFY_CREDENTIALS");
    try {
        const clarify::Credentials credentials =
            clarify::Credentials::from_file(file != nullptr ? file : "clarify-credentials.json")
                .value();
        Cost cost;
        options.observer = [&cost](const clarify::Event& event) { observe(cost, event); };

        asio::io_context context;
        clarify::Client client{context.get_executor(), credentials, options};
        std::cout << "Clarify at " << credentials.api_url().to_string() << '\n';
        std::future<void> done = asio::co_spawn(
            context, tour(client, credentials.integration(), write), asio::use_future);
        context.run();
        done.get();

        std::cout << "\ncalls: " << cost.calls << ", connections: " << cost.connections
                  << ", token requests: " << cost.tokens << std::endl;
    } catch (const std::exception& error) {
        std::cerr << argv[0] << ": " << error.what() << '\n';
        return 1;
    }
}
