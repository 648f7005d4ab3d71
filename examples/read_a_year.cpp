// SPDX-License-Identifier: BSL-1.0
// Reads a year of one-minute samples, part by part, and writes them as CSV to the standard output,
// without ever holding more than a few parts. The service is an emulator.
//
//   example_read_a_year            the days' averages, as this zone's clocks have days
//   example_read_a_year --raw      all 525,600 samples

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <exception>
#include <iostream>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

const clarify::Timestamp begin = clarify::Timestamp::parse("2025-01-01T00:00:00+01:00").value();
constexpr int minutes = 365 * 24 * 60;

/// What a thermometer has measured; returns its item.
std::string fill(clarify::testing::Emulator& emulator) {
    std::vector<clarify::testing::Sample> samples;
    samples.reserve(minutes);
    for (int i = 0; i != minutes; ++i) {
        const double year = 2 * std::numbers::pi * i / minutes;
        samples.emplace_back((begin + 1min * i).time_point(), 8 - 12 * std::cos(year));
    }
    emulator.seed("temperature", samples);
    return emulator.publish("temperature");
}

/// Writes what the query finds, and returns how many rows that were.
asio::awaitable<std::size_t> write_csv(
    clarify::Client& client, const std::string& item, clarify::DataQuery query) {
    std::size_t rows = 0;
    auto parts = client.data_parts(clarify::field("id") == item, query);
    while (true) {
        // While this part is written, the next ones are on their way.
        const auto part = co_await parts.next();
        if (!part.value()) break;
        const clarify::DataFrame& frame = (*part)->frame;
        for (const auto& row : frame.rows()) {
            std::cout << row.time();
            for (std::size_t i = 0; i != frame.columns(); ++i)
                std::cout << ',' << row[i];
            std::cout << '\n';
        }
        rows += frame.size();
        std::cerr << "up to " << (*part)->to << ": " << rows << " rows\n";
    }
    co_return rows;
}

}  // namespace

int main(int argc, char** argv) {
    const bool raw = argc > 1 && argv[1] == std::string_view{"--raw"};
    clarify::testing::Emulator emulator;
    const std::string item = fill(emulator);
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    asio::io_context context;
    clarify::Client client{context.get_executor(), credentials.value(), options};

    clarify::DataQuery query{begin, begin + 1min * minutes};
    if (!raw) {
        // From midnight to midnight in Oslo: a day in March has 23 hours, one in October 25.
        query.rollup = clarify::CalendarDuration::days(1);
        query.time_zone = "Europe/Oslo";
        query.series = {item + "_avg"};
    }
    std::size_t rows = 0;
    asio::co_spawn(
        context,
        write_csv(client, item, query),
        [&](const std::exception_ptr& error, std::size_t count) {
            if (error) std::rethrow_exception(error);
            rows = count;
        });
    context.run();
    return rows == (raw ? std::size_t{minutes} : std::size_t{365}) ? 0 : 1;
}
