// SPDX-License-Identifier: BSL-1.0
// When files are looked at and read again, and what a change of them means.

#include <clarify/core/detail/file_stamp.hpp>
#include <clarify/core/detail/followed_files.hpp>

#include <doctest/doctest.h>
#include <support/temporary_directory.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace followed_files_test {

using namespace std::chrono_literals;
using clarify::TimePoint;
using clarify::detail::FileMark;
using clarify::detail::FileStamp;
using clarify::detail::FileTime;
using clarify::detail::FollowedFiles;
using clarify::detail::mark_of;
using clarify::detail::stamp_of;
using Step = clarify::detail::FollowedFiles::Step;

namespace {

constexpr FileTime noon{1'700'000'000s};

/// Of a file that was last written at `written`.
FileStamp stamp(std::uint64_t number, FileTime written) {
    FileStamp made;
    made.there = true;
    made.number = number;
    made.modified = made.changed = written;
    return made;
}
FileMark mark(std::uint64_t hash) { return {true, 1, hash, hash}; }

/// With a content that was read at noon, written long before.
FollowedFiles settled(TimePoint now) {
    FollowedFiles files;
    files.look_begins(now);
    files.read_ends({stamp(1, noon - 1h)}, noon);
    files.used({mark(1)});
    return files;
}

void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream{path, std::ios::trunc} << text;
}

}  // namespace

TEST_CASE("FollowedFiles: they are looked at once a second, one look at a time") {
    const TimePoint now{1h};
    FollowedFiles files;
    CHECK(files.before_use(now) == Step::look);
    files.look_begins(now);
    CHECK(files.before_use(now + 1h) == Step::keep);
    files.read_ends({stamp(1, noon - 1h)}, noon);
    // Nothing is in force yet, so there is nothing to rest on.
    CHECK(files.before_use(now) == Step::look);
    files.used({mark(1)});
    CHECK(files.before_use(now) == Step::keep);
    CHECK(files.before_use(now + 999ms) == Step::keep);
    CHECK(files.before_use(now + 1s) == Step::look);
    CHECK(FollowedFiles{true}.before_use(now) == Step::look);
}

TEST_CASE("FollowedFiles: another stamp is a reason to read, and only content is a change") {
    FollowedFiles files = settled(TimePoint{});
    CHECK(files.looked({stamp(1, noon - 1h)}) == Step::keep);
    CHECK(files.looked({stamp(1, noon)}) == Step::read);
    CHECK(files.looked({stamp(2, noon - 1h)}) == Step::read);
    CHECK(files.looked({FileStamp{}}) == Step::read);
    CHECK_FALSE(files.is_new({mark(1)}));
    CHECK(files.is_new({mark(2)}));
    CHECK(files.changed({mark(1)}).empty());
    CHECK((files.changed({mark(2)}) == std::vector<std::size_t>{0}));
}

TEST_CASE("FollowedFiles: a file that was just written is read again, whatever its stamp") {
    for (const auto& [written, step] :
         {std::pair{noon - 10s, Step::keep},
          std::pair{noon - 2s, Step::read},
          std::pair{noon, Step::read},
          // A clock that is wrong, or was.
          std::pair{noon + 1h, Step::read}}) {
        FollowedFiles files;
        files.look_begins(TimePoint{});
        files.read_ends({stamp(1, written)}, noon);
        files.used({mark(1)});
        CHECK(files.looked({stamp(1, written)}) == step);
    }
}

TEST_CASE("FollowedFiles: what cannot be used is told once, and tried again when it changes") {
    FollowedFiles files = settled(TimePoint{});
    CHECK(files.refused({mark(2)}, true));
    CHECK_FALSE(files.is_new({mark(2)}));
    CHECK(files.is_new({mark(3)}));
    CHECK_FALSE(files.refused({mark(3)}, true));
    // The content before is still in force.
    CHECK_FALSE(files.is_new({mark(1)}));
    CHECK(files.is_in_force({mark(1)}));
    // A shortage says nothing about the content.
    CHECK_FALSE(files.refused({mark(4)}, false));
    CHECK(files.is_new({mark(4)}));
    files.used({mark(4)});
    CHECK(files.refused({mark(5)}, true));
}

TEST_CASE("FollowedFiles: what is distrusted is made anew from the same content") {
    FollowedFiles files = settled(TimePoint{});
    files.distrust();
    CHECK(files.before_use(TimePoint{} + 10ms) == Step::keep);
    CHECK(files.looked({stamp(1, noon - 1h)}) == Step::read);
    CHECK(files.is_new({mark(1)}));
    CHECK(files.changed({mark(1)}).empty());
}

TEST_CASE("file stamps and marks: what each shows of a file") {
    const support::TemporaryDirectory folder;
    const std::filesystem::path path = folder.path() / "file";
    CHECK_FALSE(stamp_of(path).there);
    CHECK_FALSE(mark_of(path, 100).readable);
    write(path, "one");
    const FileStamp first = stamp_of(path);
    const FileMark one = mark_of(path, 100);
    CHECK(first.there);
    CHECK(first.size == 3);
    CHECK(one.readable);
    CHECK((one == mark_of(path, 3)));
    CHECK_FALSE(mark_of(path, 2).readable);
    // Replaced by another file of the same size, and of the same times.
    const std::filesystem::path next = folder.path() / "next";
    write(next, "two");
    std::filesystem::last_write_time(next, std::filesystem::last_write_time(path));
    std::filesystem::rename(next, path);
    CHECK_FALSE((first == stamp_of(path)));
    CHECK_FALSE((one == mark_of(path, 100)));
    write(path, "one");
    CHECK((one == mark_of(path, 100)));
    // A folder and a pipe are none that could be read.
    CHECK_FALSE(mark_of(folder.path(), 100).readable);
    CHECK_FALSE(mark_of("/dev/zero", 100).readable);
    CHECK(mark_of("/dev/null", 100).readable == false);
}

}  // namespace followed_files_test
