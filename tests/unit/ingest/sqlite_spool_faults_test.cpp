// SPDX-License-Identifier: BSL-1.0
// A spool whose process is killed anywhere, and one whose disk is full or may not be written to.

#include <clarify/core/errc.hpp>
#include <clarify/ingest/sqlite_spool.hpp>

#include "sqlite_spool_scene.hpp"

#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sqlite_spool_faults_test {

namespace {

using namespace sqlite_spool_scene;
using clarify::Errc;
using clarify::Result;
using clarify::SpoolPage;
using clarify::SqliteSpool;

/// What a child says: a number each time that it knows of something to be durable.
class Pipe {
public:
    Pipe() {
        if (::pipe(ends_) != 0) FAIL("no pipe");
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    void say(std::uint64_t kind, std::uint64_t number) {
        const std::uint64_t both[] = {kind, number};
        if (::write(ends_[1], both, sizeof both) != sizeof both) ::_exit(9);
    }
    /// All that was said; ends when the child has.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> heard() {
        ::close(ends_[1]);
        ends_[1] = -1;
        std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
        std::uint64_t both[2];
        while (::read(ends_[0], both, sizeof both) == sizeof both)
            all.emplace_back(both[0], both[1]);
        return all;
    }

private:
    int ends_[2] = {-1, -1};
};

/// Appends batches with ever higher values, reads and removes some, and goes on until it is killed.
void work_until_killed(const std::filesystem::path& file, Pipe& pipe, unsigned seed) {
    std::mt19937 random{seed};
    clarify::SqliteSpoolOptions options = terms();
    options.max_bytes = 3'000'000;
    Result<SqliteSpool> opened = SqliteSpool::open(file, options);
    if (!opened) ::_exit(3);
    SqliteSpool& spool = *opened;
    for (;;) {
        const std::uint64_t next = spool.state().newest + 1;
        clarify::SampleTable table = row("number", static_cast<std::int64_t>(next), double(next));
        table.merge(noise(1 + random() % 3000, random()));
        if (spool.append(table, at(1))) pipe.say(1, next);
        if (random() % 4 == 0) {
            const Result<SpoolPage> page = spool.read(0, 1 + random() % 8000);
            if (!page) ::_exit(4);
            pipe.say(2, page->mark);
            if (!spool.remove(page->mark)) ::_exit(5);
            pipe.say(3, page->mark);
        }
    }
}

int rounds(int usual) {
    const char* const given = std::getenv("CLARIFY_TEST_ROUNDS");
    return given == nullptr ? usual : std::atoi(given);
}

TEST_CASE(
    "sqlite spool faults: killed anywhere, it has all that was acknowledged and not removed") {
    Folder folder;
    std::uint64_t acknowledged = 0;
    std::uint64_t removing = 0;
    std::uint64_t removed = 0;
    const int all = rounds(60);
    for (int i = 0; i != all; ++i) {
        CAPTURE(i);
        Pipe pipe;
        const pid_t child = ::fork();
        if (child == 0) work_until_killed(folder.file(), pipe, static_cast<unsigned>(i));
        std::this_thread::sleep_for(std::chrono::microseconds{1500 + (i * 7919) % 40'000});
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        REQUIRE(WIFSIGNALED(status));
        for (const auto& [kind, number] : pipe.heard()) {
            if (kind == 1) acknowledged = number;
            if (kind == 2) removing = number;
            if (kind == 3) removed = number;
        }
        SqliteSpool spool = open(folder);
        CHECK(spool.state().damage.empty());
        CHECK(spool.state().newest >= acknowledged);
        std::uint64_t last = 0;
        std::uint64_t samples = 0;
        for (std::uint64_t mark = 0; samples != spool.state().samples;) {
            const SpoolPage page = spool.read(mark, 10'000).value();
            REQUIRE(page.count != 0);
            for (const double value : values(page, "number")) {
                const auto number = static_cast<std::uint64_t>(value);
                if (last == 0) {
                    CHECK(number > removed);
                    CHECK(number <= removing + 1);
                } else {
                    CHECK(number == last + 1);
                }
                last = number;
            }
            samples += page.count;
            mark = page.mark;
        }
        if (acknowledged > removing) CHECK(last >= acknowledged);
        check_bytes(folder, spool);
    }
    CHECK(acknowledged > 10);
    CHECK(folder.damaged() == 0);
}

/// Runs a body in a child, for what cannot be undone. It says what is wrong by its number.
int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// Fills it until it says that there is no room, drains it, and fills it again once there is.
int fill_and_drain(const std::filesystem::path& file, const std::function<void()>& make_room) {
    Result<SqliteSpool> opened = SqliteSpool::open(file, terms());
    if (!opened) return 1;
    SqliteSpool& spool = *opened;
    std::uint64_t taken = 0;
    for (int i = 0;; ++i) {
        if (i == 1000) return 2;
        const Result<std::uint64_t> appended = spool.append(noise(3000), at(i));
        if (appended) {
            taken += 3000;
            continue;
        }
        if (appended.error().code() != Errc::overloaded) return 3;
        const int system = appended.error().cause().value();
        if (system != ENOSPC && system != EFBIG) return 4;
        break;
    }
    if (taken == 0 || spool.state().samples != taken) return 5;
    // Half of it is drained, with the disk still full, and not read again.
    std::uint64_t mark = 0;
    std::uint64_t seen = 0;
    while (seen < taken / 2) {
        const Result<SpoolPage> page = spool.read(mark, 3000);
        if (!page || page->count == 0) return 6;
        seen += page->count;
        mark = page->mark;
        if (!spool.remove(mark)) return 7;
    }
    if (spool.state().samples != taken - seen) return 8;
    { const SqliteSpool closed = std::move(spool); }
    Result<SqliteSpool> again = SqliteSpool::open(file, terms());
    if (!again) return 9;
    if (again->state().samples != taken - seen || !again->state().damage.empty()) return 10;
    while (seen != taken) {
        const Result<SpoolPage> page = again->read(mark, 3000);
        if (!page || page->count == 0) return 11;
        seen += page->count;
        mark = page->mark;
        if (!again->remove(mark)) return 12;
    }
    make_room();
    if (!again->append(noise(3000), at(1))) return 13;
    return again->state().samples == 3000 && again->state().damage.empty() ? 0 : 14;
}

TEST_CASE("sqlite spool faults: a limit on the size of files is a full disk") {
    Folder folder;
    const int failed = in_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        rlimit limit{400'000, RLIM_INFINITY};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 100;
        return fill_and_drain(folder.file(), [] {});
    });
    CHECK(failed == 0);
    CHECK(folder.damaged() == 0);
}

TEST_CASE("sqlite spool faults: a full disk") {
    Folder folder;
    const std::string disk = (folder.path / "disk").string();
    std::filesystem::create_directory(disk);
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
        MESSAGE("skipped: nothing can be mounted here");
        return;
    }
    SUBCASE("that the spool has filled") {
        CHECK(in_child([&] { return fill_and_drain(disk + "/spool", [] {}); }) == 0);
    }
    SUBCASE("that something else has filled, too") {
        std::ofstream{disk + "/other"} << std::string(600'000, 'x');
        const auto make_room = [&] { std::filesystem::remove(disk + "/other"); };
        CHECK(in_child([&] { return fill_and_drain(disk + "/spool", make_room); }) == 0);
    }
    SUBCASE("before there is a spool") {
        std::ofstream{disk + "/other"} << std::string(2'000'000, 'x');
        const Result<SqliteSpool> refused = SqliteSpool::open(disk + "/spool", terms());
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code() == Errc::overloaded);
        std::filesystem::remove(disk + "/other");
        CHECK(SqliteSpool::open(disk + "/spool", terms()).has_value());
    }
    ::umount(disk.c_str());
}

TEST_CASE("sqlite spool faults: what may not be written to") {
    Folder folder;
    const std::string disk = (folder.path / "disk").string();
    std::filesystem::create_directory(disk);
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=4m") != 0) {
        MESSAGE("skipped: nothing can be mounted here");
        return;
    }
    {
        SqliteSpool spool = SqliteSpool::open(disk + "/spool", terms()).value();
        CHECK(spool.append(row("a", 1, 1), at(1)));
    }
    const std::string before = content(disk + "/spool");
    REQUIRE(::mount("", disk.c_str(), "", MS_REMOUNT | MS_RDONLY, "") == 0);
    const Result<SqliteSpool> refused = SqliteSpool::open(disk + "/spool", terms());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code() == Errc::bad_config);
    CHECK(refused.error().cause().value() == EROFS);
    const Result<SqliteSpool> none = SqliteSpool::open(disk + "/none", terms());
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().cause().value() == EROFS);
    CHECK(content(disk + "/spool") == before);
    ::umount(disk.c_str());
}

TEST_CASE("sqlite spool faults: one that may not be read is refused") {
    if (::geteuid() == 0) {
        // Root may read everything, so somebody else tries.
        Folder folder;
        { const SqliteSpool spool = open(folder); }
        std::filesystem::permissions(folder.path, std::filesystem::perms::all);
        const int failed = in_child([&] {
            if (::setuid(65534) != 0) return 100;
            const Result<SqliteSpool> refused = SqliteSpool::open(folder.file(), terms());
            if (refused) return 1;
            return refused.error().cause().value() == EACCES ? 0 : 2;
        });
        CHECK(failed == 0);
        CHECK(folder.damaged() == 0);
    }
}

}  // namespace

}  // namespace sqlite_spool_faults_test
