// SPDX-License-Identifier: BSL-1.0
// Reads what a token endpoint answers (RFC 6749 sections 5.1 and 5.2).

#ifndef CLARIFY_AUTH_TOKEN_REPLY_HPP
#define CLARIFY_AUTH_TOKEN_REPLY_HPP

#include <clarify/auth/bearer_token.hpp>
#include <clarify/auth/token_options.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/scrub.hpp>
#include <clarify/core/result.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify {

/** A token as issued. */
struct TokenReply {
    explicit TokenReply(Secret header_value) : header(std::move(header_value)) {}

    /// The value of the `Authorization` header: `Bearer <token>`.
    Secret header;
    /// How long the token lives; empty where the issuer does not say.
    std::optional<std::chrono::seconds> lifetime;
};

/** Understands a token endpoint's reply.

    Issuers differ: `expires_in` may be an integer, an integral fraction or either in a string, and
    is clamped to 2^31-1 s; `token_type` is "bearer" in any case, or missing; `scope` is not looked
    at.

    @par Errors
    `Errc::token`: `denied` for a 4xx, `throttled` for 429 and 503, `bad_response` for all else
    that is no token, an `error` member in a success among it, `bad_expiry`, `type`. The code in an
    `error` member is named where it has legal characters (RFC 6749 section 5.2), at most 64 of
    them, unless it holds `secret`, the one that was sent, or comes with a token. The message never
    shows anything else of the body, which may hold a token. An access token of more than
    `max_token` bytes is none.
*/
Result<TokenReply> read_token_reply(
    unsigned status,
    std::string_view body,
    std::string_view secret = {},
    std::size_t max_token = TokenOptions{}.max_token);

namespace detail {

inline Error token_error(Reason reason, std::string message) {
    return Error{Errc::token, reason, std::move(message)};
}

/// The lifetime in seconds, clamped, or nothing where the text is not a positive whole number.
inline std::optional<std::chrono::seconds> read_lifetime(std::string_view text) noexcept {
    constexpr std::uint64_t most = 2147483647;
    const JsonInteger number = json_whole_number(text);
    if (number.negative || number.reason == Reason::mismatch) return std::nullopt;
    if (number.reason == Reason::out_of_range) return std::chrono::seconds{most};
    if (number.magnitude == 0) return std::nullopt;
    return std::chrono::seconds{std::min(number.magnitude, most)};
}

}  // namespace detail

inline Result<TokenReply> read_token_reply(
    unsigned status, std::string_view body, std::string_view secret, std::size_t max_token) {
    using namespace detail;
    RawJson access_token, token_type, expires_in, error;
    int tokens = 0;
    JsonScanner scanner{body};
    const RawJson whole = scanner.document();
    const bool is_object = scanner.ok() && whole.kind == JsonKind::object;
    if (is_object) {
        JsonScanner members{whole.text};
        members.object([&](std::string_view key, JsonScanner& at) {
            const RawJson value = at.value();
            if (key_is(key, "access_token")) {
                access_token = value;
                ++tokens;
            }
            if (key_is(key, "token_type")) token_type = value;
            if (key_is(key, "expires_in")) expires_in = value;
            if (key_is(key, "error")) error = value;
        });
    }

    const bool success = status >= 200 && status < 300 && status != 206;
    const bool has_error = error.kind != JsonKind::null;
    if (!success || has_error) {
        std::string message = "the token endpoint answered HTTP " + std::to_string(status);
        if (error.kind == JsonKind::string) {
            const std::string code = json_unescape(error.text);
            const bool legal = !code.empty() && code.size() <= 64 &&
                std::all_of(code.begin(), code.end(), [](char c) {
                    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
                });
            const bool harmless =
                access_token.kind == JsonKind::null && !SecretFinder{secret}.is_in(code);
            if (legal && harmless) message += ", error " + code;
        }
        if (status == 429 || status == 503)
            return token_error(Reason::throttled, std::move(message));
        const bool denied = status >= 400 && status < 500;
        return token_error(denied ? Reason::denied : Reason::bad_response, std::move(message));
    }
    if (!is_object) {
        return token_error(Reason::bad_response, "the token endpoint's reply is not a JSON object");
    }
    if (access_token.kind != JsonKind::string) {
        return token_error(Reason::bad_response, "the token endpoint's reply has no access_token");
    }
    // RFC 6749 section 3.2 forbids it, and another reader may take the other one.
    if (tokens != 1) {
        return token_error(
            Reason::bad_response, "the token endpoint's reply has several access_tokens");
    }
    std::string token = json_unescape(access_token.text);
    const Secret issued{std::move(token)};
    if (issued.size() > max_token || !BearerToken::is_token(issued.expose())) {
        return token_error(
            Reason::bad_response, "the access token is too long or has illegal characters");
    }
    if (token_type.kind == JsonKind::string) {
        if (!iequals(json_unescape(token_type.text), "bearer")) {
            return token_error(Reason::type, "the token type is not bearer");
        }
    } else if (token_type.kind != JsonKind::null) {
        return token_error(Reason::type, "the token type is not a string");
    }

    TokenReply reply{BearerToken::make_header(issued.expose())};
    if (expires_in.kind != JsonKind::null) {
        if (expires_in.kind == JsonKind::number) reply.lifetime = read_lifetime(expires_in.text);
        if (expires_in.kind == JsonKind::string) {
            reply.lifetime = read_lifetime(json_unescape(expires_in.text));
        }
        if (!reply.lifetime) {
            return token_error(
                Reason::bad_expiry, "expires_in is not a positive number of seconds");
        }
    }
    return reply;
}

}  // namespace clarify

#endif  // CLARIFY_AUTH_TOKEN_REPLY_HPP
