// SPDX-License-Identifier: BSL-1.0
// How the progress of an import is stored, and known again.

#include <clarify/core/detail/file.hpp>
#include <clarify/core/detail/private_file.hpp>

#include "checkpoint.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

namespace clarify_cli {
namespace {

/// The form of the file; another one is not understood.
constexpr int format = 2;
/// Far more than that takes.
constexpr std::size_t longest = 1024;

/// FNV-1a.
std::uint64_t hash(std::string_view text, std::uint64_t so_far) {
    for (const char c : text)
        so_far = (so_far ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    return so_far;
}

}  // namespace

Checkpoint::Checkpoint(const std::string& file, int descriptor, const std::string& import)
    : path_(file.empty() ? file : file + ".progress"),
      descriptor_(descriptor),
      hash_(hash(import, 0xCBF29CE484222325U)) {}

std::optional<std::uint64_t> Checkpoint::fingerprint(std::uint64_t offset) {
    if (offset < hashed_) return std::nullopt;
    std::vector<char> block(std::size_t{256} << 10U);
    while (hashed_ != offset) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(offset - hashed_, block.size()));
        const ssize_t size =
            ::pread(descriptor_, block.data(), wanted, static_cast<off_t>(hashed_));
        if (size <= 0) return std::nullopt;
        hash_ = hash({block.data(), static_cast<std::size_t>(size)}, hash_);
        hashed_ += static_cast<std::uint64_t>(size);
    }
    return hash_;
}

clarify::Result<std::optional<ImportState>> Checkpoint::load() {
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
    if (!in || version != format) return Outcome{std::nullopt};
    const std::uint64_t fresh = hash_;
    if (fingerprint(state.offset) == stored) return Outcome{state};
    // The import begins anew.
    hash_ = fresh;
    hashed_ = 0;
    return Outcome{std::nullopt};
}

bool Checkpoint::store(const ImportState& state) {
    if (path_.empty() || failed_) return true;
    const auto stored = fingerprint(state.offset);
    failed_ = true;
    if (stored) {
        std::ostringstream text;
        text << format << ' ' << state.offset << ' ' << state.lines << ' ' << state.inserted << ' '
             << state.rejected << ' ' << *stored << '\n';
        // Replaced as a whole: half of it would be worse than none.
        failed_ = static_cast<bool>(clarify::detail::write_private_file(path_, text.str()));
    }
    return !failed_;
}

void Checkpoint::remove() const {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

}  // namespace clarify_cli
