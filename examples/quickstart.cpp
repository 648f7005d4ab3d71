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
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <iostream>
#include <numbers>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clarify::Timestamp;

// --- The three signals ------------------------------------------------------------------------------

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

/// Warmest in the afternoon, sampled every five minutes.
clarify::DataFrame make_samples(Timestamp from, Timestamp until) {
    constexpr double day = 86'400e6;
    clarify::DataFrame frame;
    for (Timestamp time = from; time < until; time += 5min) {
        const double turn = std::fmod(static_cast<double>(time.microseconds()), day) / day;
        const double wave = std::sin(2 * std::numbers::pi * (turn - 0.375));
        std::vector<std::pair<std::string_view, double>> values;
        for (const DemoSignal& signal : demo_signals)
            values.emplace_back(signal.input, signal.mean + signal.swing * wave);
        frame.append(time, values);
    }
    return frame;
}

// --- The tour ---------------------------------------------------------------------------------------

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

/// Writes the demo signals and publishes them.
asio::awaitable<void> write_signals(clarify::Client& client, Timestamp from, Timestamp until) {
    step("Insert a day of samples for three signals", "integration.insert");
    const clarify::DataFrame samples = make_samples(from, until);
    const auto inserted = co_await client.insert(samples);
    std::cout << "   " << samples.size() << " samples each for\n";
    for (const auto& [input, signal] : inserted.value().signals_by_input) {
        std::cout << "   " << input << (signal.created ? ", a new signal " : ", signal ")
                  << signal.id << '\n';
    }

    step("Give the signals names and units", "integration.saveSignals");
    clarify::SignalSaves saves;
    for (const DemoSignal& signal : demo_signals) {
        clarify::SignalSave& save = saves[signal.input];
        save.name = signal.name;
        save.eng_unit = signal.unit;
        save.sample_interval = 5min;
        save.labels.add("tour", "quickstart");
    }
    const auto saved = co_await client.save_signals(saves);
    saved.value();

    step("Publish what is new or has changed as items", "admin.publishSignals");
    clarify::PublishOptions publish;
    publish.signals = clarify::label("tour") == "quickstart";
    const auto published = co_await client.publish_changed_signals(publish);
    std::cout << "   " << published.value().published.size() << " of " << published.value().signals
              << " signals\n";
    for (const auto& [signal, item] : published.value().items_by_signal)
        std::cout << "   signal " << signal << " is shown by item " << item.id << '\n';
}

/// Reads hourly values. What was inserted a moment ago may take a while to appear.
asio::awaitable<clarify::DataFrame> read_hourly(
    clarify::Client& client,
    const clarify::ResourceQuery& items,
    Timestamp from,
    Timestamp until,
    bool wait_for_data) {
    const clarify::DataQuery hourly{from, until, 1h};
    asio::steady_timer timer{co_await asio::this_coro::executor};
    for (int attempt = 1;; ++attempt) {
        const auto found = co_await client.data_frame(items, hourly);
        const clarify::DataFrame& frame = found.value().data;
        if (!frame.empty() || !wait_for_data || attempt == 12) co_return frame;
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

void print_table(const std::vector<clarify::Item>& items, const clarify::DataFrame& frame) {
    constexpr std::size_t column = 20;
    std::cout << "\n   " << right("hour (UTC)", 16);
    for (const clarify::Item& item : items)
        std::cout << right(item.name + (item.eng_unit.empty() ? "" : " " + item.eng_unit), column);
    std::cout << '\n';
    for (const auto& row : frame.rows()) {
        std::string hour = row.time().to_string().substr(0, 16);
        hour[10] = ' ';
        std::cout << "   " << hour;
        for (const clarify::Item& item : items) {
            const auto average = frame.at(row.time(), item.id + "_avg");
            std::array<char, 32> text{"-"};
            if (average) std::snprintf(text.data(), text.size(), "%.2f", *average);
            std::cout << right(text.data(), column);
        }
        std::cout << '\n';
    }
}

asio::awaitable<void> tour(clarify::Client& client, bool write) {
    const auto now = std::chrono::system_clock::now();
    const Timestamp until{std::chrono::floor<std::chrono::hours>(now)};
    const Timestamp from = until - 24h;

    step("The first call signs in: how many items are there?", "clarify.selectItems");
    clarify::ResourceQuery count;
    count.limit = 1;
    count.total = true;
    const auto counted = co_await client.select_items(count);
    std::cout << "   total: " << counted.value().total.value_or(0) << '\n';

    clarify::ResourceQuery query;
    query.limit = 3;
    if (write) {
        co_await write_signals(client, from, until);
        query.filter = clarify::label("tour") == "quickstart";
    }

    step("Select items", "clarify.selectItems");
    const auto selected = co_await client.select_items(query);
    const std::vector<clarify::Item>& items = selected.value().data;
    for (const clarify::Item& item : items)
        std::cout << "   " << item.id << "  " << item.name << '\n';

    step("Read hourly values of the last day", "clarify.dataFrame");
    const clarify::DataFrame frame = co_await read_hourly(client, query, from, until, write);
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
        std::future<void> done = asio::co_spawn(context, tour(client, write), asio::use_future);
        context.run();
        done.get();

        std::cout << "\ncalls: " << cost.calls << ", connections: " << cost.connections
                  << ", token requests: " << cost.tokens << std::endl;
    } catch (const std::exception& error) {
        std::cerr << argv[0] << ": " << error.what() << '\n';
        return 1;
    }
}
