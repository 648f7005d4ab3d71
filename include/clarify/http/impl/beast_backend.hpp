// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_HTTP_IMPL_BEAST_BACKEND_HPP
#define CLARIFY_HTTP_IMPL_BEAST_BACKEND_HPP

#include <clarify/http/detail/beast_source.hpp>
#include <clarify/http/detail/response_reader.hpp>
#include <clarify/http/detail/tcp_net.hpp>
#include <clarify/http/detail/upload.hpp>

#include <algorithm>
#include <utility>

namespace clarify {
namespace detail {

/// A failure on a connection after the request began to go out.
inline Error exchange_failure(
    boost::system::error_code ec, Phase phase, bool reused, bool answered) {
    namespace errc = boost::system::errc;
    if (ec == boost::asio::error::operation_aborted) {
        Error error{Errc::cancelled};
        return error.set_phase(phase).set_fate(Fate::unknown);
    }
    const bool ended =
        ec == boost::asio::error::eof || ec == boost::asio::ssl::error::stream_truncated;
    const bool reset = ec == errc::connection_reset || ec == errc::broken_pipe;
    Reason reason = Reason::none;
    if (ended) reason = Reason::truncated;
    if (reset) reason = Reason::reset;
    // A used connection that ends without a byte of reply: the server closed it as the request set
    // out.
    if (reused && !answered && (ended || reset)) reason = Reason::stale;
    Error error{Errc::io, reason, "the connection broke"};
    return error.set_cause(ec).set_phase(phase).set_fate(Fate::unknown);
}

}  // namespace detail

template <class Net>
BasicBeastBackend<Net>::BasicBeastBackend(HttpOptions options)
    : source_(std::make_shared<detail::BeastSource<Net>>(std::move(options))) {}

template <class Net>
void BasicBeastBackend<Net>::close() noexcept {
    source_->close();
}

template <class Net>
void BasicBeastBackend<Net>::drain() noexcept {
    source_->drain();
}

// GCC 12 takes Asio's own deallocation of the frame for a mismatch when it inlines one half of it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

// The warm path is this one coroutine frame: an idle connection is found without suspending.
template <class Net>
boost::asio::awaitable<Result<void>> BasicBeastBackend<Net>::post(
    const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
    constexpr auto token = boost::asio::as_tuple(boost::asio::deferred);
    const std::shared_ptr<detail::BeastSource<Net>> source = source_;
    const HttpOptions& options = source->options();

    detail::Loan<detail::Connection<Net>> loan;
    if (!request.fresh_connection) loan = source->try_reuse(*request.url);
    if (!loan) {
        Result<detail::Loan<detail::Connection<Net>>> obtained =
            co_await source->obtain(request, progress);
        if (!obtained) co_return obtained.error();
        loan = std::move(*obtained);
    }
    detail::Connection<Net>& connection = *loan;
    const bool reused = connection.begin_exchange();

    connection.compose_head(request, loan.origin().authority);
    progress.phase = Phase::write;
    progress.sent = true;
    boost::system::error_code ec;
    detail::Upload<Net> upload;
    if (request.body.size() > detail::large_body) {
        upload.begin(
            co_await boost::asio::this_coro::executor, loan.share(), request.body, progress);
    } else {
        if (connection.is_tls()) {
            std::tie(ec, std::ignore) = co_await boost::asio::async_write(
                connection.tls(), connection.output(request.body), token);
        } else {
            std::tie(ec, std::ignore) = co_await boost::asio::async_write(
                connection.socket(), connection.output(request.body), token);
        }
        connection.forget_head();
        if (!ec) progress.phase = Phase::first_byte;
    }
    // A server that refuses a request before it has read all of it closes, but may have answered
    // first.
    boost::system::error_code unsent = ec;
    if (ec && !detail::leaves_reply(ec))
        co_return detail::exchange_failure(ec, Phase::write, reused, false);

    detail::ResponseLimits limits;
    limits.head = options.max_response_head;
    limits.fields = options.max_response_fields;
    limits.body = request.max_response_body;
    limits.interim = options.max_interim_responses;
    limits.chunk_line = options.max_chunk_line;
    limits.chunk_extras = options.max_chunk_extras;
    detail::ResponseReader reader{response, limits};
    bool answered = false;
    Result<void> outcome;
    while (!reader.done()) {
        const boost::asio::mutable_buffer room = connection.room();
        std::size_t size = 0;
        if (connection.is_tls()) {
            std::tie(ec, size) = co_await connection.tls().async_read_some(room, token);
        } else {
            std::tie(ec, size) = co_await connection.socket().async_read_some(room, token);
        }
        // What ended the reading may have ended the writing before, which knows more about it.
        if (ec && upload.is_on_its_way()) co_await upload.stop();
        if (upload.error()) unsent = upload.error();
        if (ec && unsent) {
            outcome = detail::exchange_failure(unsent, Phase::write, reused, answered);
            break;
        }
        if (ec) {
            const bool clean = ec == boost::asio::error::eof;
            if (reader.head_done() && (clean || ec == boost::asio::ssl::error::stream_truncated)) {
                outcome = reader.end_of_input(clean);
            } else {
                outcome = detail::exchange_failure(ec, progress.phase, reused, answered);
            }
            break;
        }
        answered = true;
        connection.received(size);
        const Result<std::size_t> consumed = reader.feed(connection.input());
        if (!consumed) {
            outcome = consumed.error();
            break;
        }
        connection.consume(*consumed);
        progress.phase = reader.head_done() ? Phase::body : Phase::head;
    }
    if (upload.is_on_its_way()) co_await upload.stop();
    if (!outcome) co_return outcome;

    response.early = unsent || upload.is_incomplete();
    const bool intact = !unsent && !upload.is_incomplete() && !upload.was_stopped();
    if (intact) connection.end_exchange();
    if (!reused) source->proven(loan);
    // Bytes behind a complete reply belong to nothing that was asked for.
    const bool clean = connection.buffered() == 0 && intact;
    const TimePoint expires =
        clean ? detail::reusable_until(options, reader, source->now()) : TimePoint::min();
    response.lease = std::move(loan).into_lease(expires);
    co_return Result<void>{};
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace clarify

#endif  // CLARIFY_HTTP_IMPL_BEAST_BACKEND_HPP
