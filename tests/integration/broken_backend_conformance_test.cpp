// SPDX-License-Identifier: BSL-1.0
// The conformance kit finds what a naive adapter gets wrong, and nothing else.

#include <clarify/http/beast_backend.hpp>
#include <clarify/testing/check_http_backend.hpp>

#include <boost/asio/this_coro.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using clarify::Fate;
using clarify::HttpProgress;
using clarify::HttpRequest;
using clarify::HttpResponse;
using clarify::Result;

/** A backend with five faults of the naive sort.

    It ignores the limit of a body; it calls every failure unsent; it sends a request again when the
    connection broke; it cannot be cancelled; and it keeps the header fields of earlier replies.
*/
class NaiveBackend {
public:
    explicit NaiveBackend(const clarify::HttpOptions& options) : backend_(options) {}

    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
        co_await boost::asio::this_coro::reset_cancellation_state(
            boost::asio::disable_cancellation());
        HttpRequest unbounded = request;
        unbounded.max_response_body = std::size_t{64} << 20U;
        Result<void> posted = co_await backend_.post(unbounded, response, progress);
        if (!posted && posted.error().code() == clarify::Errc::io) {
            response.clear();
            posted = co_await backend_.post(unbounded, response, progress);
        }
        if (!posted) {
            clarify::Error error = posted.error();
            co_return error.set_fate(Fate::unsent);
        }
        if (response.content_type.empty()) response.content_type = *content_type_;
        if (response.retry_after.empty()) response.retry_after = *retry_after_;
        *content_type_ = response.content_type;
        *retry_after_ = response.retry_after;
        co_return Result<void>{};
    }
    void close() noexcept { backend_.close(); }

private:
    clarify::BeastBackend backend_;
    std::unique_ptr<std::string> content_type_ = std::make_unique<std::string>();
    std::unique_ptr<std::string> retry_after_ = std::make_unique<std::string>();
};

}  // namespace

TEST_CASE("check_http_backend: a naive adapter fails exactly the cases of its faults") {
    const clarify::testing::ConformanceReport report = clarify::testing::check_http_backend(
        [](const clarify::HttpOptions& options) { return NaiveBackend{options}; });
    const std::vector<std::string> expected{
        // The header fields of earlier replies.
        "reply.reused_object",
        // A second sending.
        "request.sent_once",
        // No limit.
        "limit.announced",
        "limit.chunked",
        "limit.until_close",
        // A fate that is not true.
        "broken.length",
        "broken.chunk",
        "broken.head",
        "broken.nothing",
        "broken.no_http",
        "tls.cut",
        // No cancellation.
        "deadline.first_byte",
        "deadline.drip",
        "cancel.at_once",
        "cancel.connect",
        "cancel.tls",
        "cancel.write",
        "cancel.first_byte",
        "cancel.body",
        "cancel.others",
        "close.in_flight",
    };
    std::ostringstream text;
    text << report;
    CHECK_MESSAGE(report.failed() == expected, text.str());
}
