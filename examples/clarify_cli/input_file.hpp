// SPDX-License-Identifier: BSL-1.0
// The file that samples come from, and whether it is still the one that has the name.

#ifndef CLARIFY_CLI_INPUT_FILE_HPP
#define CLARIFY_CLI_INPUT_FILE_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace clarify_cli {

/// The file, open for reading, or standard input, which is called `-`.
class InputFile {
public:
    /// @param follows A pipe that is opened by its name is not over when one that writes to it ends.
    explicit InputFile(const std::string& name, bool follows = false) {
        struct stat named {};
        const bool stays_open =
            follows && ::stat(name.c_str(), &named) == 0 && S_ISFIFO(named.st_mode);
        // What is open for writing as well has no end, nor does opening it wait for others.
        const int how = (stays_open ? O_RDWR : O_RDONLY) | O_CLOEXEC;
        descriptor_ = name == "-" ? STDIN_FILENO : ::open(name.c_str(), how);
        if (descriptor_ < 0) {
            error_ = errno;
        } else if (::fstat(descriptor_, &status_) == 0 && S_ISDIR(status_.st_mode)) {
            error_ = EISDIR;
        }
    }
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;
    ~InputFile() {
        if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
    }

    /// The system's number of why it cannot be read; 0 where it can.
    int error() const { return error_; }
    std::string problem() const { return std::strerror(error_); }
    int descriptor() const { return descriptor_; }
    bool is_regular() const { return S_ISREG(status_.st_mode); }
    /// 0 for what has no size.
    std::uint64_t size() const {
        return is_regular() ? static_cast<std::uint64_t>(status_.st_size) : 0;
    }

private:
    int descriptor_ = -1;
    int error_ = 0;
    struct stat status_ {};
};

/// How a file is by now that was read up to its end.
enum class FileTurn {
    /// It may grow, or it did.
    same,
    /// It is shorter than what was read: it begins anew.
    truncated,
    /// The name leads to another file.
    replaced,
};

/** @param open The file that is read.
    @param named What has its name; unset where nothing has, which is not the end of the file.
    @param received How many bytes were read.
    @param has_text Are the last of them still where they were? Not where it was cut and has grown since.
*/
inline FileTurn turn_of(
    const struct stat& open,
    const std::optional<struct stat>& named,
    std::uint64_t received,
    bool has_text) {
    const auto size = static_cast<std::uint64_t>(open.st_size);
    // Also where it was moved away: what was cut off will not come.
    if (size < received || !has_text) return FileTurn::truncated;
    if (size > received) return FileTurn::same;
    const bool is_other = named && (named->st_ino != open.st_ino || named->st_dev != open.st_dev);
    return is_other ? FileTurn::replaced : FileTurn::same;
}

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_INPUT_FILE_HPP
