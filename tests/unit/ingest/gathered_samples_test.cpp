// SPDX-License-Identifier: BSL-1.0
// Requests made of samples, and bad ones found, against a service that is a function.

#include <clarify/ingest/detail/gathered_samples.hpp>
#include <clarify/ingest/detail/kept_batches.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace gathered_samples_test {

using namespace clarify;
using namespace clarify::detail;
using namespace std::chrono_literals;

namespace {

using Kind = InsertVerdict::Kind;
using Place = std::pair<std::string, std::int64_t>;

constexpr TimePoint now{};

Timestamp at(std::int64_t number) { return Timestamp::from_microseconds(number * 1'000'000); }

SpoolPage page(std::uint64_t mark, SampleTable samples) {
    SpoolPage out;
    out.mark = mark;
    for (const auto& [key, column] : samples)
        out.count += column.size();
    out.samples = std::move(samples);
    return out;
}
SampleTable series(const std::string& key, std::int64_t count, double value = 1) {
    SampleTable table;
    for (std::int64_t i = 0; i != count; ++i)
        table[key].push_back({at(i), value});
    return table;
}

/// Takes what it is sent, or says how it refuses it.
struct Service {
    std::function<bool(const Place&)> is_bad = [](const Place&) { return false; };
    enum class Words { none, column, value } words = Words::none;
    std::size_t largest = SIZE_MAX;

    std::map<Place, double> stored;
    std::map<Place, std::string> rejected;
    std::uint64_t counted = 0;
    std::size_t requests = 0;
    std::size_t waits = 0;

    void count(const SettledSamples& settled) {
        counted += settled.stored + settled.rejected.size();
        for (const RejectedSample& sample : settled.rejected) {
            const Place place{sample.input, sample.time.microseconds() / 1'000'000};
            // Once.
            CHECK(rejected.emplace(place, sample.reason).second);
        }
        if (settled.waits) ++waits;
    }

    /// One request. False where there was none.
    bool send(GatheredSamples& gathered) {
        const DataFrame* const frame = gathered.next(now);
        if (frame == nullptr) return false;
        ++requests;
        REQUIRE(frame->is_normalized());
        REQUIRE(frame->value_count() != 0);
        InsertVerdict verdict;
        if (frame->value_count() > largest) {
            verdict.kind = Kind::divide;
            count(gathered.failed(verdict, now));
            return true;
        }
        verdict.reason = "no";
        std::set<std::size_t> named;
        for (std::size_t column = 0; column != frame->columns(); ++column) {
            for (std::size_t row = 0; row != frame->size(); ++row) {
                if (std::isnan(frame->column(column)[row])) continue;
                const Place place{
                    frame->key(column), frame->times()[row].microseconds() / 1'000'000};
                if (!is_bad(place)) continue;
                verdict.kind = Kind::blame;
                BlamedPlace blamed;
                blamed.column = column;
                blamed.reason = "bad " + place.first;
                if (words == Words::value) blamed.row = row;
                const bool is_new = named.insert(column).second;
                if (words == Words::value || (words == Words::column && is_new))
                    verdict.places.push_back(blamed);
            }
        }
        if (verdict.kind == Kind::blame) {
            count(gathered.failed(verdict, now));
            return true;
        }
        for (std::size_t column = 0; column != frame->columns(); ++column) {
            for (std::size_t row = 0; row != frame->size(); ++row) {
                const double value = frame->column(column)[row];
                if (std::isnan(value)) continue;
                stored[{frame->key(column), frame->times()[row].microseconds() / 1'000'000}] =
                    value;
            }
        }
        count(gathered.stored());
        return true;
    }
    void send_all(GatheredSamples& gathered) {
        for (int i = 0; i != 100'000 && !gathered.empty() && waits == 0; ++i)
            REQUIRE(send(gathered));
    }
};

constexpr std::size_t megabytes = 8'000'000;

}  // namespace

TEST_CASE("GatheredSamples: what fits is one request, and the last value of a time counts") {
    GatheredSamples gathered{megabytes};
    CHECK(gathered.empty());
    CHECK(gathered.next(now) == nullptr);
    gathered.add(page(3, series("a", 10, 1)));
    gathered.add(page(5, series("a", 10, 2)));
    gathered.add(page(9, series("b", 5)));
    CHECK(gathered.mark() == 9);
    Service service;
    service.send_all(gathered);
    CHECK(service.requests == 1);
    CHECK(service.stored.size() == 15);
    CHECK(service.stored.at({"a", 7}) == 2);
    CHECK(service.counted == 15);
    CHECK(gathered.empty());
    // Ten were replaced.
    CHECK(gathered.finish() == 10);
    CHECK(gathered.unsettled() == 0);
}

TEST_CASE("GatheredSamples: a page without samples is done at once") {
    GatheredSamples gathered{megabytes};
    SpoolPage nothing;
    nothing.mark = 4;
    gathered.add(nothing);
    CHECK(gathered.empty());
    CHECK(gathered.mark() == 4);
    CHECK(gathered.next(now) == nullptr);
}

TEST_CASE("GatheredSamples: what is held back grows, and what is stored in part does not") {
    GatheredSamples gathered{20'000};
    CHECK(gathered.room() > 100);
    gathered.add(page(1, series("a", 10)));
    REQUIRE(gathered.next(now) != nullptr);
    CHECK(gathered.failed({}, now).waits);
    CHECK(gathered.room() > 100);
    gathered.add(page(2, series("b", 10)));
    REQUIRE(gathered.next(now) != nullptr);
    CHECK(gathered.next(now)->value_count() == 20);
    // Several requests.
    CHECK(gathered.failed({}, now).waits);
    gathered.add(page(3, series("c", 2'000)));
    CHECK(gathered.room() == 0);
    Service service;
    REQUIRE(service.send(gathered));
    REQUIRE_FALSE(gathered.empty());
    CHECK(gathered.room() == 0);
    service.send_all(gathered);
    CHECK(service.stored.size() == 2'020);
    CHECK(gathered.finish() == 0);
    CHECK(gathered.room() > 100);
}

TEST_CASE("GatheredSamples: requests come close to the limit once their samples are known") {
    GatheredSamples gathered{100'000};
    const std::uint64_t before = gathered.whole_request();
    gathered.add(page(1, series("a", 1'000)));
    gathered.next(now);
    CHECK(gathered.whole_request() > before);
}

TEST_CASE("GatheredSamples: one bad sample of 10,000 is set aside, and the others arrive") {
    for (const auto words : {Service::Words::value, Service::Words::column, Service::Words::none}) {
        CAPTURE(static_cast<int>(words));
        GatheredSamples gathered{megabytes};
        SampleTable table = series("a", 5'000);
        table.merge(series("b", 5'000));
        gathered.add(page(1, table));
        Service service;
        service.words = words;
        service.is_bad = [](const Place& place) { return place == Place{"b", 1'234}; };
        service.send_all(gathered);
        CHECK(service.waits == 0);
        CHECK(service.stored.size() == 9'999);
        CHECK(service.rejected.size() == 1);
        CHECK(service.counted == 10'000);
        CHECK(service.requests < 50);
    }
}

TEST_CASE("GatheredSamples: a key that is bad is set aside whole, without trying each sample") {
    GatheredSamples gathered{megabytes};
    SampleTable table = series("a", 100);
    table.merge(series("bad", 5'000));
    gathered.add(page(1, table));
    Service service;
    service.words = Service::Words::column;
    service.is_bad = [](const Place& place) { return place.first == "bad"; };
    service.send_all(gathered);
    CHECK(service.stored.size() == 100);
    CHECK(service.rejected.size() == 5'000);
    CHECK(service.rejected.begin()->second == "bad bad");
    CHECK(service.requests < 50);
}

TEST_CASE("GatheredSamples: many bad samples among others are found, whatever is said of them") {
    for (const auto words : {Service::Words::value, Service::Words::column, Service::Words::none}) {
        CAPTURE(static_cast<int>(words));
        GatheredSamples gathered{megabytes};
        SampleTable table;
        for (int i = 0; i != 20; ++i)
            table.merge(series("k" + std::to_string(i), 50));
        gathered.add(page(1, table));
        Service service;
        service.words = words;
        service.is_bad = [](const Place& place) {
            return place.first == "k3" || (place.first == "k7" && place.second % 10 == 1) ||
                (place.first == "k8" && place.second == 49);
        };
        service.send_all(gathered);
        CHECK(service.waits == 0);
        CHECK(service.rejected.size() == 50 + 5 + 1);
        CHECK(service.stored.size() == 1'000 - 56);
        CHECK(service.counted == 1'000);
        CHECK(gathered.finish() == 0);
    }
}

TEST_CASE("GatheredSamples: where all fail alike and nothing is named, nothing is set aside") {
    for (const std::int64_t size : {1, 2, 3, 1'000}) {
        CAPTURE(size);
        GatheredSamples gathered{megabytes};
        gathered.add(page(1, series("a", size)));
        Service service;
        service.is_bad = [](const Place&) { return true; };
        service.send_all(gathered);
        CHECK(service.waits == 1);
        CHECK(service.rejected.empty());
        CHECK(service.requests < 20);
        CHECK(gathered.unsettled() == static_cast<std::uint64_t>(size));
        // It may be better with what has come meanwhile.
        CHECK(gathered.room() > 0);
        gathered.add(page(2, series("b", 10)));
        service.waits = 0;
        service.is_bad = [](const Place&) { return false; };
        service.send_all(gathered);
        CHECK(service.stored.size() == static_cast<std::size_t>(size) + 10);
    }
}

TEST_CASE("GatheredSamples: a failure that passes changes nothing, in the midst of a search too") {
    GatheredSamples gathered{megabytes};
    gathered.add(page(1, series("a", 64)));
    Service service;
    service.is_bad = [](const Place& place) { return place.second == 5; };
    for (int i = 0; i != 1'000 && !gathered.empty(); ++i) {
        REQUIRE(gathered.next(now) != nullptr);
        if (i % 2 == 0) {
            CHECK(gathered.failed({}, now).waits);
        } else {
            service.send(gathered);
        }
        // Something newer must not overtake what is tried by itself.
        if (service.requests > 1 && !gathered.empty()) CHECK(gathered.room() == 0);
    }
    CHECK(service.stored.size() == 63);
    CHECK(service.rejected.size() == 1);
}

TEST_CASE("GatheredSamples: what is said to be too large is divided, and the size remembered") {
    GatheredSamples gathered{megabytes};
    gathered.add(page(1, series("a", 4'000)));
    Service service;
    service.largest = 1'000;
    service.send_all(gathered);
    CHECK(service.stored.size() == 4'000);
    CHECK(service.requests <= 4 + 3);
    gathered.finish();
    service.requests = 0;
    gathered.add(page(2, series("b", 4'000)));
    service.send_all(gathered);
    CHECK(service.stored.size() == 8'000);
    CHECK(service.requests <= 8);
    // One sample alone is set aside.
    service.largest = 0;
    gathered.finish();
    gathered.add(page(3, series("c", 1)));
    service.send_all(gathered);
    CHECK(service.rejected.size() == 1);
}

TEST_CASE(
    "GatheredSamples: of a partial failure what is stored stays, and the rest is sent again") {
    GatheredSamples gathered{megabytes};
    SampleTable table = series("a", 3);
    table.merge(series("b", 3));
    gathered.add(page(1, table));
    REQUIRE(gathered.next(now) != nullptr);
    InsertVerdict verdict;
    verdict.kind = Kind::blame;
    verdict.stored = {0};
    const SettledSamples settled = gathered.failed(verdict, now);
    CHECK(settled.stored == 3);
    CHECK(settled.rejected.empty());
    CHECK_FALSE(settled.waits);
    REQUIRE(gathered.next(now) != nullptr);
    CHECK(gathered.next(now)->columns() == 1);
    CHECK(gathered.next(now)->key(0) == "b");
    CHECK(gathered.stored().stored == 3);
    CHECK(gathered.empty());
}

TEST_CASE("GatheredSamples: what may be executed late is not followed by another value") {
    GatheredSamples gathered{megabytes};
    InsertVerdict unanswered;
    unanswered.in_doubt = true;
    const TimePoint end = now + DoubtfulSamples::longest;
    gathered.add(page(1, series("a", 3, 1)));
    REQUIRE(gathered.next(now) != nullptr);
    CHECK(gathered.failed(unanswered, now).waits);
    SampleTable newer = series("a", 1, 2);
    newer.merge(series("b", 1));
    gathered.add(page(2, newer));
    // All but the one that changed.
    const DataFrame* const second = gathered.next(now + 1s);
    REQUIRE(second != nullptr);
    CHECK(second->value_count() == 3);
    CHECK(second->column(0)[1] == 1);
    CHECK(gathered.stored().stored == 3);
    CHECK_FALSE(gathered.empty());
    CHECK(gathered.held_until() == end);
    CHECK(gathered.next(end - 1ns) == nullptr);
    // What comes meanwhile is sent, and the last value of all is what is held.
    CHECK(gathered.room() > 100);
    newer = series("a", 1, 3);
    newer.merge(series("c", 1));
    gathered.add(page(3, newer));
    REQUIRE(gathered.next(end - 1ns) != nullptr);
    CHECK(gathered.next(end - 1ns)->key(0) == "c");
    CHECK(gathered.stored().stored == 1);
    CHECK(gathered.next(end - 1ns) == nullptr);
    REQUIRE(gathered.next(end) != nullptr);
    CHECK(gathered.next(end)->column(0)[0] == 3);
    CHECK(gathered.stored().stored == 1);
    CHECK(gathered.empty());
    CHECK(gathered.finish() == 2);
}

TEST_CASE("GatheredSamples: the value in doubt itself is sent again, even after another one came") {
    GatheredSamples gathered{megabytes};
    InsertVerdict unanswered;
    unanswered.in_doubt = true;
    gathered.add(page(1, series("a", 1, 1)));
    REQUIRE(gathered.next(now) != nullptr);
    gathered.failed(unanswered, now);
    gathered.add(page(2, series("a", 1, 2)));
    CHECK(gathered.next(now + 1s) == nullptr);
    gathered.add(page(3, series("a", 1, 1)));
    REQUIRE(gathered.next(now + 1s) != nullptr);
    CHECK(gathered.next(now + 1s)->column(0)[0] == 1);
}

TEST_CASE("GatheredSamples: what an earlier owner may have sent is in doubt, too") {
    GatheredSamples gathered{megabytes};
    SampleTable table = series("a", 2, 1);
    table["a"].push_back({at(0), 2});
    gathered.doubt(table, now + 15s);
    gathered.add(page(2, table));
    REQUIRE(gathered.next(now) != nullptr);
    CHECK(gathered.next(now)->value_count() == 1);
    CHECK(gathered.next(now)->times()[0] == at(1));
    gathered.stored();
    CHECK(gathered.next(now) == nullptr);
    REQUIRE(gathered.next(now + 15s) != nullptr);
    CHECK(gathered.next(now + 15s)->column(0)[0] == 2);
}

TEST_CASE("KeptBatches: what is stored may be forgotten in its order, once nothing is in doubt") {
    KeptBatches kept;
    CHECK(kept.removable(now) == 0);
    CHECK_FALSE(kept.next_end());
    kept.add(3, (TimePoint::min)());
    CHECK(kept.removable(now) == 3);
    CHECK_FALSE(kept.next_end());
    kept.add(4, now + 15s);
    kept.add(5, now + 15s);
    kept.add(9, now + 20s);
    CHECK(kept.removable(now + 14s) == 3);
    CHECK(kept.next_end() == now + 15s);
    CHECK(kept.removable(now + 15s) == 5);
    CHECK(kept.removable(now + 20s) == 9);
    CHECK_FALSE(kept.next_end());
}

TEST_CASE("DoubtfulSamples: it forgets in time, and what is sent again takes no more room") {
    DoubtfulSamples doubtful;
    CHECK_FALSE(doubtful.next_end());
    for (int second = 0; second != 100; ++second)
        doubtful.add(series("a", 20'000), now + std::chrono::seconds{second});
    CHECK_FALSE(doubtful.is_full(now));
    CHECK(doubtful.next_end() == now + 99s);
    for (int i = 0; i != 60; ++i)
        doubtful.add(series("b", 20'000 + i), now + 120s);
    CHECK(doubtful.is_full(now));
    CHECK(doubtful.is_full(now + 119s));
    CHECK_FALSE(doubtful.is_full(now + 120s));
    CHECK_FALSE(doubtful.next_end());
    SampleTable other = series("b", 1, 2);
    CHECK(doubtful.take_contradicting(other, now + 120s).empty());
    CHECK(other.size() == 1);
}

}  // namespace gathered_samples_test
