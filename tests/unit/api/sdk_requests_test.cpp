// SPDX-License-Identifier: BSL-1.0
// What Clarify's SDKs for Go and Python send and compute in their own tests, and what is written
// for the same here: the same JSON, but where theirs is known to be wrong.

#include <clarify/api/detail/buckets.hpp>
#include <clarify/api/detail/data_plan.hpp>
#include <clarify/api/detail/page_plan.hpp>
#include <clarify/api/evaluate.hpp>
#include <clarify/api/filter.hpp>
#include <clarify/api/query.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/core/detail/json_writer.hpp>

#include <boost/json.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace api_sdk_requests_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

Timestamp at(std::string_view text) { return Timestamp::parse(text).value(); }

/// What is written, with no regard to the order of members.
template <class T>
boost::json::value written(const T& value) {
    std::string out;
    REQUIRE(append_json_text(out, value).has_value());
    return boost::json::parse(out);
}

boost::json::value json(std::string_view text) { return boost::json::parse(text); }

boost::json::value evaluation(const EvaluateQuery& query, std::string_view version) {
    FieldErrors errors;
    detail::check(query, errors);
    CHECK(errors.empty());
    std::string text;
    detail::JsonWriter out{text};
    out.open('{');
    write_members(out, query, version);
    out.close('}');
    REQUIRE(out.done().has_value());
    return boost::json::parse(text);
}

constexpr std::int64_t origin = 946'857'600'000'000;

/// The start of a bucket as a database computes it that counts from the origin modulo the width.
std::int64_t bucket_start(std::int64_t time, std::int64_t width) {
    const std::int64_t offset = origin % width;
    const std::int64_t moved = time - offset;
    std::int64_t start = moved / width * width;
    if (moved < 0 && moved % width != 0) start -= width;
    return start + offset;
}

std::vector<std::string> window_ends(std::string_view from, std::string_view to, Rollup rollup) {
    detail::DataPlan::Limits limits;
    limits.first_window = limits.widest_window =
        std::chrono::floor<std::chrono::microseconds>(longest_window(rollup, true)->value());
    std::optional<detail::Buckets> buckets;
    if (const auto width = rollup.width()) buckets.emplace(*width);
    detail::DataPlan plan{at(from), at(to), 1, buckets, limits};
    std::vector<std::string> ends;
    while (const auto piece = plan.next()) {
        ends.push_back(piece->to.to_string());
        plan.arrived(*piece, 0);
    }
    return ends;
}

}  // namespace

TEST_CASE("SDK requests: filters of the Python SDK") {
    const Filter not_that = field("name") != "Lufttemperatur";
    const Filter none_of = label("unit-type").not_in({"Flåte", "Merde 5"});
    CHECK(written(not_that) == json(R"({"name":{"$ne":"Lufttemperatur"}})"));
    CHECK(written(none_of) == json(R"({"labels.unit-type":{"$nin":["Flåte","Merde 5"]}})"));
    CHECK(
        written(not_that && none_of) ==
        json(R"({"$and":[{"name":{"$ne":"Lufttemperatur"}},)"
             R"({"labels.unit-type":{"$nin":["Flåte","Merde 5"]}}]})"));
    CHECK(written(label("unit_id").in({"1"})) == json(R"({"labels.unit_id":{"$in":["1"]}})"));
    CHECK(written(label("topic").matches("efb")) == json(R"({"labels.topic":{"$regex":"efb"}})"));
    CHECK(written(field("name") == "Trondheim") == json(R"({"name":"Trondheim"})"));
    CHECK(written(field("depth") < 5) == json(R"({"depth":{"$lt":5}})"));
    CHECK(written(label("unit_id") > 2) == json(R"({"labels.unit_id":{"$gt":2}})"));
    CHECK(
        written(field("gapDetection") >= FixedDuration{15min}) ==
        json(R"({"gapDetection":{"$gte":"PT15M"}})"));
}

TEST_CASE(
    "SDK requests: filters of the Go SDK, those included that it writes wrong or not at all") {
    CHECK(written(Filter{}) == json("{}"));
    CHECK(written(Filter{} && field("id").in({"a", "b"})) == json(R"({"id":{"$in":["a","b"]}})"));
    CHECK(written(Filter{} || field("id") == "a") == json("{}"));
    CHECK(written(field("a") == 1 || field("b") == 2) == json(R"({"$or":[{"a":1},{"b":2}]})"));
    CHECK(written(field("a") == nullptr) == json(R"({"a":null})"));
    CHECK(written(field("a").in({nullptr})) == json(R"({"a":{"$in":[null]}})"));
    CHECK(written(field("a") > -1) == json(R"({"a":{"$gt":-1}})"));
    CHECK(written(field("a").in({-1.5, 0})) == json(R"({"a":{"$in":[-1.5,0]}})"));
}

TEST_CASE("SDK requests: parts of an evaluation, by the versions that the SDKs speak") {
    EvaluateQuery query;
    query.items.emplace_back("i1", "cbpmaq6rpn52969vfl00", TimeAggregation::max);
    query.items.back().lead = 1;
    query.items.back().lag = 1;
    query.calculations.emplace_back("c1", "i1 * i1");
    query.calculations.emplace_back("c2", "gapfill(i1) / c1");
    query.data.rollup = 1h;
    query.data.first_day_of_week = std::chrono::Monday;
    CHECK(
        evaluation(query, "1.1") ==
        json(R"({"items":[{"id":"cbpmaq6rpn52969vfl00","aggregation":"max","lead":1,"lag":1,)"
             R"("alias":"i1"}],"calculations":[{"formula":"i1 * i1","alias":"c1"},)"
             R"({"formula":"gapfill(i1) / c1","alias":"c2"}],)"
             R"("data":{"rollup":"PT1H","firstDayOfWeek":1}})"));

    query.items.front().time_aggregation = TimeAggregation::state_rate;
    query.items.front().state = 10;
    query.items.front().lead = query.items.front().lag = 0;
    query.groups.emplace_back(
        "g1",
        annotation("TestEvaluate/there-is-always-money") == "in-the-banana-stand",
        TimeAggregation::avg,
        ItemsAggregation::max);
    query.calculations = {
        {"c1", "sin(g1)"}, {"c2", "sin(2*PI*time_seconds/3600)"}, {"c3", "max(c1,c2)"}};
    CHECK(
        evaluation(query, "1.2alpha1") ==
        json(R"({"items":[{"alias":"i1","id":"cbpmaq6rpn52969vfl00",)"
             R"("timeAggregation":"state-rate","state":10}],"groups":[{"alias":"g1","query":)"
             R"({"filter":{"annotations.TestEvaluate/there-is-always-money":)"
             R"("in-the-banana-stand"}},"timeAggregation":"avg","groupAggregation":"max"}],)"
             R"-("calculations":[{"alias":"c1","formula":"sin(g1)"},)-"
             R"-({"alias":"c2","formula":"sin(2*PI*time_seconds/3600)"},)-"
             R"-({"alias":"c3","formula":"max(c1,c2)"}],)-"
             R"("data":{"rollup":"PT1H","firstDayOfWeek":1}})"));
}

TEST_CASE("SDK requests: a signal to save, and the item that is made of it") {
    SignalSave save;
    save.annotations["there-is-always-money"] = "in-the-banana-stand";
    save.name = "Building status";
    save.source_type = SourceType::aggregation;
    save.value_type = ValueType::enumeration;
    save.enum_values = {{0, "0"}, {9, "9"}};
    save.labels = Labels{{"location", {"banana stand", "pier"}}};
    save.sample_interval = 15min;
    save.gap_detection = 2h;
    const std::string attributes =
        R"("name":"Building status","description":"","valueType":"enum",)"
        R"("sourceType":"aggregation","engUnit":"","sampleInterval":"PT15M","gapDetection":"PT2H",)"
        R"("labels":{"location":["banana stand","pier"]},"enumValues":{"0":"0","9":"9"})";
    CHECK(
        written(save) ==
        json(
            R"({"annotations":{"there-is-always-money":"in-the-banana-stand"},)" + attributes +
            "}"));
    Signal signal;
    static_cast<Attributes&>(signal) = save;
    CHECK(written(ItemSave{signal}) == json("{" + attributes + R"(,"visible":true})"));
}

TEST_CASE("SDK requests: a rollup is what was asked for") {
    const auto rollup = [](Rollup by) {
        return std::string(std::string_view(
            written(DataQuery{at("2022-01-01T00:00:00Z"), at("2022-01-02T00:00:00Z"), by})
                .at("rollup")
                .as_string()));
    };
    CHECK(rollup(1h) == "PT1H");
    CHECK(rollup(Rollup::window()) == "window");
    CHECK(rollup(CalendarDuration::months(12)) == "P1Y");
    // These two are other widths when the Python SDK has sent them.
    CHECK(rollup(Rollup::parse("P1M").value()) == "P1M");
    CHECK(rollup(Rollup::parse("PT24H").value()) == "PT24H");
    CHECK(rollup(Rollup::parse("P1DT1H30M12S").value()) == "PT25H30M12S");
    // And of this one the Go SDK makes "PT".
    std::string out;
    CHECK(
        append_json_text(
            out, DataQuery{at("2022-01-01T00:00:00Z"), at("2022-01-02T00:00:00Z"), Rollup{0s}})
            .error()
            .code() == Errc::bad_argument);
}

TEST_CASE("SDK requests: buckets begin where a formula of its own says") {
    const auto check_start = [](std::int64_t time, std::int64_t width) {
        const detail::Buckets buckets{std::chrono::microseconds{width}};
        REQUIRE(
            buckets.start(Timestamp::from_microseconds(time)).microseconds() ==
            bucket_start(time, width));
    };
    constexpr std::int64_t second = 1'000'000;
    std::mt19937_64 random{1};
    std::uniform_int_distribution<std::int64_t> far{
        -60'000'000'000 * second, 250'000'000'000 * second};
    std::uniform_int_distribution<std::int64_t> near{-100, 100};
    for (int i = 0; i != 2000; ++i) {
        for (const std::int64_t width :
             {std::int64_t{1},
              std::int64_t{2},
              std::int64_t{3},
              std::int64_t{11},
              std::int64_t{13},
              std::int64_t{35},
              60 * second,
              3600 * second,
              24 * 3600 * second,
              7 * 24 * 3600 * second}) {
            check_start(far(random), width);
            check_start(near(random), width);
            check_start(origin + near(random), width);
        }
        check_start(far(random), 1 + static_cast<std::int64_t>(random() >> 14));
    }
}

TEST_CASE("SDK requests: pages and windows of a long range") {
    detail::PagePlan pages{45, 123, 50};
    for (const auto& [skip, limit] :
         {std::pair{45U, 50U}, std::pair{95U, 50U}, std::pair{145U, 23U}}) {
        REQUIRE_FALSE(pages.done());
        CHECK(pages.next().skip == skip);
        CHECK(pages.next().limit == limit);
        pages.arrived(limit, -1);
    }
    CHECK(pages.done());

    CHECK(
        window_ends("2020-10-06T17:48:04Z", "2021-01-10T21:50:06Z", {}) ==
        std::vector<std::string>{
            "2020-11-15T17:48:04Z", "2020-12-25T17:48:04Z", "2021-01-10T21:50:06Z"});
    CHECK(
        window_ends("2022-07-10T00:00:00Z", "2022-08-31T00:00:00Z", {}) ==
        std::vector<std::string>{"2022-08-19T00:00:00Z", "2022-08-31T00:00:00Z"});
    CHECK(
        window_ends("2020-10-06T17:48:04Z", "2021-01-10T21:50:06Z", CalendarDuration::days(1)) ==
        std::vector<std::string>{"2021-01-10T21:50:06Z"});
    // Days of five years fit into one window, of which the Python SDK makes five.
    CHECK(
        window_ends("2020-01-01T00:00:00Z", "2025-01-01T00:00:00Z", CalendarDuration::days(1))
            .size() == 1);
}

}  // namespace api_sdk_requests_test
