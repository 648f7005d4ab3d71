// SPDX-License-Identifier: BSL-1.0
// How a long time range of many items is divided into requests.

#include <clarify/api/detail/data_plan.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

namespace data_plan_test {

using namespace clarify;
using namespace std::chrono_literals;
using detail::Buckets;
using detail::DataPiece;
using detail::DataPlan;

namespace {

Timestamp at(std::string_view text) { return Timestamp::parse(text).value(); }

/// All requests, with replies that are as large as they should be.
std::vector<DataPiece> all_of(DataPlan plan) {
    std::vector<DataPiece> pieces;
    while (const auto piece = plan.next()) {
        pieces.push_back(*piece);
        plan.arrived(*piece, 600'000);
        REQUIRE(pieces.size() < 100'000);
    }
    return pieces;
}

/// The pieces cover every item from `from` to `to` without a hole and without an overlap.
void check_cover(
    const std::vector<DataPiece>& pieces, Timestamp from, Timestamp to, std::size_t items) {
    std::map<std::size_t, Timestamp> reached;
    for (std::size_t i = 0; i != items; ++i)
        reached[i] = from;
    for (const DataPiece& piece : pieces) {
        REQUIRE(piece.items > 0);
        REQUIRE(piece.from < piece.to);
        for (std::size_t i = 0; i != piece.items; ++i) {
            REQUIRE(reached.at(piece.first_item + i) == piece.from);
            reached[piece.first_item + i] = piece.to;
        }
    }
    for (const auto& [item, until] : reached)
        REQUIRE(until == to);
}

}  // namespace

TEST_CASE("DataPlan: 120 items are three requests, not five") {
    const Timestamp from = at("2026-01-01T00:00:00Z");
    const auto pieces = all_of({from, from + 12h, 120, std::nullopt, {}});
    REQUIRE(pieces.size() == 3);
    CHECK(pieces[0] == DataPiece{from, from + 12h, 0, 50});
    CHECK(pieces[1] == DataPiece{from, from + 12h, 50, 50});
    CHECK(pieces[2] == DataPiece{from, from + 12h, 100, 20});
}

TEST_CASE("DataPlan: nothing to ask for is no request") {
    const Timestamp from = at("2026-01-01T00:00:00Z");
    CHECK(all_of({from, from, 5, std::nullopt, {}}).empty());
    CHECK(all_of({from, from - 1s, 5, std::nullopt, {}}).empty());
    CHECK(all_of({from, from + 1s, 0, std::nullopt, {}}).empty());
}

TEST_CASE("DataPlan: windows end between buckets, whatever the range begins and ends with") {
    const Buckets weeks{CalendarDuration::weeks(1)};
    DataPlan::Limits limits;
    limits.first_window = 30 * 24h;
    limits.widest_window = 30 * 24h;
    const Timestamp from = at("2026-01-01T10:00:00Z");
    const Timestamp to = at("2026-12-31T10:00:00Z");
    const auto pieces = all_of({from, to, 1, weeks, limits});
    check_cover(pieces, from, to, 1);
    for (std::size_t i = 1; i != pieces.size(); ++i) {
        CHECK(weeks.start(pieces[i].from) == pieces[i].from);
        CHECK(pieces[i].to - pieces[i].from <= 30 * 24h);
    }
    // A bucket wider than the window is not cut either.
    const Buckets years{CalendarDuration::years(1)};
    for (const DataPiece& piece : all_of({from, at("2030-06-01T00:00:00Z"), 1, years, limits}))
        CHECK((piece.from == from || years.start(piece.from) == piece.from));
}

TEST_CASE("DataPlan: windows grow while replies are small, and shrink when one is large") {
    DataPlan::Limits limits;
    limits.values = 1000;
    const Timestamp from = at("2026-01-01T00:00:00Z");
    DataPlan plan{from, from + 1000 * 24h, 1, std::nullopt, limits};
    std::vector<std::int64_t> days;
    for (const std::size_t values : {0, 240, 100, 501, 1000, 1001, 2000, 600, 500, 400, 1, 1}) {
        const auto piece = plan.next();
        REQUIRE(piece);
        days.push_back((piece->to - piece->from) / 24h);
        plan.arrived(*piece, values);
    }
    CHECK(days == std::vector<std::int64_t>{1, 8, 16, 40, 40, 40, 20, 10, 10, 20, 40, 40});
}

TEST_CASE("DataPlan: no second window is given out before something is known of the first") {
    const Timestamp from = at("2026-01-01T00:00:00Z");
    DataPlan plan{from, from + 1000h, 60, std::nullopt, {}};
    const auto first = plan.next();
    REQUIRE(first);
    CHECK(plan.next()->first_item == 50);
    CHECK_FALSE(plan.next());
    CHECK_FALSE(plan.next());
    plan.arrived(*first, 600'000);
    CHECK(plan.next()->from == from + 24h);
    CHECK(plan.next());
    CHECK(plan.next()->from == from + 48h);

    DataPlan::Limits limits;
    limits.is_measured = true;
    DataPlan measured{from, from + 1000h, 60, std::nullopt, limits};
    for (int i = 0; i != 2; ++i)
        CHECK(measured.next()->from == from);
    CHECK(measured.next()->from == from + 24h);
}

TEST_CASE("DataPlan: what is too large is halved, in time first and then by items") {
    const Timestamp from = at("2026-01-01T00:00:00Z");
    DataPlan plan{from, from + 1000h, 3, std::nullopt, {}};
    const auto piece = plan.next();
    REQUIRE(piece);
    auto halves = plan.split(*piece);
    REQUIRE(halves);
    CHECK(halves->first == DataPiece{from, from + 12h, 0, 3});
    CHECK(halves->second == DataPiece{from + 12h, from + 24h, 0, 3});
    // From now on, windows are that small.
    plan.arrived(halves->first, 600'000);
    CHECK(plan.next()->to == from + 36h);
    halves = plan.split(DataPiece{from, from + 1us, 0, 3});
    REQUIRE(halves);
    CHECK(halves->first == DataPiece{from, from + 1us, 0, 1});
    CHECK(halves->second == DataPiece{from, from + 1us, 1, 2});
    CHECK_FALSE(plan.split(DataPiece{from, from + 1us, 2, 1}));
    DataPlan hourly{from, from + 1000h, 1, Buckets{1h}, {}};
    CHECK_FALSE(hourly.split(DataPiece{from, from + 1h, 0, 1}));
    CHECK(hourly.split(DataPiece{from, from + 3h, 0, 1})->first.to == from + 1h);
}

TEST_CASE("DataPlan: no hole and no overlap, however replies turn out") {
    std::mt19937 random{1};
    const std::vector<std::optional<Buckets>> all_buckets{
        std::nullopt,
        Buckets{10min},
        Buckets{CalendarDuration::days(1)},
        Buckets{CalendarDuration::months(1)}};
    for (int round = 0; round != 300; ++round) {
        const auto& buckets = all_buckets[random() % all_buckets.size()];
        DataPlan::Limits limits;
        limits.items = 1 + random() % 60;
        limits.widest_window = std::chrono::hours{1 + random() % 3000};
        limits.first_window = std::chrono::hours{1 + random() % 100};
        const std::size_t items = 1 + random() % 150;
        const Timestamp from = Timestamp::from_microseconds(random());
        const Timestamp to = from + std::chrono::seconds{1 + random() % 20'000'000};
        DataPlan plan{from, to, items, buckets, limits};
        std::vector<DataPiece> done;
        std::deque<DataPiece> queue;
        while (true) {
            if (queue.empty()) {
                const auto piece = plan.next();
                if (!piece) break;
                queue.push_back(*piece);
            }
            const DataPiece piece = queue.front();
            queue.pop_front();
            if (random() % 8 == 0) {
                if (const auto halves = plan.split(piece)) {
                    queue.push_front(halves->second);
                    queue.push_front(halves->first);
                    continue;
                }
            }
            plan.arrived(piece, random() % 10 == 0 ? 2'000'000 : random() % 400'000);
            done.push_back(piece);
            if (buckets && piece.from != from) REQUIRE(buckets->start(piece.from) == piece.from);
            REQUIRE(done.size() < 1'000'000);
        }
        check_cover(done, from, to, items);
    }
}

}  // namespace data_plan_test
