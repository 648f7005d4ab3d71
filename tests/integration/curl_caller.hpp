// SPDX-License-Identifier: BSL-1.0
// Calls through CurlBackend: as a client does, and by the exchange.

#ifndef CLARIFY_TESTS_INTEGRATION_CURL_CALLER_HPP
#define CLARIFY_TESTS_INTEGRATION_CURL_CALLER_HPP

#include <clarify/http/curl_backend.hpp>

#include "caller.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace support {

using CurlCaller = BasicCaller<clarify::CurlBackend>;
using CurlClient = CurlCaller::Client;

/// A backend without a client, and exchanges that can be looked at while they are under way.
struct CurlPost {
    CurlPost(clarify::CurlBackend& backend, const std::string& url, std::string body = "{}")
        : backend_(backend), url_(*clarify::Url::parse(url)), body_(std::move(body)) {
        request.url = &url_;
        request.body = body_;
    }

    clarify::Result<void> run(boost::asio::io_context& context) {
        request.headers = headers;
        return support::run(context, backend_.post(request, response, progress));
    }
    /// Begins the exchange; `result` is there when it has ended.
    void start(boost::asio::io_context& context) {
        request.headers = headers;
        boost::asio::co_spawn(
            context,
            backend_.post(request, response, progress),
            boost::asio::bind_cancellation_slot(
                cancel.slot(), [this](std::exception_ptr error, clarify::Result<void> outcome) {
                    thrown = error != nullptr;
                    result.emplace(std::move(outcome));
                }));
    }
    /// Runs the context until the exchange is in `phase`, or has ended.
    void reach(boost::asio::io_context& context, clarify::Phase phase) {
        run_until(context, [&] { return result || progress.phase == phase; });
    }
    void finish(boost::asio::io_context& context) {
        run_until(context, [&] { return result.has_value(); });
    }
    template <class Condition>
    static void run_until(boost::asio::io_context& context, Condition condition) {
        context.restart();
        const auto until = std::chrono::steady_clock::now() + patience;
        while (!condition() && std::chrono::steady_clock::now() < until)
            context.run_one_for(std::chrono::milliseconds{100});
    }

    std::vector<clarify::HeaderView> headers;
    clarify::HttpRequest request;
    clarify::HttpResponse response;
    clarify::HttpProgress progress;
    boost::asio::cancellation_signal cancel;
    std::optional<clarify::Result<void>> result;
    bool thrown = false;

private:
    clarify::CurlBackend& backend_;
    clarify::Url url_;
    std::string body_;
};

/// The descriptors that this process has open.
inline std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
}

}  // namespace support

#endif  // CLARIFY_TESTS_INTEGRATION_CURL_CALLER_HPP
