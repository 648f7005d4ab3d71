// SPDX-License-Identifier: BSL-1.0
// A directory for the files of one test, which goes with the object.

#ifndef CLARIFY_TESTS_SUPPORT_TEMPORARY_DIRECTORY_HPP
#define CLARIFY_TESTS_SUPPORT_TEMPORARY_DIRECTORY_HPP

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace support {

/// Made where the system keeps temporary files, readable by its owner only, and removed with
/// everything in it.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string name =
            (std::filesystem::temp_directory_path() / "clarify-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::system_error{errno, std::generic_category(), name};
        }
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const noexcept { return path_; }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

    /// Writes a file that its owner alone may read, as a careful administrator leaves a secret.
    std::filesystem::path write(std::string_view name, std::string_view content) const {
        const std::filesystem::path file = path_ / name;
        std::ofstream stream{file, std::ios::binary};
        stream.write(content.data(), static_cast<std::streamsize>(content.size()));
        stream.close();
        if (!stream) throw std::system_error{errno, std::generic_category(), file.string()};
        using std::filesystem::perms;
        std::filesystem::permissions(file, perms::owner_read | perms::owner_write);
        return file;
    }

private:
    std::filesystem::path path_;
};

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_TEMPORARY_DIRECTORY_HPP
