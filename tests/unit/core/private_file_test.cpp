// SPDX-License-Identifier: BSL-1.0
// Files that hold secrets or the state of an import: nobody else reads them, and no link leads them away.

#include <clarify/core/detail/private_file.hpp>
#include <clarify/testing/emulator.hpp>

#include "../../support/temporary_directory.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace private_file_test {

namespace {

namespace fs = std::filesystem;
using clarify::detail::write_private_file;

std::string content(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{folder}, fs::directory_iterator{}));
}

fs::perms mode(const fs::path& path) { return fs::symlink_status(path).permissions(); }

constexpr fs::perms owner_only = fs::perms::owner_read | fs::perms::owner_write;

}  // namespace

TEST_CASE("write_private_file: makes and replaces a file that its owner alone may read") {
    const support::TemporaryDirectory folder;
    const mode_t before = ::umask(0);
    const fs::path path = folder / "state";
    CHECK_FALSE(write_private_file(path, "first"));
    CHECK(content(path) == "first");
    CHECK(mode(path) == owner_only);
    fs::permissions(path, fs::perms::all);
    CHECK_FALSE(write_private_file(path, ""));
    CHECK(content(path).empty());
    CHECK(mode(path) == owner_only);
    ::umask(before);
    CHECK(entries(folder.path()) == 1);
}

TEST_CASE("write_private_file: replaces a link, and leaves alone what it leads to") {
    const support::TemporaryDirectory folder;
    const fs::path victim = folder.write("victim", "precious");
    const fs::path path = folder / "state";
    fs::create_symlink(victim, path);
    CHECK_FALSE(write_private_file(path, "text"));
    CHECK(content(victim) == "precious");
    CHECK(content(path) == "text");
    CHECK_FALSE(fs::is_symlink(path));
}

TEST_CASE("write_private_file: takes the place of files only, and leaves nothing where it fails") {
    const support::TemporaryDirectory folder;
    const fs::path pipe = folder / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(write_private_file(pipe, "text") == std::errc::file_exists);
    CHECK(fs::is_fifo(pipe));
    const fs::path device = folder / "device";
    fs::create_symlink("/dev/full", device);
    CHECK(write_private_file(device, "text") == std::errc::file_exists);
    const fs::path output = folder / "output";
    fs::create_symlink("/proc/self/fd/1", output);
    CHECK(write_private_file(output, "text") == std::errc::file_exists);
    CHECK(write_private_file(folder.path(), "text") == std::errc::file_exists);
    CHECK(
        write_private_file(folder / "none/state", "text") == std::errc::no_such_file_or_directory);
    CHECK(entries(folder.path()) == 3);
}

TEST_CASE("Emulator: its files are private from their first moment, and no link leads them away") {
    const support::TemporaryDirectory folder;
    clarify::testing::EmulatorOptions options;
    options.tls = false;
    const clarify::testing::Emulator emulator{options};
    const fs::path victim = folder.write("victim", "precious");
    const fs::path path = folder / "credentials.json";
    fs::create_symlink(victim, path);
    emulator.write_credentials(path);
    CHECK(content(victim) == "precious");
    CHECK(content(path) == emulator.credentials_json());
    CHECK(mode(path) == owner_only);
    CHECK_THROWS_AS(emulator.write_credentials(folder.path()), std::system_error);
}

}  // namespace private_file_test
