// SPDX-License-Identifier: BSL-1.0
// One request for a token and what came back, from the form to the token or the error.

#ifndef CLARIFY_AUTH_DETAIL_TOKEN_REQUEST_HPP
#define CLARIFY_AUTH_DETAIL_TOKEN_REQUEST_HPP

#include <clarify/auth/client_credentials_config.hpp>
#include <clarify/auth/detail/token_reply.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/basic_scheme.hpp>
#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/detail/scrub.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/retry_after.hpp>

#include <array>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

/// The body of the request (RFC 6749 section 4.4.2).
inline Secret token_form(const ClientCredentialsConfig& config) {
    std::string body;
    // Reserved for the worst case, so that no reallocation leaves a copy of the secret behind.
    body.reserve(
        128 +
        3 *
            (config.client_id.size() + config.client_secret.size() + config.audience.size() +
             config.scope.size()));
    body += "grant_type=client_credentials";
    const auto add = [&body](std::string_view name, std::string_view value) {
        body += name;
        append_form_value(body, value);
    };
    if (config.authentication == ClientAuthentication::form) {
        add("&client_id=", config.client_id);
        add("&client_secret=", config.client_secret.expose());
    }
    if (!config.audience.empty()) add("&audience=", config.audience);
    if (!config.scope.empty()) add("&scope=", config.scope);
    return Secret{std::move(body)};
}

/// The `Authorization` header of the request; empty where the form has the credentials.
/// @throws std::invalid_argument where the scheme cannot carry them.
inline Secret token_authorization(const ClientCredentialsConfig& config) {
    if (config.authentication == ClientAuthentication::form) return Secret{};
    if (config.authentication == ClientAuthentication::basic_raw) {
        return basic_scheme(config.client_id, config.client_secret);
    }
    std::string id;
    append_form_value(id, config.client_id);
    std::string secret;
    secret.reserve(3 * config.client_secret.size());
    append_form_value(secret, config.client_secret.expose());
    return basic_scheme(id, Secret{std::move(secret)});
}

/** Holds all that a request for a token needs, and its reply, for as many attempts as it takes.

    `config` must outlive it. What it holds of secrets is wiped when it goes, however that comes
    about.
*/
class TokenRequest {
public:
    TokenRequest(const ClientCredentialsConfig& config, TimePoint deadline) : config_(config) {
        request_.url = &config.token_url;
        request_.headers = std::span{headers_}.first(authorization_.empty() ? 2 : 3);
        request_.body = form_.expose();
        request_.deadline = deadline;
        request_.max_response_body = config.token.max_reply;
        // The reply holds a token. In one piece, so that growing leaves no copy of it behind.
        response_.body.reserve(request_.max_response_body);
    }
    TokenRequest(const TokenRequest&) = delete;
    TokenRequest& operator=(const TokenRequest&) = delete;
    ~TokenRequest() { Secret::wipe(response_.body); }

    const HttpRequest& request() const noexcept { return request_; }
    HttpResponse& response() noexcept { return response_; }

    /// To be called before each attempt.
    void prepare(bool fresh_connection) {
        Secret::wipe(response_.body);
        response_.clear();
        request_.fresh_connection = fresh_connection;
    }

    /// Understands the reply, and wipes its body.
    Result<TokenReply> read() {
        // It is complete; whether the token is any good does not matter to the connection.
        response_.lease.keep();
        Result<TokenReply> reply = read_token_reply(
            response_.status,
            response_.body,
            config_.client_secret.expose(),
            config_.token.max_token);
        Secret::wipe(response_.body);
        return reply;
    }

    /// Adds to the error that a reply came to what people may see of that reply.
    /// `now` is the date, for an endpoint that does not say it.
    Error explain(Error error, std::chrono::system_clock::time_point now) const {
        if (sent_.finds(error.message())) {
            error = token_error(error.reason(), "the token endpoint repeats the credentials");
        }
        HttpFailure failure;
        failure.status = response_.status;
        failure.retry_after = parse_retry_after(response_.retry_after, response_.date, now);
        failure.traceparent = response_.traceparent;
        SecretFinder{config_.client_secret.expose()}.scrub(failure.traceparent);
        sent_.scrub(failure.traceparent);
        failure.traceparent = printable(failure.traceparent, 128);
        return error.set_http(std::move(failure));
    }

private:
    const ClientCredentialsConfig& config_;
    const Secret form_ = token_form(config_);
    const Secret authorization_ = token_authorization(config_);
    const Scrubber sent_{authorization_.expose()};
    const std::array<HeaderView, 3> headers_{
        HeaderView{"Content-Type", "application/x-www-form-urlencoded"},
        HeaderView{"Accept", "application/json"},
        HeaderView{"Authorization", authorization_.expose()}};
    HttpRequest request_;
    HttpResponse response_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_AUTH_DETAIL_TOKEN_REQUEST_HPP
