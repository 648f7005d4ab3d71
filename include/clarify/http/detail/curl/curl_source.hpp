// SPDX-License-Identifier: BSL-1.0
// Connections of CurlBackend: those of the pool, and new ones that libcurl is yet to open.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_SOURCE_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_SOURCE_HPP

#include <clarify/http/detail/curl/curl_connection.hpp>
#include <clarify/http/detail/pool/connection_source.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

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

private:
    Result<void> read_material();

    std::shared_ptr<CurlSettings> settings_;
    bool material_is_read_ = false;
};

}  // namespace clarify::detail

#include <clarify/http/detail/curl/impl/curl_source.hpp>

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_SOURCE_HPP
