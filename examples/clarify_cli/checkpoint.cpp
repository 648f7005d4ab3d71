// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/file.hpp>

#include "checkpoint.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace clarify_cli {
namespace {

/// The form of the file; another one is not understood.
constexpr int format = 1;
/// Far more than that takes.
constexpr std::size_t longest = 1024;

/// FNV-1a.
std::uint64_t hash(std::string_view text, std::uint64_t so_far) {
    for (const char c : text)
        so_far = (so_far ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    return so_far;
}

}  // namespace

Checkpoint::Checkpoint(const std::string& file, int descriptor, std::string import)
    : path_(file.empty() ? file : file + ".progress"),
      descriptor_(descriptor),
      import_(std::move(import)) {}

std::optional<std::uint64_t> Checkpoint::fingerprint(std::uint64_t offset) const {
    // Times differ from file to file: so much of it tells one from another.
    std::array<char, 4096> before{};
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(offset, before.size()));
    const auto start = static_cast<off_t>(offset - size);
    if (::pread(descriptor_, before.data(), size, start) != static_cast<ssize_t>(size)) return {};
    return hash({before.data(), size}, hash(import_, 0xCBF29CE484222325U));
}

clarify::Result<std::optional<ImportState>> Checkpoint::load() const {
    using Outcome = clarify::Result<std::optional<ImportState>>;
    if (path_.empty()) return Outcome{std::nullopt};
    const auto file = clarify::detail::read_small_file(path_, longest);
    if (!file) {
        const boost::system::error_code cause = file.error().cause();
        namespace errc = boost::system::errc;
        if (cause == errc::no_such_file_or_directory || cause == errc::filename_too_long)
            return Outcome{std::nullopt};
        clarify::Error error{
            clarify::Errc::bad_argument,
            clarify::Reason::file,
            std::string{file.error().message()}};
        error.set_cause(cause);
        return error;
    }
    std::istringstream in{file->content};
    int version = 0;
    ImportState state;
    std::uint64_t stored = 0;
    in >> version >> state.offset >> state.lines >> state.inserted >> state.rejected >> stored;
    if (!in || version != format || fingerprint(state.offset) != stored)
        return Outcome{std::nullopt};
    return Outcome{state};
}

bool Checkpoint::store(const ImportState& state) {
    if (path_.empty() || failed_) return true;
    std::error_code error;
    const auto stored = fingerprint(state.offset);
    if (stored) {
        // Replaced as a whole: half of it would be worse than none.
        const std::string fresh = path_ + ".new";
        // To open a pipe would wait for its reader.
        std::error_code none;
        const auto there = std::filesystem::status(fresh, none);
        if (exists(there) && !is_regular_file(there)) {
            failed_ = true;
            return false;
        }
        std::ofstream out{fresh, std::ios::trunc};
        out << format << ' ' << state.offset << ' ' << state.lines << ' ' << state.inserted << ' '
            << state.rejected << ' ' << *stored << '\n';
        out.close();
        if (!out) error = std::make_error_code(std::errc::io_error);
        if (!error) std::filesystem::rename(fresh, path_, error);
    }
    failed_ = error || !stored;
    return !failed_;
}

void Checkpoint::remove() const {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

}  // namespace clarify_cli
