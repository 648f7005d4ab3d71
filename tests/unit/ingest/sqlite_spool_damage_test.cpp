// SPDX-License-Identifier: BSL-1.0
// A spool that is damaged at any byte, cut anywhere, or none at all.

#include <clarify/ingest/sqlite_spool.hpp>

#include "sqlite_spool_scene.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sqlite_spool_damage_test {

namespace {

using namespace sqlite_spool_scene;
using clarify::SpoolPage;
using clarify::SqliteSpool;

constexpr int batches = 40;
/// Batches of one sample, of some that lie in one page, and of many.
std::size_t size_of(int batch) {
    constexpr std::size_t sizes[] = {1, 40, 3, 1500, 1, 700};
    return sizes[static_cast<std::size_t>(batch) % std::size(sizes)];
}

clarify::SampleTable batch(int number) {
    clarify::SampleTable table = noise(size_of(number), static_cast<std::uint64_t>(number));
    std::vector<clarify::Sample>& column = table["noise"];
    for (std::size_t i = 0; i != column.size(); ++i)
        column[i].time = clarify::Timestamp::from_microseconds(
            (static_cast<std::int64_t>(number) * 10'000 + static_cast<std::int64_t>(i)) *
            1'000'000);
    return table;
}

/// Every sample there may be, by its time.
const std::map<clarify::Timestamp, double>& all_samples() {
    static const auto all = [] {
        std::map<clarify::Timestamp, double> samples;
        for (int i = 0; i != batches + 1; ++i) {
            const clarify::SampleTable table = batch(i);
            for (const clarify::Sample& sample : table.begin()->second)
                samples[sample.time] = sample.value;
        }
        return samples;
    }();
    return all;
}

/// The three files of a spool.
struct Image {
    std::string file;
    std::string log;
    std::string mark;
    std::uint64_t samples = 0;

    void put(const Folder& folder) const {
        std::filesystem::remove(folder.file());
        const std::string path = folder.file().string();
        set_content(path, file);
        std::filesystem::remove(path + "-wal");
        if (!log.empty()) set_content(path + "-wal", log);
        std::filesystem::remove(path + "-mark");
        if (!mark.empty()) set_content(path + "-mark", mark);
    }
};

/// As a process leaves it that is killed: with a log. Of the batches the first five are removed.
Image image(bool all_in_log) {
    Folder folder;
    Image taken;
    {
        SqliteSpool spool = open(folder);
        for (int i = 0; i != (all_in_log ? 0 : batches / 2); ++i)
            REQUIRE(spool.append(batch(i), at(i)));
    }
    SqliteSpool spool = open(folder);
    for (int i = all_in_log ? 0 : batches / 2; i != batches; ++i)
        REQUIRE(spool.append(batch(i), at(i)));
    REQUIRE(spool.remove(5));
    const std::string path = folder.file().string();
    taken.file = content(path);
    taken.log = content(path + "-wal");
    taken.mark = content(path + "-mark");
    taken.samples = spool.state().samples;
    return taken;
}

/// What can be read after all: every sample is one that was written, none comes twice, and those that
/// are missing are counted, or said to be uncounted.
struct Outcome {
    std::uint64_t read = 0;
    std::uint64_t lost = 0;
    bool uncounted = false;
    std::size_t damage = 0;
};

Outcome drain(const Folder& folder, std::uint64_t expected) {
    Outcome outcome;
    SqliteSpool spool = open(folder);
    // New samples are taken at once.
    const clarify::Result<std::uint64_t> appended = spool.append(batch(batches), at(0));
    REQUIRE(appended);
    std::map<clarify::Timestamp, double> seen;
    std::uint64_t mark = 0;
    bool in_order = true;
    for (int calls = 0; spool.state().samples != 0; ++calls) {
        REQUIRE(calls != 1000);
        const clarify::Result<SpoolPage> page = spool.read(mark, 2000);
        REQUIRE(page.has_value());
        for (const auto& [key, column] : page->samples) {
            CHECK(key == "noise");
            for (const clarify::Sample& sample : column) {
                const auto written = all_samples().find(sample.time);
                if (written == all_samples().end() || written->second != sample.value)
                    FAIL("a sample that was never written");
                in_order = in_order && (seen.empty() || seen.rbegin()->first < sample.time);
                if (!seen.emplace(sample.time, sample.value).second)
                    FAIL("a sample that was read twice");
            }
        }
        mark = page->mark;
        REQUIRE(spool.remove(mark));
    }
    CHECK(in_order);
    CHECK(spool.read(0, 1).value().count == 0);
    const std::size_t newest = size_of(batches);
    REQUIRE(seen.size() >= newest);
    CHECK(seen.rbegin()->second == batch(batches).begin()->second.back().value);
    outcome.read = seen.size() - newest;
    outcome.lost = spool.state().lost;
    outcome.damage = spool.state().damage.size();
    for (const clarify::SpoolDamage& damage : spool.state().damage)
        outcome.uncounted = outcome.uncounted || !damage.samples;
    CHECK(outcome.read <= expected);
    if (outcome.read != expected) CHECK(outcome.damage != 0);
    if (!outcome.uncounted) CHECK(outcome.read + outcome.lost == expected);
    return outcome;
}

int rounds(int usual) {
    const char* const given = std::getenv("CLARIFY_TEST_ROUNDS");
    return given == nullptr ? usual : std::atoi(given);
}

/// Where to strike: everywhere in what is short, at random in the rest.
std::vector<std::size_t> places(std::size_t size, int count, std::uint64_t seed) {
    std::mt19937_64 random{seed};
    std::vector<std::size_t> found{0, 16, 18, 28, 45, 52, 60, 64, 68, 92, 100, 103, 108};
    while (found.size() < static_cast<std::size_t>(count))
        found.push_back(static_cast<std::size_t>(random()));
    for (std::size_t& place : found)
        place %= size;
    return found;
}

void strike(const Image& whole, std::string Image::*part, int count, bool cut) {
    int told = 0;
    for (const std::size_t place : places((whole.*part).size(), count, cut ? 1 : 2)) {
        CAPTURE(place);
        CAPTURE(cut);
        Image image = whole;
        if (cut) {
            (image.*part).resize(place);
        } else {
            (image.*part)[place] = static_cast<char>((image.*part)[place] ^ 0x5A);
        }
        Folder folder;
        image.put(folder);
        const Outcome outcome = drain(folder, whole.samples);
        // One change costs a page with its batches, or those that a cut has taken.
        if (!cut) CHECK(outcome.lost <= 4000);
        told += outcome.damage != 0 ? 1 : 0;
    }
    if (part == &Image::log) CHECK(told > count / 2);
}

TEST_CASE("sqlite spool damage: nothing is damaged after a kill") {
    for (const bool all_in_log : {false, true}) {
        const Image whole = image(all_in_log);
        Folder folder;
        whole.put(folder);
        const Outcome outcome = drain(folder, whole.samples);
        CHECK(outcome.read == whole.samples);
        CHECK(outcome.damage == 0);
        CHECK(folder.damaged() == 0);
    }
}

TEST_CASE("sqlite spool damage: a changed byte of the file") {
    strike(image(false), &Image::file, rounds(350), false);
}

TEST_CASE("sqlite spool damage: a file that was cut") {
    strike(image(false), &Image::file, rounds(150), true);
}

TEST_CASE("sqlite spool damage: a changed byte of the log, which silently drops all that follows") {
    strike(image(true), &Image::log, rounds(350), false);
}

TEST_CASE("sqlite spool damage: a log that was cut looks like a shorter one") {
    strike(image(true), &Image::log, rounds(150), true);
}

TEST_CASE("sqlite spool damage: a changed byte of the mark costs nothing") {
    const Image whole = image(true);
    for (std::size_t place = 0; place != whole.mark.size(); ++place) {
        Image image = whole;
        image.mark[place] = static_cast<char>(image.mark[place] ^ 0x5A);
        Folder folder;
        image.put(folder);
        CHECK(drain(folder, whole.samples).read == whole.samples);
    }
}

TEST_CASE("sqlite spool damage: without its log, or without its file, the loss is known") {
    Image whole = image(false);
    SUBCASE("log") { whole.log.clear(); }
    SUBCASE("empty file") { whole.file.clear(); }
    SUBCASE("no file") { whole.file = "-"; }
    Folder folder;
    whole.put(folder);
    if (whole.file == "-") std::filesystem::remove(folder.file());
    const Outcome outcome = drain(folder, whole.samples);
    CHECK_FALSE(outcome.uncounted);
    CHECK(outcome.lost != 0);
    CHECK(outcome.read != 0);
}

TEST_CASE("sqlite spool damage: what is no spool is set aside as it is") {
    Folder folder;
    std::string text;
    SUBCASE("empty") {}
    SUBCASE("short") { text = "hello"; }
    SUBCASE("long") { text = std::string(100'000, '\x0D'); }
    set_content(folder.file(), text);
    {
        SqliteSpool spool = open(folder);
        REQUIRE(spool.state().damage.size() == 1);
        CHECK(spool.state().damage[0].bytes == text.size());
        CHECK_FALSE(spool.state().damage[0].samples);
        CHECK(content(spool.state().damage[0].file) == text);
        REQUIRE(spool.append(row("a", 1, 1), at(1)));
        CHECK(spool.read(0, 1).value().count == 1);
    }
    CHECK(open(folder).state().samples == 1);
    CHECK(folder.damaged() == 1);
}

TEST_CASE(
    "sqlite spool damage: what is found while it is open is set aside, and the rest is read") {
    Folder folder;
    SqliteSpool spool = open(folder);
    std::uint64_t expected = 0;
    for (int i = 0; i != batches; ++i) {
        REQUIRE(spool.append(batch(i), at(i)));
        expected += size_of(i);
    }
    {
        // A page in the middle of the tree, and SQLite does not have it in its memory.
        SqliteSpool moved = std::move(spool);
    }
    std::string bytes = content(folder.file());
    for (std::size_t page = 4; page < bytes.size() / 4096; page += 7)
        bytes[page * 4096 + 3] = '\x7F';
    set_content(folder.file(), bytes);
    const Outcome outcome = drain(folder, expected);
    CHECK(outcome.read + outcome.lost == expected);
    CHECK(outcome.read > expected / 2);
    CHECK(folder.damaged() != 0);
}

}  // namespace

}  // namespace sqlite_spool_damage_test
