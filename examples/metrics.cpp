// SPDX-License-Identifier: BSL-1.0
// What a client does as counters, in Prometheus' text exposition format: what the handler of a
// `/metrics` answers with. The calls go to an emulator.

#include <clarify/clarify.hpp>
#include <clarify/observe/metrics.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>

namespace {

boost::asio::awaitable<void> make_calls(clarify::Client& client) {
    const boost::json::object params{{"query", {{"limit", 1}}}};
    for (int i = 0; i != 20; ++i) {
        const auto items = co_await client.call("clarify.selectItems", params);
        if (!items) std::cerr << items.error() << '\n';
    }
    const auto unknown = co_await client.call("clarify.noSuchMethod", params);
    if (unknown) std::cerr << "an unknown method was answered\n";
}

}  // namespace

int main() {
    clarify::testing::Emulator emulator;
    const clarify::Metrics metrics;
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    options.observer = metrics;

    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    boost::asio::io_context context;
    clarify::Client client{context.get_executor(), credentials.value(), options};
    boost::asio::co_spawn(context, make_calls(client), boost::asio::detached);
    context.run();
    std::cout << metrics.snapshot().to_prometheus();
}
