// SPDX-License-Identifier: BSL-1.0
// The emulator's methods without a server, for tests.

#ifndef CLARIFY_TESTS_UNIT_TESTING_EMULATED_API_HPP
#define CLARIFY_TESTS_UNIT_TESTING_EMULATED_API_HPP

#include <clarify/testing/detail/emulator/rpc_dispatch.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::testing::detail {

/// The parameter that names the own integration.
inline const std::string own = R"("integration":"c618rbfqfsj7mjkj0ss1")";

/// The text of a JSON string.
inline std::string text_of(const json::value& value) {
    return std::string(std::string_view(value.as_string()));
}

/// The emulator's methods on an empty store, on 1 January 2022, without a server.
struct EmulatedApi {
    explicit EmulatedApi(bool observed_shapes = false) : EmulatedApi(settings(observed_shapes)) {}
    explicit EmulatedApi(MethodSettings settings) : dispatcher(store, std::move(settings)) {}

    static MethodSettings settings(bool observed_shapes = false) {
        MethodSettings settings;
        settings.integration = "c618rbfqfsj7mjkj0ss1";
        settings.observed_shapes = observed_shapes;
        return settings;
    }

    json::value send(
        const std::string& method, const std::string& params, std::string_view version = "1.1") {
        now += std::chrono::seconds{1};
        const auto outcome = dispatcher.handle(
            R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}",
            version,
            now);
        return parse_json(outcome.body.value())->value;
    }

    /// The result, which must be there.
    json::value call(
        const std::string& method, const std::string& params, std::string_view version = "1.1") {
        const json::value reply = send(method, params, version);
        INFO(to_json(reply));
        REQUIRE(reply.as_object().contains("result"));
        return reply.at("result");
    }

    /// The complaints about the parameters as text; there must be some.
    std::string complaints(
        const std::string& method, const std::string& params, std::string_view version = "1.1") {
        const json::value reply = send(method, params, version);
        INFO(to_json(reply));
        REQUIRE(reply.as_object().contains("error"));
        return to_json(reply.at("error").at("data").at("params"));
    }

    json::value insert(const std::string& times, const std::string& series) {
        return call(
            "integration.insert",
            "{" + own + R"(,"data":{"times":)" + times + R"(,"series":)" + series + "}}");
    }

    /// Makes an item with the given samples and returns its identifier.
    std::string item(
        const std::string& input, const std::string& times, const std::string& values) {
        const json::value inserted = insert(times, "{\"" + input + "\":" + values + "}");
        const std::string id = text_of(inserted.at("signalsByInput").at(input).at("id"));
        const json::value published = call(
            "admin.publishSignals",
            "{" + own + R"(,"itemsBySignal":{")" + id + R"(":{"name":")" + input + "\"}}}");
        return text_of(published.at("itemsBySignal").at(id).at("id"));
    }

    /// The data frame of all items as text, with the identifier of one item replaced by ID.
    std::string frame(const std::string& data, const std::string& id) {
        std::string text = to_json(call("clarify.dataFrame", "{\"data\":" + data + "}").at("data"));
        for (auto at = text.find(id); at != std::string::npos; at = text.find(id))
            text.replace(at, id.size(), "ID");
        return text;
    }

    SharedStore store;
    RpcDispatcher dispatcher;
    ServerTime now{std::chrono::sys_days(std::chrono::year(2022) / 1 / 1)};
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTS_UNIT_TESTING_EMULATED_API_HPP
