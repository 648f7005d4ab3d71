// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/call_ids.hpp>
#include <clarify/rpc/batch.hpp>

#include <doctest/doctest.h>
#include <support/text_codec.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpc_batch_test {

using namespace clarify;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

constexpr std::size_t depth = 64;

std::string kind(const Error& error) {
    return std::string{to_string(error.code())} + '[' + std::string{to_string(error.reason())} +
        ']';
}

/// What a reply says of the calls with the ids 5, 6 and 8, and of what else it holds.
struct Reading {
    explicit Reading(std::string_view body) : text(body) {
        const Result<void> read = rpc::read_batch(text, slots, violation, depth);
        if (!read) failure = kind(read.error());
    }
    std::string operator[](std::size_t index) const {
        const rpc::BatchSlot& slot = slots[index];
        if (!slot.error) return std::string{slot.result};
        if (const RpcError* rpc = slot.error->rpc()) return "rpc " + std::to_string(rpc->code);
        return kind(*slot.error);
    }

    std::string text;
    std::vector<rpc::BatchSlot> slots{rpc::BatchSlot{5}, rpc::BatchSlot{6}, rpc::BatchSlot{8}};
    std::optional<Error> violation;
    std::string failure;
};

std::string result(int id, std::string_view text) {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":)" + std::string{text} +
        '}';
}
std::string error(std::string_view id, int code) {
    return R"({"jsonrpc":"2.0","id":)" + std::string{id} + R"(,"error":{"code":)" +
        std::to_string(code) + R"(,"message":"no"}})";
}

using Batch = BasicBatch<support::TextCodec>;

Batch empty_batch() {
    return Batch{
        std::make_shared<const support::TextCodec>(),
        std::make_shared<clarify::detail::CallIds>(5)};
}

}  // namespace

TEST_CASE("Batch: answers are matched by id, whatever their order") {
    const Reading reading{
        "[" + result(8, "\"c\"") + "," + result(5, "\"a\"") + "," + error("6", -32602) + "]"};
    CHECK(reading.failure.empty());
    CHECK_FALSE(reading.violation.has_value());
    CHECK(reading[0] == "\"a\"");
    CHECK(reading[1] == "rpc -32602");
    CHECK(reading[2] == "\"c\"");
}

TEST_CASE("Batch: a call without an answer is missing and may have been executed") {
    for (const auto& body : {result(5, "1"), result(8, "3")}) {
        const Reading reading{"[" + body + "]"};
        CHECK(reading[1] == "envelope[missing]");
        CHECK(reading.slots[1].error->fate() == Fate::unknown);
        CHECK_FALSE(reading.violation.has_value());
    }
}

TEST_CASE("Batch: a call that is answered twice has no answer to trust") {
    const Reading reading{
        "[" + result(5, "1") + "," + result(5, "2") + "," + result(6, "3") + "," + result(8, "4") +
        "," + result(5, "5") + "]"};
    CHECK(reading[0] == "envelope[repeated]");
    CHECK(reading[1] == "3");
    CHECK(reading[2] == "4");
}

TEST_CASE("Batch: what answers none of the calls is flagged and harms none") {
    const std::string good = result(5, "1") + "," + result(6, "2") + "," + result(8, "3");
    const auto check = [&](std::string_view stranger, std::string_view expected) {
        CAPTURE(stranger);
        const Reading reading{"[" + std::string{stranger} + "," + good + "]"};
        REQUIRE(reading.violation.has_value());
        CHECK(kind(*reading.violation) == expected);
        CHECK(reading[0] == "1");
        CHECK(reading[1] == "2");
        CHECK(reading[2] == "3");
    };
    check(result(7, "1"), "envelope[id_mismatch]");
    check(R"({"jsonrpc":"2.0","id":"5","result":1})", "envelope[id_mismatch]");
    check(R"({"jsonrpc":"2.0","id":5.5,"result":1})", "envelope[id_mismatch]");
    check(R"({"jsonrpc":"2.0","id":5,"id":5,"result":1})", "envelope[id_mismatch]");
    check(error("null", -32600), "envelope[id_mismatch]");
    check(R"({"jsonrpc":"2.0","result":1})", "envelope[id_missing]");
    check("7", "envelope[members]");
    check("[]", "envelope[members]");
}

TEST_CASE("Batch: what the server says without an id is kept with the violation") {
    const Reading reading{"[" + error("null", -32600) + "]"};
    REQUIRE(reading.violation.has_value());
    REQUIRE(reading.violation->rpc() != nullptr);
    CHECK(reading.violation->rpc()->code == -32600);
    CHECK(reading.violation->rpc()->uncorrelated);
}

TEST_CASE("Batch: one error object is the answer to every call") {
    for (const std::string& body :
         {error("null", -32700),
          error("5", -32700),
          R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}})"s}) {
        CAPTURE(body);
        const Reading reading{body};
        CHECK(reading.failure.empty());
        CHECK_FALSE(reading.violation.has_value());
        for (std::size_t i = 0; i != 3; ++i)
            CHECK(reading[i] == "rpc -32700");
    }
}

TEST_CASE("Batch: one error object is checked before it is believed") {
    for (const std::string_view id : {"7"sv, "\"5\""sv, "5.5"sv, "true"sv})
        CHECK(Reading{error(id, -32700)}.failure == "envelope[id_mismatch]");
    CHECK(
        Reading{R"({"jsonrpc":"1.0","id":null,"error":{"code":1,"message":"m"}})"}.failure ==
        "envelope[version]");
    CHECK(
        Reading{R"({"id":null,"error":{"code":1,"message":"m"}})"}.failure == "envelope[version]");
    CHECK(Reading{R"({"jsonrpc":"2.0","id":null,"error":"no"})"}.failure == "envelope[bad_error]");
}

TEST_CASE("Batch: an empty array answers nothing") {
    const Reading reading{"[]"};
    REQUIRE(reading.violation.has_value());
    CHECK(kind(*reading.violation) == "envelope[empty]");
    CHECK(reading[0] == "envelope[missing]");
}

TEST_CASE("Batch: each slot is checked like a single reply") {
    const Reading reading{R"([{"jsonrpc":"1.0","id":5,"result":1},{"jsonrpc":"2.0","id":6},)"
                          R"({"jsonrpc":"2.0","id":8.0,"result":{"n":[1]}}])"};
    CHECK(reading[0] == "envelope[version]");
    CHECK(reading[1] == "envelope[members]");
    CHECK(reading[2] == R"({"n":[1]})");
}

TEST_CASE("Batch: a reply that is neither array nor error object fails as a whole") {
    CHECK(Reading{result(5, "1")}.failure == "envelope[members]");
    CHECK(Reading{"7"}.failure == "envelope[members]");
    CHECK(Reading{""}.failure == "envelope[empty]");
    CHECK(Reading{"[" + result(5, "1")}.failure == "json[syntax]");
    CHECK(
        Reading{"[" + result(5, std::string(depth, '[') + std::string(depth, ']')) + "]"}.failure ==
        "json[depth]");
}

TEST_CASE("Batch: each answer may be nested as deeply as the reply to a single call") {
    const auto nested = [](std::size_t levels) {
        return Reading{"[" + result(5, std::string(levels, '[') + std::string(levels, ']')) + "]"};
    };
    CHECK(nested(depth - 1).failure.empty());
    CHECK(nested(depth - 1)[0].size() == 2 * (depth - 1));
    CHECK(nested(depth).failure == "json[depth]");
}

TEST_CASE("Batch: requests are written as one array, with ids that ascend") {
    Batch batch = empty_batch();
    CHECK(batch.empty());
    batch.call("a", "[1]"sv).notify("b", "{}"sv).call("c");
    CHECK(batch.size() == 3);
    CHECK_FALSE(batch.error().has_value());
    CHECK(
        batch.text() + "]" ==
        R"([{"jsonrpc":"2.0","method":"a","id":5,"params":[1]},)"
        R"({"jsonrpc":"2.0","method":"b","params":{}},)"
        R"({"jsonrpc":"2.0","method":"c","id":6}])");
    REQUIRE(batch.slots().size() == 2);
    CHECK(batch.slots()[0].id == 5);
    CHECK(batch.slots()[1].id == 6);
}

TEST_CASE("Batch: the first request that cannot be encoded is named") {
    Batch batch = empty_batch();
    batch.call("a").call("rpc.b").call("");
    REQUIRE(batch.error().has_value());
    CHECK(kind(*batch.error()) == "bad_argument[method]");
    CHECK(batch.error()->message().starts_with("request 1 of the batch: "));
}

}  // namespace rpc_batch_test
