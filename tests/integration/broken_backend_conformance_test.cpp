// SPDX-License-Identifier: BSL-1.0
// The conformance kit finds what a naive adapter gets wrong, and nothing else.

#include <clarify/http/beast_backend.hpp>
#include <clarify/testing/check_http_backend.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace broken_backend_conformance_test {

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

/// Knows no host by name, and does not say what the system said.
class NamelessBackend {
public:
    explicit NamelessBackend(const clarify::HttpOptions& options) : backend_(options) {}

    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
        boost::system::error_code ec;
        boost::asio::ip::make_address(request.url->host(), ec);
        if (ec) {
            clarify::Error unknown{clarify::Errc::resolve};
            co_return unknown.set_phase(clarify::Phase::resolve).set_fate(Fate::unsent);
        }
        Result<void> posted = co_await backend_.post(request, response, progress);
        if (!posted) {
            clarify::Error error = posted.error();
            co_return error.set_cause({});
        }
        co_return Result<void>{};
    }
    void close() noexcept { backend_.close(); }

private:
    clarify::BeastBackend backend_;
};

/// Completes on a thread of its own instead of its awaitable's executor.
class ForeignBackend {
public:
    explicit ForeignBackend(const clarify::HttpOptions& options)
        : backend_(options), threads_(std::make_unique<boost::asio::thread_pool>(1)) {}

    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
        Result<void> posted = co_await backend_.post(request, response, progress);
        co_await boost::asio::post(
            *threads_, boost::asio::bind_executor(*threads_, boost::asio::use_awaitable));
        co_return posted;
    }
    void close() noexcept { backend_.close(); }

private:
    clarify::BeastBackend backend_;
    std::unique_ptr<boost::asio::thread_pool> threads_;
};

// ThreadSanitizer says the same, and ends the program.
#if !defined(__SANITIZE_THREAD__)
/// Runs where it should, but has a thread of its own tell how far it has come.
class ForeignProgressBackend {
public:
    explicit ForeignProgressBackend(const clarify::HttpOptions& options) : backend_(options) {}

    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
        const auto inner = std::make_unique<HttpProgress>();
        // Ends before what it writes to does.
        const std::future<void> thread = std::async(std::launch::async, [&progress] {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
            progress.phase = clarify::Phase::connect;
        });
        Result<void> posted = co_await backend_.post(request, response, *inner);
        co_return posted;
    }
    void close() noexcept { backend_.close(); }

private:
    clarify::BeastBackend backend_;
};
#endif

}  // namespace

TEST_CASE("check_http_backend: a naive adapter fails exactly the cases of its faults") {
    const clarify::testing::ConformanceReport report = clarify::testing::check_http_backend(
        [](const clarify::HttpOptions& options) { return NaiveBackend{options}; });
    const std::vector<std::string> expected{
        // The header fields of earlier replies.
        "reply.reused_object",
        // A second sending.
        "request.sent_once",
        // A fate that is not true.
        "framing.status_line",
        "framing.field_line",
        "framing.control_character",
        "framing.lengths",
        "framing.length_number",
        "framing.length_and_chunked",
        "framing.coding",
        "framing.http_10_chunked",
        "framing.chunk",
        "framing.content_encoding",
        "framing.switching",
        // No limit.
        "limit.announced",
        "limit.chunked",
        "limit.until_close",
        // A fate that is not true.
        "broken.length",
        "broken.chunk",
        "broken.head",
        "broken.nothing",
        "tls.cut",
        "deadline.write",
        // No cancellation.
        "deadline.first_byte",
        "deadline.drip",
        "cancel.at_once",
        "cancel.queue",
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

TEST_CASE("check_http_backend: a look-up that fails and a cause that is missing are found") {
    const clarify::testing::ConformanceReport report = clarify::testing::check_http_backend(
        [](const clarify::HttpOptions& options) { return NamelessBackend{options}; });
    const std::vector<std::string> expected{
        "connect.refused", "resolve.localhost", "tls.wrong_name", "tls.server_name"};
    std::ostringstream text;
    text << report;
    CHECK_MESSAGE(report.failed() == expected, text.str());
}

TEST_CASE("check_http_backend: work outside the executor ends the report with its first case") {
    const clarify::testing::ConformanceReport report = clarify::testing::check_http_backend(
        [](const clarify::HttpOptions& options) { return ForeignBackend{options}; });
    REQUIRE(report.cases().size() == 1);
    const clarify::testing::ConformanceCase& only = report.cases().front();
    CHECK(only.name == "executor.serial");
    REQUIRE(only.problems.size() == 2);
    CHECK(only.problems.back().find("not run") != std::string::npos);
}

#if !defined(__SANITIZE_THREAD__)
TEST_CASE(
    "check_http_backend: a thread that touches progress ends the report with the second case") {
    const clarify::testing::ConformanceReport report = clarify::testing::check_http_backend(
        [](const clarify::HttpOptions& options) { return ForeignProgressBackend{options}; });
    REQUIRE(report.cases().size() == 2);
    CHECK(report.failed() == std::vector<std::string>{"executor.alone"});
}
#endif

TEST_CASE("check_http_backend: of many problems of one case the first five are kept") {
    clarify::testing::detail::BackendCheck check{{}, {}, std::chrono::seconds{1}};
    for (int i = 0; i != 5; ++i)
        check.problem(std::to_string(i));
    CHECK(check.problems().size() == 5);
    for (int i = 5; i != 12; ++i)
        check.problem(std::to_string(i));
    REQUIRE(check.problems().size() == 6);
    CHECK(check.problems()[4] == "4");
    CHECK(check.problems().back() == "there were 7 more");
}

}  // namespace broken_backend_conformance_test
