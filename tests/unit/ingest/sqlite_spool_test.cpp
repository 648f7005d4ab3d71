// SPDX-License-Identifier: BSL-1.0
// The spool on the disk: its contract, its limit, its owner, and who it is for.

#include <clarify/core/errc.hpp>
#include <clarify/ingest/sqlite_spool.hpp>
#include <clarify/testing/check_sample_spool.hpp>

#include "sqlite_spool_scene.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace sqlite_spool_test {

namespace {

using namespace sqlite_spool_scene;
using clarify::Errc;
using clarify::Result;
using clarify::SpoolPage;
using clarify::SqliteSpool;

TEST_CASE("sqlite spool: what is appended is read in its order, and again after it was closed") {
    Folder folder;
    {
        SqliteSpool spool = open(folder);
        CHECK(spool.state().samples == 0);
        CHECK(spool.state().newest == 0);
        CHECK_FALSE(spool.state().oldest_written);
        CHECK(spool.append(row("a", 1, 10), at(5)).value() == 1);
        CHECK(spool.append(row("b", 2, 20), at(6)).value() == 2);
        CHECK(spool.append(row("a", 1, 30), at(7)).value() == 3);
        CHECK(spool.state().samples == 3);
        CHECK(spool.state().oldest_written == at(5));
        check_bytes(folder, spool);
    }
    SqliteSpool spool = open(folder);
    CHECK(spool.state().damage.empty());
    CHECK(spool.state().samples == 3);
    CHECK(spool.state().newest == 3);
    CHECK(spool.state().oldest_written == at(5));
    check_bytes(folder, spool);
    const SpoolPage page = spool.read(0, 100).value();
    CHECK(page.mark == 3);
    CHECK(page.count == 3);
    CHECK(values(page, "a") == std::vector<double>{10, 30});
    CHECK(values(page, "b") == std::vector<double>{20});
    CHECK(spool.read(0, 2).value().mark == 2);
    CHECK(spool.read(1, 1).value().mark == 2);
    CHECK(spool.read(3, 1).value().mark == 3);
    CHECK(spool.read(3, 1).value().count == 0);
    REQUIRE(spool.remove(2));
    CHECK(spool.state().samples == 1);
    CHECK(spool.state().oldest_written == at(7));
    CHECK(spool.read(0, 100).value().count == 1);
    REQUIRE(spool.remove(3));
    CHECK(spool.state().samples == 0);
    CHECK_FALSE(spool.state().oldest_written);
    CHECK(spool.read(0, 100).value().count == 0);
    CHECK(spool.append(row("a", 1, 1), at(8)).value() == 4);
}

TEST_CASE("sqlite spool: keeps the contract of spools") {
    clarify::SqliteSpoolOptions options = terms();
    options.max_bytes = std::uint64_t{4} << 20U;
    std::vector<std::unique_ptr<Folder>> folders;
    const auto reopen = [&] { return open(*folders.back(), options); };
    const auto report = clarify::testing::check_sample_spool(
        [&] {
            folders.push_back(std::make_unique<Folder>());
            return reopen();
        },
        reopen);
    INFO(report);
    CHECK(report.passed());
    CHECK(report.not_judged().empty());
}

TEST_CASE("sqlite spool: numbers are not used again, and what was removed stays so") {
    Folder folder;
    for (std::uint64_t round = 1; round != 6; ++round) {
        SqliteSpool spool = open(folder);
        CHECK(spool.state().samples == 0);
        CHECK(spool.append(row("a", 1, 10), at(5)).value() == round);
        CHECK(spool.remove(round));
    }
}

TEST_CASE("sqlite spool: it goes back to its empty size when all was removed") {
    Folder folder;
    std::uint64_t empty = 0;
    {
        SqliteSpool spool = open(folder);
        empty = spool.state().bytes;
        for (int i = 0; i != 50; ++i)
            REQUIRE(spool.append(noise(5000), at(i)));
        CHECK(spool.state().bytes > 2'000'000);
        check_bytes(folder, spool);
    }
    {
        SqliteSpool spool = open(folder);
        CHECK(spool.state().samples == 250'000);
        std::uint64_t seen = 0;
        std::uint64_t mark = 0;
        while (seen != 250'000) {
            const SpoolPage page = spool.read(mark, 20'000).value();
            REQUIRE(page.count != 0);
            seen += page.count;
            mark = page.mark;
        }
        CHECK(spool.remove(mark));
        check_bytes(folder, spool);
    }
    SqliteSpool spool = open(folder);
    CHECK(spool.state().bytes == empty);
    CHECK(spool.state().newest == 50);
    CHECK(spool.state().damage.empty());
}

TEST_CASE("sqlite spool: the limit is bytes on the disk, the log included") {
    Folder folder;
    clarify::SqliteSpoolOptions options = terms();
    options.max_bytes = 2'000'000;
    SqliteSpool spool = open(folder, options);
    std::uint64_t taken = 0;
    for (int i = 0;; ++i) {
        const Result<std::uint64_t> appended = spool.append(noise(2000), at(i));
        CHECK(bytes_of(folder) <= options.max_bytes);
        if (!appended) {
            CHECK(appended.error().code() == Errc::overloaded);
            CHECK_FALSE(appended.error().cause());
            break;
        }
        taken += 2000;
    }
    CHECK(taken > 100'000);
    CHECK(spool.state().samples == taken);
    SUBCASE("removing makes room") {
        REQUIRE(spool.remove(20));
        CHECK(spool.append(noise(2000), at(1)));
    }
    SUBCASE("dropping makes room, and leaves what is in flight") {
        std::uint64_t dropped = 0;
        for (int i = 0; i != 100; ++i) {
            Result<std::uint64_t> appended = spool.append(noise(2000), at(1));
            while (!appended) {
                const std::uint64_t some = spool.drop(3, 16'000).value();
                REQUIRE(some != 0);
                dropped += some;
                appended = spool.append(noise(2000), at(1));
            }
            taken += 2000;
            CHECK(bytes_of(folder) <= options.max_bytes);
        }
        CHECK(spool.state().samples == taken - dropped);
        CHECK(spool.read(0, 6000).value().mark == 3);
        CHECK(spool.read(3, 1).value().mark > 4);
        CHECK(spool.read(0, 1'000'000).value().count == taken - dropped);
    }
    SUBCASE("what is more than a smaller limit opens, refuses and drains") {
        { const SqliteSpool moved = std::move(spool); }
        options.max_bytes = 1'100'000;
        SqliteSpool smaller = open(folder, options);
        CHECK(smaller.state().samples == taken);
        CHECK_FALSE(smaller.append(noise(10), at(1)));
        std::uint64_t mark = 0;
        for (std::uint64_t seen = 0; seen != taken;) {
            const SpoolPage page = smaller.read(mark, 5000).value();
            REQUIRE(page.count != 0);
            seen += page.count;
            mark = page.mark;
            REQUIRE(smaller.remove(mark));
        }
        CHECK(smaller.append(noise(10), at(1)));
        CHECK(bytes_of(folder) <= options.max_bytes);
    }
}

TEST_CASE("sqlite spool: nothing is dropped where nothing is") {
    Folder folder;
    SqliteSpool spool = open(folder);
    CHECK(spool.drop(0, 100).value() == 0);
    CHECK(spool.remove(100));
    CHECK(spool.append(row("a", 1, 1), at(1)));
    CHECK(spool.drop(1, 100).value() == 0);
    CHECK(spool.drop(0, 100).value() == 1);
    CHECK(spool.state().samples == 0);
}

TEST_CASE("sqlite spool: a second owner is refused, by whatever name it comes") {
    Folder folder;
    const SqliteSpool spool = open(folder);
    std::filesystem::create_symlink(folder.file(), folder.path / "link");
    for (const auto& path : {folder.file(), folder.path / "link", folder.path / "." / "spool"}) {
        const Result<SqliteSpool> second = SqliteSpool::open(path, terms());
        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().code() == Errc::bad_config);
        CHECK(second.error().cause().value() == EWOULDBLOCK);
        CHECK(second.error().to_string().find("held by another process") != std::string::npos);
    }
    CHECK(folder.names() == std::set<std::string>{"link", "spool", "spool-mark", "spool-wal"});
}

TEST_CASE("sqlite spool: the lock dies with its holder, and a child can do nothing with a copy") {
    Folder folder;
    const pid_t child = ::fork();
    if (child == 0) {
        const SqliteSpool spool = open(folder);
        ::_exit(0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
    SqliteSpool spool = open(folder);
    REQUIRE(spool.append(row("a", 1, 1), at(1)));
    const pid_t copy = ::fork();
    if (copy == 0) {
        const bool refused = !spool.append(row("a", 1, 1), at(1)) && !spool.remove(1);
        { const SqliteSpool moved = std::move(spool); }
        ::_exit(refused ? 0 : 1);
    }
    ::waitpid(copy, &status, 0);
    CHECK(status == 0);
    CHECK(spool.append(row("a", 1, 1), at(1)).value() == 2);
    CHECK(spool.read(0, 10).value().count == 2);
}

TEST_CASE("sqlite spool: a link is followed, also to where there is nothing yet") {
    Folder folder;
    std::filesystem::create_directory(folder.path / "else");
    std::filesystem::create_symlink("else/where", folder.file());
    {
        SqliteSpool spool = open(folder);
        CHECK(spool.append(row("a", 1, 1), at(1)));
        CHECK(spool.path() == (folder.path / "else" / "where").string());
    }
    CHECK(std::filesystem::is_symlink(folder.file()));
    CHECK(open(folder).state().samples == 1);
}

TEST_CASE("sqlite spool: one for another integration is refused, and left alone") {
    Folder folder;
    {
        SqliteSpool spool = open(folder);
        REQUIRE(spool.append(row("a", 1, 1), at(1)));
    }
    clarify::SqliteSpoolOptions options = terms();
    options.integration = "other";
    const Result<SqliteSpool> other = SqliteSpool::open(folder.file(), options);
    REQUIRE_FALSE(other.has_value());
    CHECK(other.error().code() == Errc::bad_config);
    CHECK(other.error().to_string().find("other") != std::string::npos);
    CHECK(other.error().to_string().find("mine") != std::string::npos);
    CHECK(open(folder).state().samples == 1);
    CHECK(folder.names() == std::set<std::string>{"spool", "spool-mark"});
}

TEST_CASE("sqlite spool: a newer format, a folder, and what cannot be reached are refused") {
    Folder folder;
    SUBCASE("newer") {
        { const SqliteSpool spool = open(folder); }
        std::fstream file{folder.file(), std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(60);
        file.write("\x00\x02\xFF\xFD", 4);
        file.close();
        const std::string before = content(folder.file());
        const Result<SqliteSpool> newer = SqliteSpool::open(folder.file(), terms());
        REQUIRE_FALSE(newer.has_value());
        CHECK(newer.error().to_string().find("newer version") != std::string::npos);
        CHECK(content(folder.file()) == before);
    }
    SUBCASE("folder") {
        std::filesystem::create_directory(folder.file());
        const Result<SqliteSpool> refused = SqliteSpool::open(folder.file(), terms());
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().to_string().find("is a folder") != std::string::npos);
    }
    SUBCASE("pipe") {
        REQUIRE(::mkfifo(folder.file().c_str(), 0600) == 0);
        CHECK_FALSE(SqliteSpool::open(folder.file(), terms()).has_value());
    }
    SUBCASE("no such folder") {
        CHECK_FALSE(SqliteSpool::open(folder.path / "none" / "spool", terms()).has_value());
    }
    SUBCASE("too small a limit") {
        clarify::SqliteSpoolOptions options = terms();
        options.max_bytes = 1000;
        CHECK_FALSE(SqliteSpool::open(folder.file(), options).has_value());
        CHECK(folder.names().empty());
    }
}

TEST_CASE("sqlite spool: a key that does not fit is refused, and nothing of its batch is taken") {
    Folder folder;
    SqliteSpool spool = open(folder);
    clarify::SampleTable table = row("a", 1, 1);
    table[std::string(256, 'x')] = {{clarify::Timestamp{}, 1}};
    const Result<std::uint64_t> refused = spool.append(table, at(1));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code() == Errc::bad_argument);
    CHECK(spool.state().samples == 0);
    CHECK(spool.append({}, at(1)).value() == 0);
}

}  // namespace

}  // namespace sqlite_spool_test
