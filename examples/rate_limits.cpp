// SPDX-License-Identifier: BSL-1.0
// Many callers at once, and a service that takes one insert in a second: the calls wait in line
// inside of the client, and none is refused. The service is an emulator with those limits.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>

namespace asio = boost::asio;

namespace {

/// One of the devices behind a gateway. It knows nothing of the others.
asio::awaitable<void> report(clarify::Client& client, int device) {
    clarify::DataFrame frame;
    frame.append(
        clarify::Timestamp::now(), {{"device-" + std::to_string(device) + "/temperature", 20.5}});
    // Else the wait in line counts: with 30 devices and one insert in a second that is 30 s.
    clarify::InsertOptions options;
    options.timeout_from_turn = true;
    const auto inserted = co_await client.insert(frame, options);
    inserted.value();
    std::cout << "device " << device << " is done\n";
}

}  // namespace

int main() {
    clarify::testing::EmulatorOptions limits;
    limits.rate_limits = true;
    clarify::testing::Emulator emulator{limits};
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    // The limits of the service are the default; `options.rate_limits` changes them.
    int waited = 0;
    options.observer = [&waited](const clarify::Event& event) {
        if (event.kind != clarify::EventKind::rate_limited) return;
        ++waited;
        std::cout << event.method << " has waited for "
                  << std::chrono::duration_cast<std::chrono::milliseconds>(event.elapsed).count()
                  << " ms\n";
    };
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    asio::io_context context;
    clarify::Client client{context.get_executor(), credentials.value(), options};

    int done = 0;
    for (int device = 0; device != 3; ++device) {
        asio::co_spawn(context, report(client, device), [&](const std::exception_ptr& error) {
            if (error) std::rethrow_exception(error);
            ++done;
        });
    }
    context.run();
    return done == 3 && waited > 0 ? 0 : 1;
}
