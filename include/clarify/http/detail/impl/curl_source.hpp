// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_HTTP_DETAIL_IMPL_CURL_SOURCE_HPP
#define CLARIFY_HTTP_DETAIL_IMPL_CURL_SOURCE_HPP

#include <boost/asio/this_coro.hpp>

#include <fstream>
#include <iterator>
#include <string>

namespace clarify::detail {

// libcurl takes a file or a text, but not both, and says of neither what is wrong with it.
inline Result<void> CurlSource::read_trust() {
    if (std::exchange(trust_is_read_, true)) return {};
    const TlsOptions& tls = options().tls;
    std::string text;
    if (!tls.ca_file.empty()) {
        std::ifstream file{tls.ca_file, std::ios::binary};
        text.assign(std::istreambuf_iterator<char>{file}, {});
        if (text.find("-----BEGIN ") == std::string::npos) {
            trust_is_read_ = false;
            Error error{
                Errc::bad_config,
                Reason::file,
                "the CA file " + tls.ca_file + " has no certificate that can be read"};
            return error.set_phase(Phase::tls);
        }
        text += '\n';
    }
    text += tls.ca_pem;
    settings_->trust = std::move(text);
    return {};
}

inline void CurlSource::refill(CurlLoan& loan, const boost::asio::any_io_executor& executor) {
    loan.fill(std::make_shared<CurlConnection>(executor, settings_, loan.origin().url));
}

inline boost::asio::awaitable<Result<CurlLoan>> CurlSource::obtain(
    const HttpRequest& request, HttpProgress& progress) {
    Result<CurlLoan> place = co_await take_place(request, progress);
    if (!place) co_return place.error();
    CurlLoan loan = std::move(*place);
    if (loan) co_return std::move(loan);
    if (loan.origin().url.is_https()) {
        const Result<void> trust = read_trust();
        if (!trust) co_return trust.error();
    }
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    refill(loan, executor);
    co_return std::move(loan);
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_IMPL_CURL_SOURCE_HPP
