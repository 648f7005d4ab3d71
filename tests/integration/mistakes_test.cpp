// SPDX-License-Identifier: BSL-1.0
// The mistakes that beginners make, and that docs/mistakes.md shows the very text they lead to.

#include <clarify/client.hpp>
#include <clarify/credentials.hpp>
#include <clarify/testing/emulator.hpp>

#include "../support/canary.hpp"
#include "../support/temporary_directory.hpp"
#include "api_bench.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace mistakes_test {

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using clarify::Client;
using clarify::ClientOptions;
using clarify::Credentials;
using clarify::DataFrame;
using clarify::Errc;
using clarify::Error;
using clarify::Reason;
using clarify::Result;
using clarify::testing::Emulator;

/// A file of the source tree.
std::string read_source(const fs::path& name) {
    const fs::path tree = fs::path{__FILE__}.parent_path().parent_path().parent_path();
    std::ifstream file{tree / name, std::ios::binary};
    REQUIRE_MESSAGE(file.is_open(), (tree / name).string());
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// That the page has this text.
void check_on_page(const std::string& text) {
    static const std::string page = read_source("docs/mistakes.md");
    const bool shown = page.find(text) != std::string::npos;
    CHECK_MESSAGE(shown, "docs/mistakes.md does not show: ", text);
}

/// Puts `to` where `from` is, once.
std::string with(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    return text.replace(at, from.size(), to);
}

/// That the page has it as a line.
void check_line(const std::string& text) {
    CHECK(support::find_canary(text) == "");
    check_on_page('\n' + text + '\n');
}

/// The same of an error, but for what is another on each machine.
void check_shown(const Error& error) {
    std::string text = error.to_string();
    // How the parts of it are named depends on the version of OpenSSL.
    if (error.code() == Errc::tls && error.cause())
        text = with(text, error.cause().message(), "certificate verify failed (SSL routines)");
    if (error.turn()) {
        const std::size_t wait = text.find(" in ") + 4;
        text.replace(wait, text.find(" ms") - wait, "800");
    }
    check_line(text);
}

DataFrame some_samples() {
    DataFrame frame;
    frame.append(clarify::Timestamp::now(), {{"pump/flow", 12.5}});
    return frame;
}

/// The error of an insert, or of credentials that make no client.
Error insert_error(const Result<Credentials>& credentials, ClientOptions options = hurried()) {
    if (!credentials) return credentials.error();
    asio::io_context context;
    Client client{context.get_executor(), *credentials, std::move(options)};
    auto inserted = client.async_insert(some_samples(), asio::use_future);
    context.run();
    const auto result = inserted.get();
    return result ? Error{} : result.error();
}

Error insert_error(const std::string& document) {
    return insert_error(Credentials::from_string(document));
}

}  // namespace

TEST_CASE("mistakes: a wrong path") {
    const auto read = Credentials::from_file("clarify-credentails.json");
    REQUIRE(read.has_error());
    CHECK(read.error().reason() == Reason::file);
    check_shown(read.error());
    // Where the path is a whole one, the folder is not what is wrong.
    const support::TemporaryDirectory folder;
    const fs::path missing = folder / "missing.json";
    CHECK(
        Credentials::from_file(missing).error().message() ==
        missing.string() + ": cannot be opened: check the path");
}

TEST_CASE("mistakes: a password where a client is named, and a client where a password is due") {
    const Emulator emulator{plain_http()};
    const std::string password =
        with(emulator.basic_credentials_json(), "basic-auth", "client-credentials");
    const Error denied = insert_error(password);
    CHECK(denied.reason() == Reason::denied);
    check_shown(denied);
    const std::string client =
        with(emulator.credentials_json(), "client-credentials", "basic-auth");
    const Error rejected = insert_error(client);
    CHECK(rejected.code() == Errc::auth);
    check_shown(rejected);
    CHECK(rejected.to_string().find(emulator.options().client_secret) == std::string::npos);
}

TEST_CASE("mistakes: a URL that lacks a slash, or the version") {
    const Emulator emulator{plain_http()};
    const std::string good = emulator.credentials_json();
    const std::string& url = emulator.api_url();
    const std::string server = url.substr(0, url.size() - 4);
    REQUIRE(server + "/v1/" == url);
    // The last one is not missed.
    CHECK(insert_error(with(good, url, server + "/v1")).code() == Errc{});
    check_shown(insert_error(with(good, url, "https:/api.clarify.io/v1/")));
    check_shown(insert_error(with(good, url, "https://api.clarify.io:8443v1/")));
    const Error denied = insert_error(with(good, url, server));
    CHECK(denied.code() == Errc::token);
    check_shown(denied);
    const Error status = insert_error(with(emulator.basic_credentials_json(), url, server));
    CHECK(status.code() == Errc::status);
    check_shown(status);
}

TEST_CASE("mistakes: a certificate authority that did not sign, or is not there") {
    const Emulator emulator;
    const Emulator other;
    const auto credentials = Credentials::from_string(emulator.credentials_json());
    ClientOptions options = hurried();
    options.http.tls.ca_pem = other.ca_certificate_pem();
    const Error untrusted = insert_error(credentials, options);
    CHECK(untrusted.reason() == Reason::untrusted);
    check_shown(untrusted);
    options.http.tls.ca_pem.clear();
    options.http.tls.ca_file = "emulator-ca.pme";
    check_shown(insert_error(credentials, options));
}

TEST_CASE("mistakes: plain http") {
    const Emulator emulator{plain_http()};
    const Error error = insert_error(
        with(emulator.credentials_json(), emulator.api_url(), "http://api.clarify.io/v1/"));
    CHECK(error.reason() == Reason::url);
    check_shown(error);
}

TEST_CASE("mistakes: a namespace that the integration has no access to") {
    clarify::testing::EmulatorOptions emulated = plain_http();
    emulated.admin_access = false;
    ApiBench bench{hurried(), emulated};
    const auto found = bench.run(bench.client.select_signals({}));
    REQUIRE(found.has_error());
    REQUIRE(found.error().rpc() != nullptr);
    CHECK(found.error().rpc()->code == clarify::RpcError::forbidden);
    check_shown(found.error());
}

TEST_CASE("mistakes: more calls than the service takes") {
    Emulator emulator{plain_http()};
    const auto credentials = Credentials::from_string(emulator.credentials_json());
    ClientOptions options = hurried();
    options.retry.base = options.retry.throttled_base = std::chrono::milliseconds{1};
    emulator.fail_next(3, 429);
    const Error refused = insert_error(credentials, options);
    CHECK(refused.http_status() == 429);
    check_shown(refused);

    // So slow that the machine cannot be slower.
    options.rate_limits = {{{"integration.insert"}, 0.001}};
    asio::io_context context;
    Client client{context.get_executor(), *credentials, options};
    auto first = client.async_insert(some_samples(), asio::use_future);
    auto second = client.async_insert(some_samples(), asio::use_future);
    context.run();
    CHECK(first.get().has_value());
    const auto result = second.get();
    REQUIRE(result.has_error());
    CHECK(result.error().reason() == Reason::rate_limit);
    check_shown(result.error());
}

TEST_CASE("mistakes: what the compiler says, of code that is on the page") {
    const std::string page = read_source("docs/mistakes.md");
    for (const std::string name :
         {"await_forgotten_fails.cpp",
          "call_params_not_mapped_fails.cpp",
          "auth_policy_without_rejected_fails.cpp"}) {
        CAPTURE(name);
        const std::string source = read_source("tests/compile/" + name);
        constexpr std::string_view mark = "// expect-error: ";
        REQUIRE(source.starts_with(mark));
        check_on_page(source.substr(mark.size(), source.find('\n') - mark.size()));
        const std::string opening = "<!-- tests/compile/" + name + " -->\n```c++\n";
        const std::size_t begin = page.find(opening);
        REQUIRE(begin != std::string::npos);
        std::istringstream block{page.substr(begin + opening.size())};
        std::string line;
        while (std::getline(block, line) && line != "```") {
            CAPTURE(line);
            CHECK(source.find(line + '\n') != std::string::npos);
        }
    }
}

}  // namespace mistakes_test
