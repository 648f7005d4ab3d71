// SPDX-License-Identifier: BSL-1.0
// Whatever a large reply is decoded into, the clock is looked at now and then; for a small one never.

#include <clarify/api/data_frame.hpp>
#include <clarify/api/labels.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/api/selection.hpp>
#include <clarify/core/detail/decode_time.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/memory_budget.hpp>
#include <clarify/core/result.hpp>
#include <clarify/json/boost_json_codec.hpp>

#include <boost/describe/class.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>
#include <support/reading_clock.hpp>
#include <unit/json/decode_time_checks.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace decode_time_test {

namespace decode_time_types {

struct Point {
    int x = 0;
    std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(Point, (), (x, name))

/// Reads itself.
struct Own {
    std::size_t size = 0;
};
clarify::Result<void> read_json_text(std::string_view text, Own& out) {
    out.size = text.size();
    return {};
}

}  // namespace decode_time_types

using namespace clarify;
using decode_time::check_codec;
using decode_time::text;
using decode_time_types::Own;
using decode_time_types::Point;

namespace {

constexpr std::size_t large = std::size_t{512} << 10U;

std::string many_names(std::string_view value) {
    std::string out = "{";
    for (int i = 0; out.size() < large; ++i)
        ((out += '"') += std::to_string(i) += "\":") += std::string{value} + ',';
    return out += "\"last\":" + std::string{value} + '}';
}

}  // namespace

TEST_CASE("decode time: values of the JSON library") {
    const BoostJsonCodec codec;
    using boost::json::value;
    for (const std::string_view part :
         {"1",
          "-1.5e3",
          "true",
          "null",
          "\"abc\"",
          "\"\\u00e5\"",
          "[]",
          "{}",
          "[[[]]]",
          R"({"a":[{}]})"})
        check_codec<value>(codec, text(part, large));
    check_codec<value>(codec, many_names("0"));
    check_codec<value>(codec, text("[1 , 2]", large, "{\"a\":[", "]}"));
}

TEST_CASE("decode time: C++ types") {
    const BoostJsonCodec codec;
    check_codec<std::vector<int>>(codec, text("1", large));
    check_codec<std::vector<double>>(codec, text("1.25", large));
    check_codec<std::vector<bool>>(codec, text("true", large));
    check_codec<std::vector<std::vector<int>>>(codec, text("[]", large));
    check_codec<std::vector<std::string>>(codec, text("\"a\"", large));
    check_codec<std::map<std::string, int>>(codec, many_names("1"));
    check_codec<std::vector<Point>>(codec, text(R"({"x":1})", large));
    check_codec<std::vector<Own>>(codec, text("[0]", large));
    // What is not asked for is read, too.
    check_codec<Point>(codec, text("[0]", large, R"({"x":1,"other":[)", "]}"));
    check_codec<Point>(codec, text("\"other\":0", large, R"({"x":1,)", "}"));
}

TEST_CASE("decode time: types of the API") {
    const BoostJsonCodec codec;
    check_codec<DataFrame>(
        codec, text("\"2026-01-01T00:00:00Z\"", large, R"({"series":{},"times":[)", "]}"));
    check_codec<DataFrame>(
        codec, text(R"({"times":["2026-01-01T00:00:00Z"],"series":{"a":[1]}})", large));
    check_codec<DataFrame>(codec, text("{}", large));
    check_codec<Selection<Signal>>(
        codec,
        text(
            R"({"type":"signals","id":"c618rbfqfsj7mjkj0ss1","attributes":{"name":"n"}})",
            large,
            R"({"meta":{"total":-1},"data":[)",
            "]}"));
    check_codec<Labels>(codec, text("\"b\"", large, R"({"a":[)", "]}"));
}

TEST_CASE("decode time: text that nobody decodes") {
    for (const std::string_view part : {"1", "[]", "{}", "\"\"", R"({"a":[{}]})"}) {
        CAPTURE(part);
        const std::string json = text(part, large);
        decode_time::check(json.size(), [&](detail::DecodeTime& time) {
            detail::JsonScanner scanner{json, 64, &time};
            scanner.document();
            return scanner.ok();
        });
    }
}

TEST_CASE(
    "decode time: no look at the clock for a small reply, many small parts are one large one") {
    const BoostJsonCodec codec;
    support::ReadingClock clock;
    detail::DecodeTime time{support::ReadingClock::at(1), &clock};
    detail::MemoryBudget budget;
    budget.obey(time);
    const std::string part = text("true", 8'000);
    int parts = 0;
    for (; parts != 3; ++parts)
        CHECK(codec.decode<std::vector<bool>>(part, budget).has_value());
    CHECK(clock.readings() == 0);
    const auto read_on = [&] {
        while (codec.decode<std::vector<bool>>(part, budget))
            ++parts;
    };
    CHECK_THROWS_AS(read_on(), detail::DecodeTimeUp);
    CHECK(parts < 9);
}

}  // namespace decode_time_test
