// SPDX-License-Identifier: BSL-1.0
// Makes a chosen call to the system fail, or the process end in it. It defines those calls, SQLite's too, so only
// one file of a program includes it.

#ifndef CLARIFY_TESTS_SUPPORT_FAILING_IO_HPP
#define CLARIFY_TESTS_SUPPORT_FAILING_IO_HPP

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstdio>

namespace support {

/** While one of these lives, what this thread asks of files is counted, and the calls from number
    `first` on fail with `error`, `count` of them; what was to be written is written half. Those that
    only read are counted for `EIO` alone.
*/
class FailingIo {
public:
    /// Instead of an error: the process is killed in that call.
    static constexpr int kill = -1;

    FailingIo(std::size_t first, std::size_t count, int error) noexcept {
        state() = {true, 0, first, count, error};
    }
    FailingIo(const FailingIo&) = delete;
    FailingIo& operator=(const FailingIo&) = delete;
    ~FailingIo() { state().armed = false; }

    /// How many there have been.
    static std::size_t seen() noexcept { return state().seen; }
    /// Does this call fail? Then `errno` is set.
    static bool fails(bool writes) noexcept {
        State& now = state();
        if (!now.armed || (!writes && now.error != EIO)) return false;
        const std::size_t number = now.seen++;
        if (number < now.first || number - now.first >= now.count) return false;
        errno = now.error;
        return true;
    }
    static void end_if_killed() noexcept {
        if (state().error == kill) ::raise(SIGKILL);
    }

private:
    struct State {
        bool armed = false;
        std::size_t seen = 0;
        std::size_t first = 0;
        std::size_t count = 0;
        int error = 0;
    };
    static State& state() noexcept {
        static thread_local State own;
        return own;
    }
};

inline ssize_t failing_write(int file, const void* from, std::size_t size, off_t at) noexcept {
    if (FailingIo::fails(true)) {
        const int error = errno;
        if (size > 1) ::syscall(SYS_pwrite64, file, from, size / 2, at);
        FailingIo::end_if_killed();
        errno = error;
        return -1;
    }
    return ::syscall(SYS_pwrite64, file, from, size, at);
}
inline ssize_t failing_read(int file, void* to, std::size_t size, off_t at) noexcept {
    if (FailingIo::fails(false)) return -1;
    return ::syscall(SYS_pread64, file, to, size, at);
}
/// Of a call that does all or nothing.
inline bool fails_whole(bool writes) noexcept {
    if (!FailingIo::fails(writes)) return false;
    FailingIo::end_if_killed();
    return true;
}

}  // namespace support

// By the names that programs are linked with. Some flags have the C library's own declarations take one
// of these for another.
extern "C" {

ssize_t own_pwrite(int file, const void* from, size_t size, off_t at) __asm__("pwrite");
ssize_t own_pwrite64(int file, const void* from, size_t size, off_t at) __asm__("pwrite64");
ssize_t own_pread(int file, void* to, size_t size, off_t at) __asm__("pread");
ssize_t own_pread64(int file, void* to, size_t size, off_t at) __asm__("pread64");
int own_ftruncate(int file, off_t size) noexcept __asm__("ftruncate");
int own_ftruncate64(int file, off_t size) noexcept __asm__("ftruncate64");
int own_open(const char* name, int flags, ...) __asm__("open");
int own_open64(const char* name, int flags, ...) __asm__("open64");

ssize_t own_pwrite(int file, const void* from, size_t size, off_t at) {
    return support::failing_write(file, from, size, at);
}
ssize_t own_pwrite64(int file, const void* from, size_t size, off_t at) {
    return support::failing_write(file, from, size, at);
}
ssize_t own_pread(int file, void* to, size_t size, off_t at) {
    return support::failing_read(file, to, size, at);
}
ssize_t own_pread64(int file, void* to, size_t size, off_t at) {
    return support::failing_read(file, to, size, at);
}
int fsync(int file) {
    return support::fails_whole(true) ? -1 : static_cast<int>(::syscall(SYS_fsync, file));
}
int fdatasync(int file) {
    return support::fails_whole(true) ? -1 : static_cast<int>(::syscall(SYS_fdatasync, file));
}
int own_ftruncate(int file, off_t size) noexcept {
    return support::fails_whole(true) ? -1 : static_cast<int>(::syscall(SYS_ftruncate, file, size));
}
int own_ftruncate64(int file, off_t size) noexcept {
    return support::fails_whole(true) ? -1 : static_cast<int>(::syscall(SYS_ftruncate, file, size));
}
int rename(const char* from, const char* to) noexcept {
    return support::fails_whole(true)
        ? -1
        : static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int unlink(const char* name) noexcept {
    return support::fails_whole(true)
        ? -1
        : static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, name, 0));
}
int own_open(const char* name, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (support::fails_whole((flags & O_ACCMODE) != O_RDONLY)) return -1;
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, name, flags, mode));
}
int own_open64(const char* name, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return own_open(name, flags, mode);
}

}  // extern "C"

#endif  // CLARIFY_TESTS_SUPPORT_FAILING_IO_HPP
