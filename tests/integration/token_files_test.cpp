// SPDX-License-Identifier: BSL-1.0
// Many processes on one folder of tokens, some of which are killed.

#include <clarify/auth/detail/token_files.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <support/temporary_directory.hpp>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace token_files_test {

namespace {

using namespace clarify;
using namespace std::chrono_literals;
using clarify::detail::TokenFiles;
using support::TemporaryDirectory;

TokenKey key() {
    TokenKey key;
    key.token_url = "https://api.example/v1/oauth/token";
    key.client_id = "id";
    return key;
}
/// Long, and the same character all over, so that half of another one would be seen.
StoredToken token_of(char letter) {
    StoredToken token;
    token.token = Secret{std::string(4'000, letter)};
    token.issued = std::chrono::system_clock::now();
    token.lifetime = 1h;
    return token;
}
bool is_whole(const StoredToken& token) {
    const std::string_view text = token.token.expose();
    return text.size() == 4'000 && text.find_first_not_of(text.front()) == std::string_view::npos;
}

/// Runs `body` in a process of its own, whose exit code is what it returns.
pid_t start(const std::function<int()>& body) {
    const pid_t process = ::fork();
    if (process == 0) ::_exit(body());
    return process;
}
/// The exit code; -1 for one that was killed.
int end_of(pid_t process) {
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A client as far as the store is concerned. Returns how often it fetched, or 99.
int get_token(const TokenFiles& files) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < until) {
        const auto found = files.read(key());
        if (!found) return 99;
        if (*found) return is_whole(**found) ? 0 : 99;
        const Result<TokenLease> lease = files.try_lock(key());
        if (!lease) return 99;
        if (!*lease) {
            std::this_thread::sleep_for(5ms);
            continue;
        }
        const auto again = files.read(key());
        if (again && *again) continue;
        std::this_thread::sleep_for(20ms);
        return files.write(key(), token_of('a')) ? 1 : 99;
    }
    return 99;
}

}  // namespace

TEST_CASE("FileTokenStore: of many processes that start at once one fetches") {
    const TemporaryDirectory folder;
    const TokenFiles files{folder / "tokens"};
    std::vector<pid_t> processes;
    for (int i = 0; i != 200; ++i)
        processes.push_back(start([&] { return get_token(files); }));
    int fetches = 0;
    for (const pid_t process : processes)
        fetches += end_of(process);
    CHECK(fetches == 1);
}

TEST_CASE("FileTokenStore: a reader finds a whole token, however many writers are killed") {
    const TemporaryDirectory folder;
    const TokenFiles files{folder.path()};
    REQUIRE(files.write(key(), token_of('a')));
    const pid_t reader = start([&] {
        for (int i = 0; i != 3'000; ++i) {
            const auto found = files.read(key());
            if (!found || !*found || !is_whole(**found)) return 1;
        }
        return 0;
    });
    std::mt19937 random{1};
    for (int i = 0; i != 100; ++i) {
        const pid_t writer = start([&]() -> int {
            for (char letter = 'a';; letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1)) {
                const Result<TokenLease> lease = files.try_lock(key());
                if (lease && *lease) static_cast<void>(files.write(key(), token_of(letter)));
            }
        });
        std::this_thread::sleep_for(std::chrono::microseconds{random() % 8'000});
        ::kill(writer, SIGKILL);
        CHECK(end_of(writer) == -1);
        // Its lock is gone with it.
        const Result<TokenLease> lease = files.try_lock(key());
        REQUIRE((lease && *lease));
    }
    CHECK(end_of(reader) == 0);
    const Result<TokenLease> lease = files.try_lock(key());
    REQUIRE((lease && *lease));
    REQUIRE(files.write(key(), token_of('x')));
    // The token, its lock, and nothing that anybody has left.
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{folder.path()}) {
        static_cast<void>(entry);
        ++count;
    }
    CHECK(count == 2);
}

TEST_CASE("FileTokenStore: a full disk leaves the old token") {
    const TemporaryDirectory folder;
    const TokenFiles files{folder.path()};
    REQUIRE(files.write(key(), token_of('a')));
    const pid_t process = start([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{1'000, 1'000};
        if (::setrlimit(RLIMIT_FSIZE, &small) != 0) return 2;
        const Result<void> written = files.write(key(), token_of('b'));
        if (written || written.error().reason() != Reason::file) return 3;
        const auto found = files.read(key());
        return found && *found && (*found)->token.expose().front() == 'a' ? 0 : 4;
    });
    CHECK(end_of(process) == 0);
}

}  // namespace token_files_test
