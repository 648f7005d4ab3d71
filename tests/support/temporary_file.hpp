// SPDX-License-Identifier: BSL-1.0
// A file that is gone when the test is.

#ifndef CLARIFY_TESTS_SUPPORT_TEMPORARY_FILE_HPP
#define CLARIFY_TESTS_SUPPORT_TEMPORARY_FILE_HPP

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace support {

class TemporaryFile {
public:
    explicit TemporaryFile(std::string_view content)
        : path_((std::filesystem::temp_directory_path() / "clarify-test-XXXXXX").string()) {
        const int made = ::mkstemp(path_.data());
        if (made < 0) throw std::runtime_error{"no temporary file can be made"};
        ::close(made);
        std::ofstream{path_, std::ios::binary} << content;
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::remove(path_.c_str()); }

    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_TEMPORARY_FILE_HPP
