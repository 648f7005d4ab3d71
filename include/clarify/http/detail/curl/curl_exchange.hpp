// SPDX-License-Identifier: BSL-1.0
// One request of libcurl on its way, and its header lines.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_EXCHANGE_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_EXCHANGE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/http/detail/curl/curl_response.hpp>
#include <clarify/http/http_options.hpp>

#include <curl/curl.h>

#include <exception>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::detail {

/// A request on its way, and what became of it. Pinned: libcurl's callbacks write into it.
struct CurlExchange {
    CurlExchange(
        const HttpRequest& what, HttpResponse& into, HttpProgress& where, const ReplyLimits& limits)
        : request(what), progress(where), response(into, limits) {}
    CurlExchange(const CurlExchange&) = delete;
    CurlExchange& operator=(const CurlExchange&) = delete;

    /// How far it may go from here: the end of the current phase, or the deadline.
    TimePoint limit(const HttpOptions& options) const noexcept;

    const HttpRequest& request;
    HttpProgress& progress;
    CurlResponse response;
    /// Notified when `done` or `limit` changes.
    Signal changed;
    TimePoint phase_began;
    /// Has the request been begun, whatever `progress` said before?
    bool sent = false;
    /// What libcurl had sent by then: CONNECT, to a proxy.
    long sent_before = 0;
    /// Does libcurl's time of the first byte tell nothing about the reply?
    bool started_by_upload = false;
    bool done = false;
    CURLcode code = CURLE_OK;
    /// What a callback threw; libcurl is C and must not see it.
    std::exception_ptr thrown;
};

/// The header lines of a request, as libcurl takes them. They are wiped, since one of them may be an
/// authorization.
class CurlLines {
public:
    CurlLines() = default;
    CurlLines(const CurlLines&) = delete;
    CurlLines& operator=(const CurlLines&) = delete;
    ~CurlLines() { wipe(); }

    /// `unwanted` are fields that libcurl adds by itself if they are not given.
    void assign(
        std::span<const HeaderView> headers, std::initializer_list<std::string_view> unwanted);
    void wipe() noexcept;
    curl_slist* list() noexcept { return nodes_.data(); }

private:
    void add(std::string_view name, std::string_view separator, std::string_view value);

    std::string text_;
    std::vector<curl_slist> nodes_;
};

}  // namespace clarify::detail

#include <clarify/http/detail/curl/impl/curl_exchange.hpp>

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_EXCHANGE_HPP
