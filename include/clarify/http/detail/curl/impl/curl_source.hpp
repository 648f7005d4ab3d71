// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_SOURCE_HPP
#define CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_SOURCE_HPP

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace clarify::detail {

// libcurl takes a file or a text, but not both, and says of neither what is wrong with it.
inline Result<void> CurlSource::read_material() {
    if (material_is_read_) return {};
    Result<TlsMaterial> material = read_tls_material(options().tls);
    if (!material) return material.error();
    settings_->material = std::move(*material);
    material_is_read_ = true;
    return {};
}

inline Result<void> CurlSource::refill(
    CurlLoan& loan, const boost::asio::any_io_executor& executor) {
    const Url& origin = loan.origin().url;
    const Result<const Url*> proxy = proxy_for(origin, settings_->options.proxy);
    if (!proxy) return proxy.error();
    if (origin.is_https()) {
        const Result<void> read = read_material();
        if (!read) return read.error();
    }
    loan.fill(std::make_shared<CurlConnection>(executor, settings_, origin, *proxy != nullptr));
    return {};
}

inline boost::asio::awaitable<Result<CurlLoan>> CurlSource::obtain(
    const HttpRequest& request, HttpProgress& progress) {
    Result<CurlLoan> place = co_await take_place(request, progress);
    if (!place) co_return place.error();
    CurlLoan loan = std::move(*place);
    if (loan) co_return std::move(loan);
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    const Result<void> filled = refill(loan, executor);
    if (!filled) co_return filled.error();
    co_return std::move(loan);
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_SOURCE_HPP
