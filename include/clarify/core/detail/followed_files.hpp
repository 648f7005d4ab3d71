// SPDX-License-Identifier: BSL-1.0
// When to look at files that may be replaced, when to read them, and what a change means: decisions
// only, no I/O.

#ifndef CLARIFY_CORE_DETAIL_FOLLOWED_FILES_HPP
#define CLARIFY_CORE_DETAIL_FOLLOWED_FILES_HPP

#include <clarify/core/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace clarify::detail {

/// The system's clock, which files go by. It may be set, or be wrong.
using FileTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

/// What a file shows without being opened.
struct FileStamp {
    bool there = false;
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    std::uint64_t size = 0;
    /// Of its content, and of all that is known of it, which no program can set.
    FileTime modified{};
    FileTime changed{};

    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// What a file held, for comparison. Not there, and not readable, is a content too.
struct FileMark {
    bool readable = false;
    std::uint64_t size = 0;
    std::uint64_t hash = 0;
    std::uint64_t other_hash = 0;

    friend bool operator==(const FileMark&, const FileMark&) = default;
};

/** The state machine of files of which together something is made, such as trust or credentials.

    A look shows the stamps of all of them. They are read where a stamp is another one, and also where
    they were written to so shortly before the last look that another write may have left no trace in
    the stamps. What was read decides: the same content under another stamp is no change.

    What cannot be used leaves the content before in force, and is told once, until something can be
    used again. So a file that is half written, and a certificate whose key has not come yet, are
    waited for.

    Copyable, since a look is judged in another thread than the one that asked for it.
*/
class FollowedFiles {
public:
    enum class Step : std::uint8_t {
        /// Go on with what is there.
        keep,
        /// Look at the stamps.
        look,
        /// Read the files.
        read,
    };
    /// How often files are looked at, at most.
    static constexpr std::chrono::seconds interval{1};
    /// How long after a write another one may leave the same stamp; the times of some file systems
    /// are whole seconds, and two of them.
    static constexpr std::chrono::seconds grain{3};

    FollowedFiles() = default;
    /// `used`: something that was made of them is in use already, of which no look knows.
    explicit FollowedFiles(bool used) : used_before_(used) {}

    /// Something is about to use the files: look, or keep.
    Step before_use(TimePoint now) const noexcept {
        if (looking_) return Step::keep;
        const bool rests = used_before_ && looked_at_ && now - *looked_at_ < interval;
        return rests ? Step::keep : Step::look;
    }
    void look_begins(TimePoint now) noexcept {
        looking_ = true;
        looked_at_ = now;
    }
    /// Is a look under way?
    bool is_looking() const noexcept { return looking_; }
    TimePoint looked_at() const noexcept { return looked_at_.value_or((TimePoint::min)()); }

    /// A look has shown these: read, or keep.
    Step looked(const std::vector<FileStamp>& stamps) const noexcept {
        return settled_ && stamps == stamps_ ? Step::keep : Step::read;
    }
    /// Had better something be made of what was read, since it is neither in force, nor known to be
    /// of no use?
    bool is_new(const std::vector<FileMark>& marks) const noexcept {
        return (!in_force_ || *in_force_ != marks) && (!useless_ || *useless_ != marks);
    }
    bool is_in_force(const std::vector<FileMark>& marks) const noexcept {
        return in_force_ && *in_force_ == marks;
    }
    /// Which ones differ from what is in force, by their place.
    std::vector<std::size_t> changed(const std::vector<FileMark>& marks) const {
        std::vector<std::size_t> which;
        for (std::size_t i = 0; in_force_ && i != marks.size(); ++i) {
            if (i >= in_force_->size() || marks[i] != (*in_force_)[i]) which.push_back(i);
        }
        return which;
    }

    /// The look is over, and nothing was read.
    void look_ends() noexcept { looking_ = false; }
    /// The look is over, that showed `stamps` at `at`, and the files were read then.
    void read_ends(std::vector<FileStamp> stamps, FileTime at) {
        looking_ = false;
        settled_ = true;
        for (const FileStamp& each : stamps) {
            // A time that lies ahead says nothing.
            const bool fresh = each.modified > at - grain || each.changed > at - grain;
            settled_ = settled_ && (!each.there || !fresh);
        }
        stamps_ = std::move(stamps);
    }
    /// What was read is in force from now on, or is so already.
    void used(std::vector<FileMark> marks) {
        in_force_ = std::move(marks);
        useless_.reset();
        used_before_ = true;
        told_ = false;
    }
    /// Was anything ever in force?
    bool used_before() const noexcept { return used_before_; }
    /// What was read cannot be used. True if that is to be told. `for_good`: it will not be of use
    /// by itself, as it may where only memory was short.
    bool refused(std::vector<FileMark> marks, bool for_good) {
        useless_.reset();
        // g++ 14 takes an assignment for one to what was never there.
        if (for_good) useless_.emplace(std::move(marks));
        // They are read again, for reading may have failed for a reason that leaves no trace either.
        settled_ = false;
        return !std::exchange(told_, true);
    }
    /// What is in force may be at fault: the next look makes it anew, whatever it shows.
    void distrust() noexcept {
        in_force_.reset();
        useless_.reset();
        settled_ = false;
    }

private:
    bool looking_ = false;
    bool settled_ = false;
    bool told_ = false;
    bool used_before_ = false;
    std::optional<TimePoint> looked_at_;
    std::vector<FileStamp> stamps_;
    std::optional<std::vector<FileMark>> in_force_;
    std::optional<std::vector<FileMark>> useless_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_FOLLOWED_FILES_HPP
