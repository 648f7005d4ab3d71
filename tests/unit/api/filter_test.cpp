// SPDX-License-Identifier: BSL-1.0
// Filters: what is written for each way to compose them, and what cannot be sent.

#include <clarify/api/filter.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace filter_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

std::string written(const Filter& filter) {
    std::string out;
    REQUIRE(append_json_text(out, filter).has_value());
    return out;
}

}  // namespace

TEST_CASE("Filter: each comparison") {
    CHECK(written({}) == "{}");
    CHECK(written(field("name") == "x") == R"({"name":"x"})");
    CHECK(written(field("name") != "x") == R"({"name":{"$ne":"x"}})");
    CHECK(written(field("n") < 1) == R"({"n":{"$lt":1}})");
    CHECK(written(field("n") <= -1) == R"({"n":{"$lte":-1}})");
    CHECK(written(field("n") > 1.5) == R"({"n":{"$gt":1.5}})");
    CHECK(written(field("n") >= 0U) == R"({"n":{"$gte":0}})");
    CHECK(written(field("id").in({"a", "b"})) == R"({"id":{"$in":["a","b"]}})");
    CHECK(written(field("id").in(std::vector<std::string>{"a"})) == R"({"id":{"$in":["a"]}})");
    CHECK(written(field("id").not_in({"a", 1})) == R"({"id":{"$nin":["a",1]}})");
    CHECK(written(field("name").matches("^a.*\"")) == R"({"name":{"$regex":"^a.*\""}})");
    CHECK(written(label("city") == "Oslo") == R"({"labels.city":"Oslo"})");
    CHECK(
        written(annotation("clarify/clarify-go/example/name") == "publish_signals") ==
        R"({"annotations.clarify/clarify-go/example/name":"publish_signals"})");
}

TEST_CASE("Filter: every kind of value, none of which is taken for another") {
    CHECK(written(field("a") == true) == R"({"a":true})");
    CHECK(written(field("a") == nullptr) == R"({"a":null})");
    CHECK(written(field("a") == std::string{"true"}) == R"({"a":"true"})");
    CHECK(written(field("a") == std::string_view{"x"}) == R"({"a":"x"})");
    CHECK(written(field("a") == "") == R"({"a":""})");
    CHECK(written(field("a") == 0) == R"({"a":0})");
    CHECK(written(field("a") == false) == R"({"a":false})");
    CHECK(
        written(field("a") == std::numeric_limits<std::uint64_t>::max()) ==
        R"({"a":18446744073709551615})");
    CHECK(
        written(field("createdAt") > Timestamp{}) ==
        R"({"createdAt":{"$gt":"1970-01-01T00:00:00Z"}})");
    CHECK(written(field("gapDetection") == FixedDuration{15min}) == R"({"gapDetection":"PT15M"})");
}

TEST_CASE("Filter: both, any, and what matches everything") {
    const Filter a = field("a") == 1;
    const Filter b = field("b") == 2;
    const Filter c = field("c") == 3;
    CHECK(written(a && b) == R"({"$and":[{"a":1},{"b":2}]})");
    CHECK(written(a || b) == R"({"$or":[{"a":1},{"b":2}]})");
    CHECK(written(a && b && c) == R"({"$and":[{"a":1},{"b":2},{"c":3}]})");
    CHECK(written(a || (b || c)) == R"({"$or":[{"a":1},{"b":2},{"c":3}]})");
    CHECK(written(a && (b || c)) == R"({"$and":[{"a":1},{"$or":[{"b":2},{"c":3}]}]})");
    CHECK(written((a && b) || c) == R"({"$or":[{"$and":[{"a":1},{"b":2}]},{"c":3}]})");
    CHECK(
        written(field("a") > 1 && field("a") < 3) ==
        R"({"$and":[{"a":{"$gt":1}},{"a":{"$lt":3}}]})");
    CHECK(written(Filter{} && a) == R"({"a":1})");
    CHECK(written(a && Filter{}) == R"({"a":1})");
    CHECK((Filter{} || a).matches_everything());
    CHECK((a || Filter{}).matches_everything());
    CHECK(all_of({}).matches_everything());
    CHECK(any_of({}).matches_everything());
    CHECK(written(any_of({a})) == R"({"a":1})");
    CHECK(written(all_of({a, {}, b})) == R"({"$and":[{"a":1},{"b":2}]})");
    CHECK(written(any_of({a, b})) == R"({"$or":[{"a":1},{"b":2}]})");
    // Parts stay what they were.
    CHECK(written(a) == R"({"a":1})");
}

TEST_CASE("Filter: raw text is sent as it is, if it is an object") {
    CHECK(written(Filter::raw(R"({"x":{"$new":[1]}})")) == R"({"x":{"$new":[1]}})");
    CHECK(written(Filter::raw("{}") && (field("a") == 1)) == R"({"$and":[{},{"a":1}]})");
    std::string out;
    for (const char* text : {"", "[]", "{", "{} {}", "7"})
        CHECK(append_json_text(out, Filter::raw(text)).error().reason() == Reason::syntax);
}

TEST_CASE("Filter: what cannot be sent is reported, wherever it stands") {
    const Filter good = field("a") == 1;
    for (const Filter& bad :
         {field("") == 1,
          field("$and") == 1,
          field("\xFF") == 1,
          field("x") == "\xFF",
          field("x") > std::numeric_limits<double>::infinity(),
          field("x").in({1, 1.0, std::numeric_limits<double>::quiet_NaN()})}) {
        for (const Filter& filter : {bad, good && bad, good || (good && bad)}) {
            std::string out = "kept";
            const Result<void> done = append_json_text(out, filter);
            REQUIRE(done.has_error());
            CHECK(done.error().code() == Errc::bad_argument);
            CHECK(out == "kept");
        }
    }
}

}  // namespace filter_test
