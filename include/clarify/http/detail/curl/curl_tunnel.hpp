// SPDX-License-Identifier: BSL-1.0
// The tunnel that libcurl asks a proxy for, judged as BeastBackend judges its own. No I/O.

#ifndef CLARIFY_HTTP_DETAIL_CURL_CURL_TUNNEL_HPP
#define CLARIFY_HTTP_DETAIL_CURL_CURL_TUNNEL_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/http/detail/connect/proxy_rules.hpp>
#include <clarify/http/detail/curl/curl_response.hpp>
#include <clarify/http/http_options.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace clarify::detail {

/** A proxy's answer to CONNECT, line by line.

    libcurl stops at the first answer that is no tunnel, and would read its body; the verdict here
    comes first, with the end of the head. Where this says nothing, the answer broke off.
*/
class CurlTunnel {
public:
    /// `clock` tells the date; null for the system's.
    CurlTunnel(const HttpOptions& options, std::shared_ptr<const TimeSource> clock)
        : proxy_(options.proxy),
          clock_(std::move(clock)),
          reader_(reply_, tunnel_reply_limits(options)) {}
    CurlTunnel(const CurlTunnel&) = delete;
    CurlTunnel& operator=(const CurlTunnel&) = delete;

    /// A line as it came; `has_more` says that bytes follow it. False if there will be no tunnel.
    bool header_line(std::string_view line, bool has_more) {
        Result<void> verdict;
        if (!reader_.header_line(line)) {
            verdict = malformed_tunnel_answer(proxy_);
        } else if (reader_.head_done()) {
            verdict = judge_tunnel(reply_, has_more, proxy_, wall_time(clock_.get()));
            open_ = verdict.has_value();
        }
        if (!verdict) refusal_ = verdict.error();
        return verdict.has_value();
    }

    /// Does what the connection carries from here on go to the origin?
    bool is_open() const noexcept { return open_; }
    const std::optional<Error>& refusal() const noexcept { return refusal_; }

private:
    const ProxyOptions& proxy_;
    std::shared_ptr<const TimeSource> clock_;
    HttpResponse reply_;
    CurlResponse reader_;
    std::optional<Error> refusal_;
    bool open_ = false;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_CURL_TUNNEL_HPP
