// SPDX-License-Identifier: BSL-1.0
// Reads a credentials document, and gathers all that is wrong with it.

#ifndef CLARIFY_IMPL_CREDENTIALS_HPP
#define CLARIFY_IMPL_CREDENTIALS_HPP

#include <clarify/core/detail/file.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/credentials.hpp>

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace clarify {
namespace detail {

/// Collects every problem of a document, so that its author can repair all of them in one go.
class Problems {
public:
    void add(std::string_view path, std::string_view what, Reason reason = Reason::fields) {
        std::string problem{path};
        problem += ": ";
        problem += what;
        // A member may be repeated as often as the file has room for.
        if (text_.find(problem) != std::string::npos) return;
        reason_ = text_.empty() ? reason : Reason::fields;
        if (!text_.empty()) text_ += "; ";
        text_ += problem;
    }
    bool none() const noexcept { return text_.empty(); }
    Error error() const { return Error{Errc::bad_config, reason_, text_}; }

private:
    std::string text_;
    Reason reason_ = Reason::fields;
};

/// The members of a credentials document as far as they are strings.
struct CredentialFields {
    std::optional<std::string> api_url, integration, type, client_id;
    std::optional<Secret> secret;
};

inline void read_text(
    RawJson value, std::string_view path, std::optional<std::string>& out, Problems& problems) {
    if (value.kind != JsonKind::string) return problems.add(path, "is not a string");
    out = json_unescape(value.text);
    if (out->empty()) problems.add(path, "is empty");
}

/// Notices a member that occurs twice: which one counts would be anybody's guess.
class SeenKeys {
public:
    bool again(std::string_view raw_key) { return !keys_.insert(json_unescape(raw_key)).second; }

private:
    std::set<std::string> keys_;
};

inline void read_inner_credentials(RawJson object, CredentialFields& fields, Problems& problems) {
    if (object.kind != JsonKind::object) return problems.add("credentials", "is not an object");
    SeenKeys seen;
    JsonScanner members{object.text};
    members.object([&](std::string_view key, JsonScanner& at) {
        const RawJson value = at.value();
        const bool again = seen.again(key);
        if (key_is(key, "type")) {
            if (again) return problems.add("credentials.type", "occurs twice");
            read_text(value, "credentials.type", fields.type, problems);
        } else if (key_is(key, "clientId")) {
            if (again) return problems.add("credentials.clientId", "occurs twice");
            read_text(value, "credentials.clientId", fields.client_id, problems);
        } else if (key_is(key, "clientSecret")) {
            if (again) return problems.add("credentials.clientSecret", "occurs twice");
            if (value.kind != JsonKind::string)
                return problems.add("credentials.clientSecret", "is not a string");
            fields.secret.emplace(json_unescape(value.text));
            if (fields.secret->empty()) problems.add("credentials.clientSecret", "is empty");
        }
    });
    if (!seen.again(R"("type")")) problems.add("credentials.type", "is missing");
    if (!seen.again(R"("clientId")")) problems.add("credentials.clientId", "is missing");
    if (!seen.again(R"("clientSecret")")) problems.add("credentials.clientSecret", "is missing");
}

inline Result<CredentialFields> read_credential_fields(std::string_view text, Problems& problems) {
    JsonScanner scanner{text};
    const RawJson whole = scanner.document();
    if (!scanner.ok()) {
        const Reason reason = scanner.reason();
        return Error{
            Errc::bad_config,
            reason,
            reason == Reason::empty ? std::string{"the credentials are empty"}
                                    : "the credentials are not valid JSON, at byte " +
                    std::to_string(scanner.offset())};
    }
    if (whole.kind != JsonKind::object) {
        return Error{Errc::bad_config, Reason::fields, "the credentials are not a JSON object"};
    }
    CredentialFields fields;
    SeenKeys seen;
    JsonScanner members{whole.text};
    members.object([&](std::string_view key, JsonScanner& at) {
        const RawJson value = at.value();
        const bool again = seen.again(key);
        if (key_is(key, "apiUrl")) {
            if (again) return problems.add("apiUrl", "occurs twice");
            read_text(value, "apiUrl", fields.api_url, problems);
        } else if (key_is(key, "integration")) {
            if (again) return problems.add("integration", "occurs twice");
            read_text(value, "integration", fields.integration, problems);
        } else if (key_is(key, "credentials")) {
            if (again) return problems.add("credentials", "occurs twice");
            read_inner_credentials(value, fields, problems);
        }
    });
    if (!seen.again(R"("apiUrl")")) problems.add("apiUrl", "is missing");
    if (!seen.again(R"("integration")")) problems.add("integration", "is missing");
    if (!seen.again(R"("credentials")")) problems.add("credentials", "is missing");
    return fields;
}

inline std::optional<Url> read_api_url(std::string_view text, Problems& problems) {
    const Result<Url> url = Url::parse(text);
    if (!url) {
        problems.add("apiUrl", url.error().message(), Reason::url);
        return std::nullopt;
    }
    if (!url->is_https() && !url->is_loopback()) {
        problems.add(
            "apiUrl",
            "is plain http, which is allowed for loopback addresses only: write https://",
            Reason::url);
    }
    return url->with_trailing_slash();
}

/// The schemes themselves know what they can send; their refusal becomes a problem of the document.
inline void check_secret(
    Credentials::Type type,
    const std::string& client_id,
    const Secret& secret,
    Problems& problems) {
    if (type != Credentials::Type::basic_auth) return;
    try {
        const BasicAuth probe{client_id, secret};
    } catch (const std::invalid_argument& error) {
        problems.add("credentials", error.what());
    }
}

}  // namespace detail

CLARIFY_DECL Result<Credentials> Credentials::from_file(
    const std::filesystem::path& path, SharedFile shared, std::size_t max_size) {
    constexpr const char* warning = "others than its owner may read it or write to it";
    const Result<detail::SmallFile> file = detail::read_small_file(path, max_size);
    if (!file) return file.error();
    if (file->content.empty()) return detail::file_error(path, "is empty", 0);
    if (file->exposed && shared == SharedFile::refuse) return detail::file_error(path, warning, 0);
    Result<Credentials> credentials = from_string(file->content, max_size);
    if (credentials) {
        if (file->exposed) credentials->warnings_.push_back(path.string() + ": " + warning);
        credentials->file_ = path;
        credentials->shared_ = shared;
        credentials->max_size_ = max_size;
        return credentials;
    }
    const Error& error = credentials.error();
    return Error{error.code(), error.reason(), path.string() + ": " + std::string{error.message()}};
}

CLARIFY_DECL Result<Credentials> Credentials::from_string(
    std::string_view text, std::size_t max_size) {
    if (text.size() > max_size) {
        return Error{Errc::bad_config, Reason::file, "the credentials are too large"};
    }
    detail::Problems problems;
    Result<detail::CredentialFields> fields = detail::read_credential_fields(text, problems);
    if (!fields) return fields.error();
    std::optional<Url> url;
    if (fields->api_url && !fields->api_url->empty())
        url = detail::read_api_url(*fields->api_url, problems);
    Type type = Type::client_credentials;
    if (fields->type == "basic-auth") {
        type = Type::basic_auth;
    } else if (fields->type && !fields->type->empty() && fields->type != "client-credentials") {
        problems.add("credentials.type", "is neither client-credentials nor basic-auth");
    }
    if (fields->client_id && fields->secret) {
        detail::check_secret(type, *fields->client_id, *fields->secret, problems);
    }
    if (!problems.none()) return problems.error();
    return Credentials{
        std::move(*url),
        std::move(*fields->integration),
        type,
        std::move(*fields->client_id),
        std::move(*fields->secret)};
}

CLARIFY_DECL Result<Credentials> Credentials::basic(
    std::string integration, Secret password, std::string_view api_url) {
    detail::Problems problems;
    if (integration.empty()) problems.add("integration", "is empty");
    if (password.empty()) problems.add("password", "is empty");
    std::optional<Url> url = detail::read_api_url(api_url, problems);
    detail::check_secret(Type::basic_auth, integration, password, problems);
    if (!problems.none()) return problems.error();
    std::string username = integration;
    return Credentials{
        std::move(*url),
        std::move(integration),
        Type::basic_auth,
        std::move(username),
        std::move(password)};
}

CLARIFY_DECL Result<Credentials> Credentials::with_api_url(std::string_view api_url) const {
    detail::Problems problems;
    const std::optional<Url> url = detail::read_api_url(api_url, problems);
    if (!problems.none()) return problems.error();
    Credentials moved = *this;
    moved.api_url_ = *url;
    moved.moved_ = true;
    return moved;
}

CLARIFY_DECL Result<Credentials> Credentials::read_again() const {
    Result<Credentials> now = from_file(file_, shared_, max_size_);
    if (!now) return now;
    if (now->integration_ != integration_) {
        return detail::file_error(
            file_, "names another integration, which takes another client", 0);
    }
    if (moved_) now->api_url_ = api_url_;
    return now;
}

CLARIFY_DECL CredentialsAuth Credentials::scheme(TokenOptions token) const {
    if (type_ == Type::basic_auth)
        return CredentialsAuth{BasicAuth{client_id_, secret_}, rpc_url(), client_id_};
    ClientCredentialsConfig config{
        api_url_.join("oauth/token"), client_id_, secret_, api_url_.to_string()};
    config.token = std::move(token);
    return CredentialsAuth{ClientCredentials{std::move(config)}, rpc_url(), client_id_};
}

CLARIFY_DECL CredentialsAuth Credentials::auth(TokenOptions token) const {
    CredentialsAuth auth = scheme(token);
    if (file_.empty()) return auth;
    auth.follow(
        file_, max_size_, [mine = *this, token = std::move(token)]() -> Result<CredentialsAuth> {
            const Result<Credentials> now = mine.read_again();
            if (!now) return now.error();
            return now->scheme(token);
        });
    return auth;
}

}  // namespace clarify

#endif  // CLARIFY_IMPL_CREDENTIALS_HPP
