// SPDX-License-Identifier: BSL-1.0
// What is to be computed, as each version of the API spells it.

#include <clarify/api/evaluate.hpp>
#include <clarify/core/detail/json_writer.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace api_evaluate_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

Timestamp at(std::string_view text) { return Timestamp::parse(text).value(); }

std::string written(const EvaluateQuery& query, std::string_view version) {
    std::string text;
    detail::JsonWriter out{text};
    out.open('{');
    write_members(out, query, version);
    out.close('}');
    REQUIRE(out.done().has_value());
    return text;
}

std::string faults(const EvaluateQuery& query) {
    FieldErrors errors;
    detail::check(query, errors);
    std::string all;
    for (const FieldError& error : errors.all())
        all += error.path + '\n';
    return all;
}

EvaluateQuery example() {
    EvaluateQuery query;
    query.items.emplace_back("i1", "cbpmaq6rpn52969vfl00", TimeAggregation::max);
    query.items.emplace_back("i2", "cbpmaq6rpn52969vfl0g", TimeAggregation::avg);
    query.calculations.emplace_back("c1", "i1 + i2");
    query.data = {at("2023-10-20T10:00:00Z"), at("2023-10-20T11:00:00Z"), 10min};
    return query;
}

}  // namespace

TEST_CASE("EvaluateQuery: as API 1.1 has it") {
    CHECK(faults(example()).empty());
    CHECK_FALSE(example().needs_1_2());
    CHECK(
        written(example(), "1.1") ==
        R"({"items":[{"id":"cbpmaq6rpn52969vfl00","aggregation":"max","alias":"i1"},)"
        R"({"id":"cbpmaq6rpn52969vfl0g","aggregation":"avg","alias":"i2"}],)"
        R"("calculations":[{"alias":"c1","formula":"i1 + i2"}],)"
        R"("data":{"filter":{"times":{"$gte":"2023-10-20T10:00:00Z","$lt":"2023-10-20T11:00:00Z"}},)"
        R"("rollup":"PT10M"}})");
}

TEST_CASE("EvaluateQuery: groups have a query before 1.2, and a filter from then on") {
    EvaluateQuery query;
    query.groups.emplace_back(
        "g1", label("site") == "pier", TimeAggregation::state_rate, ItemsAggregation::sum);
    query.groups.back().state = 0;
    query.groups.back().lead = 1;
    query.groups.back().lag = -2;
    query.groups.back().eng_unit = "m";
    query.data.rollup = 1h;
    CHECK(faults(query).empty());
    CHECK(query.needs_1_2());
    CHECK(
        written(query, "1.2alpha1") ==
        R"({"items":[],"groups":[{"query":{"filter":{"labels.site":"pier"}},"groupAggregation":"sum",)"
        R"("timeAggregation":"state-rate","state":0,"lead":1,"lag":-2,"alias":"g1","engUnit":"m"}],)"
        R"("calculations":[],"data":{"rollup":"PT1H"}})");
    CHECK(written(query, "1.2").find(R"([{"filter":{"labels.site":"pier"},)") != std::string::npos);
}

TEST_CASE("EvaluateQuery: state aggregations have long names in 1.1, and a state") {
    EvaluateQuery query = example();
    query.items[0].time_aggregation = TimeAggregation::state_seconds;
    query.items[0].state = 3;
    CHECK(faults(query).empty());
    CHECK(
        written(query, "1.1").find(R"("aggregation":"state-histogram-seconds","state":3)") !=
        std::string::npos);
    CHECK(
        written(query, "1.2beta1").find(R"("timeAggregation":"state-seconds","state":3)") !=
        std::string::npos);
    query.items[0].time_aggregation = TimeAggregation{"state-histogram-rate"};
    CHECK(written(query, "1.1").find(R"("state-histogram-rate")") != std::string::npos);
    query.items[0].state.reset();
    CHECK(faults(query) == "items.0.state\n");
    query.items[0].state = 10000;
    CHECK(faults(query) == "items.0.state\n");
    query.items[0].time_aggregation = TimeAggregation::sum;
    CHECK(faults(query) == "items.0.state\n");
}

TEST_CASE("EvaluateQuery: everything that a server would refuse is named with its path") {
    EvaluateQuery query = example();
    query.data.rollup = {};
    query.items[0].id = "pump";
    query.items[1].alias = "i1";
    query.items[1].lead = 1001;
    query.calculations.emplace_back("1c", "");
    query.groups.emplace_back("g1", field("") == 1, TimeAggregation::avg, ItemsAggregation::avg);
    CHECK(
        faults(query) ==
        "items.0.id\n"
        "items.1.alias\n"
        "items.1.lead\n"
        "groups.0.filter\n"
        "calculations.1.alias\n"
        "calculations.1.formula\n"
        "data.rollup\n");
    query = example();
    for (int i = 0; i != 101; ++i) {
        query.calculations.emplace_back("c" + std::to_string(100 + i), "1");
        std::string id = std::to_string(100 + i % 49);
        id.insert(0, 20 - id.size(), 'a');
        query.items.emplace_back("x" + std::to_string(i), id, TimeAggregation::avg);
    }
    CHECK(faults(query) == "items\ncalculations\n");
}

TEST_CASE("aggregations: texts that are not known are kept") {
    CHECK(TimeAggregation{"median"}.text() == "median");
    CHECK(TimeAggregation{"median"}.known() == TimeAggregation::other);
    CHECK(TimeAggregation{"first"}.known() == TimeAggregation::first);
    CHECK(ItemsAggregation{"sum"}.known() == ItemsAggregation::sum);
}

}  // namespace api_evaluate_test
