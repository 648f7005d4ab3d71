// SPDX-License-Identifier: BSL-1.0
// A folder of files that the processes of one user share, and nobody else may read. Blocks.

#ifndef CLARIFY_CORE_DETAIL_PRIVATE_FOLDER_HPP
#define CLARIFY_CORE_DETAIL_PRIVATE_FOLDER_HPP

#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/result.hpp>

#include <boost/system/error_code.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace clarify::detail {

/// A descriptor that is closed in time.
class OpenFile {
public:
    explicit OpenFile(int descriptor) noexcept : descriptor_(descriptor) {}
    OpenFile(OpenFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() { close(); }

    explicit operator bool() const noexcept { return descriptor_ >= 0; }
    int get() const noexcept { return descriptor_; }
    int close() noexcept { return descriptor_ >= 0 ? ::close(std::exchange(descriptor_, -1)) : 0; }
    /// Locks it if nobody has; the lock ends with the descriptor, also where the process is killed. Else
    /// `errno` says why not: `EWOULDBLOCK` where somebody has.
    bool try_lock() const noexcept {
        int outcome = 0;
        do {
            outcome = ::flock(descriptor_, LOCK_EX | LOCK_NB);
        } while (outcome != 0 && errno == EINTR);
        return outcome == 0;
    }
    /// Reads from the beginning until it ends or `size` bytes are there, and says how many; -1 with
    /// `errno` where that fails.
    std::ptrdiff_t read(char* data, std::size_t size) const noexcept {
        std::size_t done = 0;
        while (done != size) {
            const ssize_t got =
                ::pread(descriptor_, data + done, size - done, static_cast<off_t>(done));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return -1;
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        return static_cast<std::ptrdiff_t>(done);
    }

private:
    int descriptor_;
};

/// What a file is about in one line, whatever the parts hold.
inline std::string key_line(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const std::string_view part : parts) {
        append_form_value(out, part);
        out += '&';
    }
    return out;
}

/// A file's name for such a line; two lines may have the same, though hardly ever.
inline std::string key_name(std::string_view prefix, std::string_view line) {
    // FNV-1a.
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : line)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), hash, 16);
    return std::string{prefix} + std::string{digits.data(), end.ptr};
}

/** The folder.

    @par Thread safety
    Safe.
*/
class PrivateFolder {
public:
    explicit PrivateFolder(std::filesystem::path path) : path_(std::move(path)) {}

    const std::filesystem::path& path() const noexcept { return path_; }
    std::string file(std::string_view name) const { return (path_ / name).string(); }

    /// Makes the folder, of mode 0700, unless it is there.
    Result<void> make() const {
        std::error_code failure;
        if (std::filesystem::is_directory(path_, failure)) return {};
        std::filesystem::create_directories(path_.parent_path(), failure);
        if (::mkdir(path_.c_str(), S_IRWXU) == 0 || errno == EEXIST) return {};
        return failed(path_.string(), "cannot be made");
    }
    /// Opens a file to be locked, or changed where it is; makes it, and the folder, if need be.
    Result<OpenFile> open(std::string_view name) const {
        if (const Result<void> made = make(); !made) return made.error();
        const std::string at = file(name);
        OpenFile out{::open(at.c_str(), O_RDWR | O_CREAT | flags, S_IRUSR | S_IWUSR)};
        if (!out) return failed(at, "cannot be opened");
        if (is_own(out.get())) return out;
        errno = 0;
        return failed(at, "belongs to somebody else, or is not a file");
    }

    /// Never through a link, and nothing waits for a pipe.
    static constexpr int flags = O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK;

    /// With what the system says in `errno`.
    static Error failed(const std::string& at, const char* why) {
        const int system = errno;
        Error error{Errc::bad_config, Reason::file, at + ": " + why};
        if (system != 0) error.set_cause({system, boost::system::system_category()});
        return error;
    }
    static bool is_own(int descriptor) noexcept {
        struct stat there {};
        return ::fstat(descriptor, &there) == 0 && S_ISREG(there.st_mode) &&
            there.st_uid == ::geteuid();
    }
    /// A file of this user, that no other can read, by one name alone, and not larger than `most`.
    static bool is_private(int descriptor, std::size_t most) noexcept {
        struct stat there {};
        return is_own(descriptor) && ::fstat(descriptor, &there) == 0 && there.st_nlink == 1 &&
            (there.st_mode & (S_IRWXG | S_IRWXO)) == 0 &&
            static_cast<std::uint64_t>(there.st_size) <= most;
    }

private:
    std::filesystem::path path_;
};

/// The folder for what can be had again, by the XDG base directories; empty where there is no home.
inline std::filesystem::path default_cache_folder() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): read only
    const char* const cache = std::getenv("XDG_CACHE_HOME");
    // The specification has relative paths ignored.
    if (cache != nullptr && cache[0] == '/') return std::filesystem::path{cache} / "clarify";
    // NOLINTNEXTLINE(concurrency-mt-unsafe): read only
    const char* const home = std::getenv("HOME");
    if (home == nullptr || home[0] != '/') return {};
    return std::filesystem::path{home} / ".cache" / "clarify";
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_PRIVATE_FOLDER_HPP
