// SPDX-License-Identifier: BSL-1.0
// What failures say of samples.

#include <clarify/ingest/detail/insert_verdict.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace insert_verdict_test {

using namespace clarify;
using namespace clarify::detail;
using namespace std::chrono_literals;

namespace {

using Kind = InsertVerdict::Kind;

DataFrame frame() {
    const Timestamp time = Timestamp::from_microseconds(0);
    DataFrame out;
    out.append(time, {{"a", 1}, {"a.b", 2}, {"c", 3}});
    out.append(time + std::chrono::microseconds{1}, {{"a", 4}});
    return out;
}

Error rpc(std::int64_t code, std::string data) {
    RpcError said;
    said.code = code;
    said.message = "said";
    said.data = std::move(data);
    Error error{Errc::rpc};
    return error.set_fate(Fate::answered).set_rpc(std::move(said));
}
Error status(unsigned number) {
    HttpFailure failure;
    failure.status = number;
    Error error{Errc::status};
    return error.set_fate(Fate::answered).set_http(std::move(failure));
}
InsertVerdict judge(const Error& error) { return judge_insert(error, frame()); }

}  // namespace

TEST_CASE("judge_insert: what is no verdict on samples is waited out") {
    for (const Errc code :
         {Errc::resolve,
          Errc::connect,
          Errc::tls,
          Errc::proxy,
          Errc::io,
          Errc::timeout,
          Errc::closed,
          Errc::cancelled,
          Errc::overloaded,
          Errc::framing,
          Errc::too_large,
          Errc::token,
          Errc::auth,
          Errc::json,
          Errc::envelope,
          Errc::decode,
          Errc::internal,
          Errc::bad_config,
          Errc::bad_argument}) {
        CAPTURE(to_string(code));
        CHECK(judge(Error{code}).kind == Kind::wait);
    }
    for (const unsigned number : {301, 400, 401, 403, 404, 422, 429, 500, 503})
        CHECK(judge(status(number)).kind == Kind::wait);
    for (const std::int64_t code :
         {-32700, -32600, -32601, -32603, -32000, -32001, -32002, -32003, -32009, -32015})
        CHECK(judge(rpc(code, R"({"params":{"data.series.a":["bad"]}})")).kind == Kind::wait);
    CHECK(judge(rpc(-32602, R"({"params":{"integration":["unknown"]}})")).kind == Kind::wait);
    CHECK(judge(rpc(-32021, R"({"params":{"integration":["unknown"]}})")).kind == Kind::wait);
    CHECK(judge(rpc(-32602, R"({"params":{"database":["x"]}})")).kind == Kind::wait);
}

TEST_CASE("judge_insert: a request that is too large is divided") {
    CHECK(judge(status(413)).kind == Kind::divide);
    CHECK(judge(Error{Errc::bad_argument, Reason::request}).kind == Kind::divide);
}

TEST_CASE("judge_insert: paths name columns, values and rows, in either shape") {
    const auto places = [](const char* path) {
        const InsertVerdict documented =
            judge(rpc(-32602, std::string{R"({"params":{")"} + path + R"(":["bad"]}})"));
        const InsertVerdict observed = judge(rpc(
            -32602,
            std::string{R"({"pathErrors":[{"path":"params.)"} + path + R"(","error":"bad"}]})"));
        REQUIRE(documented.kind == Kind::blame);
        REQUIRE(observed.kind == Kind::blame);
        REQUIRE(documented.places.size() == observed.places.size());
        if (!documented.places.empty()) {
            CHECK(documented.places[0].column == observed.places[0].column);
            CHECK(documented.places[0].row == observed.places[0].row);
            CHECK(documented.places[0].reason == std::string{path} + ": bad");
        }
        return documented.places;
    };
    REQUIRE(places("data.series.a").size() == 1);
    CHECK(places("data.series.a")[0].column == 0U);
    CHECK_FALSE(places("data.series.a")[0].row);
    CHECK(places("data.series.a.b")[0].column == 1U);
    CHECK(places("data.series.a.1")[0].column == 0U);
    CHECK(places("data.series.a.1")[0].row == 1U);
    CHECK(places("data.series.a[1]")[0].row == 1U);
    CHECK(places("data.series.c.0")[0].column == 2U);
    CHECK_FALSE(places("data.series.a.7")[0].row);
    CHECK_FALSE(places("data.times.1")[0].column);
    CHECK(places("data.times.1")[0].row == 1U);
    // In the samples, but nobody knows where.
    CHECK(places("data").empty());
    CHECK(places("data.series").empty());
    CHECK(places("data.series.unknown").empty());
    CHECK(places("data.times").empty());
}

TEST_CASE("judge_insert: invalid parameters without a path blame nobody in particular") {
    for (const char* const data : {"", "{}", R"("text")", R"({"trace":"x"})"}) {
        const InsertVerdict verdict = judge(rpc(-32602, data));
        CHECK(verdict.kind == Kind::blame);
        CHECK(verdict.places.empty());
        CHECK(verdict.reason == "said");
    }
}

TEST_CASE("judge_insert: a partial failure says what is stored") {
    const InsertVerdict verdict = judge(
        rpc(-32021,
            R"({"params":{"data.series.a":["bad"]},
            "partialResult":{"signalsByInput":{"c":{"id":"x","created":true},"z":{"id":"y","created":true}}}})"));
    CHECK(verdict.kind == Kind::blame);
    REQUIRE(verdict.places.size() == 1);
    CHECK(verdict.places[0].column == 0U);
    REQUIRE(verdict.stored.size() == 1);
    CHECK(verdict.stored[0] == 2);
}

TEST_CASE("judge_insert: what was sent and not answered by the service may be executed late") {
    CHECK(judge(Error{Errc::timeout}.set_fate(Fate::unknown)).in_doubt);
    CHECK(judge(status(502)).in_doubt);
    CHECK_FALSE(judge(Error{Errc::connect}).in_doubt);
    CHECK_FALSE(judge(status(401)).in_doubt);
    CHECK_FALSE(judge(status(429)).in_doubt);
    CHECK_FALSE(judge(rpc(-32602, "{}")).in_doubt);
    CHECK_FALSE(judge(rpc(-32015, "{}")).in_doubt);
}

}  // namespace insert_verdict_test
