// SPDX-License-Identifier: BSL-1.0
// Credentials files: any text, compared with what Boost.JSON reads in it.

#include <clarify/credentials.hpp>

#include "fuzz.hpp"
#include "reference_json.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace {

using clarify::Credentials;
using clarify::Reason;
using clarify::Result;
using clarify::Url;
using fuzz::require;

struct Fields {
    std::optional<std::string> api_url, integration, type, client_id, secret;
};

Fields read_fields(const boost::json::value& document) {
    Fields fields;
    fields.api_url = fuzz::text_of(fuzz::member(document, "apiUrl"));
    fields.integration = fuzz::text_of(fuzz::member(document, "integration"));
    const boost::json::value* const inner = fuzz::member(document, "credentials");
    if (inner == nullptr) return fields;
    fields.type = fuzz::text_of(fuzz::member(*inner, "type"));
    fields.client_id = fuzz::text_of(fuzz::member(*inner, "clientId"));
    fields.secret = fuzz::text_of(fuzz::member(*inner, "clientSecret"));
    return fields;
}

bool has_control(const std::string& text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
}

/// Does the document say all that is needed?
bool is_good(const Fields& fields) {
    for (const auto* field :
         {&fields.api_url, &fields.integration, &fields.type, &fields.client_id, &fields.secret}) {
        if (!*field || (*field)->empty()) return false;
    }
    const Result<Url> url = Url::parse(*fields.api_url);
    if (!url || (!url->is_https() && !url->is_loopback())) return false;
    if (fields.type == "client-credentials") return true;
    // RFC 7617 section 2: no colon in the user name, no control character in either.
    return fields.type == "basic-auth" && fields.client_id->find(':') == std::string::npos &&
        !has_control(*fields.client_id) && !has_control(*fields.secret);
}

void check_accepted(const Credentials& credentials, const Fields& fields) {
    require(is_good(fields), "what is accepted says all that is needed");
    require(
        credentials.api_url() == Url::parse(*fields.api_url)->with_trailing_slash(),
        "the API URL is the one written");
    require(credentials.integration() == *fields.integration, "the integration is the one written");
    require(credentials.client_id() == *fields.client_id, "the client id is the one written");
    require(
        (credentials.type() == Credentials::Type::basic_auth) == (fields.type == "basic-auth"),
        "the type is the one written");
    require(
        credentials.rpc_url().origin() == credentials.api_url().origin(),
        "calls go to the origin of the API URL");
    // Making the scheme must not throw: the document was said to be good.
    credentials.auth();
}

void check_refusal(const clarify::Error& error) {
    require(error.code() == clarify::Errc::bad_config, "a refusal is bad_config");
    require(error.reason() != Reason::none, "a refusal has a reason");
    const std::string text = error.to_string();
    require(text.find("canary") == std::string::npos, "a refusal shows no value");
    require(
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }),
        "a refusal is printable");
    require(text.size() < 2'000, "a refusal is short");
}

void run(std::string_view input) {
    const Result<Credentials> read = Credentials::from_string(input);
    if (!read) check_refusal(read.error());
    const fuzz::Reference parsed = fuzz::reference_json(input, 64);
    if (!parsed.value) {
        require(!read || parsed.only_too_large, "what is accepted is JSON");
        return;
    }
    const Fields fields = read_fields(*parsed.value);
    if (read) check_accepted(*read, fields);

    // The same document without repeated keys: no other doubt is left.
    const Result<Credentials> plain = Credentials::from_json(*parsed.value);
    if (!plain) check_refusal(plain.error());
    require(
        plain.has_value() == is_good(fields), "a document is accepted if and only if it is good");
    if (read) require(plain.has_value(), "blanks and order do not matter");
}

const fuzz::Target target{"credentials", run};

}  // namespace
