// SPDX-License-Identifier: BSL-1.0
// One exchange on an open connection: the request out, the reply in.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_EXCHANGE_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_EXCHANGE_HPP

#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/http/detail/beast/beast_source.hpp>
#include <clarify/http/detail/beast/response_reader.hpp>
#include <clarify/http/detail/beast/upload.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/errc.hpp>

#include <cstddef>
#include <tuple>
#include <utility>

namespace clarify::detail {

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

/// Does an exchange end because its peer says nothing, and not because somebody gave up earlier?
/// `is_late`: its time is up.
inline bool is_silence(boost::system::error_code ec, bool is_late) noexcept {
    return ec == boost::asio::error::timed_out ||
        (ec == boost::asio::error::operation_aborted && is_late);
}

/// A reply on its way in.
struct ReplyOnItsWay {
    ReplyOnItsWay(HttpResponse& response, const ReplyLimits& limits, bool on_reused)
        : reader(response, limits), reused(on_reused) {}

    /** Takes what one read brought: `size` bytes, or its failure. True if more is to be read.

        `unsent` is what writing the request failed with. It may have ended the reading too, and knows
        more about it.
    */
    template <class Net>
    bool take(
        Connection<Net>& connection,
        std::size_t size,
        boost::system::error_code ec,
        boost::system::error_code unsent,
        HttpProgress& progress) {
        if (ec) {
            outcome = unsent ? exchange_failure(unsent, Phase::write, reused, answered)
                             : ended(ec, progress.phase);
            return false;
        }
        answered = true;
        connection.received(size);
        const Result<std::size_t> consumed = reader.feed(connection.input());
        if (!consumed) {
            outcome = consumed.error();
            return false;
        }
        connection.consume(*consumed);
        progress.phase = reader.head_done() ? Phase::body : Phase::head;
        return !reader.done();
    }

    ResponseReader reader;
    /// Had the connection served before?
    bool reused;
    /// Has a byte come?
    bool answered = false;
    Result<void> outcome;

private:
    Result<void> ended(boost::system::error_code ec, Phase phase) {
        const bool clean = ec == boost::asio::error::eof;
        if (reader.head_done() && (clean || ec == boost::asio::ssl::error::stream_truncated)) {
            return reader.end_of_input(clean);
        }
        return exchange_failure(ec, phase, reused, answered);
    }
};

/// The reply is complete: what becomes of the connection? `whole`: all of the request was written.
template <class Net>
void end_exchange(
    BeastSource<Net>& source,
    Loan<Connection<Net>> loan,
    HttpResponse& response,
    const ResponseReader& reader,
    bool whole,
    bool reused) {
    Connection<Net>& connection = *loan;
    if (whole) connection.end_exchange();
    if (!reused) source.proven(loan);
    // Bytes behind a complete reply belong to nothing that was asked for.
    const bool clean = whole && connection.ends_clean();
    const TimePoint expires = clean ? loan.expiry(reader) : (TimePoint::min)();
    response.lease = std::move(loan).into_lease(expires);
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
    Connection<Net>& connection = *loan;
    const bool reused = connection.begin_exchange();
    loan.begin_use();

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
    const auto is_late = [&] { return progress.timed_out || source.now() >= request.deadline; };
    if (ec && !leaves_reply(ec)) {
        if (is_silence(ec, is_late())) loan.heard_nothing();
        co_return exchange_failure(ec, Phase::write, reused, false);
    }

    ReplyOnItsWay reply{response, reply_limits(source.options(), request), reused};
    std::size_t size = 0;
    do {
        const boost::asio::mutable_buffer room = connection.room();
        if (connection.is_tls()) {
            std::tie(ec, size) = co_await connection.tls().async_read_some(room, token);
        } else {
            std::tie(ec, size) = co_await connection.socket().async_read_some(room, token);
        }
        if (upload.error()) unsent = upload.error();
    } while (reply.take(connection, size, ec, unsent, progress));
    if (upload.is_on_its_way()) upload.stop();
    if (!reply.answered && is_silence(ec, is_late())) loan.heard_nothing();
    if (!reply.outcome) co_return reply.outcome;

    response.early = unsent || upload.is_incomplete();
    const bool whole = !response.early && !upload.was_stopped();
    end_exchange(source, std::move(loan), response, reply.reader, whole, reused);
    co_return Result<void>{};
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_EXCHANGE_HPP
