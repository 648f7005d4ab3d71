// SPDX-License-Identifier: BSL-1.0
// Asks a proxy for a tunnel to an origin.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_PROXY_TUNNEL_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_PROXY_TUNNEL_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/serial_executor.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/detail/beast/connection.hpp>
#include <clarify/http/detail/beast/handshake.hpp>
#include <clarify/http/detail/beast/response_reader.hpp>
#include <clarify/http/detail/connect/proxy_rules.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

/// The request for a tunnel to `origin` (RFC 9110 section 9.3.6). Holds the proxy's credentials.
Secret connect_request(const Url& origin, const ProxyOptions& proxy);

/** Turns a connection to the proxy into a tunnel to `origin`, before `until`.

    The reply to CONNECT is read as strictly as any, and no byte may follow it: the origin does not
    speak first. All failures are `Fate::unsent`, `Errc::proxy`: `auth` for 407, `refused` with the
    status for any other, `head` where it is not well-formed, `reset` where the proxy went away; or
    `Errc::timeout`.
*/
template <class Net>
boost::asio::awaitable<Result<void>> open_tunnel(
    std::shared_ptr<Connection<Net>> connection,
    const Url& origin,
    const HttpOptions& options,
    TimePoint until);

inline Secret connect_request(const Url& origin, const ProxyOptions& proxy) {
    const bool is_v6 = origin.host().find(':') != std::string::npos;
    const std::string target =
        (is_v6 ? '[' + origin.host() + ']' : origin.host()) + ':' + std::to_string(origin.port());
    const Secret credentials = proxy_authorization(proxy);
    std::string text;
    // In one piece, so that growing leaves no copy of the credentials behind.
    text.reserve(96 + 2 * target.size() + credentials.size());
    text += "CONNECT ";
    text += target;
    text += " HTTP/1.1\r\nHost: ";
    text += target;
    text += "\r\n";
    if (!credentials.empty()) {
        text += "Proxy-Authorization: ";
        text += credentials.expose();
        text += "\r\n";
    }
    text += "\r\n";
    return Secret{std::move(text)};
}

template <class Net>
boost::asio::awaitable<Result<void>> open_tunnel(
    std::shared_ptr<Connection<Net>> connection,
    const Url& origin,
    const HttpOptions& options,
    TimePoint until) {
    constexpr auto token = boost::asio::as_tuple(boost::asio::deferred);
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    const ProxyOptions& proxy = options.proxy;
    PhaseGuard guard{executor, connection, until};
    const auto broken = [&](boost::system::error_code ec) {
        return tunnel_failure(Reason::reset, proxy, "the proxy went away").set_cause(ec);
    };

    boost::system::error_code ec;
    {
        const Secret request = connect_request(origin, proxy);
        const auto bytes = boost::asio::buffer(request.expose().data(), request.size());
        std::tie(ec, std::ignore) =
            co_await boost::asio::async_write(connection->socket(), bytes, token);
    }
    if (guard.expired()) co_return opening_timed_out(Phase::proxy, origin);
    if (ec) co_return broken(ec);

    HttpResponse reply;
    ResponseReader reader{reply, tunnel_reply_limits(options)};
    while (!reader.done()) {
        const boost::asio::mutable_buffer room = connection->room();
        std::size_t size = 0;
        std::tie(ec, size) = co_await connection->socket().async_read_some(room, token);
        if (guard.expired()) co_return opening_timed_out(Phase::proxy, origin);
        if (ec) co_return broken(ec);
        connection->received(size);
        const Result<std::size_t> consumed = reader.feed(connection->input());
        if (!consumed) co_return malformed_tunnel_answer(proxy);
        connection->consume(*consumed);
    }
    const bool has_more = connection->buffered() != 0;
    co_return judge_tunnel(reply, has_more, proxy, wall_time(time_source(executor).get()));
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_PROXY_TUNNEL_HPP
