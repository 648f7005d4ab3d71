// SPDX-License-Identifier: BSL-1.0
// Connections of BeastBackend: those of the pool, and new ones.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_BEAST_SOURCE_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_BEAST_SOURCE_HPP

#include <clarify/http/detail/beast/connector.hpp>
#include <clarify/http/detail/pool/connection_source.hpp>

#include <memory>
#include <utility>

namespace clarify::detail {

template <class Net>
class BeastSource final : public ConnectionSource<Connection<Net>> {
public:
    using BeastLoan = Loan<Connection<Net>>;

    explicit BeastSource(HttpOptions options)
        : ConnectionSource<Connection<Net>>(std::move(options)), connector_(this->options()) {}

    /// Opens a connection in a place that has none.
    boost::asio::awaitable<Result<void>> open_in(
        BeastLoan& place, const HttpRequest& request, HttpProgress& progress);
    /// A connection has served its first exchange.
    void proven(const BeastLoan& loan) noexcept {
        connector_.proven(*loan, loan.origin().url, this->now());
    }

private:
    Connector<Net> connector_;
};

template <class Net>
boost::asio::awaitable<Result<void>> BeastSource<Net>::open_in(
    BeastLoan& place, const HttpRequest& request, HttpProgress& progress) {
    const TimePoint opening = this->now();
    Result<std::shared_ptr<Connection<Net>>> opened =
        co_await connector_.open(place.origin().url, request.deadline, progress);
    if (!opened) {
        this->opening_failed(place.origin(), opened.error());
        co_return opened.error();
    }
    place.fill(std::move(*opened));
    this->observe(
        EventKind::connection_opened, place.origin(), this->now() - opening, place->is_resumed());
    co_return Result<void>{};
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_BEAST_SOURCE_HPP
