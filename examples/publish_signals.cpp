// SPDX-License-Identifier: BSL-1.0
// Describes signals, and publishes as items what has changed: the job that an integration runs every
// few minutes. The second run finds one change, the third none. The service is an emulator.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// What the integration knows of its signals. Saving what is there already changes nothing.
clarify::SignalSaves describe(const char* location) {
    clarify::SignalSaves signals;
    clarify::SignalSave& flow = signals["pump/flow"];
    flow.name = "Flow";
    flow.eng_unit = "l/s";
    flow.sample_interval = 1min;
    flow.gap_detection = 5min;
    flow.labels.add("location", location);
    clarify::SignalSave& state = signals["pump/state"];
    state.name = "State";
    state.value_type = clarify::ValueType::enumeration;
    state.enum_values = {{0, "off"}, {1, "on"}};
    state.labels.add("location", location);
    return signals;
}

/// Items are for people: their names say where they are.
void name_after_location(clarify::ItemSave& item, const clarify::Signal& signal) {
    for (const auto& location : signal.labels.get("location"))
        item.name = signal.name + " (" + location + ')';
}

/// Saves and publishes; the result is how many items were published.
asio::awaitable<std::size_t> run_once(clarify::Client& client, const char* location) {
    const auto saved = co_await client.save_signals(describe(location));
    saved.value();  // throws an exception that says what is wrong
    clarify::PublishOptions options;
    options.transforms = {&name_after_location};
    options.transform_version = "1";
    const auto report = co_await client.publish_changed_signals(options);
    for (const auto& [signal, item] : report.value().published)
        std::cout << "  published " << item.name << '\n';
    co_return report.value().published.size();
}

asio::awaitable<bool> run(clarify::Client& client) {
    // A sensor's first values make its signal, described or not.
    clarify::DataFrame frame;
    frame.append(clarify::Timestamp::now(), {{"pump/flow", 1.5}, {"pump/state", 1}});
    (co_await client.insert(frame)).value();

    std::cout << "First run\n";
    const std::size_t first = co_await run_once(client, "pier");
    std::cout << "The pump was moved\n";
    const std::size_t second = co_await run_once(client, "harbour");
    std::cout << "Nothing has changed\n";
    const std::size_t third = co_await run_once(client, "harbour");
    co_return first == 2 && second == 2 && third == 0;
}

}  // namespace

int main() {
    clarify::testing::Emulator emulator;
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    asio::io_context context;
    clarify::Client client{context.get_executor(), credentials.value(), options};

    bool as_expected = false;
    asio::co_spawn(context, run(client), [&](const std::exception_ptr& error, bool result) {
        if (error) std::rethrow_exception(error);
        as_expected = result;
    });
    context.run();
    return as_expected ? 0 : 1;
}
