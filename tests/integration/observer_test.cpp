// SPDX-License-Identifier: BSL-1.0
// What the observer hears is what the server saw.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include "../support/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace observer_test {

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace json = boost::json;
using clarify::EventKind;
using clarify::testing::Emulator;

/// Counts events by kind, and keeps what they say for a look at the end.
struct Ledger {
    void operator()(const clarify::Event& event) {
        ++counts[event.kind];
        in_order = in_order && event.time >= last;
        last = event.time;
        if (event.kind == EventKind::attempt) bytes_sent += event.bytes;
        if (event.kind == EventKind::response) ++statuses[event.status];
        for (const std::string_view text : {event.method, event.host, event.traceparent})
            texts += std::string{text} + '\n';
        if (event.error != nullptr) texts += event.error->to_string() + '\n';
    }
    std::uint64_t operator[](EventKind kind) { return counts[kind]; }

    std::map<EventKind, std::uint64_t> counts;
    std::map<unsigned, std::uint64_t> statuses;
    std::size_t bytes_sent = 0;
    bool in_order = true;
    clarify::TimePoint last{};
    std::string texts;
};

}  // namespace

TEST_CASE("Observer: over a thousand calls with faults, its counts are the server's") {
    Emulator emulator;
    Ledger ledger;
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    options.http.max_connections = 3;
    options.retry.base = 1ms;
    options.retry.cap = 2ms;
    options.retry.budget = 0;
    options.observer = [&](const clarify::Event& event) { ledger(event); };
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    const json::object params{{"query", {{"limit", 1}}}};

    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::minstd_rand random{20'240'101};
    asio::io_context context;
    {
        clarify::Client client{context.get_executor(), credentials.value(), options};
        for (int round = 0; round != 100; ++round) {
            switch (random() % 4) {
                case 0:
                    emulator.revoke_tokens();
                    break;
                case 1:
                    emulator.fail_next(static_cast<unsigned>(random() % 6), 503);
                    break;
                case 2:
                    emulator.fail_next(static_cast<unsigned>(random() % 3), 400);
                    break;
                default:
                    break;
            }
            for (int call = 0; call != 10; ++call) {
                const bool known = random() % 5 != 0;
                client.async_call(
                    known ? "clarify.selectItems" : "clarify.unknown",
                    params,
                    [&](const clarify::Result<json::value>& outcome) {
                        ++(outcome ? succeeded : failed);
                    });
            }
            context.restart();
            context.run();
        }
    }
    context.restart();
    context.run();

    const auto stats = emulator.stats();
    CHECK(succeeded + failed == 1000);
    CHECK(ledger[EventKind::request] == 1000);
    CHECK(ledger[EventKind::success] == succeeded);
    CHECK(ledger[EventKind::failure] == failed);
    CHECK(ledger[EventKind::attempt] == stats.rpc_requests);
    CHECK(ledger[EventKind::response] == stats.rpc_requests);
    CHECK(ledger.statuses[401] == stats.unauthorized);
    CHECK(ledger.statuses[200] == stats.calls);
    CHECK(ledger[EventKind::token_fetched] == 1);
    CHECK(
        ledger[EventKind::token_fetched] + ledger[EventKind::token_renewed] ==
        stats.token_requests);
    CHECK(ledger[EventKind::token_failed] == 0);
    CHECK(ledger[EventKind::connection_opened] == stats.connections);
    CHECK(ledger[EventKind::connection_closed] == stats.connections);
    CHECK(
        ledger[EventKind::connection_opened] + ledger[EventKind::connection_reused] ==
        stats.rpc_requests + stats.token_requests);
    CHECK(ledger[EventKind::retry] != 0);
    CHECK(ledger.bytes_sent > stats.rpc_requests * 50);
    CHECK(ledger.in_order);
}

TEST_CASE("Observer: no event holds a secret, whatever fails") {
    Emulator emulator;
    Ledger ledger;
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    options.observer = [&](const clarify::Event& event) { ledger(event); };
    const json::value file = json::parse(emulator.credentials_json());
    const std::string secret{file.at("credentials").at("clientSecret").as_string()};
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json());
    const json::object params{{"query", {{"limit", 1}}}};
    asio::io_context context;
    clarify::Client client{context.get_executor(), credentials.value(), options};

    emulator.set_token_endpoint_failure(400);
    CHECK(support::run(context, client.call("clarify.selectItems", params)).has_error());
    CHECK(ledger[EventKind::token_failed] == 1);
    emulator.clear_token_endpoint_failure();
    CHECK(ledger.texts.find(secret) == std::string::npos);
    CHECK(ledger.texts.find("Bearer") == std::string::npos);
}

}  // namespace observer_test
