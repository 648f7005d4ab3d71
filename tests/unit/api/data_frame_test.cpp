// SPDX-License-Identifier: BSL-1.0
// Data frames: rows and columns, order, and joining.

#include <clarify/api/data_frame.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace api_data_frame_test {

using namespace clarify;
using namespace std::chrono_literals;

namespace {

constexpr double absent = DataFrame::missing;
constexpr double infinity = std::numeric_limits<double>::infinity();

Timestamp second(std::int64_t count) { return Timestamp::from_microseconds(count * 1'000'000); }

/// A frame as a naive model: key and time to value.
using Model = std::map<std::string, std::map<std::int64_t, double>>;

Model model_of(const DataFrame& frame) {
    Model model;
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        for (const DataFrame::Row row : frame.rows()) {
            if (!std::isnan(row[i])) model[frame.key(i)][row.time().microseconds()] = row[i];
        }
    }
    return model;
}

void check_normalized(const DataFrame& frame) {
    CHECK(frame.is_normalized());
    for (const DataFrame::Row row : frame.rows()) {
        bool used = false;
        for (std::size_t i = 0; i != frame.columns(); ++i)
            used = used || !std::isnan(row[i]);
        REQUIRE(used);
    }
}

}  // namespace

TEST_CASE("DataFrame: a row is any range of pairs of a key and a number") {
    DataFrame expected;
    expected.append(second(1), {{"a", 1}, {"b", 2}});
    const std::map<std::string, double> map{{"a", 1}, {"b", 2}};
    const std::vector<std::pair<const char*, int>> vector{{"a", 0}, {"a", 1}, {"b", 2}};
    const std::pair<std::string_view, float> array[] = {{"a", 1.0F}, {"b", 2.0F}};
    std::vector<std::string> keys{"b", "a"};
    auto view = keys | std::views::reverse | std::views::transform([](const std::string& key) {
                    return std::pair{key, key == "a" ? 1.0 : 2.0};
                });
    std::vector<DataFrame> frames(4);
    frames[0].append(second(1), map);
    frames[1].append(second(1), vector);
    frames[2].append(second(1), array);
    frames[3].append(second(1), view);
    for (const DataFrame& frame : frames)
        CHECK(frame == expected);
}

TEST_CASE("DataFrame: rows are appended, with the columns that they need") {
    DataFrame frame;
    frame.append(second(1), {{"a", 1}, {"b", 2}});
    frame.append(second(2), {{"c", 3}});
    CHECK(frame.size() == 2);
    CHECK(frame.columns() == 3);
    CHECK(frame.value_count() == 3);
    CHECK(frame.at(second(1), "b") == 2);
    CHECK_FALSE(frame.at(second(2), "b"));
    CHECK_FALSE(frame.at(second(3), "c"));
    CHECK_FALSE(frame.at(second(1), "d"));
    CHECK(std::isnan(frame.column("c")[0]));
    CHECK(frame.column("d").empty());
    CHECK(frame.find("b") == 1);
    CHECK(frame.row(1)[2] == 3);
    frame.column(0)[1] = 7;
    CHECK(frame.at(second(2), "a") == 7);
}

TEST_CASE("DataFrame: whole columns must fit") {
    std::vector<std::pair<std::string, std::vector<double>>> columns;
    columns.emplace_back("a", std::vector<double>{1, 2});
    auto frame = DataFrame::make({second(1), second(2)}, columns);
    REQUIRE(frame.has_value());
    CHECK(frame->column("a")[1] == 2);
    columns.emplace_back("a", std::vector<double>{1, 2});
    columns.emplace_back("b", std::vector<double>{1});
    frame = DataFrame::make({second(1), second(2)}, columns);
    REQUIRE(frame.has_error());
    CHECK(frame.error().reason() == Reason::fields);
    CHECK(frame.error().message() == "series.a: is repeated; series.b: is not as long as times");
}

TEST_CASE("DataFrame: normalising sorts, joins, and drops what is empty") {
    DataFrame frame;
    frame.append(second(3), {{"a", 3}});
    frame.append(second(1), {{"a", 1}, {"b", 10}});
    frame.append(second(2), {{"a", absent}});
    frame.append(second(1), {{"a", 2}});
    frame.append(second(1), {{"a", absent}});
    CHECK_FALSE(frame.is_normalized());
    frame.normalize();
    REQUIRE(frame.size() == 2);
    CHECK(frame.at(second(1), "a") == 2);
    CHECK(frame.at(second(1), "b") == 10);
    CHECK(frame.at(second(3), "a") == 3);
    check_normalized(frame);
}

TEST_CASE("DataFrame: in a merge the later value counts, and a missing one replaces nothing") {
    DataFrame a;
    a.append(second(1), {{"x", 1}, {"y", 2}});
    a.append(second(3), {{"x", 3}});
    DataFrame b;
    b.append(second(2), {{"x", 5}});
    b.append(second(3), {{"x", absent}, {"z", 6}});
    b.append(second(1), {{"x", 7}});
    a.merge(b);
    CHECK(a.size() == 3);
    CHECK(a.at(second(1), "x") == 7);
    CHECK(a.at(second(1), "y") == 2);
    CHECK(a.at(second(2), "x") == 5);
    CHECK(a.at(second(3), "x") == 3);
    CHECK(a.at(second(3), "z") == 6);
    a.merge(a);
    CHECK(a.size() == 3);
    DataFrame none;
    none.merge(a);
    CHECK(none == a);
}

TEST_CASE("DataFrame: a slice has its first time and not its last") {
    DataFrame frame;
    for (int i = 0; i != 10; ++i)
        frame.append(second(i), {{"a", i}});
    const DataFrame slice = frame.slice(second(2), second(5));
    CHECK(slice.size() == 3);
    CHECK(slice.times().front() == second(2));
    CHECK(slice.at(second(4), "a") == 4);
    CHECK_FALSE(slice.at(second(5), "a"));
    CHECK(frame.slice(second(5), second(2)).empty());
    CHECK(frame.slice(second(100), second(200)).empty());
    CHECK(frame.part(8, 100).size() == 2);
    CHECK(frame.part(100, 1).empty());
}

TEST_CASE("DataFrame: joining is that of a naive model, whatever the order") {
    std::mt19937 random{1};
    for (int round = 0; round != 300; ++round) {
        DataFrame frame;
        Model model;
        for (int part = 0; part != 3; ++part) {
            DataFrame next;
            for (std::size_t i = random() % 30; i != 0; --i) {
                const std::int64_t time = random() % 20;
                const std::string key(1, static_cast<char>('a' + random() % 4));
                const double value =
                    random() % 5 == 0 ? absent : static_cast<double>(random() % 100);
                next.append(second(time), {{key, value}});
                if (!std::isnan(value)) model[key][time * 1'000'000] = value;
            }
            frame.merge(next);
        }
        check_normalized(frame);
        CHECK(model_of(frame) == model);
    }
}

TEST_CASE("DataFrame: keys that are none and infinite values are named with their path") {
    DataFrame frame;
    frame.append(second(1), {{"good/key:1", 1}, {"bad key", 2}, {"x", 1}});
    frame.append(second(2), {{"x", infinity}});
    FieldErrors errors;
    detail::check(frame, "data", errors);
    REQUIRE(errors.size() == 2);
    CHECK(errors.all()[0].path == "data.series.bad key");
    CHECK(errors.all()[1].path == "data.series.x");
    CHECK(errors.all()[1].message == "is infinite at 1970-01-01T00:00:02Z");
}

}  // namespace api_data_frame_test
