// SPDX-License-Identifier: BSL-1.0
// A file of lines that does not grow without bound.

#ifndef CLARIFY_GATEWAY_BOUNDED_LINES_HPP
#define CLARIFY_GATEWAY_BOUNDED_LINES_HPP

#include <clarify/core/detail/private_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace gateway {

/** Appends lines to a file. One that is full becomes FILE.1, instead of the one before, and another is
    begun.

    It is opened for each writing, so that it may be moved or removed meanwhile. Links are not followed,
    and a new file has mode 0600.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class BoundedLines {
public:
    /// @param limit How large the file may be, in bytes. A longer line has a file of its own.
    BoundedLines(std::string path, std::uint64_t limit) : path_(std::move(path)), limit_(limit) {}

    const std::string& path() const { return path_; }

    /// @param lines With the end of each. What could not be written may be there in part, but as whole
    ///     lines. Where it fails, says why.
    std::error_code append(std::string_view lines) const {
        while (!lines.empty()) {
            const File file{path_};
            struct stat there {};
            if (file.descriptor < 0 || ::fstat(file.descriptor, &there) != 0) return last_error();
            if (!S_ISREG(there.st_mode)) return std::make_error_code(std::errc::file_exists);
            const auto size = static_cast<std::uint64_t>(there.st_size);
            std::size_t part = whole_lines(lines, limit_ - std::min(limit_, size));
            if (part == 0 && size != 0) {
                if (std::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) return last_error();
                continue;
            }
            if (part == 0) part = std::min(lines.find('\n'), lines.size() - 1) + 1;
            // After a power cut the last line may be half of one.
            const std::string_view before = ends_within_line(file.descriptor, size) ? "\n" : "";
            if (!clarify::detail::write_all(file.descriptor, before) ||
                !clarify::detail::write_all(file.descriptor, lines.substr(0, part))) {
                const std::error_code failure = last_error();
                static_cast<void>(::ftruncate(file.descriptor, there.st_size));
                return failure;
            }
            lines.remove_prefix(part);
        }
        return {};
    }

private:
    struct File {
        explicit File(const std::string& path)
            : descriptor(::open(
                  path.c_str(),
                  O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
                  S_IRUSR | S_IWUSR)) {}
        File(const File&) = delete;
        File& operator=(const File&) = delete;
        ~File() {
            if (descriptor >= 0) ::close(descriptor);
        }
        const int descriptor;
    };

    static std::error_code last_error() { return {errno, std::generic_category()}; }
    /// The size of those of the first lines that fit.
    static std::size_t whole_lines(std::string_view lines, std::uint64_t room) {
        if (lines.size() <= room) return lines.size();
        return room == 0 ? 0 : lines.rfind('\n', static_cast<std::size_t>(room) - 1) + 1;
    }
    static bool ends_within_line(int descriptor, std::uint64_t size) {
        char last = '\n';
        if (size != 0 && ::pread(descriptor, &last, 1, static_cast<off_t>(size) - 1) != 1)
            return false;
        return last != '\n';
    }

    const std::string path_;
    const std::uint64_t limit_;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_BOUNDED_LINES_HPP
