// SPDX-License-Identifier: BSL-1.0
// Tests of what the emulator refuses, delays and does by half.

#include <clarify/core/detail/encoding.hpp>
#include <clarify/testing/detail/emulator/api_endpoints.hpp>
#include <clarify/testing/detail/emulator/rate_queue.hpp>
#include <clarify/testing/detail/emulator/rpc_dispatch.hpp>

#include "emulated_api.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>

namespace service_limits_test {

using namespace clarify::testing::detail;
using namespace std::chrono_literals;

namespace {

const ServerTime start{std::chrono::sys_days(std::chrono::year(2022) / 1 / 1)};

}  // namespace

TEST_CASE("RateQueue: each method has a line of its own, at the documented rate") {
    RateQueue queue;
    CHECK(queue.enter("integration.insert", start) == 0s);
    CHECK(queue.enter("integration.insert", start) == 1s);
    CHECK(queue.enter("integration.insert", start + 500ms) == 1500ms);
    CHECK(queue.enter("integration.saveSignals", start) == 0s);
    CHECK(queue.enter("clarify.selectItems", start) == 0s);
    CHECK(queue.enter("clarify.selectItems", start) == 100ms);
    CHECK(queue.enter("admin.publishSignals", start) == 0s);
    CHECK(queue.enter("admin.publishSignals", start) == 200ms);
    // Nobody has a turn kept for later.
    CHECK(queue.enter("integration.insert", start + 1h) == 0s);
    CHECK(queue.enter("integration.insert", start + 1h) == 1s);
    // No documentation limits these.
    CHECK(queue.enter("admin.connectSignals", start) == 0s);
    CHECK(queue.enter("admin.connectSignals", start) == 0s);
}

TEST_CASE("RateQueue: who would wait for more than ten seconds gives up, and holds nobody up") {
    RateQueue queue;
    for (int i = 0; i <= 10; ++i)
        CHECK(queue.enter("clarify.evaluate", start) == std::chrono::seconds{i});
    for (int i = 0; i != 5; ++i)
        CHECK(queue.enter("clarify.evaluate", start) == std::nullopt);
    CHECK(queue.enter("clarify.evaluate", start + 1s) == 10s);
}

TEST_CASE("rates: the reply is held back until the turn of its request, which may come too late") {
    MethodSettings settings = EmulatedApi::settings();
    settings.rate_limits = true;
    SharedStore store;
    RpcDispatcher dispatcher(store, settings);
    const auto call = [&](ServerTime now) {
        return dispatcher.handle(
            R"({"jsonrpc":"2.0","id":1,"method":"Clarify.dataFrame","params":{}})", "1.1", now);
    };
    CHECK(call(start).delay == 0s);
    for (int i = 1; i <= 10; ++i)
        CHECK(call(start).delay == std::chrono::seconds{i});
    const RpcOutcome late = call(start);
    CHECK(late.timed_out);
    CHECK(late.delay == 10s);
    CHECK_FALSE(late.body);
    CHECK_FALSE(call(start + 5s).timed_out);
}

TEST_CASE(
    "latency: a call that takes more than fifteen seconds is given up, though it was executed") {
    MethodSettings settings = EmulatedApi::settings();
    for (const auto& [latency, status] :
         {std::pair{3s, 200U}, std::pair{15s, 200U}, std::pair{16s, 503U}}) {
        settings.latency = latency;
        Statistics statistics;
        ApiEndpoints endpoints({settings.integration, "p", "c", "s"}, 1h, settings, statistics);
        endpoints.set_address("http", 80);
        ServerRequest request(boost::beast::http::verb::post, "/v1/rpc", 11);
        request.set("Host", "localhost");
        request.set("Content-Type", "application/json");
        std::string credentials = "Basic ";
        clarify::detail::append_base64(credentials, settings.integration + ":p");
        request.set("Authorization", credentials);
        request.body() = R"({"jsonrpc":"2.0","id":1,"method":"integration.insert","params":{)" +
            own + R"(,"data":{"times":["2022-01-01T00:00:00Z"],"series":{"a":[1]}}}})";
        const ServerReply reply = endpoints.handle(request);
        CHECK(reply.status == status);
        CHECK(reply.delay == std::min(latency, 15s));
        CHECK(statistics.snapshot().late == (status == 503 ? 1 : 0));
        CHECK(statistics.snapshot().calls == (status == 503 ? 0 : 1));
        CHECK(statistics.snapshot().methods.at("integration.insert") == 1);
        CHECK(endpoints.store().visit([](Store& store) { return store.signals().size(); }) == 1);
    }
}

TEST_CASE("permissions: a namespace that is not granted is forbidden, by all of its names") {
    MethodSettings settings = EmulatedApi::settings();
    settings.admin_access = false;
    EmulatedApi api(settings);
    const auto code = [](EmulatedApi& of, const std::string& method) {
        const json::value reply = of.send(method, "{" + own + "}", "1.2");
        const auto* const error = reply.as_object().if_contains("error");
        return error == nullptr ? 0 : error->at("code").as_int64();
    };
    CHECK(code(api, "admin.selectSignals") == -32003);
    CHECK(code(api, "ADMIN.signals.select") == -32003);
    CHECK(code(api, "admin.signals.connect") == -32003);
    CHECK(code(api, "integration.saveSignals") == -32602);
    settings.admin_access = true;
    settings.clarify_access = false;
    EmulatedApi other(settings);
    CHECK(code(other, "clarify.items.select") == -32003);
    CHECK(code(other, "clarify.evaluate") == -32003);
    CHECK(code(other, "admin.selectSignals") == 0);
}

TEST_CASE("visibility: what was inserted is read only after the delay, and inspected at once") {
    MethodSettings settings = EmulatedApi::settings();
    settings.visibility_delay = 30s;
    EmulatedApi api(settings);
    const std::string id = api.item("a", R"(["2022-01-01T00:00:00Z"])", "[1]");
    const std::string empty = R"({"times":[],"series":{"ID":[]}})";
    CHECK(api.frame("{}", id) == empty);
    api.store.visit([](const Store& store) {
        const StoredSignal* const signal = store.find_input("c618rbfqfsj7mjkj0ss1", "a");
        REQUIRE(signal != nullptr);
        CHECK(signal->samples.empty());
        CHECK(store.all_samples(*signal).size() == 1);
    });
    // Each call is a second later; the insert was the first.
    api.now += 26s;
    CHECK(api.frame("{}", id) == empty);
    CHECK(api.frame("{}", id) == R"({"times":["2022-01-01T00:00:00Z"],"series":{"ID":[1]}})");
}

TEST_CASE("planned failures: a code of JSON-RPC, and nothing is done") {
    EmulatedApi api;
    api.dispatcher.failures().plan(2, -32015);
    const std::string params = "{" + own +
        R"(,"data":{"times":["2022-01-01T00:00:00Z"],"series":{"a":[1],"b":[2],"c":[3]}}})";
    for (int i = 0; i != 2; ++i) {
        const json::value reply = api.send("integration.insert", params);
        CHECK(reply.at("error").at("code") == -32015);
        CHECK(reply.at("error").at("data").as_object().contains("trace"));
    }
    api.store.visit([](const Store& store) { CHECK(store.signals().empty()); });
    CHECK(api.call("integration.insert", params).at("signalsByInput").as_object().size() == 3);
}

TEST_CASE("planned failures: an invalid resource is named with its fields") {
    EmulatedApi api;
    for (const int code : {-32001, -32002}) {
        api.dispatcher.failures().plan(1, code);
        const json::value error = api.send("clarify.selectItems", "{}").at("error");
        CHECK(error.at("code") == code);
        CHECK(
            to_json(error.at("data").at("invalidResources")) ==
            R"([{"type":"signals","message":"Invalid resource",)"
            R"("invalidFields":{"name":["This failure was asked for"]}}])");
    }
}

TEST_CASE("planned failures: a partial one does the first half, and tells what it has done") {
    EmulatedApi api;
    api.dispatcher.failures().plan(1, -32021);
    const std::string params = "{" + own +
        R"(,"data":{"times":["2022-01-01T00:00:00Z"],"series":{"a":[1],"b":[2],"c":[3],"d":[4]}}})";
    const json::value reply = api.send("integration.insert", params);
    CHECK(reply.at("error").at("code") == -32021);
    const auto& done =
        reply.at("error").at("data").at("partialResult").at("signalsByInput").as_object();
    CHECK(done.size() == 2);
    CHECK(done.contains("a"));
    CHECK(done.contains("b"));
    api.store.visit([](const Store& store) { CHECK(store.signals().size() == 2); });
    api.call("integration.insert", params);

    const auto half = [&](const std::string& method, const std::string& rest) {
        api.dispatcher.failures().plan(1, -32021);
        return api.send(method, "{" + own + "," + rest + "}", "1.2")
            .at("error")
            .at("data")
            .at("partialResult");
    };
    const std::string views = R"({"a":{"name":"x"},"b":{"name":"x"},"c":{"name":"x"}})";
    CHECK(
        half("integration.saveSignals", R"("signalsByInput":)" + views)
            .at("signalsByInput")
            .as_object()
            .size() == 1);
    CHECK(half("admin.selectSignals", R"("query":{})").at("data").as_object().size() == 2);
    const std::string ids = to_json(api.call("admin.selectSignals", "{" + own + "}").at("data"));
    const std::string id = ids.substr(2, 20);
    CHECK(half("admin.publishSignals", R"("itemsBySignal":{")" + id + R"(":{"name":"x"}})")
              .at("itemsBySignal")
              .as_object()
              .empty());
    api.call(
        "admin.publishSignals", "{" + own + R"(,"itemsBySignal":{")" + id + R"(":{"name":"x"}}})");
    api.dispatcher.failures().plan(1, -32021);
    CHECK(api.send("clarify.dataFrame", "{}")
              .at("error")
              .at("data")
              .at("partialResult")
              .at("data")
              .at("series")
              .as_object()
              .empty());
}

}  // namespace service_limits_test
