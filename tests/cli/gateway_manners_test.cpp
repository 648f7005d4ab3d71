// SPDX-License-Identifier: BSL-1.0
// The example gateway as a service that runs for years: signals, its log, and the service manager.

#include "../support/pki.hpp"
#include "../support/raw_server.hpp"
#include "gateway_scene.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>

using namespace gateway_test;
using daemon_test::count;
using daemon_test::Manager;
using daemon_test::Pipe;
namespace pki = support::pki;
using namespace std::chrono_literals;

TEST_CASE("gateway: a hang-up reads the files again, and says what has changed") {
    Setup setup;
    const auto hang_up = [&] { setup.gateway.send_signal(SIGHUP); };
    Sender sender{setup.gateway};
    CHECK(sender.post_and_wait(one_sample).result_int() == 200);
    hang_up();
    CHECK(setup.gateway.logs("no file has changed"));

    // Another Clarify, in the same file.
    Emulator other{plain_http()};
    setup.folder.write("credentials.json", other.credentials_json());
    hang_up();
    CHECK(
        setup.gateway.logs("credentials.json has changed: another address, another integration,"));
    CHECK(sender.post_and_wait(one_sample).result_int() == 200);
    CHECK(setup.emulator.sample_count("temperature") == 1);
    CHECK(other.sample_count("temperature") == 1);

    // What was counted before is counted still.
    const Response metrics = sender.get("/metrics");
    CHECK(metrics.result_int() == 200);
    CHECK(metrics[http::field::content_type] == "text/plain; version=0.0.4");
    for (const char* const line :
         {"\nclarify_samples_stored_total 2\n",
          "\nclarify_samples_pending 0\n",
          "\nclarify_calls_total{method=\"integration.insert\",kind=\"success\"} 2\n"}) {
        CAPTURE(line);
        CHECK(metrics.body().find(line) != std::string::npos);
    }

    setup.folder.write("credentials.json", "{");
    hang_up();
    CHECK(setup.gateway.logs("what was read before stays in use"));
    CHECK(sender.post_and_wait(one_sample).result_int() == 200);
    CHECK(setup.gateway.log().find(other.options().client_secret) == std::string::npos);
    setup.gateway.send_signal(SIGTERM);
    CHECK(setup.gateway.wait() == 0);
}

TEST_CASE("gateway: one after the other goes on with one token, unless told to keep none") {
    const TemporaryDirectory cache;
    Setup setup{{"--token-cache", cache.path().string()}};
    const Options kept = setup.with_credentials({"--token-cache", cache.path().string()});
    const auto store_one = [](GatewayProcess& gateway) {
        Sender sender{gateway};
        CHECK(sender.post_and_wait(one_sample).result_int() == 200);
        gateway.send_signal(SIGTERM);
        CHECK(gateway.wait() == 0);
    };
    store_one(setup.gateway);
    for (int i = 0; i != 2; ++i) {
        GatewayProcess next{kept};
        store_one(next);
    }
    CHECK(setup.emulator.stats().token_requests == 1);
    {
        GatewayProcess next{setup.with_credentials({"--no-token-cache"})};
        store_one(next);
    }
    CHECK(setup.emulator.stats().token_requests == 2);
    // Where it cannot be kept that is said, and costs nothing else.
    const std::string nowhere = setup.folder.write("file", "").string() + "/tokens";
    GatewayProcess last{setup.with_credentials({"--token-cache", nowhere})};
    Sender sender{last};
    CHECK(sender.post_and_wait(one_sample).result_int() == 200);
    CHECK(last.logs("the token is not shared: bad_config[file]"));
    CHECK(setup.emulator.stats().token_requests == 3);
}

TEST_CASE("gateway: samples that wait are stored by the credentials that it has by then") {
    StuckSetup setup{{"--timeout", "2s", "--max-delay", "0ms"}};
    Sender sender{setup.gateway};
    CHECK(sender.post(one_sample).result_int() == 202);
    setup.receive_call();
    Emulator other{plain_http()};
    setup.folder.write("credentials.json", other.credentials_json());
    setup.gateway.send_signal(SIGHUP);
    CHECK(setup.gateway.logs("has changed"));
    // The call in hand ends with what it began with.
    CHECK(setup.gateway.logs("Clarify can be used again"));
    CHECK(other.sample_count("temperature") == 1);
    // A hang-up during the end does not cut it short.
    setup.gateway.send_signal(SIGTERM);
    setup.gateway.send_signal(SIGHUP);
    CHECK(setup.gateway.wait() == 0);
}

TEST_CASE("gateway: goes on and ends well where nobody reads its output any more") {
    Emulator emulator{plain_http()};
    const TemporaryDirectory folder;
    const Options options{
        "--host",
        "gateway",
        "--credentials",
        folder.write("credentials.json", emulator.credentials_json())};
    int broken[2];
    REQUIRE(::pipe2(broken, O_CLOEXEC) == 0);
    GatewayProcess gateway{options, {}, broken[1]};
    ::close(broken[1]);
    ::close(broken[0]);
    gateway.stop_reading();
    gateway.send_signal(SIGHUP);
    Sender sender{gateway};
    CHECK(sender.post_and_wait(one_sample).result_int() == 200);
    gateway.send_signal(SIGTERM);
    CHECK(gateway.wait() == 0);
}

TEST_CASE("gateway: waits for nobody to read its log, and counts what was lost") {
    Emulator emulator{plain_http()};
    const TemporaryDirectory folder;
    const Options options{
        "--host",
        "gateway",
        "--log-levels",
        "--credentials",
        folder.write("credentials.json", emulator.credentials_json())};
    const std::string path = (folder / "notify").string();
    Manager manager{path};
    Pipe log;
    log.fill();
    GatewayProcess gateway{options, {"NOTIFY_SOCKET=" + path}, log.ends[1]};
    CHECK(manager.hears("READY=1"));
    Sender sender{gateway};
    for (int i = 0; i != 3; ++i) {
        gateway.send_signal(SIGHUP);
        CHECK(manager.hears("READY=1"));
        CHECK(sender.post_and_wait(one_sample).result_int() == 200);
    }
    log.take_all();
    gateway.send_signal(SIGHUP);
    CHECK(manager.hears("READY=1"));
    const std::string seen = log.take_all();
    CHECK(seen.starts_with("<4>3 lines were lost here"));
    CHECK(seen.find("\n<6>no file has changed\n") != std::string::npos);
    gateway.send_signal(SIGTERM);
    CHECK(gateway.wait() == 0);
}

TEST_CASE("gateway: an outage is a line where it begins and one where it ends") {
    Setup setup{{"--max-delay", "0ms"}};
    setup.emulator.fail_next(3, 500);
    Sender sender{setup.gateway};
    for (int i = 0; i != 5; ++i)
        CHECK(sender.post(one_sample).result_int() == 202);
    CHECK(setup.gateway.logs("Clarify cannot be used: status"));
    CHECK(setup.gateway.logs("Clarify can be used again, after "));
    CHECK(setup.emulator.sample_count("temperature") == 1);
    CHECK(count(setup.gateway.log(), "\n") == 2);
}

TEST_CASE("gateway: starts before Clarify is there, and recovers by itself") {
    const TemporaryDirectory folder;
    auto emulator = std::make_unique<Emulator>(plain_http());
    EmulatorOptions options = emulator->options();
    options.port = emulator->port();
    const std::string credentials = emulator->credentials_json();
    emulator.reset();
    GatewayProcess gateway{
        {"--host", "gateway", "--credentials", folder.write("credentials.json", credentials)}};
    Sender sender{gateway};
    CHECK(sender.post(one_sample).result_int() == 202);
    CHECK(gateway.logs("Clarify cannot be used"));
    emulator = std::make_unique<Emulator>(options);
    CHECK(gateway.logs("Clarify can be used again"));
    CHECK(emulator->sample_count("temperature") == 1);
}

TEST_CASE("gateway: starts before the certificate of Clarify is valid, and recovers by itself") {
    // What a machine sees whose date is that of 1970, until it is set.
    const auto begin =
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + 6s;
    const std::time_t time = std::chrono::system_clock::to_time_t(begin);
    std::tm utc{};
    ::gmtime_r(&time, &utc);
    std::array<char, 16> from{};
    REQUIRE(std::strftime(from.data(), from.size(), "%Y%m%d%H%M%SZ", &utc) == 15);
    const auto authority = pki::Identity::self_signed();
    const auto tls = pki::server(authority.issue(pki::leaf().in({from.data(), pki::valid.until})));
    support::RawServer server{[&](support::RawPeer& peer) {
        peer.begin_tls(*tls);
        while (const auto request = peer.read())
            peer.result(*request, R"({"signalsByInput":{}})");
    }};
    const TemporaryDirectory folder;
    const std::string credentials = R"({"apiUrl":")" + server.origin("https") +
        R"(/v1/","integration":"c618rbfqfsj7mjkj0ss1","credentials":{"type":"basic-auth",)"
        R"("clientId":"c618rbfqfsj7mjkj0ss1","clientSecret":"password"}})";
    GatewayProcess gateway{
        {"--host",
         "gateway",
         "--max-delay",
         "0ms",
         "--credentials",
         folder.write("credentials.json", credentials),
         "--ca",
         folder.write("ca.pem", authority.certificate_pem())}};
    Sender sender{gateway};
    CHECK(sender.post(one_sample).result_int() == 202);
    CHECK(gateway.logs("Clarify cannot be used: tls[cert_time]"));
    CHECK(gateway.logs("Clarify can be used again"));
    CHECK(server.ledger().request_count() == 1);
    CHECK(count(gateway.log(), "\n") == 2);
    gateway.send_signal(SIGTERM);
    CHECK(gateway.wait() == 0);
    CHECK(gateway.counted("stored") == 1);
}

TEST_CASE("gateway: tells a service manager how it is") {
    Emulator emulator{plain_http()};
    const TemporaryDirectory folder;
    const std::string path = (folder / "notify").string();
    Manager manager{path};
    GatewayProcess gateway{
        {"--credentials", folder.write("credentials.json", emulator.credentials_json())},
        {"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=1000000"}};
    CHECK(manager.hears("READY=1"));
    CHECK(manager.hears("WATCHDOG=1"));
    CHECK(manager.hears("WATCHDOG=1"));
    gateway.send_signal(SIGHUP);
    CHECK(manager.hears("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(manager.hears("READY=1"));
    gateway.send_signal(SIGTERM);
    CHECK(manager.hears("STOPPING=1"));
    CHECK(gateway.wait() == 0);
}

TEST_CASE("gateway: takes the sockets that a service manager listens on") {
    Emulator emulator{plain_http()};
    const TemporaryDirectory folder;
    const std::string credentials =
        folder.write("credentials.json", emulator.credentials_json()).string();
    asio::io_context context;
    tcp::acceptor listener{context, {asio::ip::address_v4::loopback(), 0}};
    const char* const program = std::getenv("CLARIFY_GATEWAY");
    REQUIRE(program != nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(listener.native_handle(), 3);
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        ::setenv("LISTEN_FDS", "1", 1);
        ::execl(
            program,
            program,
            "--listen",
            "192.0.2.1:1",
            "--credentials",
            credentials.c_str(),
            nullptr);
        ::_exit(127);
    }
    tcp::socket sender{context};
    sender.connect(listener.local_endpoint());
    asio::write(sender, asio::buffer("GET /healthz HTTP/1.0\r\n\r\n", 25));
    std::string answer;
    boost::system::error_code ec;
    asio::read(sender, asio::dynamic_buffer(answer), ec);
    CHECK(answer.starts_with("HTTP/1.0 200 "));
    ::kill(child, SIGTERM);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
}

TEST_CASE("gateway: an address that is not there ends it with 1, for a later start may find it") {
    Emulator emulator{plain_http()};
    const TemporaryDirectory folder;
    const std::string credentials =
        folder.write("credentials.json", emulator.credentials_json()).string();
    std::string log;
    CHECK(
        GatewayProcess::exit_code(
            {"--credentials", credentials, "--listen", "192.0.2.1:8080"}, &log) == 1);
    CHECK(log.find("cannot listen on 192.0.2.1:8080: ") != std::string::npos);
    CHECK(log.find("; this machine does not have that address, or not yet\n") != std::string::npos);
    CHECK(count(log, "\n") == 1);
}
