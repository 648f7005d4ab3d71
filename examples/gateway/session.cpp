// SPDX-License-Identifier: BSL-1.0

#include "failure.hpp"
#include "session.hpp"
#include "target.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
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

/// What a request needs for a body of this size: to read it, and to hold what is sent for it twice,
/// where numbers are written longer than they came.
std::size_t memory_for(std::uint64_t body) {
    constexpr std::size_t beside = 4096;
    return beside + 4 * static_cast<std::size_t>(body);
}

std::string kind_of(unsigned status) {
    switch (status) {
        case 413:
            return "body_limit";
        case 431:
            return "header_limit";
        default:
            return "http";
    }
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, const SessionShared& shared)
    : stream_(std::move(socket)), shared_(shared) {}

asio::awaitable<void> Session::run() {
    clarify::detail::RequestLimits limits;
    limits.head = shared_.limits.header;
    limits.body = shared_.limits.body;
    bool open = true;
    while (open) {
        const bool begun = co_await wait_for_request();
        if (!begun) co_return;
        Reader reader{limits};
        open = co_await serve(reader);
        if (ended_) co_return;
    }
    co_await linger();
}

/// Returns whether another request may follow.
asio::awaitable<bool> Session::serve(Reader& reader) {
    Request request{shared_.memory};
    std::optional<Reply> reply = co_await receive(reader, request);
    bool keep_alive = false;
    if (ended_) co_return false;
    if (!reply) {
        stage_ = Stage::answering;
        request.method = reader.method();
        request.target = reader.target();
        request.content_type = reader.field("content-type");
        request.body = std::move(reader.body());
        reply = co_await shared_.handler(request);
        request.body = {};
        request.memory.hold(reply->body.size());
        keep_alive = reader.keep_alive() && !last_;
    }
    co_await send(reader, *reply, keep_alive);
    co_return keep_alive;
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

asio::awaitable<void> Session::read_some() {
    const auto [ec, size] = co_await stream_.async_read_some(asio::buffer(buffer_), as_result);
    begin_ = 0;
    end_ = size;
    if (ec) ended_ = true;
}

/// Returns false when there will be no further request.
asio::awaitable<bool> Session::wait_for_request() {
    stage_ = Stage::idle;
    if (unread().empty()) {
        if (last_) co_return false;
        stream_.expires_after(shared_.limits.idle);
        co_await read_some();
    }
    stage_ = Stage::receiving;
    co_return !ended_;
}

/// Yields the reply to what cannot be served. Nothing, where the request is there or the connection
/// has ended.
asio::awaitable<std::optional<Reply>> Session::receive(Reader& reader, Request& request) {
    stream_.expires_after(shared_.limits.transfer);
    bool judged = false;
    while (true) {
        begin_ += reader.feed(unread());
        if (reader.refused())
            co_return refusal(reader.status(), kind_of(reader.status()), reader.problem());
        if (reader.head_done() && !std::exchange(judged, true)) {
            std::optional<Reply> refused = judge_head(reader, request);
            if (refused) co_return refused;
            if (reader.expects_continue() && !reader.done()) co_await send_continue();
            if (ended_) co_return std::nullopt;
        }
        if (!request.memory.grow_to(memory_for(reader.body().size()))) co_return no_room();
        if (reader.done()) break;
        co_await read_some();
        if (ended_) co_return std::nullopt;
    }
    shared_.room.succeeded();
    co_return std::nullopt;
}

/// Yields the reply to a request whose body need not be read.
std::optional<Reply> Session::judge_head(Reader& reader, Request& request) {
    // A target with a host of its own stands for the `Host` (RFC 9112 section 3.2.2).
    const std::optional<std::string_view> named = authority_of(reader.target());
    std::string_view host;
    if (named && !clarify::detail::is_host(*named, host))
        return refusal(400, "http", "the target is malformed");
    const std::string authority{named ? *named : std::string_view{reader.host().value_or("")}};
    // HTTP/1.0, which no browser speaks, need not name one.
    if ((named || reader.host()) && !shared_.hosts.has(authority)) {
        shared_.on_foreign_host(authority);
        return refusal(421, "host", "this is not the host that was asked for");
    }
    // Nobody unknown may take up memory with a body either.
    const bool is_probe = path_of(reader.target()) == "/healthz" && reader.done();
    if (!is_probe && !shared_.token.admits(reader.field("authorization"))) {
        shared_.on_stranger();
        Reply reply =
            refusal(401, "token", "this needs a bearer token, and it has none or another");
        reply.authenticate = "Bearer";
        return reply;
    }
    const std::uint64_t length = reader.length().value_or(0);
    if (!request.memory.grow_to(memory_for(length))) return no_room();
    reader.body().reserve(static_cast<std::size_t>(length));
    return std::nullopt;
}

Reply Session::no_room() const {
    shared_.room.failed(
        "requests in hand hold the " + std::to_string(shared_.memory.limit() >> 20U) +
        " MiB that --max-memory allows");
    Reply reply = refusal(503, "overloaded", "there are too many requests at a time");
    reply.retry_after = std::chrono::seconds{1};
    return reply;
}

asio::awaitable<void> Session::send_continue() {
    constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto [ec, size] = co_await asio::async_write(stream_, asio::buffer(interim), as_result);
    if (ec) ended_ = true;
}

asio::awaitable<void> Session::send(const Reader& reader, const Reply& reply, bool keep_alive) {
    http::response<http::string_body> response;
    response.result(reply.status);
    response.version(reader.http_11() || !reader.head_done() ? 11 : 10);
    response.keep_alive(keep_alive);
    response.set(http::field::server, "clarify-gateway");
    response.set(http::field::content_type, reply.content_type);
    response.set(http::field::cache_control, "no-store");
    if (reply.retry_after) {
        response.set(http::field::retry_after, std::to_string(reply.retry_after->count()));
    }
    if (!reply.allow.empty()) response.set(http::field::allow, reply.allow);
    if (!reply.authenticate.empty())
        response.set(http::field::www_authenticate, reply.authenticate);
    response.content_length(reply.body.size());
    if (reader.method() != "HEAD") response.body() = reply.body;
    stream_.expires_after(shared_.limits.transfer);
    const auto [ec, size] = co_await http::async_write(stream_, response, as_result);
    if (ec) ended_ = true;
}

/// Waits a moment for the sender to end its side. A socket that is closed with unread bytes in it
/// resets the connection, and the sender may then never see the last answer.
asio::awaitable<void> Session::linger() {
    stage_ = Stage::receiving;
    error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    stream_.expires_after(std::chrono::seconds{1});
    while (!ended_)
        co_await read_some();
}

}  // namespace gateway
