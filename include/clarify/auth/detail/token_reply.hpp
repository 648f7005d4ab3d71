// SPDX-License-Identifier: BSL-1.0
// Reads what a token endpoint answers (RFC 6749 sections 5.1 and 5.2).

#ifndef CLARIFY_AUTH_DETAIL_TOKEN_REPLY_HPP
#define CLARIFY_AUTH_DETAIL_TOKEN_REPLY_HPP

#include <clarify/auth/bearer_token.hpp>
#include <clarify/auth/token_options.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/scrub.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/core/result.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

/** A token as issued. */
struct TokenReply {
    explicit TokenReply(Secret header_value) : header(std::move(header_value)) {}

    /// The value of the `Authorization` header: `Bearer <token>`.
    Secret header;
    /// How long the token lives; empty where the issuer does not say.
    std::optional<std::chrono::seconds> lifetime;
};

/** Understands a token endpoint's reply.

    Issuers differ. What leaves no doubt which token is meant, and for how long, is accepted:

    | member | accepted |
    | --- | --- |
    | `access_token` | a string that `BearerToken::is_token`, of `max_token` bytes at most |
    | `expires_in` | a number or a string with one, of whole seconds once what is below the point is left out; more than 2^31-1 counts as that; missing and `null`: not said |
    | `token_type` | "bearer" in any case; missing and `null`: bearer |
    | `error` | an empty string, `null` and `false`, which say that there is none |
    | all others, `scope` among them | whatever they are |

    The type that the reply is declared with is not looked at: a JSON object with a token cannot be
    taken for anything else.

    Refused is what another reader may understand in another way, or what cannot be used safely: one
    of the four members twice (RFC 6749 section 3.2 forbids it), another type of token, an
    `expires_in` that is no positive number of seconds, a token that may not stand in a header, a
    body that is not JSON.

    @par Errors
    `Errc::token`: `denied` for a 4xx, `throttled` for 429 and 503 (an endpoint that is asked so
    rarely is busy, not broken), `bad_response` for all else that is no token, an `error` member in a
    success among it, `bad_expiry`, `type`. The code in an `error` member is named where it has legal
    characters (RFC 6749 section 5.2), at most 64 of them, unless it holds `secret`, the one that was
    sent, or comes with a token. The message never shows anything else of the body, which may hold a
    token.
*/
Result<TokenReply> read_token_reply(
    unsigned status,
    std::string_view body,
    std::string_view secret = {},
    std::size_t max_token = TokenOptions{}.max_token);

/// The token of a reply, as processes share it.
inline StoredToken shared_token(
    const TokenReply& reply,
    std::chrono::system_clock::time_point issued,
    const TokenTimes& times) {
    constexpr std::string_view scheme = "Bearer ";
    StoredToken out;
    out.token = Secret{reply.header.expose().substr(scheme.size())};
    out.issued = issued;
    out.lifetime = reply.lifetime.value_or(times.default_lifetime);
    return out;
}

inline Error token_error(Reason reason, std::string message) {
    return Error{Errc::token, reason, std::move(message)};
}

/// Of a fetch whose time was up in a step of it.
inline Error token_timeout(Phase step) {
    Error error = Error{Errc::timeout, Reason::none, "no token could be fetched in time"};
    error.set_phase(Phase::token);
    if (step != Phase::token) error.set_token_step(step);
    return error;
}

/// The members of a reply that count, as they stand in it.
struct TokenMembers {
    RawJson access_token;
    RawJson token_type;
    RawJson expires_in;
    RawJson error;
    bool is_object = false;
    /// Is one of them there more than once?
    bool repeated = false;

    /// Does the reply speak of an error?
    bool has_error() const noexcept {
        const bool said_none = error.kind == JsonKind::null || error.text == "false" ||
            (error.kind == JsonKind::string && error.text.size() == 2);
        return !said_none;
    }
};

inline TokenMembers find_token_members(std::string_view body) {
    TokenMembers found;
    JsonScanner scanner{body};
    const RawJson whole = scanner.document();
    found.is_object = scanner.ok() && whole.kind == JsonKind::object;
    if (!found.is_object) return found;
    struct Place {
        std::string_view name;
        RawJson* value;
        bool taken = false;
    };
    std::array<Place, 4> places{
        Place{"access_token", &found.access_token},
        Place{"token_type", &found.token_type},
        Place{"expires_in", &found.expires_in},
        Place{"error", &found.error}};
    JsonScanner members{whole.text};
    members.object([&](std::string_view key, JsonScanner& at) {
        const RawJson value = at.value();
        for (Place& place : places) {
            if (!key_is(key, place.name)) continue;
            found.repeated = found.repeated || place.taken;
            place.taken = true;
            *place.value = value;
        }
    });
    return found;
}

/// What a reply that speaks of an error, or has no status of success, comes to.
inline Error refused_token(unsigned status, const TokenMembers& found, std::string_view secret) {
    std::string message = "the token endpoint answered HTTP " + std::to_string(status);
    if (found.error.kind == JsonKind::string) {
        const std::string code = json_unescape(found.error.text);
        const bool legal =
            !code.empty() && code.size() <= 64 && std::all_of(code.begin(), code.end(), [](char c) {
                return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
            });
        const bool harmless =
            found.access_token.kind == JsonKind::null && !SecretFinder{secret}.is_in(code);
        if (legal && harmless) message += ", error " + code;
    }
    if (status == 429 || status == 503) return token_error(Reason::throttled, std::move(message));
    const bool denied = status >= 400 && status < 500;
    return token_error(denied ? Reason::denied : Reason::bad_response, std::move(message));
}

/// What is left of a number of seconds without its fraction: an issuer that works out how long a
/// token has still to live may say one.
inline JsonInteger whole_seconds(std::string_view text) noexcept {
    const JsonInteger exact = json_whole_number(text);
    if (exact.reason != Reason::mismatch) return exact;
    JsonScanner scanner{text};
    if (scanner.next() != JsonKind::number || scanner.value().text != text) return exact;
    if (text.find_first_of("eE") == std::string_view::npos) {
        return json_whole_number(text.substr(0, text.find('.')));
    }
    // It has a fraction, so it is far below what a double holds exactly, and in doubt it is 0.
    JsonInteger whole;
    whole.negative = exact.negative;
    const double seconds = std::abs(json_real<double>(text).value_or(0));
    whole.magnitude = seconds < 0x1p63 ? static_cast<std::uint64_t>(seconds) : 0;
    return whole;
}

/// The lifetime in whole seconds, clamped, or nothing where the text is not a positive number of
/// them.
inline std::optional<std::chrono::seconds> read_lifetime(std::string_view text) noexcept {
    constexpr std::uint64_t most = 2147483647;
    const JsonInteger number = whole_seconds(text);
    if (number.negative || number.reason == Reason::mismatch) return std::nullopt;
    if (number.reason == Reason::out_of_range) return std::chrono::seconds{most};
    if (number.magnitude == 0) return std::nullopt;
    return std::chrono::seconds{(std::min)(number.magnitude, most)};
}

inline Result<std::optional<std::chrono::seconds>> read_expires_in(const RawJson& value) {
    std::optional<std::chrono::seconds> lifetime;
    if (value.kind == JsonKind::null) return lifetime;
    if (value.kind == JsonKind::number) lifetime = read_lifetime(value.text);
    if (value.kind == JsonKind::string) lifetime = read_lifetime(json_unescape(value.text));
    if (lifetime) return lifetime;
    return token_error(Reason::bad_expiry, "expires_in is not a positive number of seconds");
}

inline Result<void> check_token_type(const RawJson& value) {
    if (value.kind == JsonKind::null) return {};
    if (value.kind != JsonKind::string) {
        return token_error(Reason::type, "the token type is not a string");
    }
    if (iequals(json_unescape(value.text), "bearer")) return {};
    return token_error(Reason::type, "the token type is not bearer");
}

inline Result<TokenReply> read_token_reply(
    unsigned status, std::string_view body, std::string_view secret, std::size_t max_token) {
    const TokenMembers found = find_token_members(body);
    const bool success = status >= 200 && status < 300 && status != 206;
    if (!success || found.has_error()) return refused_token(status, found, secret);
    if (!found.is_object) {
        return token_error(Reason::bad_response, "the token endpoint's reply is not a JSON object");
    }
    if (found.repeated) {
        return token_error(Reason::bad_response, "the token endpoint's reply says something twice");
    }
    if (found.access_token.kind != JsonKind::string) {
        return token_error(Reason::bad_response, "the token endpoint's reply has no access_token");
    }
    std::string token = json_unescape(found.access_token.text);
    const Secret issued{std::move(token)};
    if (issued.size() > max_token || !BearerToken::is_token(issued.expose())) {
        return token_error(
            Reason::bad_response,
            "the access token is too long, or has characters that may not stand in a header");
    }
    if (const Result<void> fine = check_token_type(found.token_type); !fine) return fine.error();
    const auto lifetime = read_expires_in(found.expires_in);
    if (!lifetime) return lifetime.error();
    TokenReply reply{BearerToken::make_header(issued.expose())};
    reply.lifetime = *lifetime;
    return reply;
}

}  // namespace clarify::detail

#endif  // CLARIFY_AUTH_DETAIL_TOKEN_REPLY_HPP
