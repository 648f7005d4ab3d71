// SPDX-License-Identifier: BSL-1.0
// The slots that several clients take of one rate limit: decisions, and their text.

#include <clarify/pace/detail/pace_line.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace pace_line_test {

namespace {

using namespace clarify;
using namespace std::chrono_literals;
using clarify::detail::PaceLine;

PaceTerms terms_of(std::uint64_t sharer, unsigned burst = 1, Clock::duration patience = 1h) {
    PaceTerms terms;
    terms.interval = 1s;
    terms.burst = burst;
    terms.patience = patience;
    terms.sharer = sharer;
    return terms;
}

}  // namespace

TEST_CASE("PaceLine: slots are an interval apart, whoever takes them") {
    PaceLine line;
    constexpr PaceLine::Time start = 1h;
    for (unsigned i = 0; i != 5; ++i) {
        const PaceSlot slot = line.reserve(terms_of(i), start);
        CHECK(slot.is_reserved);
        CHECK(slot.wait == i * 1s);
        CHECK(slot.sharers == i + 1);
    }
    // Who comes later waits for what is left.
    CHECK(line.reserve(terms_of(0), start + 2'500ms).wait == 2'500ms);
    // After a pause the next one is there at once, and nothing was saved up.
    CHECK(line.reserve(terms_of(0), start + 1h).wait == 0s);
    CHECK(line.reserve(terms_of(1), start + 1h).wait == 1s);
}

TEST_CASE("PaceLine: as many as the burst may follow each other at once") {
    PaceLine line;
    const std::vector<Clock::duration> waits{0s, 0s, 0s, 1s, 2s};
    for (const Clock::duration wait : waits)
        CHECK(line.reserve(terms_of(1, 3), 1h).wait == wait);
    // What is not used is saved up again.
    for (const Clock::duration wait : {0s, 0s, 1s})
        CHECK(line.reserve(terms_of(1, 3), 1h + 4s).wait == wait);
}

TEST_CASE("PaceLine: who would not wait for so long takes nothing, and is told how long") {
    PaceLine line;
    CHECK(line.reserve(terms_of(1), 1h).is_reserved);
    CHECK(line.reserve(terms_of(2), 1h).is_reserved);
    const PaceSlot refused = line.reserve(terms_of(3, 1, 1'999ms), 1h);
    CHECK_FALSE(refused.is_reserved);
    CHECK(refused.wait == 2s);
    CHECK(refused.sharers == 3);
    const PaceSlot taken = line.reserve(terms_of(3, 1, 2s), 1h);
    CHECK(taken.is_reserved);
    CHECK(taken.wait == 2s);
}

TEST_CASE("PaceLine: it is fair, and one that dies with its slot costs an interval") {
    constexpr std::size_t sharers = 20;
    std::mt19937 random{11};
    PaceLine line;
    // Each asks again at some moment after its slot; a tenth of them die with theirs and are replaced.
    std::multimap<PaceLine::Time, std::uint64_t> next;
    for (std::uint64_t i = 0; i != sharers; ++i)
        next.emplace(1h, i);
    std::uint64_t newest = sharers;
    std::vector<PaceLine::Time> slots;
    while (slots.size() != 5'000) {
        const auto [now, who] = *next.begin();
        next.erase(next.begin());
        const PaceSlot slot = line.reserve(terms_of(who), now);
        REQUIRE(slot.is_reserved);
        CHECK(slot.wait <= (sharers + 1) * 1s);
        const PaceLine::Time at = now + std::chrono::duration_cast<PaceLine::Time>(slot.wait);
        slots.push_back(at);
        const bool dies = random() % 10 == 0;
        next.emplace(at + std::chrono::microseconds{random() % 3'000'000}, dies ? newest++ : who);
    }
    CHECK(std::is_sorted(slots.begin(), slots.end()));
    for (std::size_t i = 1; i != slots.size(); ++i)
        CHECK(slots[i] - slots[i - 1] >= 1s);
    // There was always somebody: none is lost.
    CHECK(slots.back() - slots.front() < 5'010s);
}

TEST_CASE("PaceLine: whoever has had no slot for a minute shares no more") {
    PaceLine line;
    CHECK(line.reserve(terms_of(1), 1h).sharers == 1);
    CHECK(line.reserve(terms_of(2), 1h).sharers == 2);
    CHECK(line.reserve(terms_of(1), 1h + 30s).sharers == 2);
    // The slot of the second one was a second later.
    CHECK(line.reserve(terms_of(1), 1h + 61s).sharers == 2);
    CHECK(line.reserve(terms_of(1), 1h + 61s + 1us).sharers == 1);
    // A long line is no absence.
    for (std::uint64_t i = 10; i != 110; ++i)
        line.reserve(terms_of(i), 2h);
    CHECK(line.reserve(terms_of(109), 2h + 90s).sharers > 60);
    // Of very many it is not told who they are.
    PaceLine crowd;
    for (std::uint64_t i = 0; i != 2 * PaceLine::most_sharers; ++i)
        CHECK(crowd.reserve(terms_of(i), 1h).sharers <= PaceLine::most_sharers);
}

TEST_CASE("PaceLine: what was written is read, and nothing else is") {
    PaceLine line;
    for (std::uint64_t i = 0; i != 3; ++i)
        line.reserve(terms_of(~i), 1h);
    const std::string text = line.write();
    const std::optional<PaceLine> read = PaceLine::read(text);
    REQUIRE(read.has_value());
    CHECK(read->write() == text);
    CHECK(PaceLine{*read}.reserve(terms_of(7), 1h).wait == 3s);
    for (std::size_t size = 0; size != text.size(); ++size) {
        const std::optional<PaceLine> cut = PaceLine::read(std::string_view{text}.substr(0, size));
        // Whole lines are whole, so what holds them says where it ends.
        if (cut) CHECK(text[size - 1] == '\n');
    }
    for (const char* const wrong :
         {"",
          "\n",
          "-1\n",
          "x\n",
          "1",
          "1 \n",
          "1\n2\n",
          "1\n2 3",
          "1\n2 3 4\n",
          "1\n-2 3\n",
          "1\n\n"}) {
        CAPTURE(wrong);
        CHECK_FALSE(PaceLine::read(wrong).has_value());
    }
}

}  // namespace pace_line_test
