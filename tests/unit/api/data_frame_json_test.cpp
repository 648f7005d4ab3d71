// SPDX-License-Identifier: BSL-1.0
// Data frames as text: exact in both directions, strict about numbers and lengths.

#include <clarify/api/data_frame.hpp>

#include <doctest/doctest.h>
#include <support/allocations.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace data_frame_json_test {

using namespace clarify;

namespace {

constexpr double absent = DataFrame::missing;

Timestamp second(std::int64_t count) { return Timestamp::from_microseconds(count * 1'000'000); }

std::string written(const DataFrame& frame) {
    std::string out;
    REQUIRE(append_json_text(out, frame).has_value());
    return out;
}

DataFrame read(std::string_view text) {
    DataFrame frame;
    const Result<void> done = read_json_text(text, frame);
    REQUIRE_MESSAGE(done.has_value(), text);
    return frame;
}

Error failure(std::string_view text) {
    DataFrame frame;
    frame.append(second(1), {{"kept", 1}});
    const DataFrame before = frame;
    const Result<void> done = read_json_text(text, frame);
    CHECK(frame == before);
    REQUIRE_MESSAGE(done.has_error(), text);
    CHECK(done.error().code() == Errc::decode);
    return done.error();
}

}  // namespace

TEST_CASE("DataFrame: text as Clarify documents it") {
    DataFrame frame;
    frame.append(second(1'633'899'600), {{"signal1", 1}, {"signal2", 3}});
    frame.append(second(1'633'903'200), {{"signal1", 2}});
    CHECK(
        written(frame) ==
        R"({"times":["2021-10-10T21:00:00Z","2021-10-10T22:00:00Z"],)"
        R"("series":{"signal1":[1,2],"signal2":[3,null]}})");
    CHECK(read(written(frame)) == frame);
    CHECK(written(DataFrame{}) == R"({"times":[],"series":{}})");
    CHECK(DataFrame{} == read(written(DataFrame{})));
    // What is not in order is written as if it were.
    frame.append(second(0), {{"signal2", -0.5}});
    CHECK(written(frame).substr(0, 34) == R"({"times":["1970-01-01T00:00:00Z",")");
}

TEST_CASE("DataFrame: a million random doubles come back bit by bit") {
    std::mt19937_64 random{1};
    std::vector<Timestamp> times;
    std::vector<double> values;
    while (values.size() != 1'000'000) {
        const double value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        times.push_back(Timestamp::from_microseconds(
            1'600'000'000'000'000 + static_cast<std::int64_t>(values.size()) * 777));
        values.push_back(value);
    }
    for (const double value :
         {0.0,
          -0.0,
          std::numeric_limits<double>::max(),
          std::numeric_limits<double>::lowest(),
          std::numeric_limits<double>::min(),
          std::numeric_limits<double>::denorm_min(),
          0.1,
          20.5,
          1e23,
          9007199254740993.0})
        values[random() % values.size()] = value;
    std::vector<std::pair<std::string, std::vector<double>>> columns;
    columns.emplace_back("x", values);
    const DataFrame frame = DataFrame::make(times, columns).value();
    const DataFrame back = read(written(frame));
    CHECK(back == frame);
}

TEST_CASE("DataFrame: numbers are as short as they can be") {
    DataFrame frame;
    int i = 0;
    for (const double value : {1.0, -0.0, 20.5, 0.1, 1e21, 1.5e-7, 100000.0, 123456789012.0})
        frame.append(second(i++), {{"x", value}});
    const std::string text = written(frame);
    CHECK(
        text.find(R"("x":[1,-0,20.5,0.1,1e+21,1.5e-07,1e+05,123456789012]}})") !=
        std::string::npos);
}

TEST_CASE("DataFrame: what cannot be sent is refused, and nothing is written") {
    DataFrame frame;
    frame.append(second(1), {{"a", 1}, {"b", -std::numeric_limits<double>::infinity()}});
    std::string out = "kept";
    Result<void> done = append_json_text(out, frame);
    REQUIRE(done.has_error());
    CHECK(done.error().code() == Errc::bad_argument);
    CHECK(done.error().reason() == Reason::out_of_range);
    CHECK(done.error().message() == "series.b: infinite at 1970-01-01T00:00:01Z");
    frame = {};
    frame.append(Timestamp::max(), {{"a", 1}});
    CHECK(append_json_text(out, frame).error().reason() == Reason::out_of_range);
    frame = {};
    frame.append(second(1), {{"\xFF", 1}});
    CHECK(append_json_text(out, frame).error().reason() == Reason::encoding);
    CHECK(out == "kept");
}

TEST_CASE("DataFrame: a series of another length than the times is refused") {
    const auto two_times = [](std::string_view series) {
        return R"({"times":["1970-01-01T00:00:01Z","1970-01-01T00:00:02Z"],"series":)" +
            std::string{series} + "}";
    };
    const Error error = failure(two_times(R"({"full":[1,2],"short":[4]})"));
    CHECK(error.reason() == Reason::mismatch);
    CHECK(error.message() == "the series short has the length 1, the times have 2");
    CHECK(
        failure(two_times(R"({"long":[1,2,3]})")).message() ==
        "the series long has the length 3, the times have 2");
    CHECK(
        failure(two_times(R"({"empty":[]})")).message() ==
        "the series empty has the length 0, the times have 2");
    CHECK(
        failure(two_times(R"({"none":null})")).message() ==
        "the series none has the length 0, the times have 2");
    CHECK(
        failure(R"({"series":{"a":[1]}})").message() ==
        "the series a has the length 1, the times have 0");
    // However early the series come, and whichever counts of those of the same name.
    CHECK(
        failure(R"({"series":{"a":[1]},"times":[]})").message() ==
        "the series a has the length 1, the times have 0");
    CHECK(
        failure(two_times(R"({"a":[1],"a":[1,2]})")).message() ==
        "the series a has the length 1, the times have 2");
    CHECK(
        failure("[{}," + two_times(R"({"a/\n":[1]})") + "]").message() ==
        R"(/1: the series a/\n has the length 1, the times have 2)");
}

TEST_CASE("DataFrame: series that stay empty do not have room for all the times") {
    std::string text = R"({"times":[)";
    for (int i = 0; i != 1000; ++i)
        text += std::string{i == 0 ? "" : ","} + R"("1970-01-01T00:00:01Z")";
    text += R"(],"series":{)";
    for (int i = 0; i != 10'000; ++i)
        text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":[]";
    text += "}}";
    support::Heap& heap = support::heap();
    heap.peak = heap.live.load();
    const std::size_t before = heap.live;
    failure(text);
    CHECK(heap.peak - before < std::size_t{8} << 20U);
}

TEST_CASE("DataFrame: any order, repetition, null and unknown members are read") {
    CHECK(read("{}").empty());
    CHECK(read(R"({"times":null,"series":null})").empty());
    CHECK(read(R"({"series":{"a":null},"times":[]})").columns() == 1);
    DataFrame frame = read(R"({"series":{"a":[1,2]},"extra":{"x":[1,{}]},)"
                           R"("times":["1970-01-01T00:00:01Z","1970-01-01T00:00:02Z"]})");
    CHECK(frame.size() == 2);
    CHECK(frame.at(second(2), "a") == 2);
    frame = read(
        R"({"times":["1970-01-01T00:00:02Z","1970-01-01T00:00:01Z","1970-01-01T01:00:02+01:00"],)"
        R"("series":{"a":[1,2,3],"b":[4,5,null],"a":[6,7,8]}})");
    CHECK(frame.size() == 2);
    CHECK(frame.at(second(2), "a") == 8);
    CHECK(frame.at(second(2), "b") == 4);
    CHECK(
        read(R"({"times":["1970-01-01T00:00:0\u0031Z"],"series":{"\u0061":[ 1E0 ]}})")
            .at(second(1), "a") == 1);
    CHECK(
        read(R"({"times":["1970-01-01T00:00:01Z"],"series":{"a":[1e-400]}})").at(second(1), "a") ==
        0);
}

TEST_CASE("DataFrame: an array of frames is read as their merge") {
    const DataFrame frame =
        read(R"([{"times":["1970-01-01T00:00:01Z"],"series":{"a":[1]}},{"times":[],"series":{}},)"
             R"({"times":["1970-01-01T00:00:00Z"],"series":{"b":[2]}}])");
    CHECK(frame.size() == 2);
    CHECK(frame.at(second(0), "b") == 2);
    CHECK(frame.at(second(1), "a") == 1);
    CHECK(read("[]").empty());
    CHECK(failure("[[]]").message() == "/0: expected an object, found an array");
}

TEST_CASE("DataFrame: many frames in an array are merged in their order, as one by one") {
    std::mt19937 random{7};
    std::string text = "[";
    DataFrame expected;
    for (int i = 0; i != 300; ++i) {
        DataFrame one;
        const std::size_t rows = random() % 4;
        for (std::size_t row = 0; row != rows; ++row) {
            const std::string key{"abcdefgh"[random() % 8]};
            one.append(second(static_cast<int>(random() % 40)), {{key, double(i)}});
        }
        one.normalize();
        if (i != 0) text += ',';
        REQUIRE(append_json_text(text, one));
        expected.merge(one);
    }
    CHECK(read(text + "]") == expected);
    // Each its own row: a merge one by one would look at half a billion values.
    text = "[";
    for (int i = 0; i != 20'000; ++i) {
        text += (i == 0 ? "" : ",") + std::string{R"({"times":[")"} + second(i).to_string() +
            R"("],"series":{"a":[)" + std::to_string(i) + "]}}";
    }
    const DataFrame rows = read(text + "]");
    CHECK(rows.size() == 20'000);
    CHECK(rows.at(second(19'999), "a") == 19'999);
}

TEST_CASE("DataFrame: frames in an array that would be little but missing values are refused") {
    const auto frames = [](int count) {
        std::string text = "[";
        for (int i = 0; i != count; ++i) {
            text += (i == 0 ? "" : ",") + std::string{R"({"times":[")"} + second(i).to_string() +
                R"("],"series":{"a)" + std::to_string(i) + R"(":[1]}})";
        }
        return text + "]";
    };
    CHECK(read(frames(500)).columns() == 500);
    DataFrame frame;
    const Result<void> refused = read_json_text(frames(20'000), frame);
    REQUIRE(refused.has_error());
    CHECK(refused.error().code() == Errc::too_large);
    CHECK(refused.error().reason() == Reason::parse);
}

TEST_CASE("DataFrame: what is no number and no time is refused with its place") {
    const std::string time = R"("times":["1970-01-01T00:00:01Z"])";
    for (const std::string_view bad :
         {"NaN", "Infinity", "-", "+1", ".5", "1.", "01", "1e", "0x1", "1,", ",1", "1 2", "nul"}) {
        CAPTURE(bad);
        failure("{" + time + R"(,"series":{"a":[)" + std::string{bad} + "]}}");
    }
    CHECK(
        failure("{" + time + R"(,"series":{"a":[1,"2"]}})").message() ==
        "/series/a/1: expected a number, found a string");
    CHECK(failure("{" + time + R"(,"series":{"a":[1e999]}})").reason() == Reason::out_of_range);
    CHECK(
        failure(R"({"times":["1970-01-01T00:00:01Z","yesterday"],"series":{}})").message() ==
        "/times/1: expected a time in RFC 3339");
    CHECK(
        failure(R"({"times":[1633899600],"series":{}})").message() ==
        "/times/0: expected a string, found a number");
    CHECK(failure(R"({"series":[]})").message() == "/series: expected an object, found an array");
    failure("");
    failure(R"({"times":[)");
    failure("{} {}");
}

}  // namespace data_frame_json_test
