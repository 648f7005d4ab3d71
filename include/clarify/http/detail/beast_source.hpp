// SPDX-License-Identifier: BSL-1.0
// Connections of BeastBackend: those of the pool, and new ones.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_SOURCE_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_SOURCE_HPP

#include <clarify/http/detail/connection_source.hpp>
#include <clarify/http/detail/connector.hpp>
#include <clarify/http/detail/tls_context.hpp>

#include <memory>
#include <utility>

namespace clarify::detail {

class BeastSource final : public ConnectionSource<Connection> {
public:
    using ConnectionSource<Connection>::ConnectionSource;

    /// Waits in line if need be, then reuses or opens a connection.
    boost::asio::awaitable<Result<Loan<Connection>>> obtain(
        const HttpRequest& request, HttpProgress& progress);

private:
    std::shared_ptr<boost::asio::ssl::context> tls_;
};

inline boost::asio::awaitable<Result<Loan<Connection>>> BeastSource::obtain(
    const HttpRequest& request, HttpProgress& progress) {
    Result<Loan<Connection>> place = co_await take_place(request, progress);
    if (!place) co_return place.error();
    Loan<Connection> loan = std::move(*place);
    if (loan) co_return std::move(loan);

    Origin<Connection>& origin = loan.origin();
    if (!tls_) tls_ = options().tls.context;
    if (origin.url.is_https() && !tls_) {
        Result<std::shared_ptr<boost::asio::ssl::context>> made = make_tls_context(options().tls);
        if (!made) co_return made.error();
        tls_ = std::move(*made);
    }
    const TimePoint opening = now();
    Result<std::shared_ptr<Connection>> opened =
        co_await open_connection(origin.url, tls_, options(), request.deadline, progress);
    if (!opened) co_return opened.error();
    loan.fill(std::move(*opened));
    observe(EventKind::connection_opened, origin, now() - opening);
    co_return std::move(loan);
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_SOURCE_HPP
