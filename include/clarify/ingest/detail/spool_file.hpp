// SPDX-License-Identifier: BSL-1.0
// A file that is read and written in place, and locked by one process.

#ifndef CLARIFY_INGEST_DETAIL_SPOOL_FILE_HPP
#define CLARIFY_INGEST_DETAIL_SPOOL_FILE_HPP

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

/// An open file; nothing throws but where it takes memory.
class SpoolFile {
public:
    SpoolFile() = default;
    SpoolFile(SpoolFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    SpoolFile& operator=(SpoolFile&& other) noexcept {
        if (this != &other) {
            close();
            descriptor_ = std::exchange(other.descriptor_, -1);
        }
        return *this;
    }
    ~SpoolFile() { close(); }

    /// Where it cannot be opened, it is not open, and `errno` says why. A pipe is not waited for, and
    /// what is no regular file has an `errno` of EISDIR or EINVAL.
    static SpoolFile open(const std::string& path, int flags) noexcept {
        struct stat there {};
        SpoolFile file;
        // To open a device may already do something, so it is looked at first.
        if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
            errno = S_ISDIR(there.st_mode) ? EISDIR : EINVAL;
            return file;
        }
        constexpr int always = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
        do {
            file.descriptor_ = ::open(path.c_str(), flags | always, S_IRUSR | S_IWUSR);
        } while (file.descriptor_ < 0 && errno == EINTR);
        return file;
    }

    explicit operator bool() const noexcept { return descriptor_ >= 0; }
    void close() noexcept {
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }
    /// What a child of `fork` does, since the file and its lock are its parent's.
    void forget() noexcept { descriptor_ = -1; }

    std::uint64_t size() const noexcept {
        struct stat now {};
        return ::fstat(descriptor_, &now) == 0 ? static_cast<std::uint64_t>(now.st_size) : 0;
    }
    /// Is it what has that name now?
    bool is_at(const std::string& path) const noexcept {
        struct stat here {};
        struct stat there {};
        return ::fstat(descriptor_, &here) == 0 && ::stat(path.c_str(), &there) == 0 &&
            here.st_dev == there.st_dev && here.st_ino == there.st_ino;
    }
    /// Takes the lock, which nobody else has then, in this process or another, until this is closed. It
    /// is on the file and not on its name.
    bool lock() noexcept {
        int failed = 0;
        do {
            failed = ::flock(descriptor_, LOCK_EX | LOCK_NB);
        } while (failed != 0 && errno == EINTR);
        return failed == 0;
    }
    /// As much as there is, of what was asked for.
    bool read(std::uint64_t at, std::size_t size, std::string& out) const {
        out.resize(size);
        std::size_t got = 0;
        while (got != size) {
            const ssize_t some =
                ::pread(descriptor_, out.data() + got, size - got, static_cast<off_t>(at + got));
            if (some < 0 && errno == EINTR) continue;
            if (some <= 0) break;
            got += static_cast<std::size_t>(some);
        }
        out.resize(got);
        return got == size;
    }
    std::string read(std::uint64_t at, std::size_t size) const {
        std::string out;
        read(at, size, out);
        return out;
    }
    bool write(std::uint64_t at, std::string_view bytes) noexcept {
        while (!bytes.empty()) {
            const ssize_t some =
                ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at));
            if (some < 0 && errno == EINTR) continue;
            if (some < 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(some));
            at += static_cast<std::uint64_t>(some);
        }
        return true;
    }
    bool sync() noexcept { return ::fsync(descriptor_) == 0; }
    int descriptor() const noexcept { return descriptor_; }

private:
    int descriptor_ = -1;
};

/// Is there anything of that name?
inline bool is_there(const std::string& path) noexcept {
    struct stat there {};
    return ::stat(path.c_str(), &there) == 0;
}

/// The size of a file; 0 where there is none.
inline std::uint64_t size_of_file(const std::string& path) noexcept {
    struct stat there {};
    return ::stat(path.c_str(), &there) == 0 ? static_cast<std::uint64_t>(there.st_size) : 0;
}

/// Makes the names in the folder of a file last, where that can be.
inline void sync_folder(const std::string& path) noexcept {
    int folder = -1;
    try {
        const std::size_t slash = path.rfind('/');
        folder = ::open(
            slash == 0 ? "/" : path.substr(0, slash).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } catch (...) {  // NOLINT(bugprone-empty-catch): without memory it is as without a descriptor
    }
    if (folder < 0) return;
    ::fsync(folder);
    ::close(folder);
}

/// Copies a file that is not large. What cannot be read of it is left out.
inline bool copy_file(const std::string& from, const std::string& to) {
    const SpoolFile source = SpoolFile::open(from, O_RDONLY);
    SpoolFile target = SpoolFile::open(to, O_WRONLY | O_CREAT | O_EXCL);
    if (!source || !target) return false;
    std::string part;
    for (std::uint64_t at = 0;; at += part.size()) {
        source.read(at, std::size_t{1} << 20U, part);
        if (part.empty()) return target.sync();
        if (!target.write(at, part)) return false;
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_SPOOL_FILE_HPP
