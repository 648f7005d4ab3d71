// SPDX-License-Identifier: BSL-1.0
// A folder with a spool in it, and samples to put there.

#ifndef CLARIFY_TESTS_UNIT_INGEST_SQLITE_SPOOL_SCENE_HPP
#define CLARIFY_TESTS_UNIT_INGEST_SQLITE_SPOOL_SCENE_HPP

#include <clarify/api/samples.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/ingest/sqlite_spool.hpp>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sqlite_spool_scene {

/// A folder of its own, which goes with it. In memory where that can be: what is on the disk after a
/// power cut cannot be shown here anyway.
struct Folder {
    Folder() {
        std::string root = "/dev/shm";
        if (::access(root.c_str(), W_OK) != 0) root = std::filesystem::temp_directory_path();
        std::string name = root + "/clarify-spool-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) FAIL("no folder for the test");
        path = std::filesystem::canonical(name);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }

    std::filesystem::path file() const { return path / "spool"; }
    std::set<std::string> names() const {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator{path})
            found.insert(entry.path().filename().string());
        return found;
    }
    /// How many files were set aside.
    std::size_t damaged() const {
        std::size_t count = 0;
        for (const std::string& name : names())
            count += name.find(".damaged-") != std::string::npos ? 1 : 0;
        return count;
    }

    std::filesystem::path path;
};

inline clarify::SqliteSpoolOptions terms() {
    clarify::SqliteSpoolOptions options;
    options.api_url = "https://api.example";
    options.integration = "mine";
    return options;
}

inline clarify::SqliteSpool open(
    const Folder& folder, const clarify::SqliteSpoolOptions& options = terms()) {
    return clarify::SqliteSpool::open(folder.file(), options).value();
}

inline std::chrono::system_clock::time_point at(int second) {
    return std::chrono::system_clock::time_point{std::chrono::seconds{1'796'000'000 + second}};
}

/// One sample.
inline clarify::SampleTable row(const std::string& key, std::int64_t second, double value) {
    clarify::SampleTable table;
    table[key] = {{clarify::Timestamp::from_microseconds(second * 1'000'000), value}};
    return table;
}

/// Samples that cannot be written in few bytes.
inline clarify::SampleTable noise(std::size_t count, std::uint64_t seed = 1) {
    std::mt19937_64 random{seed};
    clarify::SampleTable table;
    std::vector<clarify::Sample>& column = table["noise"];
    for (std::size_t i = 0; i != count; ++i) {
        const auto time = static_cast<std::int64_t>(1'796'000'000 + i) * 1'000'000;
        column.push_back(
            {clarify::Timestamp::from_microseconds(time),
             std::uniform_real_distribution<double>{0, 1}(random)});
    }
    return table;
}

inline std::vector<double> values(const clarify::SpoolPage& page, std::string_view key) {
    std::vector<double> found;
    const auto column = page.samples.find(key);
    if (column == page.samples.end()) return found;
    for (const clarify::Sample& sample : column->second)
        found.push_back(sample.value);
    return found;
}

inline std::string content(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

inline void set_content(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

/// What the spool takes on the disk.
inline std::uint64_t bytes_of(const Folder& folder) {
    std::uint64_t size = 0;
    for (const char* const end : {"", "-wal", "-mark", "-shm", "-journal"}) {
        struct stat there {};
        const std::string name = folder.file().string() + end;
        if (::stat(name.c_str(), &there) == 0) size += static_cast<std::uint64_t>(there.st_size);
    }
    return size;
}

inline void check_bytes(const Folder& folder, const clarify::SqliteSpool& spool) {
    CHECK(spool.state().bytes == bytes_of(folder));
}

}  // namespace sqlite_spool_scene

#endif  // CLARIFY_TESTS_UNIT_INGEST_SQLITE_SPOOL_SCENE_HPP
