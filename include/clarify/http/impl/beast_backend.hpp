// SPDX-License-Identifier: BSL-1.0
// Which connection an exchange of BeastBackend goes over.

#ifndef CLARIFY_HTTP_IMPL_BEAST_BACKEND_HPP
#define CLARIFY_HTTP_IMPL_BEAST_BACKEND_HPP

#include <clarify/core/detail/process_mark.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/http/detail/beast/beast_source.hpp>
#include <clarify/http/detail/beast/exchange.hpp>
#include <clarify/http/detail/beast/tcp_net.hpp>

#include <memory>
#include <utility>

namespace clarify {

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

template <class Net>
void BasicBeastBackend<Net>::observe(Observer observer) {
    source_->tell(std::move(observer));
}

// GCC 12 takes Asio's own deallocation of the frame for a mismatch when it inlines one half of it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

// What an exchange needs has a frame of its own, which is a kilobyte: those in line, who may be
// many, do without. An idle connection is found without suspending.
template <class Net>
boost::asio::awaitable<Result<void>> BasicBeastBackend<Net>::post(
    const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
    const std::shared_ptr<detail::BeastSource<Net>> source = source_;
    const detail::ProcessMark process;
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
    if (process.is_elsewhere()) co_return detail::request_left(progress.phase);
    co_return co_await detail::run_exchange<Net>(*source, loan, request, response, progress);
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace clarify

#endif  // CLARIFY_HTTP_IMPL_BEAST_BACKEND_HPP
