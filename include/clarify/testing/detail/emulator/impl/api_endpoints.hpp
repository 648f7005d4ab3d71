// SPDX-License-Identifier: BSL-1.0
// Bodies of the API's endpoints.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_API_ENDPOINTS_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_API_ENDPOINTS_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/testing/detail/emulator/api_endpoints.hpp>
#include <clarify/testing/detail/emulator/strict_decoding.hpp>
#include <clarify/testing/detail/secrets.hpp>

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace clarify::testing::detail {

/// The value of a header field; empty when it is absent.
inline std::string_view header(const ServerRequest& request, std::string_view name) {
    const auto found = request.find(name);
    return found == request.end() ? std::string_view{} : std::string_view(found->value());
}

/// The rest of an Authorization value after its scheme, when that is `scheme`.
inline std::optional<std::string_view> credentials_of(
    std::string_view authorization, std::string_view scheme) {
    const std::size_t space = authorization.find(' ');
    if (space == std::string_view::npos ||
        !clarify::detail::iequals(authorization.substr(0, space), scheme)) {
        return std::nullopt;
    }
    return clarify::detail::trim(authorization.substr(space));
}

/// User name and password of Basic credentials; nullopt when they are not well formed.
inline std::optional<std::pair<std::string, std::string>> parse_basic(std::string_view encoded) {
    const auto text = base64_decode(encoded);
    const std::size_t colon = text ? text->find(':') : std::string::npos;
    if (colon == std::string::npos) return std::nullopt;
    return std::pair(text->substr(0, colon), text->substr(colon + 1));
}

/// True for `media_type`, with no other parameter than a UTF-8 character set.
inline bool is_media_type(std::string_view value, std::string_view media_type) {
    const std::size_t semicolon = value.find(';');
    if (!clarify::detail::iequals(clarify::detail::trim(value.substr(0, semicolon)), media_type))
        return false;
    std::string_view rest =
        semicolon == std::string_view::npos ? std::string_view{} : value.substr(semicolon + 1);
    while (!rest.empty()) {
        const std::string_view piece = rest.substr(0, rest.find(';'));
        rest.remove_prefix((std::min)(piece.size() + 1, rest.size()));
        const std::size_t equals = piece.find('=');
        const std::string_view name = clarify::detail::trim(piece.substr(0, equals));
        std::string_view text = equals == std::string_view::npos
            ? std::string_view{}
            : clarify::detail::trim(piece.substr(equals + 1));
        if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
            text = text.substr(1, text.size() - 2);
        if (clarify::detail::iequals(name, "charset") && !clarify::detail::iequals(text, "utf-8"))
            return false;
    }
    return true;
}

/// The path of a request target without its query, in origin or absolute form.
inline std::string_view path_of(std::string_view target) {
    const std::size_t scheme_end = target.find("://");
    if (!target.starts_with('/') && scheme_end != std::string_view::npos) {
        const std::size_t path = target.find('/', scheme_end + 3);
        target = path == std::string_view::npos ? std::string_view{"/"} : target.substr(path);
    }
    return target.substr(0, target.find_first_of("?#"));
}

/// A W3C trace context: the caller's trace when it sent a valid one, else a new one.
inline std::string make_traceparent(std::string_view received) {
    const auto is_hex = [](std::string_view text) {
        return text.find_first_not_of("0123456789abcdef") == std::string_view::npos &&
            text.find_first_not_of('0') != std::string_view::npos;
    };
    const bool valid = received.size() == 55 && received.substr(0, 3) == "00-" &&
        received[35] == '-' && received[52] == '-' && is_hex(received.substr(3, 32)) &&
        is_hex(received.substr(36, 16)) &&
        received.substr(53).find_first_not_of("0123456789abcdef") == std::string_view::npos;
    const std::string trace = valid ? std::string(received.substr(3, 32)) : random_hex(16);
    const std::string flags = valid ? std::string(received.substr(53)) : "00";
    return "00-" + trace + "-" + random_hex(8) + "-" + flags;
}

inline ApiEndpoints::ApiEndpoints(
    ApiSecrets secrets,
    std::chrono::seconds token_lifetime,
    MethodSettings settings,
    Statistics& statistics)
    : secrets_(std::move(secrets)),
      statistics_(statistics),
      latency_(settings.latency),
      tokens_(token_lifetime),
      dispatcher_(store_, std::move(settings)) {}

inline void ApiEndpoints::set_address(std::string_view scheme, std::uint16_t port) {
    const std::string tail = ":" + std::to_string(port) + "/v1/";
    api_url_ = std::string{scheme} + "://127.0.0.1" + tail;
    api_url_by_name_ = std::string{scheme} + "://localhost" + tail;
}

inline ServerReply ApiEndpoints::handle(const ServerRequest& request) {
    ServerReply reply = route(request);
    reply.add_header("traceparent", make_traceparent(header(request, "traceparent")));
    return reply;
}

inline ServerReply ApiEndpoints::route(const ServerRequest& request) {
    namespace http = boost::beast::http;
    const bool has_one_host = request.count(http::field::host) == 1;
    if (request.version() >= 11 ? !has_one_host : request.count(http::field::host) > 1)
        return text_reply(400, "The request must have one Host header.\n");
    const std::string_view path = path_of(request.target());
    const bool is_token = path == "/v1/oauth/token";
    if (!is_token && path != "/v1/rpc") return text_reply(404, "Not found.\n");
    if (request.method() != http::verb::post) {
        ServerReply reply = text_reply(405, "Only POST is allowed.\n");
        reply.add_header("Allow", "POST");
        return reply;
    }
    return is_token ? handle_token(request) : handle_rpc(request);
}

inline ServerReply oauth_error(
    unsigned status, std::string_view code, std::string_view description) {
    json::object body;
    body["error"] = code;
    body["error_description"] = description;
    return json_reply(status, to_json(body));
}

inline ServerReply ApiEndpoints::handle_token(const ServerRequest& request) {
    statistics_.count(&EmulatorStats::token_requests);
    const auto planned = failures_.token_failure();
    ServerReply reply = planned
        ? oauth_error(*planned, "temporarily_unavailable", "This failure was asked for.")
        : issue_token(request);
    if (reply.status != 200) statistics_.count(&EmulatorStats::token_failures);
    reply.add_header("Cache-Control", "no-store");
    return reply;
}

/// The value of a form field that occurs once and is not empty.
inline std::optional<std::string> single_field(const FormFields& fields, std::string_view name) {
    std::optional<std::string> value;
    for (const auto& [key, text] : fields) {
        if (key == name) {
            if (value) return std::nullopt;
            value = text;
        }
    }
    return value && !value->empty() ? value : std::nullopt;
}

inline ServerReply ApiEndpoints::issue_token(const ServerRequest& request) {
    if (!is_media_type(header(request, "Content-Type"), "application/x-www-form-urlencoded"))
        return oauth_error(400, "invalid_request", "The body must be form-encoded.");
    constexpr std::size_t max_form = 64 * 1024;
    const auto fields = request.body().size() <= max_form ? parse_form(request.body())
                                                          : std::optional<FormFields>();
    if (!fields) return oauth_error(400, "invalid_request", "The form is malformed or too large.");
    const auto grant_type = single_field(*fields, "grant_type");
    if (!grant_type)
        return oauth_error(400, "invalid_request", "The form must have one grant_type.");
    if (*grant_type != "client_credentials")
        return oauth_error(400, "unsupported_grant_type", "Use client_credentials.");
    auto id = single_field(*fields, "client_id");
    auto secret = single_field(*fields, "client_secret");
    const bool uses_header = request.count(boost::beast::http::field::authorization) != 0;
    if (uses_header && secret)
        return oauth_error(400, "invalid_request", "Authenticate in one way only.");
    if (uses_header) {
        const auto encoded = credentials_of(header(request, "Authorization"), "Basic");
        const auto basic = encoded ? parse_basic(*encoded) : std::nullopt;
        // RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
        id = basic ? form_decode(basic->first) : std::nullopt;
        secret = basic ? form_decode(basic->second) : std::nullopt;
    }
    if (!id || !secret || !secure_equal(*id, secrets_.client_id) ||
        !secure_equal(*secret, secrets_.client_secret)) {
        ServerReply reply = oauth_error(401, "invalid_client", "Unknown client or secret.");
        if (uses_header) reply.add_header("WWW-Authenticate", "Basic realm=\"clarify\"");
        return reply;
    }
    const auto audience = single_field(*fields, "audience");
    if (audience != api_url_ && audience != api_url_by_name_)
        return oauth_error(400, "invalid_request", "The audience must be the URL of the API.");
    json::object body;
    body["access_token"] = tokens_.issue(std::chrono::steady_clock::now());
    body["scope"] = "invoke:integration";
    body["expires_in"] = std::int64_t{tokens_.lifetime().count()};
    body["token_type"] = "Bearer";
    return json_reply(200, to_json(body));
}

inline bool ApiEndpoints::is_authorized(std::string_view authorization) const {
    if (const auto token = credentials_of(authorization, "Bearer"))
        return tokens_.is_valid(*token, std::chrono::steady_clock::now());
    const auto encoded = credentials_of(authorization, "Basic");
    const auto basic = encoded ? parse_basic(*encoded) : std::nullopt;
    return basic && secure_equal(basic->first, secrets_.integration) &&
        secure_equal(basic->second, secrets_.basic_password);
}

inline ServerReply unauthorized_reply() {
    ServerReply reply = text_reply(401, "Unauthorized.\n");
    reply.add_header("WWW-Authenticate", "Bearer realm=\"clarify\", Basic realm=\"clarify\"");
    return reply;
}

/// How long a request may take, the wait in line included; after it the server gives up.
inline constexpr std::chrono::seconds longest_call{15};

/// The reply to a call as a fault leaves it.
inline ServerReply spoiled_reply(RpcOutcome outcome, ReplyFault fault) {
    std::string text = std::move(*outcome.body);
    switch (fault) {
        case ReplyFault::html:
            return ServerReply(
                200, "text/html; charset=utf-8", "<html><body>Please log in.</body></html>\n");
        case ReplyFault::truncated:
            text.resize(text.size() / 2);
            break;
        case ReplyFault::wrong_id:
            text.replace(text.find("\"id\":") + 5, outcome.id.size(), "\"of another call\"");
            break;
        case ReplyFault::slow:
        case ReplyFault::reset:
            break;
    }
    ServerReply reply = json_reply(200, std::move(text));
    reply.sending = fault == ReplyFault::slow ? ServerReply::Sending::byte_by_byte
        : fault == ReplyFault::reset          ? ServerReply::Sending::none
                                              : ServerReply::Sending::at_once;
    return reply;
}

/// What is answered to a request that was dispatched, before its delay.
inline ServerReply ApiEndpoints::reply_to(RpcOutcome outcome) {
    if (outcome.timed_out) {
        statistics_.count(&EmulatorStats::queue_timeouts);
        return text_reply(503, "The request was queued for too long.\n");
    }
    if (!outcome.method.empty()) statistics_.count_method(outcome.method);
    if (outcome.delay > longest_call) {
        statistics_.count(&EmulatorStats::late);
        return text_reply(503, "The request took too long.\n");
    }
    statistics_.count(outcome.body ? &EmulatorStats::calls : &EmulatorStats::notifications);
    if (!outcome.body) return ServerReply();
    if (const auto fault = failures_.take_reply_fault())
        return spoiled_reply(std::move(outcome), *fault);
    return json_reply(200, std::move(*outcome.body));
}

inline ServerReply ApiEndpoints::handle_rpc(const ServerRequest& request) {
    statistics_.count(&EmulatorStats::rpc_requests);
    const auto planned = failures_.take_rpc_failure();
    const bool denied = request.count(boost::beast::http::field::authorization) != 1 ||
        !is_authorized(header(request, "Authorization"));
    if (planned ? planned->status == 401 : denied) statistics_.count(&EmulatorStats::unauthorized);
    if (planned) {
        ServerReply reply = planned->status == 401
            ? unauthorized_reply()
            : text_reply(planned->status, "This failure was asked for.\n");
        if (planned->retry_after)
            reply.add_header("Retry-After", std::to_string(planned->retry_after->count()));
        return reply;
    }
    if (denied) return unauthorized_reply();
    if (!is_media_type(header(request, "Content-Type"), "application/json"))
        return text_reply(400, "The Content-Type must be application/json.\n");
    const auto version =
        resolve_api_version(clarify::detail::trim(header(request, "X-API-Version")));
    if (!version)
        return text_reply(400, "A version matching the X-API-Version header was not found.\n");
    const auto now = std::chrono::floor<Microseconds>(std::chrono::system_clock::now());
    RpcOutcome outcome = dispatcher_.handle(request.body(), *version, now);
    if (outcome.delay > Microseconds{0}) statistics_.count(&EmulatorStats::queued);
    outcome.delay += outcome.timed_out ? Microseconds{0} : latency_;
    const Microseconds delay = (std::min)(outcome.delay, Microseconds{longest_call});
    ServerReply reply = reply_to(std::move(outcome));
    reply.delay = delay;
    reply.add_header("X-API-Version", std::string{*version});
    return reply;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_API_ENDPOINTS_HPP
