// SPDX-License-Identifier: BSL-1.0
// What to do where the service did only a part of a call: learn from the error which part, and
// repeat the rest. The service is an emulator, told to fail like that.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>
#include <string>

namespace asio = boost::asio;

namespace {

clarify::SignalSaves plant() {
    clarify::SignalSaves signals;
    for (const char* name : {"Flow", "Level", "Pressure", "Temperature"}) {
        clarify::SignalSave& signal = signals[std::string{"tank/"} + name];
        signal.name = name;
        signal.labels.add("site", "pier");
    }
    return signals;
}

/// Saves signals, those that are left over once more each time. The result is how many calls it took.
asio::awaitable<int> save_all(clarify::Client& client, clarify::SignalSaves left) {
    for (int calls = 1;; ++calls) {
        const auto outcome = co_await client.save_signals(left);
        if (outcome) co_return calls;
        const clarify::Error error = outcome.error();
        const auto done = clarify::partial_result<clarify::SaveSignalsResult>(error);
        // Another error, or no progress: nothing to go on with.
        if (!done || done->signals_by_input.empty()) throw clarify::Exception{error};
        for (const auto& [input, summary] : done->signals_by_input) {
            std::cout << "call " << calls << ": " << input << " is saved\n";
            left.erase(input);
        }
        for (const auto& resource : error.rpc()->clarify_data().invalid_resources)
            std::cout << "call " << calls << ": " << resource.id << ": " << resource.message
                      << '\n';
        std::cout << "call " << calls << ": " << left.size() << " are left\n";
    }
}

}  // namespace

int main() {
    clarify::testing::Emulator emulator;
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    asio::io_context context;
    clarify::Client client{context.get_executor(), credentials.value(), options};

    emulator.fail_next_calls(2, clarify::RpcError::partial_failure);
    int calls = 0;
    asio::co_spawn(
        context, save_all(client, plant()), [&](const std::exception_ptr& error, int result) {
            if (error) std::rethrow_exception(error);
            calls = result;
        });
    context.run();
    return calls == 3 ? 0 : 1;
}
