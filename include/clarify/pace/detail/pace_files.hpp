// SPDX-License-Identifier: BSL-1.0
// Rate limits that the processes of one user share, in files of one folder. Blocks.

#ifndef CLARIFY_PACE_DETAIL_PACE_FILES_HPP
#define CLARIFY_PACE_DETAIL_PACE_FILES_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/private_folder.hpp>
#include <clarify/core/result.hpp>
#include <clarify/pace/detail/pace_line.hpp>
#include <clarify/pace/pace_store.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace clarify::detail {

/** A file for each limit, which is locked for as long as it is read and written, and stays.

    Its lines: what it is, whose limit, the boot that its times are of, then those of `PaceLine`, and that
    it ends here. What is not such a file counts as a limit of which nobody has taken anything: it was written
    by somebody who was killed at that moment, or before the machine was started.

    @par Thread safety
    Safe.
*/
class PaceFiles {
public:
    /// So long somebody may keep the lock.
    static constexpr std::chrono::milliseconds patience{1'000};

    explicit PaceFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

    const std::filesystem::path& folder() const noexcept { return folder_.path(); }

    Result<PaceSlot> reserve(const PaceKey& key, const PaceTerms& terms) const {
        const std::string whose = key_line({key.api_url, key.integration, key.method});
        const std::string name = key_name("pace-", whose);
        Result<OpenFile> file = folder_.open(name);
        if (!file) return file.error();
        if (!lock(*file)) return PrivateFolder::failed(folder_.file(name), "cannot be locked");
        const std::string head = first_line() + whose + '\n' + boot() + '\n';
        std::optional<PaceLine> line = read(*file, head);
        if (!line) line.emplace();
        // The machine's monotonic clock, which its processes have in common and nobody sets.
        const auto now =
            std::chrono::duration_cast<PaceLine::Time>(Clock::now().time_since_epoch());
        const PaceSlot slot = line->reserve(terms, now);
        if (!write(*file, head + line->write() + last_line()))
            return PrivateFolder::failed(folder_.file(name), "cannot be written");
        return slot;
    }

private:
    static constexpr std::size_t most = std::size_t{128} << 10U;

    static std::string first_line() { return "clarify pace 1\n"; }
    static std::string last_line() { return "end\n"; }
    /// Which start of the machine this is; empty where nothing tells.
    static std::string boot() {
        std::string out(64, '\0');
        const OpenFile file{
            ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | PrivateFolder::flags)};
        const std::ptrdiff_t size = file ? file.read(out.data(), out.size()) : 0;
        out.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return out.substr(0, out.find('\n'));
    }
    /// It is kept for moments only, unless its holder is stopped.
    static bool lock(const OpenFile& file) {
        constexpr std::chrono::milliseconds step{2};
        for (std::chrono::milliseconds waited{0}; !file.try_lock(); waited += step) {
            if (errno != EWOULDBLOCK || waited >= patience) return false;
            std::this_thread::sleep_for(step);
        }
        return true;
    }
    static std::optional<PaceLine> read(const OpenFile& file, std::string_view head) {
        if (!PrivateFolder::is_private(file.get(), most)) return std::nullopt;
        std::string text(most, '\0');
        const std::ptrdiff_t size = file.read(text.data(), text.size());
        text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        const bool is_whole = text.size() >= head.size() + last_line().size() &&
            text.starts_with(head) && text.ends_with('\n' + last_line());
        if (!is_whole) return std::nullopt;
        std::string_view lines{text};
        lines.remove_prefix(head.size());
        lines.remove_suffix(last_line().size());
        return PaceLine::read(lines);
    }
    /// In one step, so that hardly anybody is killed in between. Not synced: after a power cut nobody
    /// has taken anything.
    static bool write(const OpenFile& file, const std::string& text) {
        const ssize_t written = ::pwrite(file.get(), text.data(), text.size(), 0);
        if (written < 0) return false;
        if (static_cast<std::size_t>(written) != text.size()) {
            errno = ENOSPC;
            return false;
        }
        return ::ftruncate(file.get(), static_cast<off_t>(text.size())) == 0;
    }

    PrivateFolder folder_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_PACE_DETAIL_PACE_FILES_HPP
