// SPDX-License-Identifier: BSL-1.0
// Many devices that report all the time, and a service that takes one insert in a second: a writer
// gathers what they say into few inserts, and says in the end what became of every sample. The service
// is an emulator with that limit.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace asio = boost::asio;

namespace {

/// One of the devices. It never waits: what cannot be taken is refused at once, and counted.
asio::awaitable<void> report(clarify::SampleWriter& writer, int device) {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    const std::string input = "device-" + std::to_string(device) + "/temperature";
    for (int reading = 0; reading != 20; ++reading) {
        const auto taken =
            writer.try_write(input, clarify::Timestamp::now(), 20.0 + reading / 10.0);
        if (!taken) std::cerr << input << ": " << taken.error() << '\n';
        timer.expires_after(std::chrono::milliseconds{100});
        co_await timer.async_wait(asio::use_awaitable);
    }
}

asio::awaitable<void> end(clarify::SampleWriter& writer) {
    const auto drained = co_await writer.drain(std::chrono::seconds{10});
    const clarify::WriterStats stats = writer.stats();
    std::cout << "stored " << stats.counts.stored << " of " << stats.counts.offered
              << " samples by " << stats.requests << " inserts, left " << drained.value().left
              << '\n';
}

}  // namespace

int main() {
    clarify::testing::EmulatorOptions limits;
    limits.rate_limits = true;
    clarify::testing::Emulator emulator{limits};
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    asio::io_context context;
    const auto client =
        std::make_shared<clarify::Client>(context.get_executor(), credentials.value(), options);

    clarify::SampleWriterOptions writing;
    writing.on_rejected = [](const clarify::RejectedSample& sample) {
        std::cerr << sample.input << " at " << sample.time << ": " << sample.reason << '\n';
    };
    // They wait in memory; `SqliteSpool` in place of it keeps them over restarts and power cuts.
    clarify::SampleWriter writer{
        context.get_executor(), clarify::ClientSink{client}, clarify::MemorySpool{}, writing};

    int reporting = 50;
    for (int device = 0; device != 50; ++device) {
        asio::co_spawn(context, report(writer, device), [&](const std::exception_ptr& error) {
            if (error) std::rethrow_exception(error);
            if (--reporting != 0) return;
            asio::co_spawn(context, end(writer), [](const std::exception_ptr& failed) {
                if (failed) std::rethrow_exception(failed);
            });
        });
    }
    context.run();
    const clarify::WriterStats stats = writer.stats();
    return stats.counts.stored == 1000 ? 0 : 1;
}
