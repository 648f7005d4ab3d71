// SPDX-License-Identifier: BSL-1.0
// Reads a small regular file without blocking on what only looks like one.

#ifndef CLARIFY_CORE_DETAIL_FILE_HPP
#define CLARIFY_CORE_DETAIL_FILE_HPP

#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace clarify::detail {

inline Error file_error(const std::filesystem::path& path, const char* why, int error_number) {
    Error error{Errc::bad_config, Reason::file, path.string() + ": " + why};
    if (error_number != 0) error.set_cause({error_number, boost::system::system_category()});
    return error;
}

/// A file that cannot be opened; of one that is not there, what to look at.
inline Error unopened_error(const std::filesystem::path& path, int error_number) {
    const char* why = "cannot be opened";
    if (error_number == ENOENT) {
        why = path.is_relative()
            ? "cannot be opened: check the path, which begins in the working directory"
            : "cannot be opened: check the path";
    }
    return file_error(path, why, error_number);
}

/// What a file held at one moment.
struct SmallFile {
    SmallFile() = default;
    SmallFile(SmallFile&&) = default;
    SmallFile& operator=(SmallFile&&) = default;
    ~SmallFile() { Secret::wipe(content); }

    std::string content;
    /// May others than its owner read it, or write to it?
    bool exposed = false;
};

/// The most that is read of a file whose size is not known beforehand.
inline constexpr std::size_t largest_unseen = std::size_t{1} << 20U;

#if defined(__unix__) || defined(__APPLE__)

/// Reads from the beginning as much as there is, or as fits; -1 where that fails.
inline std::ptrdiff_t read_all(int descriptor, char* data, std::size_t room) noexcept {
    std::size_t size = 0;
    while (size != room) {
        const ssize_t got = ::pread(descriptor, data + size, room - size, static_cast<off_t>(size));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    return static_cast<std::ptrdiff_t>(size);
}

/// How much room a file needs, and a byte more, by which one that has grown is told; 0 where it is
/// larger than `limit`.
inline std::size_t room_for(const struct stat& file, std::size_t limit) noexcept {
    // What the system makes up while it is read has no size.
    if (file.st_size <= 0) return (std::min)(limit, largest_unseen) + 1;
    const auto size = static_cast<std::uintmax_t>(file.st_size);
    return size > limit ? 0 : static_cast<std::size_t>(size) + 1;
}

/// Has a file been written to between two looks at it?
inline bool has_changed(const struct stat& before, const struct stat& after) noexcept {
#if defined(__APPLE__)
    const timespec& first = before.st_mtimespec;
    const timespec& second = after.st_mtimespec;
#else
    const timespec& first = before.st_mtim;
    const timespec& second = after.st_mtim;
#endif
    return before.st_size != after.st_size || first.tv_sec != second.tv_sec ||
        first.tv_nsec != second.tv_nsec;
}

#endif

/** The content of a regular file of at most `limit` bytes.

    Directories, devices and pipes are refused. A file that is replaced meanwhile, as careful
    programs do it, is read whole, the old or the new one. One that is seen to be written to in
    place is read again; but a writer who rests half way cannot be seen.
*/
inline Result<SmallFile> read_small_file(const std::filesystem::path& path, std::size_t limit) {
    SmallFile file;
    std::size_t size = 0;
#if defined(__unix__) || defined(__APPLE__)
    struct Descriptor {
        int value;
        ~Descriptor() {
            if (value >= 0) ::close(value);
        }
    };
    struct stat before {};
    // To open a device may already do something, so it is looked at first.
    if (::stat(path.c_str(), &before) == 0 && !S_ISREG(before.st_mode))
        return file_error(path, "is not a regular file", 0);
    // Without O_NONBLOCK, opening a pipe waits for its writer.
    const Descriptor opened{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
    if (opened.value < 0) return unopened_error(path, errno);
    constexpr int patience = 100;
    for (int attempt = 0;; ++attempt) {
        if (::fstat(opened.value, &before) != 0)
            return file_error(path, "cannot be examined", errno);
        if (!S_ISREG(before.st_mode)) return file_error(path, "is not a regular file", 0);
        const std::size_t room = room_for(before, limit);
        if (room == 0) return file_error(path, "is too large", 0);
        // In one piece, which is wiped as a whole whatever happens.
        Secret::wipe(file.content);
        file.content.resize(room);
        const std::ptrdiff_t got = read_all(opened.value, file.content.data(), file.content.size());
        if (got < 0) return file_error(path, "cannot be read", errno);
        size = static_cast<std::size_t>(got);
        struct stat after {};
        if (::fstat(opened.value, &after) != 0)
            return file_error(path, "cannot be examined", errno);
        if ((!has_changed(before, after) && size != room) || size > limit) break;
        if (attempt == patience) return file_error(path, "does not stop changing", 0);
    }
    file.exposed = (before.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) != 0;
#else
    // In one piece, which is wiped as a whole whatever happens.
    file.content.resize((std::min)(limit, largest_unseen) + 1);
    std::error_code ec;
    if (!std::filesystem::is_regular_file(path, ec))
        return file_error(path, "is not a regular file", 0);
    std::FILE* const opened = std::fopen(path.string().c_str(), "rb");
    if (opened == nullptr) return unopened_error(path, errno);
    size = std::fread(file.content.data(), 1, file.content.size(), opened);
    std::fclose(opened);
#endif
    if (size > limit) return file_error(path, "is too large", 0);
    file.content.resize(size);
    return file;
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_FILE_HPP
