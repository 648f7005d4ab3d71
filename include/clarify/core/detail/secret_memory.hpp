// SPDX-License-Identifier: BSL-1.0
// Memory for secrets: pages of their own, where the system can leave those out of a core dump.

#ifndef CLARIFY_CORE_DETAIL_SECRET_MEMORY_HPP
#define CLARIFY_CORE_DETAIL_SECRET_MEMORY_HPP

#include <cstddef>
#include <new>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

namespace clarify::detail {

/// Memory of `size` bytes, more than 0. @throws std::bad_alloc
inline char* take_secret_memory(std::size_t size) {
#if defined(MADV_DONTDUMP) && defined(MAP_ANONYMOUS)
    void* const memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc{};
    // Where it fails, a dump has one more page.
    (void)::madvise(memory, size, MADV_DONTDUMP);
    return static_cast<char*>(memory);
#else
    return static_cast<char*>(::operator new(size));
#endif
}

/// Gives it back. It must have been overwritten.
inline void give_back_secret_memory(char* memory, std::size_t size) noexcept {
#if defined(MADV_DONTDUMP) && defined(MAP_ANONYMOUS)
    ::munmap(memory, size);
#else
    ::operator delete(memory, size);
#endif
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_SECRET_MEMORY_HPP
