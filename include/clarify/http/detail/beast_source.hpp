// SPDX-License-Identifier: BSL-1.0
// Connections of BeastBackend: those of the pool, and new ones.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_SOURCE_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_SOURCE_HPP

#include <clarify/http/detail/connection_source.hpp>
#include <clarify/http/detail/connector.hpp>

#include <memory>
#include <utility>

namespace clarify::detail {

template <class Net>
class BeastSource final : public ConnectionSource<Connection<Net>> {
public:
    using BeastLoan = Loan<Connection<Net>>;

    explicit BeastSource(HttpOptions options)
        : ConnectionSource<Connection<Net>>(std::move(options)), connector_(this->options()) {}

    /// Waits in line if need be, then reuses or opens a connection.
    boost::asio::awaitable<Result<BeastLoan>> obtain(
        const HttpRequest& request, HttpProgress& progress);
    /// A connection has served its first exchange.
    void proven(const BeastLoan& loan) noexcept {
        connector_.proven(*loan, loan.origin().url, this->now());
    }

private:
    Connector<Net> connector_;
};

template <class Net>
boost::asio::awaitable<Result<Loan<Connection<Net>>>> BeastSource<Net>::obtain(
    const HttpRequest& request, HttpProgress& progress) {
    Result<BeastLoan> place = co_await this->take_place(request, progress);
    if (!place) co_return place.error();
    BeastLoan loan = std::move(*place);
    if (loan) co_return std::move(loan);

    const TimePoint opening = this->now();
    Result<std::shared_ptr<Connection<Net>>> opened =
        co_await connector_.open(loan.origin().url, request.deadline, progress);
    if (!opened) {
        this->opening_failed(loan.origin(), opened.error());
        co_return opened.error();
    }
    loan.fill(std::move(*opened));
    this->observe(
        EventKind::connection_opened, loan.origin(), this->now() - opening, loan->is_resumed());
    co_return std::move(loan);
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_BEAST_SOURCE_HPP
