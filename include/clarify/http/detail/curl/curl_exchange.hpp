// SPDX-License-Identifier: BSL-1.0
// One request of libcurl on its way, and its header lines.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_EXCHANGE_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_EXCHANGE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/http/detail/curl/curl_response.hpp>
#include <clarify/http/http_options.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <cstddef>
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

inline TimePoint CurlExchange::limit(const HttpOptions& options) const noexcept {
    if (progress.phase == Phase::proxy) {
        return (std::min)(request.deadline, time_after(phase_began, options.proxy_timeout));
    }
    if (progress.phase == Phase::tls) {
        return (std::min)(request.deadline, time_after(phase_began, options.tls_timeout));
    }
    if (progress.phase == Phase::resolve || progress.phase == Phase::connect) {
        return (std::min)(request.deadline, time_after(phase_began, options.connect_timeout));
    }
    return request.deadline;
}

inline void CurlLines::assign(
    std::span<const HeaderView> headers, std::initializer_list<std::string_view> unwanted) {
    const auto is_given = [&](std::string_view name) {
        return std::any_of(headers.begin(), headers.end(), [&](const HeaderView& header) {
            return iequals(header.name, name);
        });
    };
    wipe();
    // In one piece, so that growing leaves no copy of the authorization behind.
    std::size_t size = 0;
    for (const HeaderView& header : headers)
        size += header.name.size() + header.value.size() + 3;
    for (const std::string_view name : unwanted)
        size += name.size() + 2;
    text_.reserve(size);
    nodes_.reserve(headers.size() + unwanted.size());
    for (const HeaderView& header : headers) {
        add(header.name, header.value.empty() ? ";" : ": ", header.value);
    }
    // A line without a value forbids the field.
    for (const std::string_view name : unwanted) {
        if (!is_given(name)) add(name, ":", {});
    }
    for (std::size_t i = 0; i + 1 < nodes_.size(); ++i)
        nodes_[i].next = &nodes_[i + 1];
}

inline void CurlLines::add(
    std::string_view name, std::string_view separator, std::string_view value) {
    char* const begin = text_.data() + text_.size();
    text_ += name;
    text_ += separator;
    text_ += value;
    text_ += '\0';
    nodes_.push_back({begin, nullptr});
}

inline void CurlLines::wipe() noexcept {
    volatile char* const at = text_.data();
    for (std::size_t i = 0; i != text_.size(); ++i)
        at[i] = 0;
    text_.clear();
    nodes_.clear();
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_EXCHANGE_HPP
