// SPDX-License-Identifier: BSL-1.0
// Exchanges of CurlBackend: each on a connection of the source, waited for, and judged.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_TRANSFER_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_TRANSFER_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/http/detail/curl/curl_connection.hpp>
#include <clarify/http/detail/curl/curl_exchange.hpp>
#include <clarify/http/detail/curl/curl_source.hpp>
#include <clarify/http/detail/reply/reply_limits.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace clarify::detail {

/// What became of an exchange that is done.
inline Result<void> curl_verdict(const CurlExchange& exchange, const CurlConnection& connection) {
    if (exchange.thrown) std::rethrow_exception(exchange.thrown);
    if (exchange.response.refusal()) return *exchange.response.refusal();
    if (exchange.code != CURLE_OK) return connection.failure();
    // libcurl takes the end of a TCP connection for the end of a TLS one. So over TLS, the end of
    // the connection does not tell where a reply ends.
    const bool ends_surely = exchange.response.is_delimited() || !exchange.request.url->is_https();
    if (exchange.response.is_whole() && ends_surely) return {};
    Error error{Errc::io, Reason::truncated, "the connection ended inside the reply"};
    return error.set_phase(exchange.progress.phase).set_fate(Fate::unknown);
}

/// An exchange that has to end before its time.
inline Error curl_interruption(Errc code, const CurlExchange& exchange) {
    Error error{code};
    return error.set_phase(exchange.progress.phase)
        .set_fate(exchange.sent ? Fate::unknown : Fate::unsent);
}

/// Did it end because its server said nothing, and not because somebody gave up earlier?
inline bool is_silence(const CurlExchange& exchange, const Error& error, TimePoint now) {
    if (!exchange.sent || exchange.response.begun()) return false;
    const bool is_late = exchange.progress.timed_out || now >= exchange.request.deadline;
    return is_late || error.cause() == boost::asio::error::timed_out;
}

/** Runs `exchange` on the loan's connection, whose opening `began` then if it is not open.

    However the coroutine ends, libcurl has let go of the exchange then.
*/
inline boost::asio::awaitable<Result<void>> curl_transfer(
    CurlExchange& exchange, CurlLoan& loan, CurlSource& source, TimePoint began) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    struct Running {
        CurlConnection& connection;
        explicit Running(CurlConnection& which) : connection(which) {}
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        ~Running() { connection.end(); }
    };
    CurlConnection& connection = *loan;
    const bool opens = !connection.is_established();
    bool announced = !opens;
    const Running running{connection};
    loan.begin_use();
    connection.begin(exchange, began);
    for (;;) {
        if (!announced && connection.is_established()) {
            announced = true;
            source.observe(
                EventKind::connection_opened, loan.origin(), connection.opened_at() - began);
        }
        if (exchange.done) co_return curl_verdict(exchange, connection);
        const TimePoint limit = exchange.limit(source.options());
        if (source.now() >= limit) co_return curl_interruption(Errc::timeout, exchange);
        const bool cancelled = co_await exchange.changed.wait(executor, limit);
        if (cancelled) co_return curl_interruption(Errc::cancelled, exchange);
    }
}

/// `CurlBackend::post` on the connections of `source`.
inline boost::asio::awaitable<Result<void>> curl_post(
    std::shared_ptr<CurlSource> source,
    const HttpRequest& request,
    HttpResponse& response,
    HttpProgress& progress) {
    const ProcessMark process;
    Result<CurlLoan> obtained = co_await source->obtain(request, progress);
    if (!obtained) co_return obtained.error();
    if (process.is_elsewhere()) co_return request_left(progress.phase);
    CurlLoan loan = std::move(*obtained);

    const ReplyLimits limits = reply_limits(source->options(), request);
    for (;;) {
        const bool reused = loan->is_established();
        const TimePoint began = source->now();
        const Result<void> found = co_await source->look_up(loan, request, progress);
        if (!found) co_return found.error();
        CurlExchange exchange{request, response, progress, limits};
        const Result<void> outcome = co_await curl_transfer(exchange, loan, *source, began);
        if (!outcome) {
            if (is_silence(exchange, outcome.error(), source->now())) loan.heard_nothing();
            // The idle connection broke between the look at it and libcurl's own. Nothing has been
            // sent, so another one takes its place.
            const bool broke = reused && exchange.done && !exchange.sent && !process.is_elsewhere();
            if (!broke) {
                source->opening_failed(loan.origin(), outcome.error());
                co_return outcome.error();
            }
            const Result<void> filled = co_await source->refill(loan, request.deadline, progress);
            if (!filled) co_return filled.error();
            continue;
        }
        const TimePoint expires =
            loan->can_serve() ? loan.expiry(exchange.response) : (TimePoint::min)();
        response.lease = std::move(loan).into_lease(expires);
        co_return Result<void>{};
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_TRANSFER_HPP
