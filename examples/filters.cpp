// SPDX-License-Identifier: BSL-1.0
// Which signals are meant: filters by field and by label, composed, sorted, and walked through page
// by page. The service is an emulator.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <exception>
#include <iostream>
#include <string>

namespace asio = boost::asio;
using clarify::field, clarify::label;

namespace {

/// Ten pumps at two sites; each has a flow and a state.
clarify::SignalSaves plant() {
    clarify::SignalSaves signals;
    for (int i = 0; i != 10; ++i) {
        const std::string pump = "pump-" + std::to_string(i);
        clarify::SignalSave& flow = signals[pump + "/flow"];
        flow.name = "Flow " + std::to_string(i);
        flow.eng_unit = "l/s";
        clarify::SignalSave& state = signals[pump + "/state"];
        state.name = "State " + std::to_string(i);
        state.value_type = clarify::ValueType::enumeration;
        state.enum_values = {{0, "off"}, {1, "on"}};
        for (clarify::SignalSave* signal : {&flow, &state})
            signal->labels.add("site", i < 4 ? "pier" : "harbour");
    }
    return signals;
}

/// Lists what a filter finds, a few at a time; the result is how many that were.
asio::awaitable<std::size_t> list(
    clarify::Client& client, const char* what, clarify::Filter filter) {
    std::cout << what << '\n';
    clarify::ResourceQuery query{filter};
    query.sort = {"name"};
    clarify::PageOptions options;
    options.page_size = 3;  // 1000 unless set, which is also the most
    auto pages = client.signal_pages(query, options);
    std::size_t found = 0;
    while (true) {
        const auto page = co_await pages.next();
        if (!page.value()) break;
        for (const clarify::Signal& signal : (*page)->data)
            std::cout << "  " << signal.input << ' ' << signal.name << '\n';
        found += (*page)->data.size();
    }
    co_return found;
}

asio::awaitable<bool> run(clarify::Client& client) {
    (co_await client.save_signals(plant())).value();

    const auto at_pier = label("site") == "pier";
    const std::size_t pier = co_await list(client, "At the pier", at_pier);
    const std::size_t both =
        co_await list(client, "Flows at the pier", at_pier && field("engUnit") == "l/s");
    const std::size_t either = co_await list(
        client,
        "The first pump, and those that are numeric but not at the pier",
        field("input").matches("^pump-0/") ||
            (field("valueType") == "numeric" && label("site") != "pier"));
    // What the functions do not say, JSON does.
    const std::size_t raw = co_await list(
        client, "As JSON", clarify::Filter::raw(R"({"name":{"$in":["Flow 1","Flow 2"]}})"));
    co_return pier == 8 && both == 4 && either == 8 && raw == 2;
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
