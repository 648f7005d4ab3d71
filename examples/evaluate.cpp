// SPDX-License-Identifier: BSL-1.0
// Lets the service compute: how long a pump ran in each hour, and what it moved meanwhile. The
// service is an emulator.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

const clarify::Timestamp begin = clarify::Timestamp::parse("2026-01-01T00:00:00Z").value();

/// Ten minutes on and twenty off; four litres a second while it is on.
void fill(clarify::testing::Emulator& emulator) {
    std::vector<clarify::testing::Sample> flow;
    std::vector<clarify::testing::Sample> state;
    for (int minute = 0; minute != 3 * 60; ++minute) {
        const bool on = minute % 30 < 10;
        const auto time = (begin + 1min * minute).time_point();
        flow.emplace_back(time, on ? 4 : 0);
        if (minute % 10 == 0) state.emplace_back(time, on ? 1 : 0);
    }
    emulator.seed("pump/flow", flow);
    emulator.seed("pump/state", state);
}

asio::awaitable<bool> report(clarify::Client& client, std::string flow, std::string state) {
    clarify::EvaluateQuery query;
    query.data = clarify::DataQuery{begin, begin + 3h, 1h};
    clarify::ItemAggregation running{"running", state, clarify::TimeAggregation::state_seconds};
    running.state = 1;
    query.items = {{"flow", flow, clarify::TimeAggregation::avg}, running};
    query.calculations = {
        {"moved", "flow * bucket_seconds"},
        {"share", "100 * running / bucket_seconds"},
        {"busy", "share > 30"}};

    const auto result = co_await client.evaluate(query);
    const clarify::DataFrame& frame = result.value().data;
    std::cout << "hour                  moved   running\n" << std::fixed;
    for (const auto& row : frame.rows()) {
        const double moved = frame.at(row.time(), "moved").value();
        const double share = frame.at(row.time(), "share").value();
        std::cout << row.time() << std::setprecision(0) << std::setw(6) << moved << " l"
                  << std::setprecision(1) << std::setw(8) << share << " %\n";
    }
    co_return frame.size() == 3 && frame.at(begin, "moved") == 4'800 &&
        frame.at(begin, "busy") == 1;
}

}  // namespace

int main() {
    clarify::testing::Emulator emulator;
    fill(emulator);
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    asio::io_context context;
    clarify::Client client{context.get_executor(), credentials.value(), options};

    bool as_expected = false;
    asio::co_spawn(
        context,
        report(client, emulator.publish("pump/flow"), emulator.publish("pump/state")),
        [&](const std::exception_ptr& error, bool result) {
            if (error) std::rethrow_exception(error);
            as_expected = result;
        });
    context.run();
    return as_expected ? 0 : 1;
}
