// SPDX-License-Identifier: BSL-1.0
// Runs a coroutine to its end, but never for ever.

#ifndef CLARIFY_TESTS_SUPPORT_RUN_HPP
#define CLARIFY_TESTS_SUPPORT_RUN_HPP

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace support {

/// Far above what any test needs: it only turns a hang into a failure.
inline constexpr std::chrono::seconds patience{60};

/// The value of `task`, run on `context`.
template <class T>
T run(boost::asio::io_context& context, boost::asio::awaitable<T> task) {
    std::optional<T> value;
    std::exception_ptr error;
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr thrown, T result) {
        error = thrown;
        value.emplace(std::move(result));
    });
    context.restart();
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!value && std::chrono::steady_clock::now() < until) {
        if (context.run_one_for(std::chrono::seconds{1}) == 0 && context.stopped()) break;
    }
    if (error) std::rethrow_exception(error);
    if (!value) throw std::runtime_error{"the coroutine did not end"};
    return std::move(*value);
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_RUN_HPP
