// SPDX-License-Identifier: BSL-1.0
// A typed client and an emulator for it.

#ifndef CLARIFY_TESTS_INTEGRATION_API_BENCH_HPP
#define CLARIFY_TESTS_INTEGRATION_API_BENCH_HPP

#include <clarify/client.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

/// Plain HTTP, which is quicker.
inline clarify::testing::EmulatorOptions plain_http() {
    clarify::testing::EmulatorOptions options;
    options.tls = false;
    return options;
}

/// Without the limits of the real service, which would make a test wait.
inline clarify::ClientOptions hurried() {
    clarify::ClientOptions options;
    options.rate_limits.clear();
    return options;
}

struct ApiBench {
    explicit ApiBench(
        clarify::ClientOptions options = hurried(),
        clarify::testing::EmulatorOptions emulated = plain_http())
        : emulator(std::move(emulated)),
          client(
              context.get_executor(),
              clarify::Credentials::from_string(emulator.credentials_json()).value(),
              std::move(options)) {}

    /// Runs a coroutine to its end.
    template <class T>
    T run(boost::asio::awaitable<T> work) {
        std::optional<T> result;
        boost::asio::co_spawn(
            context, std::move(work), [&](const std::exception_ptr& error, T value) {
                if (error) std::rethrow_exception(error);
                result.emplace(std::move(value));
            });
        context.restart();
        context.run();
        return std::move(result.value());
    }

    clarify::testing::Emulator emulator;
    boost::asio::io_context context;
    clarify::Client client;
};

#endif  // CLARIFY_TESTS_INTEGRATION_API_BENCH_HPP
