// SPDX-License-Identifier: BSL-1.0
// Looking into a spool without SQLite, also while it is open.

#include <clarify/ingest/detail/spool_reader.hpp>
#include <clarify/ingest/sqlite_spool.hpp>

#include "sqlite_spool_scene.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace sqlite_spool_reader_test {

namespace {

using namespace sqlite_spool_scene;
using clarify::SqliteSpool;
using clarify::detail::SpoolReader;
using clarify::detail::SpoolSummary;

std::vector<double> all_values(SpoolReader& reader) {
    std::vector<double> found;
    reader.each_batch([&](const std::vector<clarify::detail::BatchSeries>& columns) {
        for (const auto& column : columns)
            for (const clarify::Sample& sample : column.samples)
                found.push_back(sample.value);
    });
    return found;
}

TEST_CASE("spool reader: what waits is seen while the spool is open, and when it is closed") {
    Folder folder;
    SpoolReader reader{folder.file().string()};
    {
        SqliteSpool spool = open(folder);
        CHECK(reader.summary().samples == 0);
        REQUIRE(spool.append(row("a", 10, 1), at(1)));
        REQUIRE(spool.append(noise(9000), at(2)));
        REQUIRE(spool.append(row("b", 5, 2), at(3)));
        REQUIRE(spool.append(row("a", 10, 3), at(4)));
        REQUIRE(spool.remove(2));
        const SpoolSummary summary = reader.summary();
        CHECK(summary.samples == 2);
        CHECK(summary.batches == 2);
        CHECK(summary.inputs == 2);
        CHECK(summary.missing == 0U);
        CHECK(summary.oldest == clarify::Timestamp::from_microseconds(5'000'000));
        CHECK(summary.newest == clarify::Timestamp::from_microseconds(10'000'000));
        CHECK(summary.written == clarify::Timestamp{at(3)});
        CHECK(summary.bytes == spool.state().bytes);
        CHECK(all_values(reader) == std::vector<double>{2, 3});
        CHECK(spool.read(0, 10).value().count == 2);
    }
    CHECK(reader.summary().samples == 2);
    CHECK(all_values(reader) == std::vector<double>{2, 3});
}

TEST_CASE("spool reader: what was dropped is not seen again in pages that are free") {
    Folder folder;
    SqliteSpool spool = open(folder);
    for (int i = 0; i != 400; ++i)
        REQUIRE(spool.append(noise(40, static_cast<unsigned>(i)), at(i)));
    REQUIRE(spool.drop(2, 60'000).value() > 1000);
    SpoolReader reader{folder.file().string()};
    CHECK(reader.summary().samples == spool.state().samples);
    CHECK(reader.summary().missing == 0U);
    CHECK(all_values(reader).size() == spool.state().samples);
}

TEST_CASE("spool reader: what cannot be read is told as missing") {
    Folder folder;
    {
        SqliteSpool spool = open(folder);
        for (int i = 0; i != 20; ++i)
            REQUIRE(spool.append(noise(1000, static_cast<unsigned>(i)), at(i)));
    }
    std::string bytes = content(folder.file());
    const std::size_t place = bytes.size() / 8192 * 4096 + 100;
    bytes[place] = static_cast<char>(bytes[place] ^ 1);
    set_content(folder.file(), bytes);
    const SpoolSummary summary = SpoolReader{folder.file().string()}.summary();
    CHECK(summary.samples == 19'000);
    CHECK(summary.missing == 1000U);
    std::filesystem::remove(folder.file().string() + "-mark");
    CHECK_FALSE(SpoolReader{folder.file().string()}.summary().missing);
}

}  // namespace

}  // namespace sqlite_spool_reader_test
