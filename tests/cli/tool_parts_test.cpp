// SPDX-License-Identifier: BSL-1.0
// Parts of the command-line tool by themselves.

#include "../../examples/clarify_cli/input_file.hpp"

#include <doctest/doctest.h>

#include <optional>

namespace {

struct stat file_of(ino_t number, off_t size) {
    struct stat status {};
    status.st_dev = 1;
    status.st_ino = number;
    status.st_size = size;
    return status;
}

}  // namespace

TEST_CASE("tool: what a followed file has become, once it was read to its end") {
    using clarify_cli::FileTurn;
    using clarify_cli::turn_of;
    const auto open = file_of(7, 100);
    const std::optional<struct stat> same = open;
    const std::optional<struct stat> other = file_of(8, 10);
    CHECK(turn_of(open, same, 100, true) == FileTurn::same);
    CHECK(turn_of(open, same, 99, true) == FileTurn::same);
    CHECK(turn_of(open, same, 101, true) == FileTurn::truncated);
    CHECK(turn_of(open, other, 100, true) == FileTurn::replaced);
    // It was cut, and is as long again already, or longer.
    CHECK(turn_of(open, same, 100, false) == FileTurn::truncated);
    CHECK(turn_of(open, same, 60, false) == FileTurn::truncated);
    // What was added after its name went elsewhere is read first.
    CHECK(turn_of(open, other, 99, true) == FileTurn::same);
    CHECK(turn_of(open, other, 101, true) == FileTurn::truncated);
    // A name that leads nowhere may come back.
    CHECK(turn_of(open, std::nullopt, 100, true) == FileTurn::same);
    CHECK(turn_of(open, std::nullopt, 101, true) == FileTurn::truncated);
    auto elsewhere = open;
    elsewhere.st_dev = 2;
    CHECK(turn_of(open, elsewhere, 100, true) == FileTurn::replaced);
}
