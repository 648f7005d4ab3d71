// SPDX-License-Identifier: BSL-1.0
// Replaces a file as a whole by one that its owner alone may read, and writes through no link.

#ifndef CLARIFY_CORE_DETAIL_PRIVATE_FILE_HPP
#define CLARIFY_CORE_DETAIL_PRIVATE_FILE_HPP

#include <clarify/core/detail/random.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#else
#include <fstream>
#endif

namespace clarify::detail {

/// Eight letters that nobody can have foreseen.
inline std::string unforeseen_suffix() {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz012345";
    std::string out;
    std::uint64_t number = unforeseeable_number();
    for (int i = 0; i != 8; ++i, number /= letters.size())
        out += letters[number % letters.size()];
    return out;
}

/// Is there something at `path` that a file should not take the place of: a folder, a device, a
/// pipe, or a link to where the system shows its own? Another link is replaced, and its target left.
inline bool is_no_place_for_a_file(const std::filesystem::path& path) {
    std::error_code none;
    const std::filesystem::file_status there = std::filesystem::status(path, none);
    if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there)) return true;
    const std::string target = std::filesystem::read_symlink(path, none).string();
    return target.starts_with("/proc/") || target.starts_with("/dev/");
}

#if defined(__unix__) || defined(__APPLE__)

inline bool write_all(int descriptor, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// Makes a new file beside `path`, open for writing, and says its name; -1 where it cannot.
inline int make_beside(const std::filesystem::path& path, std::string& name) {
    for (int attempt = 0; attempt != 16; ++attempt) {
        name = path.string() + '.' + unforeseen_suffix();
        const int made = ::open(
            name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (made >= 0 || errno != EEXIST) return made;
    }
    return -1;
}

/** Replaces the file at `path`, all or nothing, by a new one with mode 0600 that holds `text`.

    Who may write to the folder can neither lead it elsewhere by a link nor open the file before it is
    narrowed, and whoever reads at the same time reads the old one or the new one. A link at `path` is
    replaced itself. Nothing waits for a pipe.

    @return What the system says where it fails; then nothing is left beside `path`.
*/
inline std::error_code write_private_file(
    const std::filesystem::path& path, std::string_view text) {
    if (is_no_place_for_a_file(path)) return std::make_error_code(std::errc::file_exists);
    std::string name;
    const int made = make_beside(path, name);
    if (made < 0) return {errno, std::generic_category()};
    int failure = write_all(made, text) ? 0 : errno;
    if (::close(made) != 0 && failure == 0) failure = errno;
    if (failure == 0 && ::rename(name.c_str(), path.c_str()) != 0) failure = errno;
    if (failure == 0) return {};
    ::unlink(name.c_str());
    return {failure, std::generic_category()};
}

#else

/// As far as the standard library goes.
inline std::error_code write_private_file(
    const std::filesystem::path& path, std::string_view text) {
    using std::filesystem::perms;
    if (is_no_place_for_a_file(path)) return std::make_error_code(std::errc::file_exists);
    const std::filesystem::path name = path.string() + '.' + unforeseen_suffix();
    std::error_code error;
    std::ofstream file{name, std::ios::binary | std::ios::trunc};
    if (file) std::filesystem::permissions(name, perms::owner_read | perms::owner_write, error);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (!file) error = std::make_error_code(std::errc::io_error);
    if (!error) std::filesystem::rename(name, path, error);
    std::error_code ignored;
    if (error) std::filesystem::remove(name, ignored);
    return error;
}

#endif

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_PRIVATE_FILE_HPP
