// SPDX-License-Identifier: BSL-1.0
// The typed methods that write and read in every version of the API, against a server that takes
// nothing but what is documented, and answers in either dialect.

#include "api_bench.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace api_versions_test {

using namespace clarify;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

const Timestamp begin = Timestamp::parse("2026-01-01T00:00:00Z").value();

template <class T>
T must(Result<T> outcome) {
    REQUIRE_MESSAGE(outcome.has_value(), outcome.error().to_string());
    return std::move(*outcome);
}

asio::awaitable<std::size_t> rows_of(DataStream parts) {
    std::size_t rows = 0;
    while (true) {
        auto part = must(co_await parts.next());
        if (!part) break;
        rows += part->frame.size();
    }
    co_return rows;
}

}  // namespace

TEST_CASE("Client: a strict server takes all that is sent, in any version and either dialect") {
    for (const ApiVersion& version :
         {ApiVersion{"1.1"},
          ApiVersion{"1.2alpha1"},
          ApiVersion{"1.2beta1"},
          ApiVersion{"1.2"},
          ApiVersion::none()}) {
        for (const bool observed : {false, true}) {
            CAPTURE(version.selector());
            CAPTURE(observed);
            testing::EmulatorOptions emulated = plain_http();
            emulated.strict = true;
            emulated.observed_shapes = observed;
            ClientOptions options = hurried();
            options.api_version = version;
            ApiBench bench{options, emulated};
            auto& client = bench.client;

            DataFrame frame;
            frame.append(begin, {{"a", 1}, {"b", DataFrame::missing}});
            frame.append(begin + 90min, {{"a", 2}});
            must(bench.run(client.insert(frame)));
            SignalSaves saves;
            saves["a"].name = "A";
            CHECK(must(bench.run(client.save_signals(saves))).signals_by_input.at("a").updated);
            SelectOptions along;
            along.include_items = !observed;
            const auto signals = must(bench.run(client.select_signals({}, along)));
            REQUIRE(signals.data.size() == 2);
            CHECK_FALSE(signals.data[0].gap_detection);
            CHECK(must(bench.run(client.publish_changed_signals())).published.size() == 2);
            CHECK(must(bench.run(client.publish_changed_signals())).published.empty());

            along.include_items = true;
            const auto items = must(bench.run(client.select_items(field("name") == "A", along)));
            REQUIRE(items.data.size() == 1);
            const Item& item = items.data[0];
            // What an item is given that says nothing of gaps depends on the version.
            const bool is_1_2 = version.selector().starts_with("1.2");
            CHECK(
                item.gap_detection ==
                (is_1_2 ? std::optional<FixedDuration>{90min} : std::nullopt));
            CHECK(item.meta.attributes_hash == attributes_hash(item));

            ResourceQuery one = field("id") == item.id;
            one.limit = 1;
            DataQuery daily{begin, begin + 24h * 365, CalendarDuration::days(1)};
            daily.time_zone = "UTC";
            daily.first_day_of_week = std::chrono::Sunday;
            daily.last = 3;
            daily.outside_points = false;
            const auto days = must(bench.run(client.data_frame(one, daily, along)));
            CHECK(days.data.at(begin, item.id + "_sum") == 3);
            REQUIRE(days.included_item(item.id) != nullptr);
            CHECK(days.included_item(item.id)->gap_detection == item.gap_detection);
            CHECK(bench.run(rows_of(client.data_parts({}, DataQuery{begin, begin + 24h}))) == 2);
        }
    }
}

}  // namespace api_versions_test
