// SPDX-License-Identifier: BSL-1.0
// Token replies: a status and a body, compared with what Boost.JSON reads in the body.

#include <clarify/auth/detail/token_reply.hpp>

#include "fuzz.hpp"
#include "reference_json.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

namespace {

using clarify::Reason;
using clarify::Result;
using clarify::detail::TokenReply;
using fuzz::require;

bool is_absent(const boost::json::value* value) { return value == nullptr || value->is_null(); }

bool may_stand_in_header(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c >= '!' && c <= '~' &&
            std::string_view{"\"(),;<>?[\\]{}"}.find(c) == std::string_view::npos;
    });
}

/// Does the member say that there is no error?
bool is_no_error(const boost::json::value* value) {
    return is_absent(value) || (value->is_bool() && !value->get_bool()) ||
        fuzz::text_of(value) == std::string{};
}

/// Is the reply one that has to be accepted, as far as its lifetime is left out of account?
bool is_good(unsigned status, const boost::json::value& body) {
    const auto token = fuzz::text_of(fuzz::member(body, "access_token"));
    const boost::json::value* const type = fuzz::member(body, "token_type");
    std::string type_text = fuzz::text_of(type).value_or("");
    std::transform(type_text.begin(), type_text.end(), type_text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return status / 100 == 2 && status != 206 && is_no_error(fuzz::member(body, "error")) &&
        token && may_stand_in_header(*token) && token->size() <= 8192 &&
        (is_absent(type) || type_text == "bearer");
}

void check_lifetime(const TokenReply& reply, const boost::json::value* expires_in) {
    constexpr std::int64_t most = 2147483647;
    if (is_absent(expires_in)) {
        return require(!reply.lifetime, "a lifetime that is not given is not made up");
    }
    require(reply.lifetime.has_value(), "a lifetime that is given counts");
    const std::int64_t life = reply.lifetime->count();
    require(life > 0 && life <= most, "a lifetime is positive and bounded");
    double said = 0;
    if (const auto text = fuzz::text_of(expires_in)) {
        said = std::strtod(text->c_str(), nullptr);
    } else {
        require(expires_in->is_number(), "a lifetime is a number or a text");
        said = expires_in->to_number<double>();
    }
    // Boost.JSON rounds some numbers to a neighbour of the nearest double.
    const double expected = std::min(said, static_cast<double>(most));
    const double left_out = expected - static_cast<double>(life);
    require(
        left_out > -1e-3 && left_out < 1 + 1e-3, "a lifetime is what is said, in whole seconds");
}

void check_failure(const clarify::Error& error, unsigned status, const fuzz::Reference& body) {
    require(error.code() == clarify::Errc::token, "a refusal is about the token");
    require(error.fate() == clarify::Fate::unsent, "a refusal leaves the call unsent");
    const bool known = error.reason() == Reason::denied || error.reason() == Reason::throttled ||
        error.reason() == Reason::bad_response || error.reason() == Reason::bad_expiry ||
        error.reason() == Reason::type;
    require(known, "a refusal has one of five reasons");
    const bool throttled = status == 429 || status == 503;
    require((error.reason() == Reason::throttled) == throttled, "throttling is told by the status");
    require(error.http() == nullptr && error.rpc() == nullptr, "a refusal holds no body");
    const std::string text = error.to_string();
    const bool clean =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    require(clean && text.size() < 300, "a refusal is one short printable line");
    const auto code = body.value ? fuzz::text_of(fuzz::member(*body.value, "error")) : std::nullopt;
    if (!code || code->find("canary") == std::string::npos) {
        require(text.find("canary") == std::string::npos, "a refusal shows nothing of the token");
    }
}

void run(std::string_view input) {
    constexpr unsigned statuses[] = {
        200, 201, 206, 299, 300, 400, 401, 403, 404, 429, 500, 503, 100};
    fuzz::Choices choices{input};
    const unsigned status = statuses[choices.below(std::size(statuses))];
    const std::string_view body = choices.rest();

    const Result<TokenReply> reply = clarify::detail::read_token_reply(status, body);
    const fuzz::Reference parsed = fuzz::reference_json(body, 64);
    if (!reply) {
        check_failure(reply.error(), status, parsed);
        // Of a token that is there twice, Boost.JSON keeps one.
        const bool may_have_two = reply.error().reason() == Reason::bad_response && parsed.value &&
            fuzz::has_repeated_keys(body, *parsed.value);
        if (parsed.value && is_good(status, *parsed.value) && !may_have_two) {
            require(
                reply.error().reason() == Reason::bad_expiry &&
                    !is_absent(fuzz::member(*parsed.value, "expires_in")),
                "a good reply is refused for its lifetime only");
        }
        return;
    }
    if (parsed.only_too_large) return;
    require(parsed.value.has_value(), "what is accepted is JSON");
    require(is_good(status, *parsed.value), "what is accepted is a good reply");
    require(
        reply->header.expose() ==
            "Bearer " + *fuzz::text_of(fuzz::member(*parsed.value, "access_token")),
        "the token is the one in the reply");
    check_lifetime(*reply, fuzz::member(*parsed.value, "expires_in"));
}

const fuzz::Target target{"token", run};

}  // namespace
