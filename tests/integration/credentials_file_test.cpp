// SPDX-License-Identifier: BSL-1.0
// Credentials files as administrators leave them: open to all, closed to us, changed meanwhile.

#include <clarify/core/detail/file.hpp>
#include <clarify/credentials.hpp>

#include "../support/canary.hpp"
#include "../support/temporary_directory.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace credentials_file_test {

namespace {

namespace fs = std::filesystem;
using clarify::Credentials;
using clarify::Errc;
using clarify::Reason;
using support::TemporaryDirectory;
using SharedFile = Credentials::SharedFile;

/// A document whose members all name the same version; `padding` makes it long.
std::string document(std::string_view version, std::size_t padding = 0) {
    const std::string v{version};
    return R"({"apiUrl":"https://)" + v + R"(.example/","integration":")" + v + R"(","x":")" +
        std::string(padding, 'x') + R"(","credentials":{"type":"basic-auth","clientId":")" + v +
        R"(","clientSecret":"canary-secret"}})";
}

void check_refused(const clarify::Result<Credentials>& read, const fs::path& path) {
    REQUIRE(read.has_error());
    CHECK(read.error().code() == Errc::bad_config);
    CHECK(read.error().reason() == Reason::file);
    CHECK(read.error().message().starts_with(path.string() + ": "));
    CHECK(support::find_canary(read.error().to_string()) == "");
}

/// The exit code of a child process that may do only what everybody may.
int run_as_nobody(const std::function<int()>& job) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        constexpr uid_t nobody = 65'534;
        if (::geteuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) ::_exit(99);
        ::_exit(job());
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("credentials file: one without permission is refused") {
    const TemporaryDirectory folder;
    fs::permissions(folder.path(), fs::perms::all);
    const fs::path path = folder.write("credentials.json", document("a"));
    fs::permissions(path, fs::perms::none);
    const int code = run_as_nobody([&] {
        const auto read = Credentials::from_file(path);
        if (!read.has_error()) return 1;
        if (read.error().code() != Errc::bad_config) return 2;
        if (read.error().reason() != Reason::file) return 3;
        if (read.error().cause() != std::errc::permission_denied) return 4;
        return read.error().message().starts_with(path.string()) ? 0 : 5;
    });
    CHECK(code == 0);
    // A folder that may not be entered, too.
    fs::permissions(folder.path(), fs::perms::none);
    CHECK(run_as_nobody([&] {
              return Credentials::from_file(path).error().cause() == std::errc::permission_denied
                  ? 0
                  : 1;
          }) == 0);
    fs::permissions(folder.path(), fs::perms::owner_all);
}

TEST_CASE("credentials file: what is no small regular file is refused at once, with its path") {
    const TemporaryDirectory folder;
    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    fs::create_symlink(folder / "fifo", folder / "link-to-fifo");
    fs::create_symlink("/dev/zero", folder / "link-to-zero");
    fs::create_symlink(folder / "b", folder / "a");
    fs::create_symlink(folder / "a", folder / "b");
    folder.write("empty", "");
    folder.write("large", document("a", 65 << 10U));
    for (const fs::path& path :
         {folder / "missing",
          folder.path(),
          folder / "fifo",
          folder / "link-to-fifo",
          folder / "link-to-zero",
          folder / "a",
          folder / "empty",
          folder / "large",
          folder / "large/below",
          folder / std::string(300, 'n'),
          fs::path{"/dev/zero"},
          fs::path{"/dev/null"},
          fs::path{"/dev/tty"}}) {
        CAPTURE(path.string());
        const auto begun = std::chrono::steady_clock::now();
        check_refused(Credentials::from_file(path), path);
        CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds{100});
    }
}

TEST_CASE("credentials file: one that others may read or write is warned of, or refused") {
    const TemporaryDirectory folder;
    const fs::path path = folder.write("credentials.json", document("a"));
    struct Row {
        unsigned mode;
        bool shared;
    };
    for (const Row& row :
         {Row{0400, false},
          Row{0600, false},
          Row{0700, false},
          Row{0711, false},
          Row{0640, true},
          Row{0604, true},
          Row{0620, true},
          Row{0602, true},
          Row{0644, true},
          Row{0666, true}}) {
        CAPTURE(row.mode);
        fs::permissions(path, static_cast<fs::perms>(row.mode));
        const auto read = Credentials::from_file(path);
        REQUIRE(read.has_value());
        CHECK(read->warnings().size() == (row.shared ? 1 : 0));
        for (const std::string& warning : read->warnings()) {
            CHECK(warning.starts_with(path.string() + ": "));
            CHECK(support::find_canary(warning) == "");
        }
        const auto strict = Credentials::from_file(path, SharedFile::refuse);
        CHECK(strict.has_value() == !row.shared);
        if (row.shared) check_refused(strict, path);
    }
    // It is the file that counts, not the link to it.
    fs::permissions(path, fs::perms::owner_read);
    fs::create_symlink(path, folder / "link");
    CHECK(Credentials::from_file(folder / "link", SharedFile::refuse).has_value());
    CHECK(Credentials::from_string(document("a"))->warnings().empty());
    // Moved to another address, they are still from that file.
    fs::permissions(path, static_cast<fs::perms>(0644));
    CHECK(Credentials::from_file(path)->with_api_url("https://b.example")->warnings().size() == 1);
}

TEST_CASE("credentials file: one that is replaced meanwhile is the old or the new, never a mix") {
    const TemporaryDirectory folder;
    const fs::path path = folder.write("credentials.json", document("old", 60'000));
    std::atomic<bool> stop{false};
    std::thread writer{[&] {
        for (unsigned turn = 0; !stop; ++turn) {
            const fs::path next =
                folder.write("next", document(turn % 2 != 0 ? "old" : "new", 60'000));
            fs::rename(next, path);
        }
    }};
    int seen[2] = {};
    for (int i = 0; i < 1'000 || seen[0] == 0 || seen[1] == 0; ++i) {
        const auto read = Credentials::from_file(path);
        if (!read) {
            MESSAGE(read.error());
            ++seen[0];
            ++seen[1];
            CHECK(read.has_value());
            break;
        }
        const bool is_new = read->integration() == "new";
        const std::string version = is_new ? "new" : "old";
        const bool whole = read->client_id() == version && read->integration() == version &&
            read->api_url().host() == version + ".example";
        if (!whole) CHECK(whole);
        ++seen[is_new ? 1 : 0];
    }
    stop = true;
    writer.join();
    CHECK(seen[0] > 0);
    CHECK(seen[1] > 0);
}

TEST_CASE("credentials file: one that is written to while it is read is read again") {
    // Which two looks at a file show that it was written to between them.
    const TemporaryDirectory folder;
    const fs::path path = folder.write("credentials.json", document("a"));
    const auto look = [&] {
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        return status;
    };
    const struct stat before = look();
    CHECK_FALSE(clarify::detail::has_changed(before, look()));
    fs::last_write_time(path, fs::last_write_time(path) + std::chrono::nanoseconds{1'000});
    CHECK(clarify::detail::has_changed(before, look()));
    const struct stat touched = look();
    fs::resize_file(path, 10);
    fs::last_write_time(path, fs::file_time_type{} + std::chrono::seconds{1});
    struct stat shorter = look();
    shorter.st_mtim = touched.st_mtim;
    CHECK(clarify::detail::has_changed(touched, shorter));
}

}  // namespace credentials_file_test
