// SPDX-License-Identifier: BSL-1.0
// Counts allocations and system calls of a thread by standing in front of the C library's
// functions.

#include "counters.hpp"

#include <dlfcn.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdarg>
#include <cstddef>

namespace {

// Constant-initialised, because allocation begins before anything else does.
thread_local constinit bench::Counters counters;

template <class Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

bench::Counters bench::counters_of_this_thread() noexcept { return counters; }

// glibc's own entry points: looking malloc up with dlsym would need malloc.
extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) {
    ++counters.allocations;
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
    ++counters.allocations;
    return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
    ++counters.allocations;
    return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    ++counters.allocations;
    return __libc_memalign(alignment, size);
}

ssize_t read(int fd, void* data, std::size_t size) {
    static const auto real = next<ssize_t (*)(int, void*, std::size_t)>("read");
    ++counters.system_calls;
    return real(fd, data, size);
}
ssize_t write(int fd, const void* data, std::size_t size) {
    static const auto real = next<ssize_t (*)(int, const void*, std::size_t)>("write");
    ++counters.system_calls;
    return real(fd, data, size);
}
ssize_t readv(int fd, const iovec* vectors, int count) {
    static const auto real = next<ssize_t (*)(int, const iovec*, int)>("readv");
    ++counters.system_calls;
    return real(fd, vectors, count);
}
ssize_t writev(int fd, const iovec* vectors, int count) {
    static const auto real = next<ssize_t (*)(int, const iovec*, int)>("writev");
    ++counters.system_calls;
    return real(fd, vectors, count);
}
ssize_t recv(int fd, void* data, std::size_t size, int flags) {
    static const auto real = next<ssize_t (*)(int, void*, std::size_t, int)>("recv");
    ++counters.system_calls;
    return real(fd, data, size, flags);
}
ssize_t recvmsg(int fd, msghdr* message, int flags) {
    static const auto real = next<ssize_t (*)(int, msghdr*, int)>("recvmsg");
    ++counters.system_calls;
    return real(fd, message, flags);
}
ssize_t send(int fd, const void* data, std::size_t size, int flags) {
    static const auto real = next<ssize_t (*)(int, const void*, std::size_t, int)>("send");
    ++counters.system_calls;
    return real(fd, data, size, flags);
}
ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    static const auto real = next<ssize_t (*)(int, const msghdr*, int)>("sendmsg");
    ++counters.system_calls;
    return real(fd, message, flags);
}
int epoll_wait(int fd, epoll_event* events, int size, int timeout) {
    static const auto real = next<int (*)(int, epoll_event*, int, int)>("epoll_wait");
    ++counters.system_calls;
    return real(fd, events, size, timeout);
}
int epoll_ctl(int fd, int operation, int target, epoll_event* event) noexcept {
    static const auto real = next<int (*)(int, int, int, epoll_event*)>("epoll_ctl");
    ++counters.system_calls;
    return real(fd, operation, target, event);
}
int timerfd_settime(int fd, int flags, const itimerspec* value, itimerspec* old) noexcept {
    static const auto real =
        next<int (*)(int, int, const itimerspec*, itimerspec*)>("timerfd_settime");
    ++counters.system_calls;
    return real(fd, flags, value, old);
}
int ioctl(int fd, unsigned long request, ...) noexcept {
    static const auto real = next<int (*)(int, unsigned long, void*)>("ioctl");
    std::va_list arguments;
    va_start(arguments, request);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    ++counters.system_calls;
    return real(fd, request, argument);
}

}  // extern "C"
