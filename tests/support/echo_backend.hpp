// SPDX-License-Identifier: BSL-1.0
// A backend without a network: answers each call with its method's name.

#ifndef CLARIFY_TESTS_SUPPORT_ECHO_BACKEND_HPP
#define CLARIFY_TESTS_SUPPORT_ECHO_BACKEND_HPP

#include <clarify/concepts/http_backend.hpp>
#include <clarify/core/timer.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <string>
#include <string_view>

namespace support {

/// Answers a call with `{"jsonrpc":"2.0","id":ID,"result":"METHOD"}`, a notification with 204, and
/// each request of a batch alike; or never, if it hangs.
struct EchoBackend {
    boost::asio::awaitable<clarify::Result<void>> post(
        const clarify::HttpRequest& request,
        clarify::HttpResponse& response,
        clarify::HttpProgress& progress) {
        const auto executor = co_await boost::asio::this_coro::executor;
        progress = {clarify::Phase::first_byte, true};
        clarify::Timer timer{
            executor, hang ? clarify::TimePoint::max() : clarify::TimePoint::min()};
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        if (hang) co_return clarify::Error{clarify::Errc::cancelled};
        std::string answers;
        for (std::string_view rest = request.body;;) {
            const std::size_t method = rest.find(R"("method":)");
            if (method == std::string_view::npos) break;
            rest.remove_prefix(method + 9);
            const std::size_t end = rest.find('"', 1) + 1;
            const std::string_view name = rest.substr(0, end);
            rest.remove_prefix(end);
            if (!rest.starts_with(R"(,"id":)")) continue;
            rest.remove_prefix(6);
            const std::string_view id = rest.substr(0, rest.find_first_of(",}"));
            if (!answers.empty()) answers += ',';
            answers += R"({"jsonrpc":"2.0","id":)";
            answers += id;
            answers += R"(,"result":)";
            answers += name;
            answers += '}';
        }
        response.status = answers.empty() ? 204 : 200;
        if (!answers.empty()) {
            response.body = request.body.starts_with('[') ? '[' + answers + ']' : answers;
        }
        co_return clarify::Result<void>{};
    }
    void close() noexcept {}

    bool hang = false;
};

static_assert(clarify::HttpBackend<EchoBackend>);

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_ECHO_BACKEND_HPP
