// SPDX-License-Identifier: BSL-1.0
// The files of a spool: found, locked by one owner, and set aside where they are none.

#ifndef CLARIFY_INGEST_DETAIL_SPOOL_PLACE_HPP
#define CLARIFY_INGEST_DETAIL_SPOOL_PLACE_HPP

#include <clarify/core/errc.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/result.hpp>
#include <clarify/ingest/detail/spool_file.hpp>
#include <clarify/ingest/detail/spool_format.hpp>

#include <boost/system/error_code.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace clarify::detail {

/// What is wrong with a file, by its name and the system's reason.
inline Error spool_error(const std::string& path, std::string_view why, int system) {
    Error error{Errc::bad_config, Reason::file, path + ": " + std::string{why}};
    if (system != 0) error.set_cause({system, boost::system::system_category()});
    return error;
}

/** The names of a spool, the lock on it and its mark.

    The lock is on the file, whatever name leads to it, and lasts as long as this or its process. A file that is
    set aside keeps its lock until the one that takes its place has its own.
*/
class SpoolPlace {
public:
    /// Finds the file, or that there is none, and takes its lock. Changes nothing but for links, which are
    /// followed.
    static Result<SpoolPlace> find(const std::filesystem::path& given) {
        constexpr int attempts = 100;
        for (int attempt = 0; attempt != attempts; ++attempt) {
            SpoolPlace place;
            std::error_code failed;
            place.path_ = where_it_is(given, failed).string();
            if (failed) return spool_error(given.string(), "cannot be found", failed.value());
            place.log_path_ = place.path_ + "-wal";
            place.mark_path_ = place.path_ + "-mark";
            place.new_path_ = place.path_ + "-new";
            place.file_ = SpoolFile::open(place.path_, O_RDWR);
            if (!place.file_ && errno != ENOENT)
                return spool_error(place.path_, opening_failed(errno), errno);
            if (!place.file_) return place;
            if (!place.file_.lock()) return place.taken();
            // It may have been set aside by an owner who was there until now.
            if (place.file_.is_at(place.path_)) {
                place.read_mark();
                return place;
            }
        }
        return spool_error(given.string(), "does not stop changing", 0);
    }

    const std::string& path() const noexcept { return path_; }
    const std::string& log_path() const noexcept { return log_path_; }
    const std::string& mark_path() const noexcept { return mark_path_; }
    const std::string& new_path() const noexcept { return new_path_; }
    std::string aside_path(std::int64_t stamp) const {
        return path_ + ".damaged-" + std::to_string(stamp);
    }
    bool has_file() const noexcept { return static_cast<bool>(file_); }
    const SpoolFile& file() const noexcept { return file_; }
    /// Database, log and mark.
    std::uint64_t bytes() const noexcept {
        return size_of_file(path_) + log_bytes() + size_of_file(mark_path());
    }
    std::uint64_t log_bytes() const noexcept { return size_of_file(log_path()); }

    /// What the mark said, if there was one that is whole.
    const std::optional<SpoolMark>& mark() const noexcept { return mark_; }
    /// @param last shall it outlive a power cut?
    bool write_mark(const SpoolMark& mark, bool last) {
        mark_ = mark;
        if (!mark_file_) mark_file_ = SpoolFile::open(mark_path(), O_RDWR | O_CREAT);
        return mark_file_ && mark_file_.write(0, mark.to_bytes()) && (!last || mark_file_.sync());
    }
    void read_mark() {
        mark_file_ = SpoolFile::open(mark_path(), O_RDWR);
        if (mark_file_) mark_ = SpoolMark::from_bytes(mark_file_.read(0, SpoolMark::size + 1));
    }

    /// A time by which a file can be set aside: no other has it.
    std::int64_t free_stamp() const {
        auto stamp = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
        while (is_there(aside_path(stamp)) || is_there(aside_path(stamp) + "-wal") ||
               is_there(aside_path(stamp) + "-batches"))
            ++stamp;
        return stamp;
    }
    /// Gives file and log the names of what is damaged. 0, or what the system says.
    int set_aside(std::int64_t stamp) {
        const std::string aside = aside_path(stamp);
        const std::string log = aside + "-wal";
        if (::rename(path_.c_str(), aside.c_str()) != 0 && errno != ENOENT) return errno;
        if (::rename(log_path().c_str(), log.c_str()) != 0 && errno != ENOENT) return errno;
        sync_folder(path_);
        return 0;
    }

    /// Makes an empty file for a new database, and takes its lock.
    Result<void> prepare_new() {
        // Perhaps what an earlier attempt has made, and not finished.
        SpoolFile made = std::move(new_file_);
        if (!made) made = SpoolFile::open(new_path(), O_RDWR | O_CREAT);
        if (!made) return full_or(spool_error(new_path(), "cannot be made", errno), errno);
        if (!made.lock()) return taken();
        // Somebody else has been quicker.
        if (!made.is_at(new_path()) || is_there(path_)) return taken();
        ::unlink((new_path() + "-wal").c_str());
        ::unlink((new_path() + "-journal").c_str());
        if (::ftruncate(made.descriptor(), 0) != 0)
            return spool_error(new_path(), "cannot be written", errno);
        new_file_ = std::move(made);
        return {};
    }
    /// The new database, which is whole and synced, becomes the spool.
    Result<void> use_new() {
        ::unlink(log_path().c_str());
        if (::rename(new_path().c_str(), path_.c_str()) != 0)
            return spool_error(path_, "cannot be put in place", errno);
        file_ = std::move(new_file_);
        sync_folder(path_);
        return {};
    }
    /// Removes a spool in which nothing waits.
    void remove_empty() noexcept {
        ::unlink(log_path().c_str());
        ::unlink(path_.c_str());
    }
    void forget() noexcept {
        file_.forget();
        mark_file_.forget();
    }

    Error taken() const { return spool_error(path_, "is held by another process", EWOULDBLOCK); }
    /// The error, as one of a full disk where it is that.
    static Error full_or(Error error, int system) {
        if (system != ENOSPC && system != EDQUOT && system != EFBIG) return error;
        Error full{Errc::overloaded, Reason::file, std::string{error.message()}};
        full.set_cause({system, boost::system::system_category()});
        return full;
    }

private:
    SpoolPlace() = default;

    /// Its name behind all links, also where there is no file yet.
    static std::filesystem::path where_it_is(
        const std::filesystem::path& given, std::error_code& failed) {
        std::filesystem::path path = std::filesystem::absolute(given, failed);
        constexpr int most_links = 40;
        for (int i = 0; !failed && i != most_links && std::filesystem::is_symlink(path, failed);
             ++i)
            path = path.parent_path() / std::filesystem::read_symlink(path, failed);
        if (failed == std::errc::no_such_file_or_directory) failed.clear();
        return failed ? path : std::filesystem::weakly_canonical(path, failed);
    }

    static const char* opening_failed(int system) noexcept {
        if (system == EISDIR) return "is a folder";
        return system == EINVAL ? "is not a regular file" : "cannot be opened for writing";
    }

    // Made once, so that nothing needs memory in the midst of a step.
    std::string path_;
    std::string log_path_;
    std::string mark_path_;
    std::string new_path_;
    SpoolFile file_;
    SpoolFile new_file_;
    SpoolFile mark_file_;
    std::optional<SpoolMark> mark_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_SPOOL_PLACE_HPP
