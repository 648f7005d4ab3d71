// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_HTTP_IMPL_BEAST_BACKEND_HPP
#define CLARIFY_HTTP_IMPL_BEAST_BACKEND_HPP

#include <clarify/http/detail/beast/beast_source.hpp>
#include <clarify/http/detail/beast/response_reader.hpp>
#include <clarify/http/detail/beast/tcp_net.hpp>
#include <clarify/http/detail/beast/upload.hpp>

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
    if (ec == errc::not_enough_memory) {
        Error error{Errc::internal, Reason::resource};
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

// GCC 12 takes Asio's own deallocation of the frame for a mismatch when it inlines one half of it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

/// Sends the request over the connection of `loan` and reads the reply.
template <class Net>
boost::asio::awaitable<Result<void>> run_exchange(
    BeastSource<Net>& source,
    Loan<Connection<Net>>& loan,
    const HttpRequest& request,
    HttpResponse& response,
    HttpProgress& progress) {
    constexpr auto token = boost::asio::as_tuple(boost::asio::deferred);
    const HttpOptions& options = source.options();
    Connection<Net>& connection = *loan;
    const bool reused = connection.begin_exchange();

    connection.compose_head(request, loan.origin().authority);
    progress.phase = Phase::write;
    progress.sent = true;
    boost::system::error_code ec;
    Upload<Net> upload;
    if (request.body.size() > large_body) {
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
    if (ec && !leaves_reply(ec)) co_return exchange_failure(ec, Phase::write, reused, false);

    ResponseReader reader{response, reply_limits(options, request)};
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
        if (upload.error()) unsent = upload.error();
        if (ec && unsent) {
            outcome = exchange_failure(unsent, Phase::write, reused, answered);
            break;
        }
        if (ec) {
            const bool clean = ec == boost::asio::error::eof;
            if (reader.head_done() && (clean || ec == boost::asio::ssl::error::stream_truncated)) {
                outcome = reader.end_of_input(clean);
            } else {
                outcome = exchange_failure(ec, progress.phase, reused, answered);
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
    if (upload.is_on_its_way()) upload.stop();
    if (!outcome) co_return outcome;

    response.early = unsent || upload.is_incomplete();
    const bool intact = !unsent && !upload.is_incomplete() && !upload.was_stopped();
    if (intact) connection.end_exchange();
    if (!reused) source.proven(loan);
    // Bytes behind a complete reply belong to nothing that was asked for.
    const bool clean = connection.buffered() == 0 && intact;
    const TimePoint expires =
        clean ? reusable_until(options, reader, source.now()) : TimePoint::min();
    response.lease = std::move(loan).into_lease(expires);
    co_return Result<void>{};
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

// What an exchange needs has a frame of its own, which is a kilobyte: those in line, who may be
// many, do without. An idle connection is found without suspending.
template <class Net>
boost::asio::awaitable<Result<void>> BasicBeastBackend<Net>::post(
    const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
    const std::shared_ptr<detail::BeastSource<Net>> source = source_;
    detail::Loan<detail::Connection<Net>> loan;
    if (!request.fresh_connection) loan = source->try_reuse(*request.url);
    if (!loan) {
        Result<detail::Loan<detail::Connection<Net>>> place =
            co_await source->take_place(request, progress);
        if (!place) co_return place.error();
        loan = std::move(*place);
    }
    if (!loan) {
        const Result<void> opened = co_await source->open_in(loan, request, progress);
        if (!opened) co_return opened;
    }
    co_return co_await detail::run_exchange<Net>(*source, loan, request, response, progress);
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace clarify

#endif  // CLARIFY_HTTP_IMPL_BEAST_BACKEND_HPP
