// SPDX-License-Identifier: BSL-1.0
// Looks at files: what they show from outside, and a mark of what they hold.

#ifndef CLARIFY_CORE_DETAIL_FILE_STAMP_HPP
#define CLARIFY_CORE_DETAIL_FILE_STAMP_HPP

#include <clarify/core/detail/file.hpp>
#include <clarify/core/detail/followed_files.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace clarify::detail {

#if defined(__unix__) || defined(__APPLE__)

/// Times of centuries that cannot be counted in nanoseconds are the last, or the first, of those that
/// can.
inline FileTime file_time(const timespec& time) noexcept {
    constexpr std::int64_t most = 9'000'000'000;
    const auto seconds = std::clamp<std::int64_t>(time.tv_sec, -most, most);
    return FileTime{std::chrono::seconds{seconds} + std::chrono::nanoseconds{time.tv_nsec}};
}

#endif

/// What a file shows without being opened; of a link, what that leads to.
inline FileStamp stamp_of(const std::filesystem::path& path) noexcept {
    FileStamp stamp;
#if defined(__unix__) || defined(__APPLE__)
    struct stat shown {};
    if (::stat(path.c_str(), &shown) != 0) return stamp;
    stamp.there = true;
    stamp.device = shown.st_dev;
    stamp.number = shown.st_ino;
    stamp.size = static_cast<std::uint64_t>(shown.st_size);
#if defined(__APPLE__)
    stamp.modified = file_time(shown.st_mtimespec);
    stamp.changed = file_time(shown.st_ctimespec);
#else
    stamp.modified = file_time(shown.st_mtim);
    stamp.changed = file_time(shown.st_ctim);
#endif
#else
    std::error_code ec;
    const auto size = std::filesystem::file_size(path, ec);
    if (ec) return stamp;
    const auto written = std::filesystem::last_write_time(path, ec);
    if (ec) return stamp;
    stamp.there = true;
    stamp.size = static_cast<std::uint64_t>(size);
    stamp.modified =
        FileTime{std::chrono::duration_cast<std::chrono::nanoseconds>(written.time_since_epoch())};
#endif
    return stamp;
}

/// Two hashes (FNV-1a) side by side: together long enough that no two contents of a file in its
/// life share them. They guard against accidents, and not against whoever may write the file.
class FileHash {
public:
    void add(std::string_view bytes) noexcept {
        for (const char c : bytes) {
            const auto byte = static_cast<std::uint64_t>(static_cast<unsigned char>(c));
            mark_.hash = (mark_.hash ^ byte) * 0x100000001B3U;
            mark_.other_hash = (mark_.other_hash ^ (byte + 1)) * 0x9E3779B97F4A7C15U;
        }
        mark_.size += bytes.size();
    }
    FileMark mark() const noexcept { return mark_; }

private:
    FileMark mark_{true, 0, 0xCBF29CE484222325U, 0x84222325CBF29CE4U};
};

/// A mark of what a regular file of at most `limit` bytes holds; without a copy of it that stays.
inline FileMark mark_of(const std::filesystem::path& path, std::size_t limit) noexcept {
#if defined(__unix__) || defined(__APPLE__)
    struct stat shown {};
    if (::stat(path.c_str(), &shown) != 0 || !S_ISREG(shown.st_mode)) return {};
    const int opened = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (opened < 0) return {};
    struct Piece {
        std::array<char, 16'384> bytes;
        int descriptor;
        ~Piece() {
            Secret::wipe(bytes.data(), bytes.size());
            ::close(descriptor);
        }
    } piece{{}, opened};
    FileHash hash;
    while (::fstat(opened, &shown) == 0 && S_ISREG(shown.st_mode) && hash.mark().size <= limit) {
        const ssize_t got = ::read(opened, piece.bytes.data(), piece.bytes.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return {};
        if (got == 0) return hash.mark();
        hash.add({piece.bytes.data(), static_cast<std::size_t>(got)});
    }
    return {};
#else
    try {
        const Result<SmallFile> file = read_small_file(path, limit);
        if (!file) return {};
        FileHash hash;
        hash.add(file->content);
        return hash.mark();
    } catch (...) {
        return {};
    }
#endif
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_FILE_STAMP_HPP
