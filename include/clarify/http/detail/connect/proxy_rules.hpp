// SPDX-License-Identifier: BSL-1.0
// Which way a connection takes, and what a proxy's answer to CONNECT means. No I/O.

#ifndef CLARIFY_HTTP_DETAIL_CONNECT_PROXY_RULES_HPP
#define CLARIFY_HTTP_DETAIL_CONNECT_PROXY_RULES_HPP

#include <clarify/core/detail/basic_scheme.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/retry_after.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/core/url.hpp>
#include <clarify/http/proxy_options.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

/// The proxy through which `origin` is reached; null where it is reached directly. Plain http that
/// would go through a proxy is refused.
inline Result<const Url*> proxy_for(const Url& origin, const ProxyOptions& proxy) {
    if (!proxy.applies_to(origin)) return nullptr;
    if (origin.is_https()) return &*proxy.address;
    Error error{
        Errc::bad_config,
        Reason::insecure,
        "a plain http URL cannot be used with a proxy, which could read the credentials"};
    return error.set_phase(Phase::proxy);
}

/// The value of `Proxy-Authorization`; empty where the proxy gets no credentials.
inline Secret proxy_authorization(const ProxyOptions& proxy) {
    if (proxy.username.empty() && proxy.password.empty()) return Secret{};
    return basic_scheme(proxy.username, proxy.password);
}

inline Error tunnel_failure(Reason reason, const ProxyOptions& proxy, std::string_view why) {
    Error error{Errc::proxy, reason, proxy.address->authority() + ": " + std::string{why}};
    return error.set_phase(Phase::proxy).set_fate(Fate::unsent);
}

inline Error malformed_tunnel_answer(const ProxyOptions& proxy) {
    return tunnel_failure(Reason::head, proxy, "the proxy's answer is not well-formed HTTP");
}

/// What the proxy's complete answer means; `has_more` says that bytes follow it. `now` is the date, for
/// a proxy that does not say it.
inline Result<void> judge_tunnel(
    const HttpResponse& answer,
    bool has_more,
    const ProxyOptions& proxy,
    std::optional<std::chrono::system_clock::time_point> now = std::nullopt) {
    if (answer.status < 200 || answer.status > 299) {
        Error error = answer.status == 407
            ? tunnel_failure(Reason::auth, proxy, "the proxy does not accept the credentials")
            : tunnel_failure(
                  Reason::refused,
                  proxy,
                  "the proxy refused the tunnel with HTTP " + std::to_string(answer.status));
        HttpFailure failure;
        failure.status = answer.status;
        failure.retry_after = parse_retry_after(answer.retry_after, answer.date, now);
        return error.set_http(std::move(failure));
    }
    if (has_more) {
        return tunnel_failure(Reason::head, proxy, "the proxy sent more than its answer");
    }
    return {};
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CONNECT_PROXY_RULES_HPP
