// SPDX-License-Identifier: BSL-1.0
// Tests of the emulator's JSON-RPC envelope.

#include <clarify/testing/detail/emulator/rpc_dispatch.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace rpc_dispatch_test {

using namespace clarify::testing::detail;

namespace {

struct Fixture {
    explicit Fixture(bool observed_shapes = false, bool strict = false)
        : dispatcher(store, MethodSettings{"c618rbfqfsj7mjkj0ss1", strict, observed_shapes}) {}

    RpcOutcome send(std::string_view text, std::string_view version = "1.1") {
        return dispatcher.handle(text, version, ServerTime(std::chrono::hours{400'000}));
    }

    /// The reply, which must be there.
    json::object reply(std::string_view text, std::string_view version = "1.1") {
        const RpcOutcome outcome = send(text, version);
        REQUIRE(outcome.body);
        const auto document = parse_json(*outcome.body);
        REQUIRE(document);
        CHECK(document->value.at("jsonrpc") == "2.0");
        return document->value.get_object();
    }

    int error_code(std::string_view text) {
        const json::object answer = reply(text);
        CHECK_FALSE(answer.contains("result"));
        return answer.at("error").at("code").to_number<int>();
    }

    SharedStore store;
    RpcDispatcher dispatcher;
};

const std::string insert_params =
    R"({"integration":"c618rbfqfsj7mjkj0ss1","data":{"times":["2022-01-01T00:00:00Z"],
        "series":{"a":[1]}}})";

}  // namespace

TEST_CASE("RpcDispatcher: the id comes back with its value and type") {
    Fixture api;
    for (const char* id :
         {"1",
          "0",
          "-7",
          "1.0",
          "1e2",
          "\"1\"",
          "\"\"",
          "true",
          "false",
          "[1,\"a\"]",
          "{\"a\":1}",
          "12345678901234567890123",
          "\"\\u0001\""}) {
        CAPTURE(id);
        const RpcOutcome outcome = api.send(
            std::string(R"({"jsonrpc":"2.0","method":"clarify.selectItems","id":)") + id + "}");
        REQUIRE(outcome.body);
        CHECK(outcome.body->starts_with(
            std::string(R"({"jsonrpc":"2.0","id":)") + id + R"(,"result":)"));
    }
}

TEST_CASE("RpcDispatcher: what is no request has an error code") {
    Fixture api;
    CHECK(api.error_code("{") == -32700);
    CHECK(api.error_code("") == -32700);
    CHECK(api.error_code("[]") == -32600);
    CHECK(api.error_code(R"([{"jsonrpc":"2.0","method":"clarify.selectItems","id":1}])") == -32600);
    CHECK(api.error_code("{}") == -32600);
    CHECK(api.error_code("7") == -32600);
    CHECK(api.error_code(R"({"jsonrpc":"1.0","method":"clarify.selectItems","id":1})") == -32600);
    CHECK(api.error_code(R"({"method":"clarify.selectItems","id":1})") == -32600);
    CHECK(api.error_code(R"({"jsonrpc":"2.0","method":1,"id":1})") == -32600);
    CHECK(api.error_code(R"({"jsonrpc":"2.0","method":1})") == -32600);
    CHECK(api.error_code(R"({"jsonrpc":"2.0","method":"no.such","id":1})") == -32601);
    CHECK(
        api.error_code(R"({"jsonrpc":"2.0","method":"clarify.selectItems","id":1,"params":[]})") ==
        -32602);
}

TEST_CASE("RpcDispatcher: an unreadable request has the id null") {
    Fixture api;
    CHECK(api.reply("{").at("id").is_null());
    CHECK(api.reply("[1]").at("id").is_null());
}

TEST_CASE("RpcDispatcher: a request without an id, or with null, is executed without a reply") {
    for (const char* id : {"", ",\"id\":null"}) {
        Fixture api;
        const RpcOutcome outcome = api.send(
            R"({"jsonrpc":"2.0","method":"integration.insert","params":)" + insert_params + id +
            "}");
        CHECK_FALSE(outcome.body);
        CHECK(outcome.method == "integration.insert");
        CHECK(api.store.visit([](Store& store) { return store.signals().size(); }) == 1);
    }
    Fixture api;
    CHECK_FALSE(api.send(R"({"jsonrpc":"2.0","method":"no.such"})").body);
    CHECK_FALSE(api.send(R"({"jsonrpc":"2.0","method":"integration.insert"})").body);
}

TEST_CASE("RpcDispatcher: methods have any case, and their later names") {
    Fixture api;
    const std::pair<const char*, const char*> names[] = {
        {"integration.Insert", "integration.insert"},
        {"INTEGRATION.INSERT", "integration.insert"},
        {"integration.signals.save", "integration.saveSignals"},
        {"admin.signals.select", "admin.selectSignals"},
        {"admin.Signals.Publish", "admin.publishSignals"},
        {"clarify.items.select", "clarify.selectItems"},
        {"clarify.DataFrame", "clarify.dataFrame"},
    };
    for (const auto& [name, canonical] : names) {
        CAPTURE(name);
        const auto outcome =
            api.send(std::string(R"({"jsonrpc":"2.0","id":1,"method":")") + name + "\"}");
        CHECK(outcome.method == canonical);
    }
}

TEST_CASE("RpcDispatcher: documented errors have a trace and messages by parameter") {
    Fixture api;
    const json::object answer =
        api.reply(R"({"jsonrpc":"2.0","id":1,"method":"integration.insert","params":{"x":1}})");
    const json::value& error = answer.at("error");
    CHECK(error.at("code") == -32602);
    CHECK(error.at("data").at("trace").as_string().size() == 20);
    CHECK(
        to_json(error.at("data").at("params")) ==
        R"({"data":["required"],"integration":["required"],"x":["unknown parameter"]})");
}

TEST_CASE("RpcDispatcher: observed parameter errors are a list of paths without a trace") {
    const std::string call = R"({"jsonrpc":"2.0","id":1,"method":"clarify.selectItems","params":)";
    SUBCASE("by the emulator's dialect") {
        Fixture api(true);
        const json::object answer = api.reply(call + R"({"groups":[]}})");
        CHECK(
            to_json(answer.at("error").at("data")) ==
            R"({"pathErrors":[{"path":"params.groups","error":"unknown parameter"}]})");
    }
    SUBCASE("by the caller's wish") {
        Fixture api;
        const json::object answer =
            api.reply(call + R"({"groups":[],"format":{"usePathErrors":true}}})");
        CHECK(answer.at("error").at("data").as_object().contains("pathErrors"));
    }
    SUBCASE("but not for other errors") {
        Fixture api(true);
        const json::object answer = api.reply(R"({"jsonrpc":"2.0","id":1,"method":"no.such"})");
        CHECK(answer.at("error").at("data").as_object().contains("trace"));
    }
}

TEST_CASE("RpcDispatcher: null parameters are absent, unless it is strict") {
    const char* const call =
        R"({"jsonrpc":"2.0","id":1,"method":"clarify.selectItems","params":{"query":null}})";
    Fixture lenient;
    CHECK(lenient.reply(call).contains("result"));
    Fixture strict(false, true);
    CHECK(strict.error_code(call) == -32602);
    CHECK(
        strict.error_code(
            R"({"jsonrpc":"2.0","id":1,"method":"clarify.selectItems","params":null})") == -32602);
}

TEST_CASE("RpcDispatcher: another integration's signals are forbidden") {
    Fixture api;
    CHECK(api.error_code(R"({"jsonrpc":"2.0","id":1,"method":"integration.saveSignals","params":
        {"integration":"c618rbfqfsj7mjkj0sss","signalsByInput":{}}})") == -32003);
}

TEST_CASE("api version: selectors resolve to the version that serves them") {
    CHECK(resolve_api_version("") == "1.1");
    CHECK(resolve_api_version("1.1") == "1.1");
    CHECK(resolve_api_version("1.0") == "1.0");
    CHECK(resolve_api_version("1.2alpha1") == "1.2beta1");
    CHECK_FALSE(resolve_api_version("1.3"));
    CHECK_FALSE(resolve_api_version("1.1.2"));
}

}  // namespace rpc_dispatch_test
