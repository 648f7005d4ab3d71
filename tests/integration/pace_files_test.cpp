// SPDX-License-Identifier: BSL-1.0
// Many processes that share a rate limit by files, some of which are killed.

#include <clarify/pace/detail/pace_files.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <support/temporary_directory.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace pace_files_test {

namespace {

using namespace clarify;
using namespace std::chrono_literals;
using clarify::detail::PaceFiles;
using support::TemporaryDirectory;

PaceKey key(std::string integration = "us") {
    PaceKey key;
    key.api_url = "https://api.example/v1/rpc";
    key.integration = std::move(integration);
    key.method = "integration.insert";
    return key;
}
PaceTerms terms(std::uint64_t sharer, Clock::duration interval = 1h) {
    PaceTerms terms;
    terms.interval = interval;
    terms.patience = (Clock::duration::max)();
    terms.sharer = sharer;
    return terms;
}

/// Runs `body` in a process of its own, whose exit code is what it returns.
pid_t start(const std::function<int()>& body) {
    const pid_t process = ::fork();
    if (process == 0) ::_exit(body());
    return process;
}
int end_of(pid_t process) {
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::filesystem::path only_file(const std::filesystem::path& folder) {
    const std::filesystem::directory_iterator at{folder};
    return at->path();
}
std::string content(const std::filesystem::path& file) {
    std::ifstream stream{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
}
void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream{file, std::ios::binary | std::ios::trunc} << text;
}
/// In whole hours, which no time that the test takes matters to.
std::int64_t hours_of(const Result<PaceSlot>& slot) {
    if (!slot) return -1;
    return std::chrono::round<std::chrono::hours>(slot->wait).count();
}

}  // namespace

TEST_CASE(
    "FilePaceStore: processes that start at once get slots one after the other, each its own") {
    const TemporaryDirectory folder;
    const PaceFiles files{folder / "pace"};
    std::vector<pid_t> processes;
    for (std::uint64_t i = 0; i != 100; ++i) {
        processes.push_back(
            start([&, i] { return static_cast<int>(hours_of(files.reserve(key(), terms(i)))); }));
    }
    std::vector<int> slots;
    for (const pid_t process : processes)
        slots.push_back(end_of(process));
    std::sort(slots.begin(), slots.end());
    for (int i = 0; i != 100; ++i)
        CHECK(slots[static_cast<std::size_t>(i)] == i);
    const Result<PaceSlot> last = files.reserve(key(), terms(7));
    REQUIRE(last.has_value());
    CHECK(last->sharers == 100);
    // Another integration has a pace of its own.
    CHECK(hours_of(files.reserve(key("them"), terms(7))) == 0);
    struct stat there {};
    REQUIRE(::stat((folder / "pace").c_str(), &there) == 0);
    CHECK((there.st_mode & 0777U) == 0700);
    REQUIRE(::stat(only_file(folder / "pace").c_str(), &there) == 0);
    CHECK((there.st_mode & 0777U) == 0600);
}

TEST_CASE(
    "FilePaceStore: who is killed, with the lock or without, costs what it took and no more") {
    const TemporaryDirectory folder;
    const PaceFiles files{folder.path()};
    std::int64_t before = hours_of(files.reserve(key(), terms(1)));
    CHECK(before == 0);
    for (int round = 0; round != 20; ++round) {
        const pid_t process = start([&] {
            for (std::uint64_t i = 0; i != 10'000; ++i)
                static_cast<void>(files.reserve(key(), terms(2)));
            return 0;
        });
        ::usleep(static_cast<useconds_t>(round * 997));
        ::kill(process, SIGKILL);
        end_of(process);
        const std::int64_t now = hours_of(files.reserve(key(), terms(1)));
        CHECK(now > before);
        before = now;
    }
}

TEST_CASE("FilePaceStore: somebody who is stopped with the lock is an error after a second") {
    const TemporaryDirectory folder;
    const PaceFiles files{folder.path()};
    REQUIRE(files.reserve(key(), terms(1)).has_value());
    const int held = ::open(only_file(folder.path()).c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(held >= 0);
    REQUIRE(::flock(held, LOCK_EX) == 0);
    const Result<PaceSlot> refused = files.reserve(key(), terms(1));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().reason() == Reason::file);
    ::close(held);
    CHECK(hours_of(files.reserve(key(), terms(1))) == 1);
}

TEST_CASE(
    "FilePaceStore: a file of any other kind counts as nothing taken, or is an error; never "
    "worse") {
    const TemporaryDirectory folder;
    const PaceFiles files{folder.path()};
    REQUIRE(hours_of(files.reserve(key(), terms(1))) == 0);
    REQUIRE(hours_of(files.reserve(key(), terms(1))) == 1);
    const std::filesystem::path file = only_file(folder.path());
    const std::string good = content(file);
    for (std::size_t size = 0; size != good.size(); ++size) {
        write(file, good.substr(0, size));
        CHECK(hours_of(files.reserve(key(), terms(1))) == 0);
    }
    // Of another boot of the machine, whose times mean nothing now.
    std::string other = good;
    const std::size_t boot = other.find('\n', other.find('\n') + 1) + 1;
    other[boot] = other[boot] == '0' ? '1' : '0';
    write(file, other);
    CHECK(hours_of(files.reserve(key(), terms(1))) == 0);
    write(file, std::string(200'000, 'x'));
    CHECK(hours_of(files.reserve(key(), terms(1))) == 0);
    write(file, good);
    CHECK(hours_of(files.reserve(key(), terms(1))) == 2);

    std::filesystem::remove(file);
    std::filesystem::create_symlink("/etc/passwd", file);
    CHECK_FALSE(files.reserve(key(), terms(1)).has_value());
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    CHECK_FALSE(files.reserve(key(), terms(1)).has_value());
    std::filesystem::remove(file);
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK_FALSE(files.reserve(key(), terms(1)).has_value());
    std::filesystem::remove(file);
    const PaceFiles nowhere{folder.write("file", "") / "pace"};
    CHECK_FALSE(nowhere.reserve(key(), terms(1)).has_value());
}

}  // namespace pace_files_test
