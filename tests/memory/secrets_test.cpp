// SPDX-License-Identifier: BSL-1.0
// What of a secret is left in the memory of a process that has used it.

#include <clarify/client.hpp>
#include <clarify/credentials.hpp>

#include "../support/memory_scan.hpp"
#include "../support/raw_server.hpp"
#include "../support/run.hpp"
#include "../support/two_processes.hpp"

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace {

using clarify::Credentials;
using support::count_in_memory;
using support::DisguisedSecret;
using support::RawPeer;
using support::RawServer;

// Never written out in one piece outside of a constant expression.
constexpr std::string_view secret_text() { return "sv/kx+7q%wzpd-n4m9t2-1"; }
constexpr std::string_view token_text() { return "tq/h8+zv3k-bw5x0r-91-2"; }

constexpr DisguisedSecret wanted_secret = support::disguise_all(secret_text());
constexpr DisguisedSecret wanted_token = support::disguise_all(token_text());
constexpr support::Disguised secret_bytes = support::disguise(secret_text());
constexpr support::Disguised token_json = support::disguise_json(token_text());

/// Where the server is, and what the client's process found.
struct Report {
    std::uint16_t port;
    char authority[4'096];
    bool done;
    int calls;
    int control;
    int token_fetched;
    int secret_idle;
    int token_idle;
    int secret_after;
    int token_after;
};

/// Appends what is disguised to memory that belongs to the caller.
void reveal(const support::Disguised& bytes, std::string& out) {
    for (std::size_t i = 0; i != bytes.size; ++i)
        out += static_cast<char>(bytes[i]);
}

/// A credentials document in memory that is wiped.
clarify::Result<Credentials> make_credentials(const std::string& origin, std::string_view type) {
    std::string json;
    json.reserve(1'024);
    json += R"({"apiUrl":")";
    json += origin;
    json += R"(/v1/","integration":"i","credentials":{"type":")";
    json += type;
    json += R"(","clientId":"ident","clientSecret":")";
    reveal(secret_bytes, json);
    json += R"("}})";
    auto credentials = Credentials::from_string(json);
    clarify::Secret::wipe(json);
    return credentials;
}

void serve(bool secure, Report& report, const std::function<void()>& serving) {
    const clarify::testing::detail::CertificateAuthority authority;
    const auto tls =
        support::tls_server(authority.issue(clarify::testing::detail::CertificateRequest{}));
    RawServer server{[&](RawPeer& peer) {
        if (secure) peer.begin_tls(*tls);
        while (const auto request = peer.read()) {
            if (request->head.starts_with("POST /v1/oauth/token ")) {
                std::string body = R"({"access_token":")";
                reveal(token_json, body);
                body += R"(","expires_in":3600,"token_type":"Bearer"})";
                // Where no later reply is long enough to overwrite it.
                peer.reply(body, "X-Padding: " + std::string(2'000, 'x') + "\r\n");
            } else {
                peer.result(*request, "1");
            }
        }
    }};
    report.port = server.port();
    std::strncpy(
        report.authority, authority.certificate_pem().c_str(), sizeof report.authority - 1);
    serving();
}

void use_client(std::string_view type, bool secure, Report& report) {
    boost::asio::io_context context;
    {
        std::string origin = secure ? "https://127.0.0.1:" : "http://127.0.0.1:";
        origin += std::to_string(report.port);
        std::optional<Credentials> credentials = make_credentials(origin, type).value();
        // The search finds what is there.
        report.control = count_in_memory(wanted_secret);
        clarify::ClientOptions options;
        options.http.tls.ca_pem = report.authority;
        options.observer = [&report](const clarify::Event& event) {
            if (event.kind == clarify::EventKind::token_fetched)
                report.token_fetched = count_in_memory(wanted_token);
        };
        std::optional<clarify::Client> client;
        client.emplace(context.get_executor(), *credentials, options);
        credentials.reset();
        for (int i = 0; i != 5; ++i) {
            if (support::run(context, client->call("m"))) ++report.calls;
        }
        report.secret_idle = count_in_memory(wanted_secret);
        report.token_idle = count_in_memory(wanted_token);
        client.reset();
        context.restart();
        context.run();
    }
    report.secret_after = count_in_memory(wanted_secret);
    report.token_after = count_in_memory(wanted_token);
    report.done = true;
}

Report run_scenario(std::string_view type, bool secure) {
    return support::in_two_processes<Report>(
        [&](Report& report, const std::function<void()>& serving) {
            serve(secure, report, serving);
        },
        [&](Report& report) { use_client(type, secure, report); });
}

}  // namespace

TEST_CASE(
    "secrets in memory: client credentials leave nothing behind" *
    doctest::skip(!support::can_scan_memory)) {
    for (const bool secure : {true, false}) {
        CAPTURE(secure);
        const Report report = run_scenario("client-credentials", secure);
        REQUIRE(report.done);
        CHECK(report.calls == 5);
        CHECK(report.control == 1);
        CHECK(report.token_fetched == 1);
        CHECK(report.secret_idle == 1);
        CHECK(report.token_idle == 1);
        CHECK(report.secret_after == 0);
        CHECK(report.token_after == 0);
    }
}

TEST_CASE(
    "secrets in memory: Basic credentials leave nothing behind" *
    doctest::skip(!support::can_scan_memory)) {
    for (const bool secure : {true, false}) {
        CAPTURE(secure);
        const Report report = run_scenario("basic-auth", secure);
        REQUIRE(report.done);
        CHECK(report.calls == 5);
        CHECK(report.control == 1);
        CHECK(report.secret_idle == 1);
        CHECK(report.secret_after == 0);
    }
}
