// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/rpc_error.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace rpc_error_test {

using namespace clarify;

namespace {

using Messages = std::vector<std::pair<std::string, std::string>>;

ErrorData read(std::string data) {
    RpcError error;
    error.data = std::move(data);
    return error.clarify_data();
}

bool empty(const ErrorData& data) {
    return data.trace.empty() && data.params.empty() && data.invalid_resources.empty() &&
        data.partial_result.empty() && data.text.empty();
}

}  // namespace

TEST_CASE("RpcError: reads the documented shape of invalid parameters") {
    const ErrorData data = read(
        R"({"trace":"00000000000000000000","params":{"integration":["required"],"data.series.a":["too short","\u00e9"]}})");
    CHECK(data.trace == "00000000000000000000");
    CHECK(
        data.params ==
        Messages{
            {"integration", "required"},
            {"data.series.a", "too short"},
            {"data.series.a", "\xC3\xA9"}});
    CHECK(data.text.empty());
}

TEST_CASE("RpcError: reads the path errors that live servers send, like the documented shape") {
    const ErrorData data = read(
        R"({"pathErrors":[{"path":"params.groups","error":"unknown parameter"},{"error":"odd","path":"id"}]})");
    CHECK(data.trace.empty());
    CHECK(data.params == Messages{{"groups", "unknown parameter"}, {"id", "odd"}});
}

TEST_CASE("RpcError: reads invalid resources") {
    const ErrorData data = read(R"({"trace":"t","invalidResources":[
        {"id":"c8l","type":"signals","message":"bad","invalidFields":{"name":["required","short"]},"new":1},
        {"type":"items"}]})");
    REQUIRE(data.invalid_resources.size() == 2);
    CHECK(data.invalid_resources[0].id == "c8l");
    CHECK(data.invalid_resources[0].type == "signals");
    CHECK(data.invalid_resources[0].message == "bad");
    CHECK(
        data.invalid_resources[0].invalid_fields ==
        Messages{{"name", "required"}, {"name", "short"}});
    CHECK(data.invalid_resources[1].id.empty());
    CHECK(data.invalid_resources[1].type == "items");
}

TEST_CASE("RpcError: keeps the text of a partial result and of a plain string") {
    CHECK(read(R"({"partialResult": {"a":[1, 2.50]} })").partial_result == R"({"a":[1, 2.50]})");
    CHECK(read(R"({"partialResult":null})").partial_result == "null");
    CHECK(read(R"("no \"luck\"")").text == "no \"luck\"");
}

TEST_CASE("RpcError: data of another shape stays empty") {
    for (const char* text :
         {"",
          " ",
          "null",
          "7",
          "true",
          "[]",
          "[{\"trace\":\"x\"}]",
          "{}",
          "{\"trace\":7}",
          "{\"trace\":null,\"params\":[],\"pathErrors\":{},\"invalidResources\":\"x\"}",
          "{\"params\":{\"a\":7,\"b\":[1,{}]}}",
          "{\"pathErrors\":[1,null,[]]}",
          "{\"invalidResources\":[1,\"x\"]}",
          "{\"Trace\":\"x\",\"unknown\":{}}",
          "{\"trace\":\"x\"",
          "not JSON",
          "{\"trace\":\"x\"} trailing"}) {
        CAPTURE(text);
        CHECK(empty(read(text)));
    }
}

TEST_CASE("RpcError: members of a wrong type do not hide the others") {
    const ErrorData data = read(
        R"({"trace":{},"params":{"a":"plain","b":[1,"two"]},"pathErrors":[{"path":7,"error":"e"}],"partialResult":[]})");
    CHECK(data.trace.empty());
    CHECK(data.params == Messages{{"a", "plain"}, {"b", "two"}, {"", "e"}});
    CHECK(data.partial_result == "[]");
}

TEST_CASE("RpcError: lists in the data take bounded memory, whatever the data is") {
    constexpr std::size_t limit = std::size_t{4} << 20U;
    const auto size_of = [](const std::vector<std::pair<std::string, std::string>>& list) {
        std::size_t size = 0;
        for (const auto& [path, message] : list)
            size += path.size() + message.size() + sizeof(list[0]);
        return size;
    };
    const auto repeat = [](std::string_view unit, std::size_t times) {
        std::string text{unit};
        for (std::size_t i = 1; i != times; ++i) {
            text += ',';
            text += unit;
        }
        return text;
    };
    RpcError error;
    SUBCASE("many short messages") {
        error.data = R"({"params":{"a":[)" + repeat("\"\"", 200'000) + "]}}";
        const ErrorData data = error.clarify_data();
        CHECK(data.params.size() > 10'000);
        CHECK(size_of(data.params) <= limit);
    }
    SUBCASE("one long path for many messages") {
        error.data = R"({"params":{")" + std::string(1'000'000, 'p') + R"(":[)" +
            repeat("\"m\"", 100) + "]}}";
        const ErrorData data = error.clarify_data();
        CHECK(data.params.size() == 4);
        CHECK(data.params[0].first.size() == 1'000'000);
    }
    SUBCASE("path errors") {
        error.data = R"({"pathErrors":[)" + repeat("{}", 200'000) + "]}";
        const ErrorData data = error.clarify_data();
        CHECK(data.params.size() > 10'000);
        CHECK(size_of(data.params) <= limit);
    }
    SUBCASE("resources, and the fields within them") {
        error.data = R"({"invalidResources":[)" + repeat("{}", 100'000) + "]}";
        const std::size_t count = error.clarify_data().invalid_resources.size();
        CHECK(count > 10'000);
        CHECK(count * sizeof(InvalidResource) <= limit);
        error.data = R"({"invalidResources":[{"id":"i","invalidFields":{"a":[)" +
            repeat("\"\"", 200'000) + "]}}]}";
        // No room is left for the resource that holds them.
        CHECK(error.clarify_data().invalid_resources.empty());
    }
}

}  // namespace rpc_error_test
