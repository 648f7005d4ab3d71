// SPDX-License-Identifier: BSL-1.0
// What the command line makes of credentials and options, and one call.

#include <clarify/auth/file_token_store.hpp>
#include <clarify/client.hpp>
#include <clarify/pace/file_pace_store.hpp>

#include "api_session.hpp"
#include "output.hpp"
#include "session.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <utility>

namespace clarify_cli {

struct Session::Impl {
    Impl(
        boost::asio::any_io_executor executor,
        const clarify::Credentials& credentials,
        clarify::ClientOptions options)
        : client(std::move(executor), credentials, std::move(options)),
          server(credentials.rpc_url().to_string()),
          api_url(credentials.api_url().to_string()),
          integration(credentials.integration()) {}

    clarify::Client client;
    std::string server;
    std::string api_url;
    std::string integration;
};

namespace {

clarify::Error bad_config(clarify::Reason reason, std::string message) {
    return clarify::Error{clarify::Errc::bad_config, reason, std::move(message)};
}

/// Empty where there is none.
std::string credentials_file(const CommonOptions& options) {
    if (!options.username.empty() || !options.credentials.empty()) return options.credentials;
    const char* const named = std::getenv("CLARIFY_CREDENTIALS");
    return named != nullptr && *named != '\0' ? named : "clarify-credentials.json";
}

clarify::Result<clarify::Credentials> read_credentials(const CommonOptions& options) {
    if (!options.username.empty()) {
        const char* const password = std::getenv("CLARIFY_PASSWORD");
        if (password == nullptr || *password == '\0') {
            return bad_config(
                clarify::Reason::fields, "--username needs the password in CLARIFY_PASSWORD");
        }
        const std::string_view url = options.api_url.empty() ? clarify::Credentials::default_api_url
                                                             : std::string_view{options.api_url};
        return clarify::Credentials::basic(options.username, clarify::Secret{password}, url);
    }
    clarify::Result<clarify::Credentials> credentials = clarify::Credentials::from_file(
        credentials_file(options),
        clarify::Credentials::SharedFile::warn,
        options.limits.max_credentials);
    if (!credentials || options.api_url.empty()) return credentials;
    return credentials->with_api_url(options.api_url);
}

clarify::Result<clarify::ProxyOptions> proxy_options(const CommonOptions& options) {
    if (options.proxy.empty() || options.proxy == "none") return clarify::ProxyOptions{};
    if (options.proxy == "env") return clarify::ProxyOptions::from_environment();
    clarify::Result<clarify::ProxyOptions> proxy = clarify::ProxyOptions::parse(options.proxy);
    if (proxy) proxy->no_proxy = options.no_proxy;
    return proxy;
}

clarify::TlsOptions tls_options(const CommonOptions& options) {
    clarify::TlsOptions tls = options.limits.client.http.tls;
    tls.ca_file = options.ca_file;
    tls.client_certificate_file = options.client_certificate;
    tls.client_key_file = options.client_key;
    if (const char* const passphrase = std::getenv("CLARIFY_KEY_PASSPHRASE"))
        tls.client_key_passphrase = clarify::Secret{passphrase};
    tls.crl_file = options.crl_file;
    if (options.crl_best_effort) tls.revocation = clarify::Revocation::best_effort;
    tls.pins = options.pins;
    return tls;
}

void warn_of_event(const clarify::Event& event) {
    if (event.kind == clarify::EventKind::token_store_failed)
        print_warning("the token is not kept for the next run: " + event.error->to_string());
    if (event.kind == clarify::EventKind::pace_store_failed)
        print_warning(
            "the rate limits are kept by this run alone: " + event.error->to_string());
}

clarify::ClientOptions client_options(const CommonOptions& options, std::size_t in_flight) {
    clarify::ClientOptions client = options.limits.client;
    if (options.timeout) client.call_timeout = *options.timeout;
    if (options.api_version) client.api_version = api_version(*options.api_version);
    client.http.tls = tls_options(options);
    // A connection for each call in flight, within reason; the rest waits in line.
    constexpr std::size_t most_connections = 128;
    const clarify::HttpOptions defaults;
    // What was set stays.
    if (client.http.max_connections == defaults.max_connections) {
        client.http.max_connections =
            std::max(defaults.max_connections, std::min(in_flight, most_connections));
    }
    if (client.http.max_waiting == defaults.max_waiting)
        client.http.max_waiting = std::max(defaults.max_waiting, in_flight);
    client.observer = options.verbose ? print_event : warn_of_event;
    const std::filesystem::path folder = token_folder(options.token_cache);
    if (options.has_token_cache && !folder.empty()) {
        client.token.store = clarify::FileTokenStore{folder};
        client.pace.store = clarify::FilePaceStore{folder};
    }
    return client;
}

}  // namespace

std::filesystem::path token_folder(const std::string& given) {
    return given.empty() ? clarify::FileTokenStore::default_folder() : std::filesystem::path{given};
}

clarify::ApiVersion api_version(const std::string& selector) {
    return selector == "none" ? clarify::ApiVersion::none() : clarify::ApiVersion{selector};
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

clarify::Result<Session> Session::open(
    boost::asio::any_io_executor executor, const CommonOptions& options, std::size_t in_flight) {
    const clarify::Result<clarify::Credentials> credentials = read_credentials(options);
    if (!credentials) return credentials.error();
    for (const std::string& warning : credentials->warnings())
        print_warning(warning);
    const clarify::Result<clarify::ProxyOptions> proxy = proxy_options(options);
    if (!proxy) return proxy.error();
    try {
        clarify::ClientOptions client = client_options(options, in_flight);
        client.http.proxy = *proxy;
        return Session{
            std::make_unique<Impl>(std::move(executor), *credentials, std::move(client))};
    } catch (const std::invalid_argument& error) {
        return bad_config(clarify::Reason::out_of_range, error.what());
    }
}

clarify::Client& ApiSession::client(Session& session) { return session.impl_->client; }
daemons::LinkFiles ApiSession::files(const CommonOptions& options) {
    return daemons::LinkFiles{
        credentials_file(options), tls_options(options), options.limits.max_credentials};
}
void ApiSession::use(
    Session& session, const CommonOptions& options, const daemons::LinkFiles& files) {
    if (!files.credentials()) return;
    const auto credentials = options.api_url.empty()
        ? clarify::Result<clarify::Credentials>{*files.credentials()}
        : files.credentials()->with_api_url(options.api_url);
    if (credentials) session.impl_->client.replace_credentials(*credentials);
}
const std::string& ApiSession::server(const Session& session) { return session.impl_->server; }
const std::string& ApiSession::api_url(const Session& session) { return session.impl_->api_url; }
const std::string& ApiSession::integration(const Session& session) {
    return session.impl_->integration;
}

void Session::start(const CallSpec& call, boost::asio::cancellation_slot slot, Done done) {
    const auto start = [&](const auto& params) {
        if (call.notify) {
            auto accepted = [done = std::move(done)](const clarify::Result<void>& outcome) {
                if (outcome) {
                    done(JsonText{"null"});
                } else {
                    done(outcome.error());
                }
            };
            impl_->client.async_notify(
                call.method,
                params,
                call.options,
                boost::asio::bind_cancellation_slot(slot, std::move(accepted)));
        } else {
            impl_->client.async_call<JsonText>(
                call.method,
                params,
                call.options,
                boost::asio::bind_cancellation_slot(slot, std::move(done)));
        }
    };
    if (call.params) {
        start(*call.params);
    } else {
        start(clarify::no_params);
    }
}

}  // namespace clarify_cli
