// SPDX-License-Identifier: BSL-1.0
// A spool in which each step fails once, or from there on, or is the last one of its process.

#include <clarify/core/errc.hpp>
#include <clarify/ingest/sqlite_spool.hpp>

#include "sqlite_spool_scene.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <support/allocations.hpp>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <new>
#include <optional>
#include <set>
#include <string>

#if defined(__linux__) && defined(__LP64__) && defined(__GLIBC__)
#include <support/failing_io.hpp>

namespace sqlite_spool_sweep_test {
namespace {

using namespace sqlite_spool_scene;
using clarify::Errc;
using clarify::Error;
using clarify::Result;
using clarify::SpoolPage;
using clarify::SqliteSpool;
using support::FailingAllocations;
using support::FailingIo;

constexpr std::size_t forever = (std::numeric_limits<std::size_t>::max)();

/// Batches, each by a bit, and each known by a value in it.
struct Told {
    std::uint64_t acknowledged = 0;
    std::uint64_t removing = 0;
    /// Something was reported that must not be.
    bool is_wrong = false;

    void note(const Error& error) {
        is_wrong =
            is_wrong || (error.code() != Errc::overloaded && error.code() != Errc::bad_config);
    }
    static std::uint64_t bit(double number) {
        return std::uint64_t{1} << static_cast<unsigned>(number);
    }
};

clarify::SqliteSpoolOptions small_terms() {
    clarify::SqliteSpoolOptions options = terms();
    options.max_bytes = std::uint64_t{1} << 20U;
    return options;
}

void append(SqliteSpool& spool, Told& told, unsigned batch, std::size_t samples) {
    std::optional<clarify::SampleTable> table;
    {
        const FailingAllocations::Spared spared;
        table = row("number", batch, batch);
        table->merge(noise(samples, batch));
    }
    try {
        const Result<std::uint64_t> appended = spool.append(*table, at(1));
        if (appended) {
            told.acknowledged |= Told::bit(batch);
        } else {
            told.note(appended.error());
        }
    } catch (const std::bad_alloc&) {
    }
}

/// Reads some batches and removes them.
void drain_some(SqliteSpool& spool, Told& told, std::uint64_t count) {
    try {
        const Result<SpoolPage> page = spool.read(0, count);
        if (!page) return told.note(page.error());
        for (const double value : values(*page, "number"))
            told.removing |= Told::bit(value);
        const Result<void> removed = spool.remove(page->mark);
        if (!removed) told.note(removed.error());
    } catch (const std::bad_alloc&) {
    }
}

std::optional<SqliteSpool> open_small(const std::filesystem::path& file, Told& told) {
    try {
        Result<SqliteSpool> opened = SqliteSpool::open(file, small_terms());
        if (opened) return std::move(*opened);
        told.note(opened.error());
    } catch (const std::bad_alloc&) {
    }
    return std::nullopt;
}

/// The life of a spool: batches that fill the log more than once, some of them removed, and opened twice.
/// Returns what is open in the end.
std::optional<SqliteSpool> live(const std::filesystem::path& file, Told& told, unsigned first = 0) {
    if (auto spool = open_small(file, told)) {
        append(*spool, told, first + 1, 3);
        append(*spool, told, first + 2, 9'000);
        append(*spool, told, first + 3, 1);
        drain_some(*spool, told, 1);
        append(*spool, told, first + 4, 9'000);
    }
    auto spool = open_small(file, told);
    if (spool) {
        append(*spool, told, first + 5, 40);
        drain_some(*spool, told, 5);
        append(*spool, told, first + 6, 100);
    }
    return spool;
}

/// With nothing failing any more: new samples are taken at once, and all is there.
void check_all(const Folder& folder, Told& told, std::optional<SqliteSpool> spool = {}) {
    constexpr unsigned same = 60;
    constexpr unsigned another = 61;
    if (spool) {
        append(*spool, told, same, 5);
        CHECK((told.acknowledged & Told::bit(same)) != 0);
    }
    spool.reset();
    spool = open_small(folder.file(), told);
    REQUIRE(spool);
    append(*spool, told, another, 5);
    CHECK((told.acknowledged & Told::bit(another)) != 0);
    CHECK_FALSE(told.is_wrong);
    std::uint64_t there = 0;
    for (int calls = 0; spool->state().samples != 0; ++calls) {
        REQUIRE(calls != 1'000);
        const Result<SpoolPage> page = spool->read(0, 10'000);
        REQUIRE(page.has_value());
        for (const double value : values(*page, "number"))
            there |= Told::bit(value);
        REQUIRE(spool->remove(page->mark));
    }
    CHECK((told.acknowledged & ~told.removing & ~there) == 0);
    CHECK(spool->state().lost == 0);
    CHECK(spool->read(0, 1).value().count == 0);
}

/// Has each step fail. `try_step(step, folder, told)` says whether there was one. Returns how many.
template <class TryStep>
std::size_t sweep(const TryStep& try_step) {
    for (std::size_t step = 0; step != 10'000; ++step) {
        CAPTURE(step);
        const Folder folder;
        Told told;
        if (!try_step(step, folder, told)) return step;
    }
    return 0;
}

TEST_CASE("sqlite spool sweep: each step on the disk fails, once or from there on") {
    struct Fault {
        int error;
        std::size_t count;
    };
    for (const Fault fault :
         {Fault{ENOSPC, 1}, Fault{ENOSPC, forever}, Fault{EIO, 1}, Fault{EROFS, forever}}) {
        CAPTURE(fault.error);
        CAPTURE(fault.count);
        const std::size_t steps = sweep([&](std::size_t step, const Folder& folder, Told& told) {
            std::optional<SqliteSpool> spool;
            std::size_t seen = 0;
            {
                const FailingIo failing{step, fault.count, fault.error};
                spool = live(folder.file(), told);
                seen = FailingIo::seen();
            }
            check_all(folder, told, std::move(spool));
            return seen > step;
        });
        CHECK(steps > 100);
    }
}

TEST_CASE("sqlite spool sweep: each allocation fails") {
    for (const std::size_t count : {std::size_t{1}, std::size_t{5}}) {
        CAPTURE(count);
        const std::size_t steps = sweep([&](std::size_t step, const Folder& folder, Told& told) {
            const std::filesystem::path file = folder.file();
            std::optional<SqliteSpool> spool;
            std::size_t seen = 0;
            {
                const FailingAllocations failing{step, count};
                spool = live(file, told);
                seen = FailingAllocations::seen();
            }
            check_all(folder, told, std::move(spool));
            return seen > step;
        });
        CHECK(steps > 100);
    }
}

/// What SQLite allocates, of which one fails.
struct SqliteMemory {
    SqliteMemory() {
        ::sqlite3_shutdown();
        ::sqlite3_config(SQLITE_CONFIG_GETMALLOC, &whole());
        sqlite3_mem_methods failing = whole();
        failing.xMalloc = [](int size) { return fails() ? nullptr : whole().xMalloc(size); };
        failing.xRealloc = [](void* old, int size) {
            return fails() ? nullptr : whole().xRealloc(old, size);
        };
        ::sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
        ::sqlite3_initialize();
    }
    SqliteMemory(const SqliteMemory&) = delete;
    SqliteMemory& operator=(const SqliteMemory&) = delete;
    ~SqliteMemory() {
        ::sqlite3_shutdown();
        ::sqlite3_config(SQLITE_CONFIG_MALLOC, &whole());
        ::sqlite3_initialize();
    }

    static sqlite3_mem_methods& whole() {
        static sqlite3_mem_methods methods;
        return methods;
    }
    static bool fails() { return armed && seen++ == failing_one; }

    static inline thread_local bool armed = false;
    static inline thread_local std::size_t seen = 0;
    static inline thread_local std::size_t failing_one = 0;
};

TEST_CASE("sqlite spool sweep: each allocation of SQLite fails") {
    const SqliteMemory memory;
    const std::size_t steps = sweep([&](std::size_t number, const Folder& folder, Told& told) {
        // There are many, and neighbours are much alike.
        const std::size_t step = number * 7;
        SqliteMemory::failing_one = step;
        SqliteMemory::seen = 0;
        SqliteMemory::armed = true;
        std::optional<SqliteSpool> spool = live(folder.file(), told);
        SqliteMemory::armed = false;
        check_all(folder, told, std::move(spool));
        return SqliteMemory::seen > step;
    });
    CHECK(steps > 100);
}

TEST_CASE("sqlite spool sweep: without memory to open it nothing of a large spool is lost") {
    const SqliteMemory memory;
    const Folder folder;
    Told told;
    {
        auto spool = open_small(folder.file(), told);
        REQUIRE(spool);
        for (unsigned batch = 1; batch != 6; ++batch)
            append(*spool, told, batch, 8'000);
    }
    REQUIRE(std::filesystem::file_size(folder.file()) > 300'000);
    for (std::size_t step = 0;; ++step) {
        SqliteMemory::failing_one = step;
        SqliteMemory::seen = 0;
        SqliteMemory::armed = true;
        open_small(folder.file(), told);
        SqliteMemory::armed = false;
        if (SqliteMemory::seen <= step) break;
    }
    check_all(folder, told);
    CHECK(folder.damaged() == 0);
}

/// Runs it in a child that is killed at a step. False where it came to an end before.
bool is_killed_at(std::size_t step, const Folder& folder, Told& told, unsigned first) {
    const pid_t child = ::fork();
    if (child == 0) {
        {
            const FailingIo failing{step, 1, FailingIo::kill};
            live(folder.file(), told, first);
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSIGNALED(status)) CHECK(WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

TEST_CASE("sqlite spool sweep: killed at each step, and once more at one of those that follow") {
    void* const shared =
        ::mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(shared != MAP_FAILED);
    std::size_t kills = 0;
    // A process with sanitizers takes long to be forked.
    const char* const text = std::getenv("CLARIFY_SWEEP");
    const bool is_full = text != nullptr && std::string{text} == "full";
    const std::set<std::size_t> strides =
        is_full ? std::set<std::size_t>{7, 13} : std::set<std::size_t>{7};
    for (const std::size_t stride : strides) {
        sweep([&](std::size_t step, const Folder& folder, Told& told) {
            Told& heard = *new (shared) Told;
            const bool is_killed = is_killed_at(step, folder, heard, 0);
            kills += is_killed ? 1 : 0;
            kills += is_killed_at(step * stride % 60, folder, heard, 20) ? 1 : 0;
            told = heard;
            check_all(folder, told);
            // A copy of the log, made in case that it is needed, may be left.
            for (const std::string& name : folder.names())
                CHECK((name.find(".damaged-") == std::string::npos || name.ends_with("-wal")));
            return is_killed;
        });
    }
    CHECK(kills > 500 * strides.size());
    ::munmap(shared, sizeof(Told));
}

}  // namespace

}  // namespace sqlite_spool_sweep_test

#endif
