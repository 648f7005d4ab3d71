// SPDX-License-Identifier: BSL-1.0
// Reads a small regular file without blocking on what only looks like one. The one file with system
// calls.

#ifndef CLARIFY_CORE_DETAIL_FILE_HPP
#define CLARIFY_CORE_DETAIL_FILE_HPP

#include <clarify/core/result.hpp>

#include <cerrno>
#include <cstddef>
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

/// The content of a regular file of at most `limit` bytes. Directories, devices and pipes are
/// refused.
inline Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t limit) {
    std::string content;
    content.resize(limit + 1);
    std::size_t size = 0;
#if defined(__unix__) || defined(__APPLE__)
    struct Descriptor {
        int value;
        ~Descriptor() {
            if (value >= 0) ::close(value);
        }
    };
    // Without O_NONBLOCK, opening a pipe waits for its writer.
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
    if (file.value < 0) return file_error(path, "cannot be opened", errno);
    struct stat status {};
    if (::fstat(file.value, &status) != 0) return file_error(path, "cannot be examined", errno);
    if (!S_ISREG(status.st_mode)) return file_error(path, "is not a regular file", 0);
    while (size != content.size()) {
        const ssize_t got = ::read(file.value, content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return file_error(path, "cannot be read", errno);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
#else
    std::error_code ec;
    if (!std::filesystem::is_regular_file(path, ec))
        return file_error(path, "is not a regular file", 0);
    std::FILE* const file = std::fopen(path.string().c_str(), "rb");
    if (file == nullptr) return file_error(path, "cannot be opened", errno);
    size = std::fread(content.data(), 1, content.size(), file);
    std::fclose(file);
#endif
    if (size > limit) return file_error(path, "is too large", 0);
    content.resize(size);
    return content;
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_FILE_HPP
