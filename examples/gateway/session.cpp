// SPDX-License-Identifier: BSL-1.0

#include "failure.hpp"
#include "session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/http/write.hpp>

#include <optional>
#include <string>
#include <utility>

namespace gateway {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

/// Operations complete with their error code instead of throwing it.
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t read_size = 8 * 1024;

/// The answer to bytes that are no request; nothing where nobody waits for one.
std::optional<Reply> answer_to(const error_code& ec) {
    if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
        return refusal(431, "header_limit", "the request header is too large");
    }
    if (ec == http::error::body_limit) {
        return refusal(413, "body_limit", "the request body is too large");
    }
    const bool peer_ended = ec == http::error::end_of_stream || ec == http::error::partial_message;
    if (peer_ended || ec.category() != http::make_error_code(http::error::bad_method).category()) {
        return std::nullopt;
    }
    return refusal(400, "http", "this is not an HTTP/1.1 request");
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, const SessionLimits& limits, const Handler& handler)
    : stream_(std::move(socket)),
      buffer_(limits.header + read_size),
      limits_(limits),
      handler_(handler) {}

asio::awaitable<void> Session::run() {
    bool open = true;
    while (open) {
        const bool begun = co_await wait_for_request();
        if (!begun) co_return;

        Parser parser;
        const error_code ec = co_await receive(parser);
        std::optional<Reply> reply;
        if (ec) {
            reply = answer_to(ec);
            if (!reply) co_return;
        } else {
            stage_ = Stage::answering;
            reply = co_await handler_(parser.get());
        }
        open = !ec && parser.keep_alive() && !last_;
        const bool sent = co_await send(*reply, parser.get(), open);
        if (!sent) co_return;
    }
    co_await linger();
}

void Session::wind_up(Stage stage) {
    asio::post(get_executor(), [self = shared_from_this(), stage] {
        self->last_ = true;
        // Cancelled, not closed: a request that has arrived in this moment still gets its answer.
        if (self->stage_ <= stage) self->stream_.cancel();
    });
}

void Session::cut() {
    asio::post(get_executor(), [self = shared_from_this()] {
        self->last_ = true;
        self->stream_.close();
    });
}

/// Returns false when there will be no further request.
asio::awaitable<bool> Session::wait_for_request() {
    stage_ = Stage::idle;
    if (buffer_.size() == 0) {
        if (last_) co_return false;
        stream_.expires_after(limits_.idle);
        const auto space = buffer_.prepare(read_size);
        const auto [ec, size] = co_await stream_.async_read_some(space, as_result);
        if (ec) co_return false;
        buffer_.commit(size);
    }
    stage_ = Stage::receiving;
    co_return true;
}

asio::awaitable<error_code> Session::receive(Parser& parser) {
    parser.header_limit(limits_.header);
    parser.body_limit(limits_.body);
    stream_.expires_after(limits_.transfer);
    const auto [head_ec, head_size] =
        co_await http::async_read_header(stream_, buffer_, parser, as_result);
    if (head_ec) co_return head_ec;
    const bool waits = boost::beast::iequals(parser.get()[http::field::expect], "100-continue");
    if (waits && !parser.is_done()) {
        http::response<http::empty_body> go_on{http::status::continue_, 11};
        const auto [ec, size] = co_await http::async_write(stream_, go_on, as_result);
        if (ec) co_return ec;
    }
    const auto [ec, size] = co_await http::async_read(stream_, buffer_, parser, as_result);
    co_return ec;
}

asio::awaitable<bool> Session::send(const Reply& reply, const Request& request, bool keep_alive) {
    http::response<http::string_body> response;
    response.result(reply.status);
    response.version(request.version());
    response.keep_alive(keep_alive);
    response.set(http::field::server, "clarify-gateway");
    response.set(http::field::content_type, "application/json");
    response.set(http::field::cache_control, "no-store");
    if (reply.retry_after) {
        response.set(http::field::retry_after, std::to_string(reply.retry_after->count()));
    }
    if (!reply.allow.empty()) response.set(http::field::allow, reply.allow);
    response.content_length(reply.body.size());
    if (request.method() != http::verb::head) response.body() = reply.body;
    stream_.expires_after(limits_.transfer);
    const auto [ec, size] = co_await http::async_write(stream_, response, as_result);
    co_return !ec;
}

/// Waits a moment for the sender to end its side. A socket that is closed with unread bytes in it
/// resets the connection, and the sender may then never see the last answer.
asio::awaitable<void> Session::linger() {
    stage_ = Stage::receiving;
    error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    stream_.expires_after(std::chrono::seconds{1});
    for (;;) {
        buffer_.clear();
        const auto space = buffer_.prepare(read_size);
        const auto [ec, size] = co_await stream_.async_read_some(space, as_result);
        if (ec) co_return;
    }
}

}  // namespace gateway
