// SPDX-License-Identifier: BSL-1.0
// The default client against the emulator, over TLS.

#include <clarify/clarify.hpp>
#include <clarify/testing/emulator.hpp>

#include "../support/run.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace client_test {

namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using clarify::Errc;
using clarify::Fate;
using clarify::Reason;
using clarify::testing::Emulator;
using clarify::testing::EmulatorOptions;
using Outcome = clarify::Result<json::value>;

clarify::ClientOptions trusting(const Emulator& emulator) {
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    options.retry.base = 1ms;
    return options;
}

clarify::Credentials credentials_of(const Emulator& emulator) {
    return clarify::Credentials::from_string(emulator.credentials_json()).value();
}

json::object select_params(int limit) {
    json::object query;
    query["limit"] = limit;
    json::object params;
    params["query"] = query;
    return params;
}

struct Tour {
    explicit Tour(const Emulator& emulator)
        : client(context.get_executor(), credentials_of(emulator), trusting(emulator)) {}

    Outcome call(
        std::string_view method, const json::object& params, clarify::CallOptions options = {}) {
        return support::run(context, client.call(method, params, std::move(options)));
    }

    boost::asio::io_context context;
    clarify::Client client;
};

}  // namespace

TEST_CASE("Client: the whole way over TLS costs one connection, one handshake and one token") {
    Emulator emulator;
    Tour tour{emulator};
    for (int i = 0; i != 1000; ++i) {
        const Outcome items = tour.call("clarify.selectItems", select_params(1));
        REQUIRE_MESSAGE(items.has_value(), items.error());
    }
    const auto stats = emulator.stats();
    CHECK(stats.connections == 1);
    CHECK(stats.tls_handshakes == 1);
    CHECK(stats.token_requests == 1);
    CHECK(stats.calls == 1000);
}

TEST_CASE("Client: what is inserted, published and selected comes back as a data frame") {
    Emulator emulator;
    Tour tour{emulator};
    const std::string integration = credentials_of(emulator).integration();

    json::object insert;
    insert["integration"] = integration;
    insert["data"] = json::parse(R"({"times":["2024-01-01T00:00:00Z","2024-01-01T00:30:00Z"],
                                    "series":{"temperature":[20.5,0.1]}})");
    const Outcome inserted = tour.call("integration.insert", insert);
    REQUIRE_MESSAGE(inserted.has_value(), inserted.error());
    const json::string signal =
        inserted->at("signalsByInput").at("temperature").at("id").as_string();

    json::object item;
    item["name"] = "Temperature";
    item["visible"] = true;
    json::object by_signal;
    by_signal[signal] = item;
    json::object publish;
    publish["integration"] = integration;
    publish["itemsBySignal"] = by_signal;
    const Outcome published = tour.call("admin.publishSignals", publish);
    REQUIRE_MESSAGE(published.has_value(), published.error());
    const json::string id = published->at("itemsBySignal").at(signal).at("id").as_string();

    const auto frame_params =
        json::parse(
            R"({"query":{},"data":{"filter":{"times":{"$gte":"2024-01-01T00:00:00Z","$lt":"2024-01-02T00:00:00Z"}}},
            "include":[],"format":{"dataAsArray":false,"groupIncludedByType":true}})")
            .as_object();
    const Outcome frame = tour.call("clarify.dataFrame", frame_params);
    REQUIRE_MESSAGE(frame.has_value(), frame.error());
    const json::array& values = frame->at("data").at("series").at(id).as_array();
    REQUIRE(values.size() == 2);
    CHECK(values[0].as_double() == 20.5);
    CHECK(values[1].as_double() == 0.1);
    CHECK(emulator.stats().token_requests == 1);
}

TEST_CASE("Client: Basic credentials need no token") {
    Emulator emulator;
    boost::asio::io_context context;
    clarify::Client client{
        context.get_executor(),
        clarify::Credentials::from_string(emulator.basic_credentials_json()).value(),
        trusting(emulator)};
    CHECK(support::run(context, client.call("clarify.selectItems", select_params(1))));
    CHECK(emulator.stats().token_requests == 0);
}

TEST_CASE("Client: a notification is answered 204") {
    Emulator emulator;
    Tour tour{emulator};
    const auto outcome =
        support::run(tour.context, tour.client.notify("clarify.selectItems", select_params(1)));
    CHECK(outcome);
    CHECK(emulator.stats().notifications == 1);
}

TEST_CASE(
    "Client: a JSON-RPC error carries the server's trace and parameter messages, in both shapes") {
    for (const bool observed : {false, true}) {
        EmulatorOptions options;
        options.observed_shapes = observed;
        Emulator emulator{options};
        Tour tour{emulator};
        const Outcome outcome = tour.call("integration.insert", json::object{});
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code() == Errc::rpc);
        REQUIRE(outcome.error().rpc() != nullptr);
        CHECK(outcome.error().rpc()->code == clarify::RpcError::invalid_params);
        const clarify::ErrorData data = outcome.error().rpc()->clarify_data();
        CHECK(data.trace.empty() == observed);
        CHECK_FALSE(data.params.empty());
    }
}

TEST_CASE("Client: an API version that the server does not know is HTTP 400") {
    Emulator emulator;
    Tour tour{emulator};
    clarify::CallOptions options;
    options.api_version = clarify::ApiVersion{"9.9"};
    const Outcome outcome = tour.call("clarify.selectItems", select_params(1), options);
    CHECK(outcome.error().code() == Errc::status);
    CHECK(outcome.error().http()->status == 400);
    CHECK(tour.call("clarify.selectItems", select_params(1)));
}

TEST_CASE("Client: a wrong secret is a denied token, remembered for a pause, and never shown") {
    Emulator emulator;
    std::string text = emulator.credentials_json();
    const std::string canary = "canary-secret-8d1f";
    text.replace(
        text.find(emulator.options().client_secret),
        emulator.options().client_secret.size(),
        canary);
    boost::asio::io_context context;
    clarify::Client client{
        context.get_executor(),
        clarify::Credentials::from_string(text).value(),
        trusting(emulator)};
    for (int i = 0; i != 20; ++i) {
        const Outcome outcome =
            support::run(context, client.call("clarify.selectItems", select_params(1)));
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code() == Errc::token);
        CHECK(outcome.error().reason() == Reason::denied);
        CHECK(outcome.error().fate() == Fate::unsent);
        CHECK(outcome.error().to_string().find(canary) == std::string::npos);
    }
    CHECK(emulator.stats().token_requests == 1);
    CHECK(emulator.stats().rpc_requests == 0);
}

TEST_CASE(
    "Client: 200 calls at once on a cold start fetch one token and open no more connections than "
    "allowed") {
    Emulator emulator;
    Tour tour{emulator};
    int succeeded = 0;
    for (int i = 0; i != 200; ++i) {
        tour.client.async_call(
            "clarify.selectItems", select_params(1), [&](const Outcome& outcome) {
                succeeded += outcome ? 1 : 0;
            });
    }
    tour.context.run();
    CHECK(succeeded == 200);
    CHECK(emulator.stats().token_requests == 1);
    CHECK(emulator.stats().connections <= 16);
}

TEST_CASE("Client: after a revocation under load every call succeeds with one new token") {
    Emulator emulator;
    Tour tour{emulator};
    REQUIRE(tour.call("clarify.selectItems", select_params(1)));
    emulator.revoke_tokens();
    int succeeded = 0;
    for (int i = 0; i != 100; ++i) {
        tour.client.async_call(
            "clarify.selectItems", select_params(1), [&](const Outcome& outcome) {
                CHECK_MESSAGE(outcome.has_value(), outcome.error());
                succeeded += outcome ? 1 : 0;
            });
    }
    tour.context.restart();
    tour.context.run();
    CHECK(succeeded == 100);
    CHECK(emulator.stats().token_requests == 2);
}

TEST_CASE("Client: cancelling the call that began a token fetch disturbs nobody else") {
    Emulator emulator;
    Tour tour{emulator};
    boost::asio::cancellation_signal signal;
    std::optional<Outcome> first;
    int succeeded = 0;
    tour.client.async_call(
        "clarify.selectItems",
        select_params(1),
        boost::asio::bind_cancellation_slot(
            signal.slot(), [&](Outcome outcome) { first.emplace(std::move(outcome)); }));
    for (int i = 0; i != 10; ++i) {
        tour.client.async_call(
            "clarify.selectItems", select_params(1), [&](const Outcome& outcome) {
                succeeded += outcome ? 1 : 0;
            });
    }
    signal.emit(boost::asio::cancellation_type::total);
    tour.context.run();
    REQUIRE(first);
    CHECK(first->error().code() == Errc::cancelled);
    CHECK(first->error().fate() == Fate::unsent);
    CHECK(succeeded == 10);
    CHECK(emulator.stats().token_requests == 1);
}

TEST_CASE("Client: an awaitable may be kept, and its arguments be gone, before it is awaited") {
    Emulator emulator;
    Tour tour{emulator};
    std::optional<boost::asio::awaitable<Outcome>> kept;
    {
        const std::string method = std::string{"clarify."} + "selectItems";
        const json::object params = select_params(1);
        kept.emplace(tour.client.call(method, params));
    }
    CHECK(support::run(tour.context, std::move(*kept)));
}

TEST_CASE("Client: futures, deferred operations and detached calls are the same operation") {
    Emulator emulator;
    boost::asio::thread_pool pool{2};
    clarify::Client client{pool.get_executor(), credentials_of(emulator), trusting(emulator)};
    auto future =
        client.async_call("clarify.selectItems", select_params(1), boost::asio::use_future);
    CHECK(future.get());
    auto operation =
        client.async_call("clarify.selectItems", select_params(1), boost::asio::deferred);
    CHECK(std::move(operation)(boost::asio::use_future).get());
    client.async_notify("clarify.selectItems", select_params(1), boost::asio::detached);
    CHECK(client.async_notify("clarify.selectItems", select_params(1), boost::asio::use_future)
              .get());
    client.close();
    CHECK(
        client.async_call("clarify.selectItems", select_params(1), boost::asio::use_future)
            .get()
            .error()
            .code() == Errc::closed);
}

TEST_CASE(
    "Client: one client serves coroutines on several threads, each result on its caller's "
    "executor") {
    Emulator emulator;
    boost::asio::thread_pool pool{4};
    clarify::Client client{pool.get_executor(), credentials_of(emulator), trusting(emulator)};
    std::atomic<int> succeeded = 0;
    std::atomic<int> astray = 0;
    constexpr int workers = 32;
    constexpr int rounds = 20;
    for (int worker = 0; worker != workers; ++worker) {
        auto strand = boost::asio::make_strand(pool);
        boost::asio::co_spawn(
            strand,
            [](clarify::Client& shared,
               decltype(strand) own,
               std::atomic<int>& good,
               std::atomic<int>& lost) -> boost::asio::awaitable<void> {
                const json::object params = select_params(1);
                for (int round = 0; round != rounds; ++round) {
                    const Outcome outcome = co_await shared.call("clarify.selectItems", params);
                    good += outcome ? 1 : 0;
                    lost += own.running_in_this_thread() ? 0 : 1;
                }
            }(client, strand, succeeded, astray),
            boost::asio::detached);
    }
    pool.join();
    CHECK(succeeded == workers * rounds);
    CHECK(astray == 0);
    CHECK(emulator.stats().token_requests == 1);
    CHECK(emulator.stats().connections <= 16);
}

TEST_CASE("Client: a token endpoint that fails for a moment is asked again, within one call") {
    Emulator emulator;
    emulator.set_token_endpoint_failure(500);
    Tour tour{emulator};
    const Outcome outcome = tour.call("clarify.selectItems", select_params(1));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code() == Errc::token);
    CHECK(emulator.stats().token_requests == 3);
}

}  // namespace client_test
