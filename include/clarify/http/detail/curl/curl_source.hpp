// SPDX-License-Identifier: BSL-1.0
// Connections of CurlBackend: those of the pool, and new ones that libcurl is yet to open.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_SOURCE_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_SOURCE_HPP

#include <clarify/http/detail/connect/host_look_ups.hpp>
#include <clarify/http/detail/connect/name_resolver.hpp>
#include <clarify/http/detail/curl/curl_connection.hpp>
#include <clarify/http/detail/pool/connection_source.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace clarify::detail {

using CurlLoan = Loan<CurlConnection>;

class CurlSource final : public ConnectionSource<CurlConnection> {
public:
    explicit CurlSource(HttpOptions options)
        : ConnectionSource<CurlConnection>(options),
          settings_(std::make_shared<CurlSettings>(std::move(options))) {
        const TlsOptions& tls = settings_->options.tls;
        if (tls.context) {
            throw std::invalid_argument{"tls.context is for BeastBackend; name a CA instead"};
        }
        const bool needs_openssl = !tls.client_certificate_file.empty() ||
            !tls.client_certificate_pem.empty() || !tls.crl_file.empty() || !tls.crl_pem.empty();
        if (needs_openssl && !curl_has_our_openssl()) {
            throw std::invalid_argument{
                "tls.client_certificate and tls.crl need a libcurl with this program's OpenSSL"};
        }
        if (const auto& proxy = settings_->options.proxy.address)
            settings_->proxy = proxy->origin();
        for (const std::string& pin : tls.pins)
            settings_->pins += (settings_->pins.empty() ? "sha256//" : ";sha256//") + pin.substr(7);
    }

    /// Waits in line if need be. The loan has an idle connection that is still good, or one that is
    /// yet to be opened.
    boost::asio::awaitable<Result<CurlLoan>> obtain(
        const HttpRequest& request, HttpProgress& progress);
    /// Fills the place with a connection that is yet to be opened, closing the one in it.
    Result<void> refill(CurlLoan& loan, const boost::asio::any_io_executor& executor);

    /// Looks up what the connection in a place is to be opened to, unless it is open.
    boost::asio::awaitable<Result<void>> look_up(
        CurlLoan& loan, const HttpRequest& request, HttpProgress& progress);

private:
    Result<void> read_material();

    std::shared_ptr<CurlSettings> settings_;
    bool material_is_read_ = false;
    HostLookUps<NameResolver> look_ups_;
};

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

inline boost::asio::awaitable<Result<void>> CurlSource::look_up(
    CurlLoan& loan, const HttpRequest& request, HttpProgress& progress) {
    if (loan->is_established()) co_return Result<void>{};
    const Url& origin = loan.origin().url;
    const Result<const Url*> proxy = proxy_for(origin, settings_->options.proxy);
    if (!proxy) co_return proxy.error();
    const Url& next_hop = *proxy != nullptr ? **proxy : origin;
    progress.phase = Phase::resolve;
    const TimePoint until =
        (std::min)(request.deadline, now() + settings_->options.connect_timeout);
    const Result<std::vector<Endpoint>> found = co_await look_ups_.find(next_hop, until);
    if (!found) co_return found.error();
    loan->set_addresses(next_hop, *found);
    co_return Result<void>{};
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_SOURCE_HPP
